r"""Depthwise convolution: a kernel for each channel, as products of whole rows of pixels.

    Y[p, q, c] = b[c] + Σ_{i,j} X[s·p + d·i − pad, s·q + d·j − pad, c] · W[i, j, c]

No channel meets another, so no matrix product is to be had of it. But in N H W C a row of the image, moved by j pixels,
is again a run of W·C numbers, and one call of `multiply` makes the products of all entries of the kernel with all
numbers of a row or more. A row of ones, times this matrix of kH·kW rows, is their sum, at BLAS's speed; the bias is one
row more. So a tile is a few calls: with one or two for each entry, threads would mostly wait for Python's lock.

With a stride of s, the pixels that one entry meets in a row lie s apart; a strip of the image is therefore laid out by
phases, one for each remainder of row and column, in which they are neighbours again. The gradient in the input is the
same sum with the roles exchanged: every phase of X̄ is a correlation of G with those entries of the kernel that meet it.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinycnn.backend.cpu.depthwise.taps import Axis, Taps, backward, forward
from tinycnn.backend.threads import get_num_threads, parts, scratch, share
from tinycnn.geometry import Window

Array = Any
Call = tuple[Callable[..., Any], Array, Array, Array]  # a function, two arrays, and where the result goes

_PRODUCTS = 1_000_000  # bytes of products made at once: the second-level cache of a core
_STRIP = 14  # rows of a tile, at least: the first and the last of a strip are read for two tiles

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
    n, o = g.shape[:2]
    axes = [backward(window, axis) for axis in (0, 1)]
    all_met = all(len(axis.taps) == axis.target_step for axis in axes)
    gx = (np.empty if all_met else np.zeros)((n, *window.size, o), dtype=g.dtype)
    _correlate(g.transpose(0, 2, 3, 1), w, None, axes, gx)
    if o != groups:
        gx = gx.reshape(n, *window.size, groups, o // groups).sum(-1)
    return gx.transpose(0, 3, 1, 2)


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄[i,j,c] = Σ_{n,p,q} X·G: the products of all entries with G, and a row of ones to sum them over the pixels.

    Tiles are added up in double precision, each thread's part of them in its order.
    """
    x = _repeated(x, g.shape[1] // groups).transpose(0, 2, 3, 1)
    g = g.transpose(0, 2, 3, 1)
    axes = [forward(window, axis) for axis in (0, 1)]
    tiles, lines = _tiles(g.shape, axes, window.kernel, g.itemsize)
    shares = parts(len(tiles))
    sums = np.zeros((len(shares), *window.kernel, g.shape[3]))

    def work(part: int) -> None:
        benches: dict[Any, _Bench] = {}
        for tile in tiles[shares[part]]:
            ours = g[tile.images, tile.rows, :, tile.channels]
            if ours.shape not in benches:
                benches[ours.shape] = _weighing_bench(ours.shape, axes, window.kernel, lines, g.dtype)
            bench = benches[ours.shape]
            _fill(bench.strip, x, tile, axes)
            np.copyto(bench.other, ours)
            bench.run()
            sums[part, :, :, tile.channels] += bench.sums.sum(0)

    share(work, len(shares))
    return np.ascontiguousarray(sums.sum(0).astype(g.dtype).transpose(2, 0, 1)[:, None])


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    r"""X̄ and W̄."""
    return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)


def _repeated(x: Array, times: int) -> Array:
    """Every channel several times in a row."""
    return x if times == 1 else x.repeat(times, axis=1)


# Tiles, and the strips they look at ──────────────────────────────────────────────────────────────────────────────────


class _Tile(NamedTuple):
    """A part of the target, computed from one strip of the source."""

    images: slice
    rows: slice
    channels: slice


