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
    r"""The faster one: a spectrum for most kernels of 5×5 and more. Double precision and O > C go by rows.

    The unit of cost is a multiplication and an addition inside a matrix product. An entry of the kernel takes fifteen
    of them a pixel, for it makes a trip to the second-level cache; so do the passes over a spectrum. As its rounding
    errors are larger, it must be faster by half.
    """
    if dtype.char != "f" or c != o:
        return rows
    (h, w), (o_h, o_w), (high, wide) = window.size, window.out, spectrum.lengths(window)
    by_rows = (15 * window.kernel[0] * window.kernel[1] + 100) * o_h * o_w
    by_spectrum = 95 * high * wide + high * w * (h + wide) + high * o_w * (o_h + wide)
    return spectrum if 3 * by_spectrum < 2 * by_rows else rows
