r"""All windows of a small image at once: a view of it, with its padding on, that has two axes more.

    windows[n, p, q, i, j, c] = image[n, s·p + d·i, s·q + d·j, c]

A copy of the view is the unfolded image. Of few numbers that is the fastest way: the calls take the time, and there are
the fewest. `convolution.at_once` and `pooling` say what that gains.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.geometry import Window

Array = Any


def every_window(x: Array, window: Window, beyond: float = 0) -> Array:
    """The windows of images N C H W, as N, oH, oW, kH, kW, C; what lies beyond the border is zero, or `beyond`."""
    n, c = x.shape[:2]
    (high, wide), ours, theirs = placed(window)
    image = np.full((n, high, wide, c), beyond, x.dtype) if beyond else np.zeros((n, high, wide, c), x.dtype)
    image[ours] = x.transpose(0, 2, 3, 1)[theirs]
    by_image, by_row, by_column, by_channel = image.strides
    (s_h, s_w), (d_h, d_w), (o_h, o_w), (k_h, k_w) = window.stride, window.dilation, window.out, window.kernel
    strides = by_image, s_h * by_row, s_w * by_column, d_h * by_row, d_w * by_column, by_channel
    return np.ndarray((n, o_h, o_w, k_h, k_w, c), x.dtype, image, 0, strides)


@functools.lru_cache(256)
def placed(window: Window) -> tuple[tuple[int, int], tuple[slice, ...], tuple[slice, ...]]:
    """How much of the padded image the windows see, where in it there are pixels, and which these are."""
    seen = [
        (o - 1) * s + d * (k - 1) + 1
        for o, s, d, k in zip(window.out, window.stride, window.dilation, window.kernel, strict=True)
    ]
    rows, columns = (
        inside(-before, size, length)
        for (before, _), size, length in zip(window.padding, seen, window.size, strict=True)
    )
    return (seen[0], seen[1]), (slice(None), rows[0], columns[0]), (slice(None), rows[1], columns[1])
