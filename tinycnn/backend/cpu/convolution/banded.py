r"""Convolution to few channels: t neighbours of an output row are made at once, as if they were t times the channels.

A product with a matrix of 6 columns leaves most of a core's arithmetic idle, and its windows, 75 numbers for 6 results
in LeNet's first layer, are copied nearly in vain. What t neighbours see together is a window only t − 1 + kW wide. So
the convolution is one with kernels of that width, stride t and t·O channels, each kernel shifted t times:

    W′[(q, o), c, i, q + j] = W[o, c, i, j]          for q < t, and 0 elsewhere

a matrix with a band of kernels in it, that is multiplied in full. Result and g, N oH oW O in memory, are N oH oW/t t·O
as they lie. Only stride 1 is done so.

What it gains over `direct`: LeNet's first layer takes half of the time, in both directions, and the input gradient of
its second one 0.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu.convolution import direct
from tinycnn.backend.cpu.convolution.phases import phases
from tinycnn.backend.cpu.products import product
from tinycnn.geometry import Window

Array = Any


FEW = 8  # channels, fewer than the numbers that a core multiplies at once


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """X ⋆ W′ + b"""
    n, o, t = len(x), len(w), neighbours(window)
    if o > FEW:
        return direct.conv2d(xp, x, w, b, window, groups)
    wide = np.zeros((t * o, w.shape[1], *_widened(window, t).kernel), w.dtype)
    _band(wide, w.shape, t)[:] = w
    y = direct.conv2d(xp, x, wide, None if b is None else np.tile(b, t), _widened(window, t), groups)
    if not _finite(y):
        return direct.conv2d(xp, x, w, b, window, groups)
    return y.transpose(0, 2, 3, 1).reshape(n, *window.out, o).transpose(0, 3, 1, 2)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """W̄′, of which the t bands are added up."""
    (n, o), (o_h, o_w), t = g.shape[:2], window.out, neighbours(window)
    if o > FEW:
        return direct.conv2d_weight(xp, x, g, window, groups)
    beside = g.transpose(0, 2, 3, 1).reshape(n, o_h, o_w // t, t * o).transpose(0, 3, 1, 2)
    wide = direct.conv2d_weight(xp, x, beside, _widened(window, t), groups)
    return np.ascontiguousarray(_band(wide, (o, x.shape[1], *window.kernel), t).sum(axis=0))


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    """Of short rows the rows of g times W′, added up; else a convolution of g with the kernels turned around."""
    if w.shape[1] > FEW:
        return direct.conv2d_input(xp, g, w, window, groups)
    if window.out[1] <= 2 * window.kernel[1]:
        gx = _by_rows(g, w, window)
        return gx if _finite(gx) else direct.conv2d_input(xp, g, w, window, groups)
    (phase,) = phases(window)
    return conv2d(xp, g, w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3), None, phase.window, groups)


def _by_rows(g: Array, w: Array, window: Window) -> Array:
    """t is oW: a row of g times W′ is what it gives to the kH rows that it was made of."""
    (n, o), c, (o_h, t), (k_h, k_w) = g.shape[:2], w.shape[1], window.out, window.kernel
    (height, width), ((top, _), (left, _)) = window.padded, window.padding
    wide = np.zeros((t, o, k_h, t - 1 + k_w, c), w.dtype)
    _band(wide.reshape(t * o, k_h, -1, c).transpose(0, 3, 1, 2), w.shape, t)[:] = w
    made = product(g.transpose(0, 2, 3, 1).reshape(n * o_h, t * o), wide.reshape(t * o, -1))
    made = made.reshape(n, o_h, k_h, t - 1 + k_w, c)
    gx = np.zeros((n, height, width, c), g.dtype)
    for i in range(k_h):
        gx[:, i : i + o_h, : t - 1 + k_w] += made[:, :, i]
    return gx[:, top : top + window.size[0], left : left + window.size[1]].transpose(0, 3, 1, 2)


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """Both, one after the other."""
    return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)


def _finite(y: Array) -> bool:
    """Whether no ∞ or NaN was multiplied by the zeros beside the band, which makes NaN of it."""
    rows = y.transpose(0, 2, 3, 1)
    return bool(np.isfinite(np.vdot(rows, rows)))


def neighbours(window: Window) -> int:
    """t: of the divisors of oW the largest that leaves two fifths of the band full."""
    return max(t for t in range(1, 3 * window.kernel[1] // 2 + 1) if window.out[1] % t == 0)


def _widened(window: Window, t: int) -> Window:
    """The window over what t neighbours see."""
    (k_h, k_w), (o_h, o_w) = window.kernel, window.out
    return window._replace(kernel=(k_h, t - 1 + k_w), stride=(1, t), out=(o_h, o_w // t))


def _band(wide: Array, shape: tuple[int, ...], t: int) -> Array:
    """Where the kernels are in W′ (t·O, C, kH, …): t, O, C, kH, kW."""
    by_output, *others = wide.strides
    return np.lib.stride_tricks.as_strided(wide, (t, *shape), (shape[0] * by_output + others[-1], by_output, *others))
