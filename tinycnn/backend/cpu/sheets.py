"""Arrays as they lie in memory: sheets whose columns or rows are averaged over, cut into tiles that fit in a cache."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend import threads
from tinycnn.backend.cpu.elementwise import dense_order, inverse
from tinycnn.shapes import product

Array = Any

_TILE = 1 << 18  # numbers: 1 MiB in float32. In smaller tiles the threads would queue for the GIL more often
_LEAST = 1 << 16  # numbers that lie in the cache anyhow, where steps one after the other cost less than tiles
_SERIAL = 1 << 18  # numbers below which handing tiles to threads takes longer than doing without
_PIECES, _WIDE = 1024, 8192  # numbers in a row, see `Sheet.widened`


class Sheet(NamedTuple):
    """An array seen as a matrix. One statistic is taken down several columns, or along several rows.

    N C H W lying in memory as N H W C has a column a channel: N·H·W, C. Lying as N C H W it has N rows a channel:
    N·C, H·W. What is normalised by itself, as each example is in layer norm, is a row.
    """

    shape: tuple[int, ...]  # of the array
    axes: tuple[int, ...]  # that are averaged over
    order: tuple[int, ...]  # its axes, the outermost in memory first
    down: bool  # whether statistics are taken down the columns; else along the rows
    channels: int  # how many statistics there are: column (row) i belongs to channel i mod channels
    size: tuple[int, int]  # of the matrix

    def widened(self, limit: int = _WIDE) -> Sheet:
        """The same with several pixels in a row of up to `limit` numbers, for NumPy begins anew in each row.

        A row of 8192 is scaled in two thirds of the time of one of 64. Where sums are taken down columns, shorter rows
        leave fewer of them to be added up in the end.
        """
        rows, wide = self.size
        while self.down and rows % 2 == 0 and 2 * wide <= limit:
            rows, wide = rows // 2, wide * 2
        return self._replace(size=(rows, wide))

    @property
    def averaged(self) -> int:
        """How many numbers a statistic is made of."""
        return product(self.size) // self.channels

    def matrix(self, x: Array) -> Array:
        """The array as its matrix, without a copy if it lies as the sheet does."""
        return x.transpose(self.order).reshape(self.size)

    def like(self, x: Array) -> Array:
        """An array of the same shape, laid out as the sheet is."""
        if x.transpose(self.order).flags.c_contiguous:
            return x
        return np.ascontiguousarray(x.transpose(self.order)).transpose(inverse(self.order))

    # Statistics and parameters: a number for each channel, or for each entry of a row ─────────────────────────────────

    @property
    def _kept(self) -> tuple[int, ...]:
        return tuple(1 if axis in self.axes else n for axis, n in enumerate(self.shape))

    def by_channel(self, *shapes: tuple[int, ...] | None) -> bool:
        """Whether parameters of these shapes are the same all along what is averaged over."""
        return all(shape is None or all(shape[axis] == 1 for axis in self.axes) for shape in shapes)

    def along_rows(self, *shapes: tuple[int, ...] | None) -> bool:
        """Whether parameters of these shapes have one entry for each of a row, the same in all rows."""
        along = tuple(n if axis in self.axes else 1 for axis, n in enumerate(self.shape))
        return not self.down and self.channels == self.size[0] and all(shape in (None, along) for shape in shapes)

    def channel(self, t: Array) -> Array:
        """A statistic, or a parameter the same all along it, as a vector, a number a channel."""
        whole = t if t.shape == self._kept else np.broadcast_to(t, self._kept)
        return whole.transpose(self.order).reshape(-1)

    def statistic(self, t: Array) -> Array:
        """A vector, a number a channel, as a statistic, whose axes are kept as 1."""
        kept = self._kept
        return t.reshape([kept[axis] for axis in self.order]).transpose(inverse(self.order))

    def factor(self, t: Array, dtype: Any) -> Array:
        """A vector, a number a channel, repeated to stand beside the matrix, as a row or as a column."""
        repeated = np.empty((self.size[1 if self.down else 0] // self.channels, self.channels), dtype)
        repeated[:] = t
        return repeated.reshape((1, -1) if self.down else (-1, 1))


def sheet_of(x: Array, axes: tuple[int, ...]) -> Sheet | None:
    """How x lies in memory; None if there are gaps, another pattern of axes than those of a sheet, or little of it."""
    order = dense_order(x) if x.size >= _LEAST else None
    return None if order is None else _sheet(x.shape, axes, order)


@functools.lru_cache(1024)  # found anew, it takes 6 hundredths of a small layer's time
def _sheet(shape: tuple[int, ...], axes: tuple[int, ...], order: tuple[int, ...]) -> Sheet | None:
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


def tiles(size: tuple[int, int]) -> list[slice]:
    """The rows of a matrix, as slices of a tile each, all of about the same height."""
    return threads.cut(size[0], -(-product(size) // _TILE))


def each(work: Callable[[int, slice], None], size: tuple[int, int]) -> None:
    """``work(number, rows)`` for each tile of a matrix, shared among threads if there is enough of it."""
    cut = tiles(size)
    if product(size) < _SERIAL:
        for number, rows in enumerate(cut):
            work(number, rows)
    else:
        threads.share(lambda number: work(number, cut[number]), len(cut))


def beside(factor: Array, rows: slice) -> Array:
    """The part of a factor that belongs to these rows: a row stands beside all of them."""
    return factor if factor.shape[0] == 1 else factor[rows]


def total(tile: Array, down: bool) -> Array:
    """The sum down the columns, as a row, or along the rows, as a column: a product with ones."""
    rows, columns = tile.shape
    return np.ones((1, rows), tile.dtype) @ tile if down else tile @ np.ones((columns, 1), tile.dtype)