def _tiles(
    shape: tuple[int, ...], axes: list[Axis], kernel: tuple[int, ...], itemsize: int
) -> tuple[list[_Tile], int]:
    """The tiles of a target of this shape, N H W C, and how many rows of one are multiplied at once."""
    n, c, (rows, columns) = shape[0], shape[3], (axis.places for axis in axes)
    row = kernel[0] * kernel[1] * columns * itemsize  # bytes of the products of a row, for each channel
    blocks = -(-c * row // (_PRODUCTS * 5 // 4))
    channels = c if blocks == 1 else -(-c // blocks // 16) * 16
    lines = max(1, _PRODUCTS // (row * channels))
    images = min(max(1, lines // rows), -(-n // get_num_threads()))
    lines = min(lines, rows)
    high = lines * max(1, _STRIP // lines)
    return [
        _Tile(slice(i, min(i + images, n)), slice(r, min(r + high, rows)), slice(k, min(k + channels, c)))
        for k in range(0, c, channels) for i in range(0, n, images) for r in range(0, rows, high)
    ], lines  # fmt: skip


def _inside(first: int, step: int, count: int, size: int) -> tuple[slice, slice]:
    """Which of the places first, first + step, … lie in the image: as a slice of their numbers, and of the image."""
    start = min(max(0, -(first // step)), count)
    end = max(start, min(count, -((first - size) // step)))
    return slice(start, end), slice(first + start * step, max(0, first + (end - 1) * step + 1), step)


def _strip(shape: tuple[int, ...], axes: list[Axis], dtype: Any) -> Array:
    """Room for what a tile of this shape looks at, by phases: phases, phases, images, rows, columns, channels."""
    images, count, _, channels = shape
    rows, columns = axes
    high, wide = count + rows.reach, columns.places + columns.reach
    return scratch("strip", (rows.source_step, columns.source_step, images, high, wide, channels), dtype)


def _fill(strip: Array, x: Array, tile: _Tile, axes: list[Axis]) -> None:
    """Copy what the tile looks at into the strip; beyond the border are zeros."""
    x = x[tile.images, :, :, tile.channels]
    rows, columns = axes
    for a, b in np.ndindex(strip.shape[:2]):
        phase = strip[a, b]
        top = rows.source_first + rows.source_step * tile.rows.start + a
        ours, theirs = _inside(top, rows.source_step, phase.shape[1], x.shape[1])
        beside, theirs_beside = _inside(columns.source_first + b, columns.source_step, phase.shape[2], x.shape[2])
        phase[:, : ours.start] = phase[:, ours.stop :] = 0
        phase[:, ours, : beside.start] = phase[:, ours, beside.stop :] = 0
        phase[:, ours, beside] = x[:, theirs, theirs_beside]


def _looked_at(strip: Array, i: Taps, j: Taps, first: int, shape: tuple[int, ...]) -> Array:
    """What the taps look at from row `first` on: taps, taps, images, rows, columns·channels; no copy is made."""
    images, lines, wide, channels = shape
    _, _, image, row, pixel, number = strip.strides
    start = strip[i.source, j.source, :, first + i.first :, j.first :]
    return as_strided(
        start,
        (i.number, j.number, images, lines, wide * channels),
        (row * i.step, pixel * j.step, image, row, number),
        writeable=False,
    )


# What is computed of a strip ─────────────────────────────────────────────────────────────────────────────────────────


class _Bench(NamedTuple):
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
    tiles, lines = _tiles(target.shape, axes, w.shape[2:], target.itemsize)
    weights = {tile.channels.start: _in_rows(kernels[:, :, tile.channels], axes[1].places) for tile in tiles}
    pairs = sorted(itertools.product(axes[0].taps, axes[1].taps), key=_target)
    phases = [list(phase) for _, phase in itertools.groupby(pairs, _target)]
    benches: dict[Any, _Bench] = {}

    def work(number: int) -> None:
        tile = tiles[number]
        own, block = target[tile.images, :, :, tile.channels], tile.channels.start
        shape = (len(own), tile.rows.stop - tile.rows.start, axes[1].places, own.shape[3])
        key = threading.get_ident(), block, shape
        if key not in benches:
            benches[key] = _summing_bench(shape, axes, phases, weights[block], lines, bias is not None)
        bench = benches[key]
        _fill(bench.strip, source, tile, axes)
        if bias is not None:
            bench.other[...] = bias[tile.channels]
        bench.run()
        for phase, sums in zip(phases, bench.sums, strict=True):
            a, b = _target(phase[0])
            rows, columns = axes
            top = rows.target_first + rows.target_step * tile.rows.start + a
            ours, theirs = _inside(top, rows.target_step, shape[1], own.shape[1])
            beside, theirs_beside = _inside(columns.target_first + b, columns.target_step, shape[2], own.shape[2])
            own[:, theirs, theirs_beside] = sums[:, ours, beside]

    share(work, len(tiles))


def _target(pair: tuple[Taps, Taps]) -> tuple[int, int]:
    return pair[0].target, pair[1].target


def _in_rows(kernels: Array, columns: int) -> Array:
    """The kernels, repeated for every pixel of a row: the products of rows then run through both in step."""
    return kernels[:, :, None].repeat(columns, axis=2).reshape(*kernels.shape[:2], 1, 1, -1)


def _summing_bench(
    shape: tuple[int, ...], axes: list[Axis], phases: list[Any], weight: Array, lines: int, biased: bool
) -> _Bench:
    """Calls that multiply what the taps of each phase look at by their entries, some rows at a time, and sum that."""
    strip = _strip(shape, axes, weight.dtype)
    images, rows, columns, channels = shape
    most = weight.shape[0] * weight.shape[1] + biased
    memory = scratch("products", (most, images, min(lines, rows), columns * channels), weight.dtype)
    sums = scratch("sums", (len(phases), *shape), weight.dtype)
    calls: list[Call] = []
    for first in range(0, rows, lines):
        count = min(lines, rows - first)
        for number, phase in enumerate(phases):
            done = int(biased)
            for i, j in phase:
                pixels = _looked_at(strip, i, j, first, (images, count, columns, channels))
                place = memory[done : done + i.number * j.number, :, :count].reshape(pixels.shape)
                calls.append((np.multiply, pixels, weight[i.entries, j.entries], place))
                done += i.number * j.number
            made = memory[:done, :, :count].reshape(done, -1)
            place = sums[number, :, first : first + count].reshape(-1)
            calls.append((np.matmul, _ones(done, weight.dtype), made, place))
    return _Bench(strip, memory[0].reshape(images, -1, columns, channels), sums, calls)


def _weighing_bench(
    shape: tuple[int, ...], axes: list[Axis], kernel: tuple[int, ...], lines: int, dtype: Any
) -> _Bench:
    """Calls that multiply what all taps look at by the gradient there, some rows at a time, and sum over the pixels."""
    strip = _strip(shape, axes, dtype)
    _, rows, _, channels = shape
    weights = scratch("weights", shape, dtype)
    sums = scratch("sums", (-(-rows // lines), *kernel, channels), dtype)
    calls: list[Call] = []
    for number, first in enumerate(range(0, rows, lines)):
        ours = weights[:, first : first + lines]
        for i, j in itertools.product(axes[0].taps, axes[1].taps):
            pixels = _looked_at(strip, i, j, first, ours.shape)
            products = scratch("products", pixels.shape, dtype)
            calls.append((np.multiply, pixels, ours.reshape(pixels.shape[2:]), products))
            by_pixel = products.reshape(i.number, j.number, -1, channels)
            place = sums[number, i.entries, j.entries]
            calls.append((np.matmul, _ones(by_pixel.shape[2], dtype), by_pixel, place))
    return _Bench(strip, weights, sums, calls)


@functools.cache
def _ones(count: int, dtype: Any) -> Array:
    """A row of ones; a matrix product with it is a sum."""
    return np.ones(count, dtype=dtype)
