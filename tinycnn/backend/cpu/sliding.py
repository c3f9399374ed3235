r"""All windows of a small image at once: a view of it, with its padding on, that has two axes more.

    windows[n, p, q, i, j, c] = image[n, s·p + d·i, s·q + d·j, c]

A copy of the view is the unfolded image. Of few numbers that is the fastest way: the calls take the time, and there are
the fewest. A pool of 16 channels at 4² takes 0.35 of the time of `pooling`'s ways, and back 0.25; four images of 64
channels at 8² take 0.5 on the way back.
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
    (high, wide), ours, theirs = _placed(window)
    image = np.full((n, high, wide, c), beyond, x.dtype) if beyond else np.zeros((n, high, wide, c), x.dtype)
    image[ours] = x.transpose(0, 2, 3, 1)[theirs]
    by_image, by_row, by_column, by_channel = image.strides
    (s_h, s_w), (d_h, d_w), (o_h, o_w), (k_h, k_w) = window.stride, window.dilation, window.out, window.kernel
    strides = by_image, s_h * by_row, s_w * by_column, d_h * by_row, d_w * by_column, by_channel
    return np.ndarray((n, o_h, o_w, k_h, k_w, c), x.dtype, image, 0, strides)


def max_pool2d(x: Array, window: Window) -> tuple[Array, Array]:
    """The largest of each window, and the first place where it is, as N C H W; for images without ∞ and NaN."""
    seen = every_window(x, window, -np.inf)
    seen = seen.reshape(*seen.shape[:3], -1, seen.shape[5])  # N, oH, oW, kH·kW, C
    best, winner = np.maximum.reduce(seen, 3), seen.argmax(axis=3).astype(np.uint8)
    return best.transpose(0, 3, 1, 2), winner.transpose(0, 3, 1, 2)


def unpick(g: Array, winner: Array, window: Window) -> Array:
    """Each g, of N C H W, added to the winner of its window, be it a pixel or padding, of which nothing is kept."""
    n, c = g.shape[:2]
    (high, wide), ours, theirs = _placed(window)
    image = np.zeros(n * high * wide * c, g.dtype)
    firsts, places = _numbers(window, n, c)
    index = firsts + places[winner.transpose(0, 2, 3, 1)]
    np.add.at(image, index.reshape(-1), g.transpose(0, 2, 3, 1).reshape(-1))
    gx = np.zeros((n, *window.size, c), g.dtype)
    gx[theirs] = image.reshape(n, high, wide, c)[ours]
    return gx.transpose(0, 3, 1, 2)


@functools.lru_cache(256)
def _placed(window: Window) -> tuple[tuple[int, int], tuple[slice, ...], tuple[slice, ...]]:
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


@functools.lru_cache(16)
def _numbers(window: Window, n: int, c: int) -> tuple[Array, Array]:
    """The numbers of all that windows see: where each begins (N, oH, oW, C), and how far its places are from there."""
    (high, wide), _, _ = _placed(window)
    numbers = np.arange(n * high * wide * c).reshape(n, high, wide, c)
    (s_h, s_w), (d_h, d_w), (o_h, o_w), (k_h, k_w) = window.stride, window.dilation, window.out, window.kernel
    firsts = numbers[:, : (o_h - 1) * s_h + 1 : s_h, : (o_w - 1) * s_w + 1 : s_w]
    places = numbers[0, : (k_h - 1) * d_h + 1 : d_h, : (k_w - 1) * d_w + 1 : d_w, 0]
    return firsts.copy(), places.flatten()  # which keep no more than themselves
