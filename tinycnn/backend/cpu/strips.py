r"""Strips of an image, a copy of a few rows each for the cache, in which a window's entries look at runs of memory.

With a stride of s, the pixels that one entry meets in a row lie s apart. A strip is therefore laid out by phases, one
for each remainder of row and column, in which they are neighbours. With a stride of 2:

    image      strip[0, 0]   strip[0, 1]   strip[1, 0]   strip[1, 1]
    a b c d    a c           b d           e g           f h
    e f g h    i k           j l           m o           n p
    i j k l
    m n o p    entry (0, 1) of a kernel meets b and d, then j and l: rows of strip[0, 1]

`taps` tells which entries look at which phase, and where. What an entry looks at as the window slides is a rectangle of
a phase, and in N H W C each row of it one run of W·C numbers: one call does for all entries, and all numbers of some
rows, what a kernel does. A tile of the target is what is computed from one strip.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.taps import Axis, Taps, backward
from tinycnn.backend.threads import get_num_threads, scratch
from tinycnn.geometry import Window

Array = Any

_BYTES = 1_000_000  # computed with at once: the second-level cache of a core
_STRIP = 14  # rows of a tile, at least: the first and the last of a strip are read for two tiles
_ALONE = 500_000  # bytes that are computed with by one thread


class Tile(NamedTuple):
    """A part of the target, computed from one strip of the source."""

    images: slice
    rows: slice
    channels: slice


def tiles_of(shape: tuple[int, ...], axes: list[Axis], bytes_each: int) -> tuple[list[Tile], int]:
    """The tiles of a target of this shape, N H W C, and how many rows of one are computed at once.

    `bytes_each` is the memory that the making of a number takes, such as its products.
    """
    n, c, (rows, columns) = shape[0], shape[3], (axis.places for axis in axes)
    row = columns * bytes_each  # of one channel
    blocks = -(-c * row // (_BYTES * 5 // 4))
    channels = c if blocks == 1 else -(-c // blocks // 16) * 16
    lines = max(1, _BYTES // (row * channels))
    images = max(1, lines // rows)
    if n * rows * row * c > _ALONE:  # else threads would take longer to start than one to finish
        images = min(images, -(-n // get_num_threads()))
    lines = min(lines, rows)
    high = lines * max(1, _STRIP // lines)
    return [
        Tile(slice(i, min(i + images, n)), slice(r, min(r + high, rows)), slice(k, min(k + channels, c)))
        for k in range(0, c, channels) for i in range(0, n, images) for r in range(0, rows, high)
    ], lines  # fmt: skip


def strip_for(shape: tuple[int, ...], axes: list[Axis], dtype: Any, name: str = "strip") -> Array:
    """Room for what a tile of this shape looks at, by phases: phases, phases, images, rows, columns, channels."""
    images, count, _, channels = shape
    rows, columns = axes
    high, wide = count + rows.reach, columns.places + columns.reach
    return scratch(name, (rows.source_step, columns.source_step, images, high, wide, channels), dtype)


def fill(strip: Array, x: Array, tile: Tile, axes: list[Axis], beyond: float = 0) -> None:
    """Copy what the tile looks at into the strip; what lies beyond the border is zero, or `beyond`."""
    x = x[tile.images, :, :, tile.channels]
    rows, columns = axes
    for a, b in np.ndindex(strip.shape[:2]):
        phase = strip[a, b]
        top = rows.source_first + rows.source_step * tile.rows.start + a
        ours, theirs = inside(top, phase.shape[1], x.shape[1], rows.source_step)
        beside, theirs_beside = inside(columns.source_first + b, phase.shape[2], x.shape[2], columns.source_step)
        phase[:, : ours.start] = phase[:, ours.stop :] = beyond
        phase[:, ours, : beside.start] = phase[:, ours, beside.stop :] = beyond
        copy_pixels(phase[:, ours, beside], x[:, theirs, theirs_beside])


def copy_pixels(target: Array, source: Array) -> None:
    """Copy … H W C, each pixel as one item where its channels are neighbours: half the time for six of them."""
    if source.strides[-1] == target.strides[-1] == source.itemsize and source.size:
        pixel = f"V{source.shape[-1] * source.itemsize}"
        source, target = source.view(pixel), target.view(pixel)
    target[...] = source


def looked_at(strip: Array, i: Taps, j: Taps, first: int, shape: tuple[int, ...]) -> Array:
    """What the taps look at from row `first` on: taps, taps, images, rows, columns·channels; no copy is made."""
    images, lines, wide, channels = shape
    rows, columns, image, row, pixel, number = strip.strides
    start = i.source * rows + j.source * columns + (first + i.first) * row + j.first * pixel
    return np.ndarray(
        (i.number, j.number, images, lines, wide * channels), strip.dtype, strip, start,
        (i.step * row, j.step * pixel, image, row, number),
    )  # fmt: skip


def put(values: Array, target: Array, phase: tuple[int, int], axes: list[Axis], first: int) -> None:
    """Write values to a phase of the target, all N H W C, from place `first` on along H; some lie beyond its border."""
    cuts = []
    for axis, number, start, count, size in zip(
        axes, phase, (first, 0), values.shape[1:3], target.shape[1:3], strict=True
    ):
        cuts.append(inside(axis.target_first + axis.target_step * start + number, count, size, axis.target_step))
    (ours, theirs), (beside, theirs_beside) = cuts
    copy_pixels(target[:, theirs, theirs_beside], values[:, ours, beside])


def room_for_gradient(g: Array, window: Window) -> tuple[Array, list[Axis]]:
    """Memory for the gradient in an image of which g is that of the windows, as N H W C, and the ways from g to it."""
    axes = [backward(window, axis) for axis in (0, 1)]
    all_met = all(len(axis.taps) == axis.target_step for axis in axes)  # else there are pixels that no window sees
    return (np.empty if all_met else np.zeros)((len(g), *window.size, g.shape[1]), dtype=g.dtype), axes


def by_target(axes: list[Axis]) -> list[tuple[tuple[int, int], list[tuple[Taps, Taps]]]]:
    """The phases of the target, and the pairs of taps that lead to each."""
    pairs: dict[tuple[int, int], list[tuple[Taps, Taps]]] = {}
    for i, j in itertools.product(axes[0].taps, axes[1].taps):
        pairs.setdefault((i.target, j.target), []).append((i, j))
    return list(pairs.items())
