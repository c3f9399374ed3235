r"""Products of Winograd's convolution, position by position, cut so small that BLAS multiplies the factors as they lie.

BLAS begins a product by packing both factors into an order of its own. That pays where each number is used a thousand
times; here it is a few hundred, and the packing, in memory that the cache does not hold, takes a fifth to a third of
the time. Of products of less than a million multiplications OpenBLAS spares it, if it has kernels for AVX-512; they are
then as fast as large ones: 245 GF/s on a core whose large ones have 225 to 240. (With others the large are cut less.)

So the kernels lie in blocks of some 64 output channels, each a matrix without gaps, and are multiplied by so many
squares at a time that the million is not passed. In stacks of 256 channels, all added up in a row, and 196 squares, the
products of two threads then run at 225 GF/s each instead of 190; of 49 positions, not 16, at 217 instead of 154. (Since
`Products` adds up fewer channels in a row, it is a few per cent less.)
The sums over squares, which are the kernels' gradients, are made in blocks of 64 × 64: 240 GF/s instead of 190.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tinycnn.backend.blas import unpacked
from tinycnn.backend.threads import cut, scratch

Array = Any

_WIDE, _WIDEST, _NARROW = 64, 256, 16  # channels of a block: at most, at most if BLAS packs any, and at least
_LINE = 16  # numbers in a line of the cache
_CROWDED = 1024  # bytes; of numbers apart by a multiple of that, only a few find a place in a core's nearest cache
_IN_A_ROW = 128  # products that are added up one by one
_TOGETHER = 1 << 16  # entries of the kernels' gradient that are summed at a time: they stay in a core's cache


def block(o: int) -> int:
    """How many channels are in a block: o's largest part that is not more than 64, or all of them."""
    number = -(-o // (_WIDE if unpacked() else _WIDEST))
    while o % number:
        number += 1
    return o // number if o // number >= _NARROW else o


def _pieces(work: int) -> int:
    """Into how many products so many multiplications are cut."""
    return -(-work // unpacked()) if unpacked() else 1


def positions(name: str | None, count: int, *shape: int) -> Array:
    """Memory for as many matrices, a thread's own of this name or else fresh, each a cache line apart from the next.

    Apart by a power of two, they would all crowd into the same lines of the cache.
    """
    size = math.prod(shape)
    rows = count, size + _LINE
    whole = np.empty(rows, np.float32) if name is None else memory(name, *rows)
    return whole[:, :size].reshape(count, *shape)


def room_for_kernels(name: str | None, count: int, c: int, o: int) -> Array:
    """Memory for transformed kernels from C to O channels: a·a, O/block, C, block."""
    return positions(name, count, o // block(o), c, block(o))


def memory(name: str, *shape: int) -> Array:
    return scratch(name, shape, np.float32)


def in_pieces(work: int, *matrices: Array) -> list[Array]:
    """Matrices of as many columns, each as a stack of pieces; `work` is the multiplications that a column takes."""
    columns = matrices[0].shape[1]
    least = _pieces(work * columns)
    pieces = next((number for number in range(least, 4 * least) if columns % number == 0), 1)
    return [matrix.reshape(len(matrix), pieces, -1).transpose(1, 0, 2) for matrix in matrices]


def transform(matrix: Array, w: Array, out: Array) -> None:
    """G w Gᵀ, or G w↻ Gᵀ, of kernels from C to O channels (C, O, k·k): a·a, O/block, C, block.

    Parameters lie tap by tap; BLAS reads them the faster for being put in order first: 0.7 of the time.
    """
    _, blocks, c, wide = out.shape
    taps = memory("taps", c, blocks, w.shape[2], wide)
    np.copyto(taps, _apart(w).reshape(c, blocks, wide, -1).swapaxes(2, 3))
    np.matmul(matrix, taps, out=out.transpose(2, 1, 0, 3))


def _apart(w: Array) -> Array:
    """The same kernels; where those of an output lie together, there is a cache line's gap to those of the next.

    Parameters of 256 or 512 channels are apart by a multiple of a large power of two, and crowd into the same lines of
    the cache when they are put in order: 512 take 0.5 of the time for it, this copy included, 256 take 0.8. Others, of
    128 say, would take 1.2.
    """
    c, o, taps = w.shape
    if w.strides[1] % _CROWDED or w.strides[1] < w.strides[0]:
        return w
    lines = memory("lines", o, c * taps + _LINE)[:, : c * taps].reshape(o, c, taps)
    np.copyto(lines, w.swapaxes(0, 1))
    return lines.swapaxes(0, 1)


class Products:
    """patches (a·a, squares, C) @ kernels (a·a, O/block, C, block) → out (a·a, O/block, squares, block)

    Many channels are added up in parts, each of which begins anew with small sums. Of positive images and kernels, 256
    channels in a row would err up to 4.0 times as much as PyTorch in X̄, 512 by 5.5 times; so it is up to 3.03 times,
    in the mean square 2.1. It takes 3 to 4 % of such a convolution's time. What is multiplied at a time is found out
    once, for the memory stays the same from strip to strip.
    """

    def __init__(self, patches: Array, out: Array) -> None:
        c = patches.shape[2]
        self._parts = cut(c, -(-c // _IN_A_ROW))  # channels
        made = [out, *(positions("other channels", *out.shape) for _ in self._parts[1:])]  # all others the same
        self._steps = [_steps(patches[:, :, some], one) for some, one in zip(self._parts, made, strict=True)]
        self._sums = [one.reshape(len(out), -1) for one in made]  # views: their matrices have no gaps

    def make(self, kernels: Array) -> None:
        for some, steps, more in zip(self._parts, self._steps, self._sums, strict=True):
            factor = kernels[:, None, :, some]
            for left, made in steps:
                np.matmul(left, factor, out=made)
            if some.start:
                np.add(self._sums[0], more, out=self._sums[0])


def _steps(patches: Array, out: Array) -> list[tuple[Array, Array]]:
    """The squares that are multiplied at a time, and the place of what they make."""
    (count, squares, c), (blocks, o) = patches.shape, out.shape[1::2]
    some = -(-squares // _pieces(squares * c * o))
    whole, steps = squares // some * some, []
    for part, rows in ((slice(whole), some), (slice(whole, squares), squares - whole)):
        if rows:
            left = patches[:, part].reshape(count, -1, 1, rows, c)
            made = out[:, :, part].reshape(count, blocks, -1, rows, o).swapaxes(1, 2)
            steps.append((left, made))
    return steps


class Sums:
    """patchesᵀ (a·a, C, squares) @ squares (a·a, O/block, squares, block), sums over squares: a·a, O/block, C, block

    A few positions at a time, and a few squares, whose sums stay in a core's cache.
    """

    def __init__(self, patches: Array, squares: Array) -> None:
        (count, many, c), (blocks, o) = patches.shape, squares.shape[1::2]
        high = block(c)
        self._shape = count, blocks, c // high, high, o
        self._step = max(1, min(count, _TOGETHER // (blocks * c * o)))  # positions
        left = patches.reshape(count, 1, many, c // high, high).transpose(0, 1, 3, 4, 2)
        parts = cut(many, _pieces(many * high * o))
        self._parts = [(left[..., part], squares[:, :, None, part]) for part in parts]

    def add_to(self, total: Array, first: bool) -> None:
        """Add them to `total`; the first are put there."""
        total = total.reshape(self._shape)
        if first:
            np.matmul(*self._parts[0], out=total)
        for part in range(first, len(self._parts)):
            for some, left, right, more in self._steps[part]:
                sums = total[some]
                np.matmul(left, right, out=more)
                np.add(sums, more, out=sums)

    @functools.cached_property
    def _steps(self) -> list[list[tuple[slice, Array, Array, Array]]]:
        """Of each part, what is added at a time: positions, the factors there, and room for their product."""
        count, more = self._shape[0], memory("more", self._step, *self._shape[1:])
        somes = [slice(k, min(k + self._step, count)) for k in range(0, count, self._step)]
        return [
            [(some, left[some], right[some], more[: some.stop - some.start]) for some in somes]
            for left, right in self._parts
        ]


def gradient(mirrored: Array, sums: Array, out: Array) -> None:
    """W̄ = turned round, Gᵀ u G of each a × a square of u (a·a, C/block, O, block): O, C, k·k."""
    _, blocks, o, wide = sums.shape
    np.matmul(sums.transpose(2, 1, 3, 0), mirrored, out=out.reshape(o, blocks, wide, -1))
