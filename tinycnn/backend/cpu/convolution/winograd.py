r"""Winograd's convolution: kernels of 3 × 3 or 5 × 5 and stride 1, with less than half of the products, or a quarter.

The output is cut into squares of m × m pixels. Under the windows of one square lies a patch, of m + 2 pixels a side if
the kernels have 3, and a minimal filter of `winograd_filters` makes the one of the other:

    Y = Aᵀ·[Σ_c (G w Gᵀ) ⊙ (Bᵀ d B)]·A                              a·a products a channel, where k·k·m·m are direct

What saves is that the sum over channels comes first: patches and kernels are transformed once each, and in between
stands, for each of the a·a positions, a product of matrices, (squares × C) @ (C × O). F(2) needs 16/36 of the direct
products, F(4) 49/144, F(4, 5) 100/400. The transforms cost some a³ to a⁴ additions and multiplications a patch and
channel, be the other channels many or few: so it pays from some 16 to 32 channels on.

**Three roles, one form.** Y = X ⋆ W, the gradient X̄ and the gradient W̄ are faces of ⟨G, X ⋆ W⟩, and the filter serves
all three. X̄ is itself a correlation, of g with the kernels turned round by 180°. So one may transform the patches of g,
Bᵀ g B, once, and use them twice: times the kernels they are X̄, square by square; and summed up against A x Aᵀ of the
squares of x they are W̄, turned round, G applied last:

    X̄ = Aᵀ·[Σ_o (G w↻ Gᵀ) ⊙ (Bᵀ g B)]·A                  W̄↻ = Gᵀ·[Σ_squares (A x Aᵀ) ⊙ (Bᵀ g B)]·G

(The transpose of the forward pass would add up overlapping patches instead, which threads cannot share.)

**What it gains.** Time of forward and backward, relative to the direct way (2 cores with AVX-512), by F(2), by F(4),
and by the F(4) that is not exact; in brackets what `filter_for` does not choose:

    channels, map, batch   F(2)   F(4)  inexact     channels, map, batch   F(2)   F(4)  inexact
     64, 224²,  2         (0.53)  0.48  0.38        256, 56²,  4           0.52  (0.50) 0.38
     64, 56²,   8         (0.54)  0.49  0.41        512, 28²,  4           0.46  (0.46) 0.36
     64, 32²,  64         (0.65)  0.51  0.43        256, 14²,  8           0.55  (0.63) 0.49
     16, 32²,  64         (0.91)  0.86  0.69        512, 14²,  4           0.58  (0.75) 0.55
    128, 28²,   8          0.60  (0.68) 0.56        512,  7²,  8           0.81  (0.86) 0.69

Kernels of 5 × 5, AlexNet's from 64 to 192 channels at 27², take 0.46 of the time in batches of 16, 0.75 of two.

Where there are few squares, the transforms of the kernels weigh and the products are small: `filter_for` draws the
line. No product here is left to several threads of BLAS: after one they wait a while, awake, for another, on the very
core that a strip's thread needs. With two such products the gradients took twice as long.

References
----------
Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", algorithm 1.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinycnn.backend.cpu.convolution import direct, winograd_blocks, winograd_strips
from tinycnn.backend.cpu.convolution.winograd_filters import F2, F4, F4_INEXACT, F45, Filter
from tinycnn.backend.matmul_precision import get_float32_matmul_precision
from tinycnn.backend.quiet import quietly
from tinycnn.geometry import Pair, Window

Array = Any

_PATCHES = 10_000_000  # bytes of the transformed patches that all cores read; they share a cache of 32 MB
_MANY = 128  # channels
_NARROW = 3  # pixels: in narrower maps most entries meet padding, and sums that leave them out are twice as exact


def filter_for(n: int, c: int, o: int, window: Window) -> Filter | None:
    """The filter that is fastest for this geometry, inexact only if the user allows it; None if the direct way is.

    There must be channels enough to pay for the transforms of pixels, and squares enough for those of kernels: the more
    of them, the more positions there are.
    """
    return _fastest(n, c, o, window, get_float32_matmul_precision() != "highest")


@functools.lru_cache(1024)  # layers ask for the same ones at every step
def _fastest(n: int, c: int, o: int, window: Window, inexact: bool) -> Filter | None:
    if not covers(window) or min(c, o) < 16 or min(window.out) < _NARROW:
        return None
    most = max(c, o)
    f2, f4, f45 = (n * _squares(f, window) for f in (F2, F4, F45))
    products = F2.a**2 * f2
    if window.kernel == (5, 5):
        return F45 if 4 * f45 >= most else None
    if inexact and 32 * f4 >= most and F4_INEXACT.a**2 * f4 <= 0.75 * products:
        return F4_INEXACT
    if c + o <= 192 and f4 >= 2 * most and F4.a**2 * f4 <= 0.85 * products:
        return F4
    return F2 if 12 * f2 >= most and min(c, o) >= 32 else None


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
    y = _correlation(f, x, w.swapaxes(0, 1), f.kernel, b, (top, left), window.out)
    return direct.conv2d(xp, x, w, b, window, groups) if y is None else y


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    """X̄ = G ⋆ W↻, with so much padding that every window that saw a pixel is seen from it."""
    f = _filter(g, w.shape[:2], window)
    gx = _correlation(f, g, w, f.mirrored, None, _turned_padding(window), window.size)
    return direct.conv2d_input(xp, g, w, window, groups) if gx is None else gx


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    """W̄↻ = the sum of what the patches of g and the squares of x make."""
    found = _gradients(g, x, None, window)
    return direct.conv2d_weight(xp, x, g, window, groups) if found is None else found[1]


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    """X̄ and W̄, for which the patches of g are transformed once."""
    found = _gradients(g, x, w, window)
    return direct.conv2d_backward(xp, g, x, w, window, groups) if found is None else found


def _filter(x: Array, channels: Pair, window: Window) -> Filter:
    """The fastest filter; of a geometry for which the direct way is faster, an exact one all the same."""
    return filter_for(len(x), channels[1], channels[0], window) or (F45 if window.kernel == (5, 5) else F2)


def _turned_padding(window: Window) -> Pair:
    """The padding of g above and to the left, for the kernels turned round."""
    (k_h, k_w), ((top, _), (left, _)) = window.kernel, window.padding
    return k_h - 1 - top, k_w - 1 - left


# Both return None if there are infinities or NaN. These the transforms would spread to neighbours that do not see them,
# and they may have made some of large numbers: such a convolution is computed directly.


def _correlation(
    f: Filter, x: Array, w: Array, matrix: Array, b: Array | None, padding: Pair, size: Pair
) -> Array | None:
    """x, padded, correlated with kernels w (C, O, k, k)."""
    y = np.empty((len(x), *size, w.shape[1]), x.dtype)
    taps = w.reshape(*w.shape[:2], -1)
    fine = quietly(_way(f, x, size).correlation, f, x.transpose(0, 2, 3, 1), taps, matrix, b, padding, y)
    return y.transpose(0, 3, 1, 2) if fine else None


def _gradients(g: Array, x: Array, w: Array | None, window: Window) -> tuple[Array, Array] | None:
    """X̄, if there are kernels for it, and W̄."""
    (o, c), k = (g.shape[1], x.shape[1]), window.kernel
    f = _filter(x, (o, c), window)
    gx, gw = np.empty((len(x), *window.size, c), g.dtype), np.empty((o, c, *k), g.dtype)
    taps, made = None if w is None else w.reshape(o, c, -1), gw.reshape(o, c, -1)
    images = g.transpose(0, 2, 3, 1), x.transpose(0, 2, 3, 1)
    fine = quietly(_way(f, g, window.size).gradients, f, *images, taps, _turned_padding(window), gx, made)
    return (gx.transpose(0, 3, 1, 2), gw) if fine else None


def _way(f: Filter, x: Array, size: Pair) -> Any:
    """By blocks of channels where the transformed patches of all of x are small enough, else by strips."""
    height, width = (-(-pixels // f.m) for pixels in size)
    small = f.a**2 * len(x) * height * width * x.shape[1] * x.itemsize <= _PATCHES
    return winograd_blocks if small and x.shape[1] >= _MANY else winograd_strips
