r"""Depthwise convolution on a CPU, groups = C: by products of whole `rows`, or by the product of the `spectrum`.

A way is a module with the four kernels of `windows`, called alike. Neither has a loop over channels in Python.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tinycnn.backend.cpu.depthwise import rows, spectrum
from tinycnn.geometry import Window

__all__ = ["way"]


def way(dtype: Any, c: int, o: int, window: Window) -> ModuleType:
    r"""The faster one: a spectrum for kernels of 5×5 and more, mostly. Double precision and O > C go by rows.

    The unit of cost is a multiplication and an addition inside a matrix product. An entry of the kernel takes ten of
    them a pixel, as it makes a trip to the second-level cache, and so does each of the dozen passes over a spectrum.
    """
    if dtype.char != "f" or c != o:
        return rows
    (h, w), (o_h, o_w), (high, wide) = window.size, window.out, spectrum.lengths(window)
    by_rows = (10 * window.kernel[0] * window.kernel[1] + 65) * o_h * o_w
    by_spectrum = 110 * high * wide + high * w * (h + wide) + high * o_w * (o_h + wide)
    return spectrum if by_spectrum < by_rows else rows
