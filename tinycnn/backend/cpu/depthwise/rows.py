r"""Depthwise convolution: a kernel for each channel, as products of whole rows of pixels.

    Y[p, q, c] = b[c] + Σ_{i,j} X[s·p + d·i − pad, s·q + d·j − pad, c] · W[i, j, c]

No channel meets another, so no matrix product is to be had of it. But in N H W C a row of the image, moved by j pixels,
is again a run of W·C numbers, and one call of `multiply` makes the products of all entries of the kernel with all
numbers of a row or more. A row of ones, times the matrix of them, is their sum, at BLAS's speed:

                     | b                                  |
    y = (1 1 … 1) @  | W[0, 0] ⊙ (X from pixel (0, 0) on) |        a row for b, and for each entry of the kernel;
                     | W[0, 1] ⊙ (X from pixel (0, 1) on) |        a column for each pixel and channel
                     | …                                  |

So a tile is a few calls: with one or two for each entry, threads would mostly wait for Python's lock. Its views are
made once and kept on a desk, as Winograd's are.

With a stride, a strip of the image is laid out by phases; see `strips`. The gradient in the input is the same sum with
the roles exchanged: every phase of X̄ is a correlation of G with those entries of the kernel that meet it.

Against the textbook's product for each channel, forward and backward of 3×3 kernels take 0.05 of the time on 96
channels at 56², 0.09 on 384 at 14², and 0.2 with a stride of 2.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend.cpu.strips import by_target, fill, looked_at, put, room_for_gradient, strip_for, tiles_of
from tinycnn.backend.cpu.taps import Axis, forward
from tinycnn.backend.threads import parts, scratch, share
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any
Call = tuple[Callable[..., Any], Array, Array, Array]  # a function, two arrays, and where the result goes

_STRETCH = 128  # numbers that are added up in a row

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight"]


# The four kernels ────────────────────────────────────────────────────────────────────────────────────────────────────


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Y = X ⋆ W + b, for groups = C. Of more output channels than input channels, each input channel makes several."""
    x = _repeated(x, len(w) // groups)
    y = np.empty((len(x), *window.out, len(w)), dtype=x.dtype)
    _correlate(x.transpose(0, 2, 3, 1), w, b, [forward(window, axis) for axis in (0, 1)], y)
    return y.transpose(0, 3, 1, 2)


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄: each phase of it from the kernel entries that meet it, in reverse order."""
    gx, axes = room_for_gradient(g, window)
    _correlate(g.transpose(0, 2, 3, 1), w, None, axes, gx)
    if g.shape[1] != groups:
        gx = gx.reshape(*gx.shape[:3], groups, -1).sum(-1)
    return gx.transpose(0, 3, 1, 2)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄[i,j,c] = Σ_{n,p,q} X·G: the products of all entries with G, and a row of ones to sum them over the pixels.

    Tiles are added up in double precision, each thread's part of them in its order.
    """
    x = _repeated(x, g.shape[1] // groups).transpose(0, 2, 3, 1)
    g = g.transpose(0, 2, 3, 1)
    axes = [forward(window, axis) for axis in (0, 1)]
    tiles, lines = tiles_of(g.shape, axes, product(window.kernel) * g.itemsize)
    shares = parts(len(tiles))
    sums = np.zeros((len(shares), *window.kernel, g.shape[3]))

    def work(part: int) -> None:
        desks: dict[Any, _Desk] = {}
        for tile in tiles[shares[part]]:
            ours = g[tile.images, tile.rows, :, tile.channels]
            if ours.shape not in desks:
                desks[ours.shape] = _weighing_desk(ours.shape, axes, window.kernel, lines, g.dtype)
            desk = desks[ours.shape]
            fill(desk.strip, x, tile, axes)
            np.copyto(desk.other, ours)
            desk.run()
            sums[part, :, :, tile.channels] += desk.sums.sum(0)

    share(work, len(shares))
    return np.ascontiguousarray(sums.sum(0).astype(g.dtype).transpose(2, 0, 1)[:, None])


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    r"""X̄ and W̄."""
    return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)


def _repeated(x: Array, times: int) -> Array:
    """Every channel several times in a row."""
    return x if times == 1 else x.repeat(times, axis=1)


# What is computed of a strip ─────────────────────────────────────────────────────────────────────────────────────────


class _Desk(NamedTuple):
    """A thread's memory for tiles of one shape, and the calls that compute one: every view of it is made once."""

    strip: Array
    other: Array  # what else is to be filled in
    sums: Array
    calls: list[Call]

    def run(self) -> None:
        for function, a, b, out in self.calls:
            function(a, b, out)


def _correlate(source: Array, w: Array, bias: Array | None, axes: list[Axis], target: Array) -> None:
    """Fill the phases of the target, each with the sums of its taps. Source and target are N H W C."""
    kernels = w[:, 0].transpose(1, 2, 0)  # kH, kW, O
    tiles, lines = tiles_of(target.shape, axes, product(w.shape[2:]) * w.itemsize)
    weights = {tile.channels.start: _in_rows(kernels[:, :, tile.channels], axes[1].places) for tile in tiles}
    phases = by_target(axes)
    desks: dict[Any, _Desk] = {}

    def work(number: int) -> None:
        tile = tiles[number]
        own, block = target[tile.images, :, :, tile.channels], tile.channels.start
        shape = (len(own), tile.rows.stop - tile.rows.start, axes[1].places, own.shape[3])
        key = threading.get_ident(), block, shape
        if key not in desks:
            desks[key] = _summing_desk(shape, axes, phases, weights[block], lines, bias is not None)
        desk = desks[key]
        fill(desk.strip, source, tile, axes)
        if bias is not None:
            desk.other[...] = bias[tile.channels]
        desk.run()
        for (phase, _), sums in zip(phases, desk.sums, strict=True):
            put(sums, own, phase, axes, tile.rows.start)

    share(work, len(tiles))


def _in_rows(kernels: Array, columns: int) -> Array:
    """The kernels, repeated for every pixel of a row: the products of rows then run through both in step."""
    return kernels[:, :, None].repeat(columns, axis=2).reshape(*kernels.shape[:2], 1, 1, -1)


def _summing_desk(
    shape: tuple[int, ...], axes: list[Axis], phases: list[Any], weight: Array, lines: int, biased: bool
) -> _Desk:
    """Calls that multiply what the taps of each phase look at by their entries, some rows at a time, and sum that."""
    strip = strip_for(shape, axes, weight.dtype)
    images, rows, columns, channels = shape
    most = weight.shape[0] * weight.shape[1] + biased
    memory = scratch("products", (most, images, min(lines, rows), columns * channels), weight.dtype)
    sums = scratch("sums", (len(phases), *shape), weight.dtype)
    calls: list[Call] = []
    for first in range(0, rows, lines):
        count = min(lines, rows - first)
        for number, (_, pairs) in enumerate(phases):
            done = int(biased)
            for i, j in pairs:
                pixels = looked_at(strip, i, j, first, (images, count, columns, channels))
                place = memory[done : done + i.number * j.number, :, :count].reshape(pixels.shape)
                calls.append((np.multiply, pixels, weight[i.entries, j.entries], place))
                done += i.number * j.number
            made = memory[:done, :, :count].reshape(done, -1)
            place = sums[number, :, first : first + count].reshape(-1)
            calls.append((np.matmul, _ones(done, weight.dtype), made, place))
    return _Desk(strip, memory[0].reshape(images, -1, columns, channels), sums, calls)


def _weighing_desk(
    shape: tuple[int, ...], axes: list[Axis], kernel: tuple[int, ...], lines: int, dtype: Any
) -> _Desk:
    """Calls that multiply what all taps look at by the gradient there, some rows at a time, and sum over the pixels.

    Of a few channels there are thousands of pixels, which are summed by stretches, as `summation` says.
    """
    strip = strip_for(shape, axes, dtype)
    _, rows, _, channels = shape
    weights = scratch("weights", shape, dtype)
    sums = scratch("sums", (-(-rows // lines), *kernel, channels), dtype)
    calls: list[Call] = []
    for number, first in enumerate(range(0, rows, lines)):
        ours = weights[:, first : first + lines]
        for i, j in itertools.product(axes[0].taps, axes[1].taps):
            pixels = looked_at(strip, i, j, first, ours.shape)
            products = scratch("products", pixels.shape, dtype)
            calls.append((np.multiply, pixels, ours.reshape(pixels.shape[2:]), products))
            by_pixel = products.reshape(i.number, j.number, -1, channels)
            place = sums[number, i.entries, j.entries]
            count = _stretch(by_pixel.shape[2])
            if count < by_pixel.shape[2]:
                stretches = by_pixel.reshape(i.number, j.number, -1, count, channels)
                by_pixel = scratch("stretches", (*stretches.shape[:3], channels), dtype)
                calls.append((np.matmul, _ones(count, dtype), stretches, by_pixel))
            calls.append((np.matmul, _ones(by_pixel.shape[2], dtype), by_pixel, place))
    return _Desk(strip, weights, sums, calls)


@functools.lru_cache(256)
def _stretch(pixels: int) -> int:
    """How many of so many pixels are a stretch: up to 128, so that there is no rest; all, where no number is near."""
    near = range(_STRETCH, _STRETCH // 8, -1) if pixels > 2 * _STRETCH else ()
    return next((some for some in near if pixels % some == 0), pixels)


@functools.lru_cache(256)
def _ones(count: int, dtype: Any) -> Array:
    """A row of ones; a matrix product with it is a sum."""
    return np.ones(count, dtype=dtype)
