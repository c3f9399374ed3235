r"""Convolution by unfolding, tile by tile: the windows of a few rows become a matrix, which is multiplied at once.

The textbook unfolds the whole batch into memory, kH·kW times as large as the image, and reads it back to multiply. A
tile of it stays in the cache of the core that made it, and each core works at its own; `tiles` says what that gains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu import products
from tinycnn.backend.cpu.convolution.phases import Phase, phases
from tinycnn.backend.cpu.convolution.sums import Sum
from tinycnn.backend.cpu.convolution.tiles import tiles, unfolded
from tinycnn.backend.cpu.order import contiguous, copy
from tinycnn.backend.threads import scratch, share
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """Each tile of the output is its windows times the kernels; the bias is added while it lies in the cache."""
    n, o = len(x), len(w)
    image, kernels = x.transpose(0, 2, 3, 1), _rows(w.transpose(0, 2, 3, 1), o)  # O, kH·kW·C
    y = np.empty((n, *window.out, o), x.dtype)
    todo = tiles(n, window, kernels.shape[1] * x.itemsize)

    def multiply(number: int) -> None:
        tile = todo[number]
        out = y[tile].reshape(-1, o)  # a view: a tile has all rows, or one image
        products.product(unfolded(image, tile, window), kernels.T, out=out)
        if b is not None:
            out += b

    share(multiply, len(todo))
    return y.transpose(0, 3, 1, 2)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """The g of each tile, transposed, times its windows."""
    (n, c), o = x.shape[:2], g.shape[1]
    image, gradient = x.transpose(0, 2, 3, 1), g.transpose(0, 2, 3, 1)
    k = window.kernel[0] * window.kernel[1] * c
    todo = tiles(n, window, k * x.itemsize)
    total = Sum(len(todo), (o, k), x.dtype)

    def multiply(part: int) -> None:
        for tile in todo[total.parts[part]]:
            total.add(part, gradient[tile].reshape(-1, o).T, unfolded(image, tile, window))

    share(multiply, len(total.parts))
    return contiguous(total.value().reshape(o, *window.kernel, c).transpose(0, 3, 1, 2))


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    """Phase by phase, g correlated with the kernels turned around."""
    gx = np.empty((len(g), *window.size, w.shape[1]), g.dtype)
    for phase in phases(window):
        _backward(phase, g, None, w, gx, None)
    return gx.transpose(0, 3, 1, 2)


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """Phase by phase, the windows of g times the kernels, and times x: they are unfolded once for both gradients.

    A convolution then unfolds twice in all, not three times: forward and backward take 0.93 of the time. But if x has
    more pixels than g, for a stride or for want of padding, g's windows are the more: W̄ is made of those of x. Of small
    maps with stride 2 both then take 0.55 to 0.8 of the time.
    """
    c = w.shape[1]
    if window.stride != (1, 1) or product(window.size) > 1.2 * product(window.out):
        return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)
    gx, gw = np.empty((len(g), *window.size, c), g.dtype), np.zeros(w.shape, g.dtype)
    for phase in phases(window):
        _backward(phase, g, x, w, gx, gw)
    return gx.transpose(0, 3, 1, 2), gw


def _backward(phase: Phase, g: Array, x: Array | None, w: Array, gx: Array, gw: Array | None) -> None:
    """One phase of gx (N H W C), and of gw if x is given."""
    image, target, turned = g.transpose(0, 2, 3, 1), gx[phase.pixels], w[phase.entries][:, :, ::-1, ::-1]
    o, c, k_h, k_w = turned.shape
    if not k_h * k_w:
        target[:] = 0  # no window looks at these pixels
        return
    kernels = _rows(turned.transpose(2, 3, 0, 1), k_h * k_w * o)  # kH·kW·O, C
    todo = tiles(len(g), phase.window, len(kernels) * g.itemsize)
    total = Sum(len(todo), kernels.shape, g.dtype)

    def multiply(part: int) -> None:
        for tile in todo[total.parts[part]]:
            cols = unfolded(image, tile, phase.window)
            _multiply_into(target[tile], cols, kernels)
            if x is not None:
                total.add(part, cols.T, x.transpose(0, 2, 3, 1)[phase.pixels][tile].reshape(-1, c))

    share(multiply, len(total.parts))
    if gw is not None:
        copy(gw[phase.entries], total.value().reshape(k_h, k_w, o, c)[::-1, ::-1].transpose(2, 3, 0, 1))


def _multiply_into(out: Array, cols: Array, kernels: Array) -> None:
    """The product, for pixels that may lie apart."""
    direct = out.flags.c_contiguous
    made = out if direct else scratch("product", out.shape, out.dtype)
    products.product(cols, kernels, out=made.reshape(len(cols), -1))
    if not direct:
        out[:] = made


def _rows(kernels: Array, rows: int) -> Array:
    """Kernels of any order as a contiguous matrix."""
    return contiguous(kernels).reshape(rows, -1)
