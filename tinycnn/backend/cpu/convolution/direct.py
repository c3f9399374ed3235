r"""Convolution by unfolding, tile by tile: the windows of a few rows become a matrix, which is multiplied at once.

The textbook unfolds the whole batch into memory, kH·kW times as large as the image, and reads it back to multiply. A
tile of it stays in the cache of the core that made it, and each core works at its own; `tiles` says what that gains.

BLAS adds up to 448 products in a row, and in a small matrix any number, where PyTorch adds up entry by entry of the
kernel, and errs a quarter as much. So such sums are made more exactly, in one of the ways of `products`, where one
of them costs little; others would take 3 % of a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu import products
from tinycnn.backend.cpu.convolution import scattered
from tinycnn.backend.cpu.convolution.sums import Sum
from tinycnn.backend.cpu.convolution.tiles import tiles, unfolded
from tinycnn.backend.cpu.finiteness import finite
from tinycnn.backend.cpu.order import contiguous, copy
from tinycnn.backend.threads import share
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """Each tile of the output is its windows times the kernels; the bias is added while it lies in the cache."""
    n, o = len(x), len(w)
    image, kernels = x.transpose(0, 2, 3, 1), contiguous(w.transpose(0, 2, 3, 1)).reshape(o, -1)  # O, kH·kW·C
    y = np.empty((n, *window.out, o), x.dtype)
    todo, exact = tiles(n, window, kernels.shape[1] * x.itemsize, o), _made_exactly(kernels.shape[1], y)

    def multiply(number: int) -> None:
        tile = todo[number]
        out = y[tile].reshape(-1, o)  # a view: a tile has all rows, or one image
        products.product(unfolded(image, tile, window), kernels.T, out=out, exact=exact)
        if b is not None:
            out += b

    share(multiply, len(todo))
    return y.transpose(0, 3, 1, 2)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """The g of each tile, transposed, times its windows."""
    (n, c), o = x.shape[:2], g.shape[1]
    image, gradient = x.transpose(0, 2, 3, 1), g.transpose(0, 2, 3, 1)
    k = window.kernel[0] * window.kernel[1] * c
    todo = tiles(n, window, k * x.itemsize, o)
    total = Sum(len(todo), (o, k), x.dtype)

    def multiply(part: int) -> None:
        for tile in todo[total.parts[part]]:
            total.add(part, gradient[tile].reshape(-1, o).T, unfolded(image, tile, window))

    share(multiply, len(total.parts))
    return total.value().reshape(o, *window.kernel, c).transpose(0, 3, 1, 2)


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    """A correlation of g with the kernels turned round; with a stride, or if g is small, its products are scattered."""
    if scatters(window):
        return scattered.input_gradient(g, w, window)
    return _correlated(g, None, w, window)[0]


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """The windows of g times the turned kernels, and times x: they are unfolded once for both gradients.

    A convolution then unfolds twice in all, not three times: forward and backward take 0.93 of the time. But if x has
    more pixels than g, g's windows are the more: where padding is missing, W̄ is made of those of x. So it is with a
    stride, where X̄ needs no windows; and for ∞ in x, of which the zeros beside g make NaN, where no entry may see it.
    """
    if window.stride != (1, 1) or product(window.size) > 1.2 * product(window.out):
        return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)
    gx, total = _correlated(g, x, w, window)
    sums = total.value()  # kH·kW·O, C
    if not finite(sums):
        return gx, conv2d_weight(xp, x, g, window, groups)
    return gx, sums.reshape(*window.kernel, -1, x.shape[1])[::-1, ::-1].transpose(2, 3, 0, 1)


def _correlated(g: Array, x: Array | None, w: Array, window: Window) -> tuple[Array, Sum]:
    """X̄ with stride 1, and the sum of the windows of g times x, if that is given."""
    image, over_g, (o, c, k_h, k_w) = g.transpose(0, 2, 3, 1), turned(window), w.shape
    kernels = np.empty((k_h, k_w, o, c), w.dtype)
    copy(kernels.transpose(2, 0, 1, 3), w[:, :, ::-1, ::-1].transpose(0, 2, 3, 1))
    kernels = kernels.reshape(-1, c)
    gx = np.empty((len(g), *window.size, c), g.dtype)
    todo = tiles(len(g), over_g, len(kernels) * g.itemsize, c)
    total, exact = Sum(len(todo), kernels.shape, g.dtype), _made_exactly(len(kernels), gx)

    def multiply(part: int) -> None:
        for tile in todo[total.parts[part]]:
            cols = unfolded(image, tile, over_g)
            products.product(cols, kernels, out=gx[tile].reshape(-1, c), exact=exact)
            if x is not None:
                total.add(part, cols.T, x.transpose(0, 2, 3, 1)[tile].reshape(-1, c))

    share(multiply, len(total.parts))
    return gx.transpose(0, 3, 1, 2), total


def scatters(window: Window) -> bool:
    """Whether windows of g, one for each pixel of the image, would be mostly zero."""
    return window.stride != (1, 1) or product(window.size) > 2 * product(window.out)


def _made_exactly(k: int, made: Array) -> bool:
    """Whether the entries of `made`, sums of k products each, are made more exactly than BLAS makes them."""
    return k <= products.IN_A_ROW or k * made.size <= products.FEW_MULTIPLICATIONS


def turned(window: Window) -> Window:
    """The window over g of the kernels turned round, with stride 1: it reaches every place that saw the pixel."""
    reaches = [d * (k - 1) for d, k in zip(window.dilation, window.kernel, strict=True)]
    rows, columns = ((r - before, r - after) for r, (before, after) in zip(reaches, window.padding, strict=True))
    return Window(window.out, window.kernel, (1, 1), (rows, columns), window.dilation, window.size)
