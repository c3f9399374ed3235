r"""Convolution of images with few channels, a network's first: unfolded along their rows.

The textbook's unfolding, as `direct`'s, copies kW·C neighbouring numbers at a time: 21 of a 7×7 stem on colour images.
Here the matrix of windows is made transposed, a row for each entry of a kernel. What an entry meets along a row of the
output are neighbours in the image, 112 of them at 224² with stride 2, if every s-th column has been put beside the
other before:

    cols[(c, i, j), (p, q)] = X[c, s·p + i, s·q + j] = strip[c, j mod s, s·p + i, q + ⌊j/s⌋]

What it gains over `direct`, forward and the gradient of the kernels, for a first layer is asked for no other: 7×7 stem
0.78 of the time, AlexNet's 11×11 0.86, VGG's 3×3 0.64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.convolution.direct import conv2d_backward, conv2d_input
from tinycnn.backend.cpu.convolution.sums import Sum
from tinycnn.backend.cpu.convolution.tiles import Tile, tiles
from tinycnn.backend.cpu.products import unpacked_part
from tinycnn.backend.threads import scratch, share
from tinycnn.geometry import Window

Array = Any

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight"]


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """A tile's windows, transposed, times the kernels; the result lies as N H W C."""
    n, o = len(x), len(w)
    y = np.empty((n, *window.out, o), x.dtype)
    kernels = np.ascontiguousarray(w.reshape(o, -1).T)  # C·kH·kW, O
    todo = tiles(n, window, len(kernels) * x.itemsize, o)

    def multiply(number: int) -> None:
        windows = _in_pieces(_unfolded(x, todo[number], window), o)
        out = y[todo[number]].reshape(*windows.shape[:3], o)
        np.matmul(windows, kernels, out=out)
        if b is not None:
            out += b

    share(multiply, len(todo))
    return y.transpose(0, 3, 1, 2)


def _in_pieces(cols: Array, o: int) -> Array:
    """As rows: images, pieces, pixels, C·kH·kW. BLAS does not copy so few at a time: 0.6 to 0.95 of the time."""
    n, k, pixels = cols.shape
    return cols.reshape(n, k, -1, unpacked_part(pixels, k * o)).transpose(0, 2, 3, 1)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """A tile's windows times its g."""
    (n, c), o = x.shape[:2], g.shape[1]
    k = c * window.kernel[0] * window.kernel[1]
    gradient = g.transpose(0, 2, 3, 1)
    todo = tiles(n, window, k * x.itemsize, o)
    total = Sum(len(todo), (k, o), x.dtype)

    def multiply(part: int) -> None:
        for tile in todo[total.parts[part]]:
            cols = _unfolded(x, tile, window)
            total.add(part, cols, gradient[tile].reshape(len(cols), -1, o))

    share(multiply, len(total.parts))
    return np.ascontiguousarray(total.value().T).reshape(o, c, *window.kernel)


def _unfolded(x: Array, tile: Tile, window: Window) -> Array:
    """The windows of a tile: images, C·kH·kW, pixels."""
    images, rows = tile
    (k_h, k_w), (s_h, s_w), (top, _), out_w = window.kernel, window.stride, window.padding[0], window.out[1]
    n, c, out_h = images.stop - images.start, x.shape[1], rows.stop - rows.start
    reach = slice(rows.start * s_h - top, (rows.stop - 1) * s_h - top + k_h)
    strip = _strip(x[images], reach, window)
    by_image, by_channel, _, by_row, by_pixel = strip.strides
    cols = scratch("cols", (n, c, k_h, k_w, out_h, out_w), x.dtype)
    for first in range(min(s_w, k_w)):  # entries first, first + s, … of a kernel's row
        entries = cols[:, :, :, first::s_w]
        seen = (by_image, by_channel, by_row, by_pixel, s_h * by_row, by_pixel)
        np.copyto(entries, np.ndarray(entries.shape, x.dtype, strip, first * strip.strides[2], seen))
    return cols.reshape(n, c * k_h * k_w, out_h * out_w)


def _strip(x: Array, rows: slice, window: Window) -> Array:
    """These rows of the padded images, every s-th column beside the other: images, C, s, rows, columns/s."""
    (n, c, height, width), s, left = x.shape, window.stride[1], window.padding[1][0]
    columns = window.out[1] + (window.kernel[1] - 1) // s
    strip = scratch("strip", (n, c, s, rows.stop - rows.start, columns), x.dtype)
    strip[:] = 0
    ours, theirs = inside(rows.start, strip.shape[3], height)
    for first in range(s):
        beside, theirs_beside = inside(first - left, columns, width, s)
        strip[:, :, first, ours, beside] = x[:, :, theirs, theirs_beside]
    return strip
