r"""Which way a convolution is computed: the one place where geometries are told apart."""

from __future__ import annotations

from typing import Any

from tinycnn.backend import windows
from tinycnn.geometry import Window

_FLOATS = "fd"  # the characters of float32 and float64


def way(dtype: Any, n: int, c: int, o: int, window: Window, groups: int) -> Any:
    """The module whose kernels convolve n images of c channels to o channels.

    The textbook's computes what no other does: integers, and empty batches.
    """
    if dtype.char not in _FLOATS or not n:
        return windows
    return windows
