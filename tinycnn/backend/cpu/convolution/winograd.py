r"""Winograd's convolution: kernels of 3 × 3 or 5 × 5 and stride 1, with less than half of the products, or a quarter.

The output is cut into squares of m × m pixels. Under the windows of one square lies a patch, of m + 2 pixels a side if
the kernels have 3, and a minimal filter of `winograd_filters` makes the one of the other:

    Y = Aᵀ·[Σ_c (G w Gᵀ) ⊙ (Bᵀ d B)]·A                              a·a products a channel, where k·k·m·m are direct

What saves is that the sum over channels comes first: patches and kernels are transformed once each, and in between
stands, for each of the a·a positions, a product of matrices, (squares × C) @ (C × O). F(2) needs 16/36 of the direct
products, F(4) 36/144, F(4, 5) 100/400. The transforms cost about 2·a⁴ additions and multiplications a patch and
channel, be the other channels many or few: so it pays from some 30 channels on.

**Three roles, one form.** Y = X ⋆ W, the gradient X̄ and the gradient W̄ are faces of ⟨G, X ⋆ W⟩, and the filter serves
all three. X̄ is itself a correlation, of g with the kernels turned round by 180°. So one may transform the patches of g,
Bᵀ g B, once, and use them twice: times the kernels they are X̄, square by square; and summed up against A x Aᵀ of the
squares of x they are W̄, turned round, G applied last:

    X̄ = Aᵀ·[Σ_o (G w↻ Gᵀ) ⊙ (Bᵀ g B)]·A                  W̄↻ = Gᵀ·[Σ_squares (A x Aᵀ) ⊙ (Bᵀ g B)]·G

(The transpose of the forward pass would add up overlapping patches instead, which threads cannot share.)

**What it gains.** Time of forward and backward, relative to the direct way (2 cores with AVX-512):

    channels, map, batch    F(2)  F(4)      channels, map, batch    F(2)  F(4)      channels, map, batch    F(2)  F(4)
     64, 56², 8             0.68  0.52      256, 56², 4             0.63  0.47      256, 14², 8             0.71  0.73
    128, 28², 8             0.66  0.49      512, 28², 4             0.52  0.40      512, 14², 4             0.76  0.98
     64, 32², 64            0.79  0.58      256,  8², 64            0.66  0.53      512, 14², 2             0.98  1.5
     32, 16², 64            0.90  0.72       16, 32², 64            1.2   1.0       512,  7², 8             1.0   1.6

Kernels of 5 × 5, AlexNet's from 64 to 192 channels at 27², take 0.59 of the time in batches of 16, 0.7 of two.

Where there are few squares, the transforms of the kernels weigh and the products are small: `filter_for` draws the
line. No product here is left to several threads of BLAS: after one they wait a while, awake, for another, on the very
core that a strip's thread needs. With two such products the gradients took twice as long.

References
----------
Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", algorithm 1.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tinycnn.backend import threads
from tinycnn.backend.cpu.convolution import direct
from tinycnn.backend.cpu.convolution.winograd_filters import F2, F4, F45, Filter
from tinycnn.backend.cpu.convolution.winograd_products import block, multiply
from tinycnn.backend.cpu.convolution.winograd_strips import Desk, Strip, finite, strips
from tinycnn.backend.matmul_precision import get_float32_matmul_precision
from tinycnn.geometry import Pair, Window

Array = Any

_TOGETHER = 1 << 16  # entries of the kernels' gradient that are summed at a time: they stay in a core's cache


def filter_for(n: int, c: int, o: int, window: Window) -> Filter | None:
    """The filter that is fastest for this geometry, F(4) only if the user allows it; None if the direct way is.

    There must be channels enough to pay for the transforms of pixels, and squares enough for those of kernels.
    """
    if not covers(window) or min(c, o) < 32:
        return None
    if window.kernel == (5, 5):
        return F45 if 8 * n * _squares(F45, window) >= 3 * max(c, o) else None
    if get_float32_matmul_precision() != "highest":
        squares = n * _squares(F4, window)
        if 8 * squares >= 3 * max(c, o) and F4.m**2 * squares <= 1.2 * n * window.out[0] * window.out[1]:
            return F4
    return F2 if 8 * n * _squares(F2, window) >= 3 * max(c, o) else None


def covers(window: Window) -> bool:
    """Whether a kernel is of 3 × 3 or 5 × 5 and slides pixel by pixel, its padding no more than its windows reach."""
    return (
        window.kernel in ((3, 3), (5, 5)) and window.stride == window.dilation == (1, 1)
        and all(p < window.kernel[0] for both in window.padding for p in both)
    )  # fmt: skip


def _squares(f: Filter, window: Window) -> int:
    height, width = window.out
    return int(-(-height // f.m) * -(-width // f.m))


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    """Y = X ⋆ W + b"""
    f, ((top, _), (left, _)) = _filter(x, w.shape[:2], window), window.padding
    with np.errstate(over="ignore", invalid="ignore"):
        y = _correlation(f, x, _transformed(f.kernel, w.swapaxes(0, 1)), b, (top, left), window.out)
    return direct.conv2d(xp, x, w, b, window, groups) if y is None else y


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    """X̄ = G ⋆ W↻, with so much padding that every window that saw a pixel is seen from it."""
    f = _filter(g, w.shape[:2], window)
    with np.errstate(over="ignore", invalid="ignore"):
        gx = _correlation(f, g, _transformed(f.mirrored, w), None, _turned_padding(window), window.size)
    return direct.conv2d_input(xp, g, w, window, groups) if gx is None else gx


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """W̄↻ = the sum of what the patches of g and the squares of x make."""
    f = _filter(x, (g.shape[1], x.shape[1]), window)
    _, gw = _gradients(f, g, x, None, window)
    return direct.conv2d_weight(xp, x, g, window, groups) if gw is None else gw


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """X̄ and W̄, for which the patches of g are transformed once."""
    f = _filter(x, w.shape[:2], window)
    with np.errstate(over="ignore", invalid="ignore"):
        gx, gw = _gradients(f, g, x, _transformed(f.mirrored, w), window)
    if gx is None or gw is None:
        return direct.conv2d_backward(xp, g, x, w, window, groups)
    return gx, gw


def _filter(x: Array, channels: Pair, window: Window) -> Filter:
    return filter_for(len(x), channels[1], channels[0], window) or (F45 if window.kernel == (5, 5) else F2)


def _turned_padding(window: Window) -> Pair:
    (k_h, k_w), ((top, _), (left, _)) = window.kernel, window.padding
    return k_h - 1 - top, k_w - 1 - left


# Kernels ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _transformed(matrix: Array, w: Array) -> Array:
    """G w Gᵀ, or G w↻ Gᵀ, of kernels from C to O channels (C, O, k, k): a·a, O/block, C, block."""
    (c, o), wide = w.shape[:2], block(w.shape[1])
    u = np.empty((len(matrix), o // wide, c, wide), w.dtype)
    taps, made = w.reshape(c, -1, wide, w[0, 0].size).swapaxes(2, 3), u.transpose(2, 1, 0, 3)  # C, O/block, k·k, block
    parts = threads.parts(c, least=_TOGETHER // o)

    def transform(part: int) -> None:
        np.matmul(matrix, taps[parts[part]], out=made[parts[part]])

    threads.share(transform, len(parts))
    return u


def _kernels(f: Filter, u: Array) -> Array | None:
    """W̄ = turned round, Gᵀ u G of each a × a square of u (a·a, O, C): O, C, k, k; None for what is not finite."""
    _, o, c = u.shape
    gw = np.empty((o, c, f.taps * f.taps), u.dtype)
    parts = threads.parts(o, least=_TOGETHER // c)
    known = [False] * len(parts)

    def transform(part: int) -> None:
        gw[parts[part]] = np.matmul(f.mirrored.T, u[:, parts[part]].transpose(1, 0, 2)).transpose(0, 2, 1)
        known[part] = finite(gw[parts[part]])

    threads.share(transform, len(parts))
    return gw.reshape(o, c, f.taps, f.taps) if all(known) else None


# The work, strip by strip ────────────────────────────────────────────────────────────────────────────────────────────


def _correlation(f: Filter, x: Array, u: Array, b: Array | None, padding: Pair, size: Pair) -> Array | None:
    """x, padded, correlated with transformed kernels; None if there are infinities or NaN.

    These the transforms would spread to neighbours that do not see them, and they may have made some of large numbers:
    such a convolution is computed directly.
    """
    image, (n, c), o = x.transpose(0, 2, 3, 1), x.shape[:2], u.shape[1] * u.shape[3]
    y = np.empty((n, *size, o), x.dtype)
    todo = strips(f, n, size, max(c, o))
    known = [False] * len(todo)
    desks: dict[Any, Desk] = {}

    def compute(k: int) -> None:
        desk = _desk(desks, f, todo[k], c, o)
        desk.read_patches(image, todo[k], padding)
        multiply(desk.patches, u, desk.products)
        if b is not None:
            desk.products[f.a + 1] += b  # at the point (1, 1), whose value goes once into each of the m × m outputs
        known[k] = desk.write_squares(y, todo[k])

    threads.share(compute, len(todo))
    return y.transpose(0, 3, 1, 2) if all(known) else None


def _gradients(f: Filter, g: Array, x: Array, u: Array | None, window: Window) -> tuple[Array | None, Array | None]:
    """X̄, if there are transformed kernels for it, and W̄; None for what is not finite."""
    gradient, image = g.transpose(0, 2, 3, 1), x.transpose(0, 2, 3, 1)
    n, (o, c) = len(x), (g.shape[1], x.shape[1])
    gx = np.empty((n, *window.size, c), g.dtype)
    todo = strips(f, n, window.size, max(o, c))
    known = [False] * len(todo)
    parts = threads.parts(len(todo))
    sums = np.empty((len(parts), f.a * f.a, o, c), g.dtype)

    def compute(part: int) -> None:
        desks: dict[Any, Desk] = {}
        for k in range(parts[part].start, parts[part].stop):
            desk = _desk(desks, f, todo[k], o, c)
            desk.read_patches(gradient, todo[k], _turned_padding(window))  # a·a, squares, O
            if u is not None:
                multiply(desk.patches, u, desk.products)
                known[k] = desk.write_squares(gx, todo[k])
            desk.read_squares(image, todo[k])  # a·a, squares, C
            _add(sums[part], desk.patches.transpose(0, 2, 1), desk.products, first=k == parts[part].start)

    with np.errstate(over="ignore", invalid="ignore"):
        threads.share(compute, len(parts))
        for more in sums[1:]:  # in their order: run to run, they are rounded alike
            sums[0] += more
        gw = _kernels(f, sums[0])
    return gx.transpose(0, 3, 1, 2) if all(known) else None, gw


def _desk(desks: dict[Any, Desk], f: Filter, strip: Strip, c: int, o: int) -> Desk:
    """This thread's, for strips of this shape."""
    key = threading.get_ident(), strip.shape
    if key not in desks:
        desks[key] = Desk(f, strip.shape, c, o)
    return desks[key]


def _add(total: Array, a: Array, b: Array, first: bool) -> None:
    """a @ b for each position, added to `total`, or put there: a few at a time, which stay in a core's cache."""
    if first:
        np.matmul(a, b, out=total)
        return
    count, o, c = total.shape
    step = max(1, min(count, _TOGETHER // (o * c)))
    more = threads.scratch("more", (step, o, c), total.dtype)
    for k in range(0, count, step):
        some = total[k : k + step]
        np.matmul(a[k : k + step], b[k : k + step], out=more[: len(some)])
        some += more[: len(some)]
