"""Arrays as they lie in memory: sheets whose columns or rows are averaged over, cut into tiles that fit in a cache."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import threads
from tinycnn.backend.cpu.elementwise import inverse, order_of
from tinycnn.shapes import product

Array = Any

_TILE = 1 << 19  # numbers: 2 MiB in float32. In tiles of half as many, norms take up to 1.2 times as long
LEAST = 1 << 14  # numbers that lie in the cache anyhow, where steps one after the other cost less than tiles
_SERIAL = 1 << 18  # numbers up to which a second thread gains nothing, and sums made in one go are exact enough
_PIECES = 512  # numbers: where sums are taken down columns, pixels are joined until a row is longer
_BUFFER = 8192  # numbers of NumPy's buffer, see `Sheet.wide`
_STRETCH = 16  # rows: their sum is rounded as often, and then no more; see `summation`
_WIDE = np.dtype("float64")  # in which they are put together


class Sheet:
    """An array seen as a matrix. One statistic is taken down several columns, or along several rows.

    N C H W lying in memory as N H W C has a column a channel: N·H·W, C. Lying as N C H W it has N rows a channel:
    N·C, H·W. What is normalised by itself, as each example is in layer norm, is a row.

    Sheets are kept from step to step, and with them what was found out about them.
    """

    def __init__(
        self, shape: tuple[int, ...], axes: tuple[int, ...], order: tuple[int, ...], down: bool, channels: int,
        size: tuple[int, int],
    ) -> None:  # fmt: skip
        self.shape = shape        # of the array
        self.axes = axes          # that are averaged over
        self.order = order        # its axes, the outermost in memory first
        self.down = down          # whether statistics are taken down the columns; else along the rows
        self.channels = channels  # how many statistics there are: column (row) i belongs to channel i mod channels
        self.size = size          # of the matrix

    def widened(self, beyond: int) -> Sheet:
        """The same with rows joined two by two, until they are longer than `beyond` or an odd number is left."""
        rows, width = self.size
        while rows % 2 == 0 and width <= beyond:
            rows, width = rows // 2, width * 2
        return Sheet(self.shape, self.axes, self.order, self.down, self.channels, (rows, width))

    @functools.cached_property
    def wide(self) -> Sheet:
        """The same in rows so long that NumPy reads what stands beside all of them where it lies.

        Into its buffer of 8192 numbers it copies that first, again and again: rows no shorter are scaled in two thirds
        of the time. Where sums are taken down columns, shorter rows leave fewer to be added up in the end.
        """
        return self.widened(_BUFFER - 1) if self.down else self

    @functools.cached_property
    def averaged(self) -> int:
        """How many numbers a statistic is made of."""
        return product(self.size) // self.channels

    @functools.cached_property
    def tiles(self) -> list[slice]:
        """The rows of the matrix, as slices of a tile each: an even number, for two threads to be done together."""
        size = product(self.size)
        return threads.cut(self.size[0], 1 if size <= _SERIAL else 2 * -(-size // (2 * _TILE)))

    @functools.cached_property
    def back(self) -> tuple[int, ...]:
        """The order that undoes `order`."""
        return inverse(self.order)

    @functools.cached_property
    def alone(self) -> bool:
        """Whether each row has a statistic of its own."""
        return not self.down and self.channels == self.size[0]

    def each(self, work: Callable[[int, slice], None]) -> None:
        """``work(number, rows)`` for each tile of the matrix, shared among threads if there are several."""
        cut = self.tiles
        if len(cut) == 1:
            work(0, cut[0])
        else:
            threads.share(lambda number: work(number, cut[number]), len(cut))

    def matrix(self, x: Array) -> Array:
        """The array as its matrix, without a copy if it lies as the sheet does."""
        return x.transpose(self.order).reshape(self.size)

    def like(self, x: Array) -> Array:
        """An array of the same shape, laid out as the sheet is."""
        in_memory = x.transpose(self.order)
        return x if in_memory.flags.c_contiguous else np.ascontiguousarray(in_memory).transpose(self.back)

    # Statistics and parameters: a number for each channel, or for each entry of a row ─────────────────────────────────

    @functools.cached_property
    def kept(self) -> tuple[int, ...]:
        """The shape of a statistic, the axes of which are kept as 1."""
        return tuple(1 if axis in self.axes else n for axis, n in enumerate(self.shape))

    @functools.cached_property
    def kept_in_memory(self) -> tuple[int, ...]:
        """The same in the order of memory."""
        return tuple([self.kept[axis] for axis in self.order])

    @functools.cached_property
    def along(self) -> tuple[int, ...]:
        """The shape of a parameter that has an entry for each of a row."""
        return tuple(n if axis in self.axes else 1 for axis, n in enumerate(self.shape))

    @functools.cached_property
    def shares(self) -> Array:
        """Which share of what is averaged over lies in each piece: in each tile's part of a column, or in each row.

        In the order of pieces of one channel; a channel has as many as the next.
        """
        if self.down:
            heights = [(rows.stop - rows.start) / self.averaged for rows in self.tiles]
            shares = np.repeat(heights, self.size[1] // self.channels)
        else:
            shares = np.full(self.size[0] // self.channels, self.size[1] / self.averaged)
        shares.flags.writeable = False  # it is kept
        return shares

    def by_channel(self, *shapes: tuple[int, ...] | None) -> bool:
        """Whether parameters of these shapes are the same all along what is averaged over."""
        for shape in shapes:
            if shape is not None and shape != self.kept and any(shape[axis] != 1 for axis in self.axes):
                return False
        return True

    def along_rows(self, *shapes: tuple[int, ...] | None) -> bool:
        """Whether parameters of these shapes have one entry for each of a row, the same in all rows."""
        return self.alone and all(shape is None or shape == self.along for shape in shapes)

    def channel(self, t: Array) -> Array:
        """A statistic, or a parameter the same all along it, as a vector, a number a channel."""
        whole = t if t.shape == self.kept else np.broadcast_to(t, self.kept)
        return whole.transpose(self.order).reshape(-1)

    def statistic(self, t: Array) -> Array:
        """A vector, a number a channel, as a statistic, whose axes are kept as 1."""
        return t.reshape(self.kept_in_memory).transpose(self.back)

    def parameter(self, t: Array, shape: tuple[int, ...], dtype: Any) -> Array:
        """A vector, a number a channel, as the gradient of a parameter of this shape: summed where that has a 1."""
        whole = self.statistic(t)
        if shape != self.kept:
            whole = whole.sum(tuple(axis for axis, n in enumerate(shape) if n == 1))
        return whole.astype(dtype).reshape(shape)

    def factor(self, t: Array, dtype: Any) -> Array:
        """A vector, a number a channel, repeated to stand beside the matrix, as a row or as a column."""
        repeated = np.empty((self.size[1 if self.down else 0] // self.channels, self.channels), dtype)
        repeated[:] = t
        return repeated.reshape((1, -1) if self.down else (-1, 1))


def sheet_of(x: Array, axes: tuple[int, ...]) -> Sheet | None:
    """How x lies in memory; None if there are gaps, another pattern of axes than those of a sheet, or little of it."""
    return _sheet(x.shape, x.strides, x.itemsize, axes) if x.size >= LEAST else None


@functools.lru_cache(1024)  # the layers of a network meet the same few shapes in every step
def _sheet(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int, axes: tuple[int, ...]) -> Sheet | None:
    order = order_of(shape, strides, itemsize)
    if order is None:
        return None
    groups = itertools.groupby((axis for axis in order if shape[axis] > 1), lambda axis: axis in axes)
    runs = [(averaged, product([shape[axis] for axis in run])) for averaged, run in groups]
    kinds, lengths = tuple(averaged for averaged, _ in runs), [length for _, length in runs]
    if kinds == (True, False):  # N H W, C
        return Sheet(shape, axes, order, True, lengths[1], (lengths[0], lengths[1])).widened(_PIECES)
    if kinds == (True, False, True):  # N, C, H W
        return Sheet(shape, axes, order, False, lengths[1], (lengths[0] * lengths[1], lengths[2]))
    if kinds == (False, True):  # N, C H W
        return Sheet(shape, axes, order, False, lengths[0], (lengths[0], lengths[1]))
    return None


def beside(factor: Array, rows: slice) -> Array:
    """The part of a factor that belongs to these rows: a row stands beside all of them."""
    return factor if factor.shape[0] == 1 else factor[rows]


def total(tile: Array, down: bool) -> Array:
    """The sum down the columns, as a row, or along the rows, as a column: a product with ones."""
    rows, columns = tile.shape
    return _ones(rows, tile.dtype)[None] @ tile if down else tile @ _ones(columns, tile.dtype)[:, None]


def sums(tile: Array) -> Array:
    """The sums down the columns in float64, as a vector: of many rows, `_STRETCH` are added up in single precision."""
    if tile.size <= _SERIAL:
        return total(tile, down=True)[0].astype(_WIDE)
    rows, columns = tile.shape
    whole = rows // _STRETCH * _STRETCH
    stretches = _ones(_STRETCH, tile.dtype) @ tile[:whole].reshape(-1, _STRETCH, columns)
    return np.add.reduce(stretches, 0, _WIDE) + total(tile[whole:], down=True)[0]


@functools.lru_cache(8)
def _kept_ones(dtype: Any) -> Array:
    ones = np.ones(1 << 14, dtype)
    ones.flags.writeable = False
    return ones


def _ones(count: int, dtype: Any) -> Array:
    kept = _kept_ones(dtype)
    return kept[:count] if count <= len(kept) else np.ones(count, dtype)
