r"""Products of a large matrix with a slim one, in pieces that BLAS multiplies as they lie.

A linear layer of VGG has a hundred million weights, and of a small batch each takes part in a few products only: what
counts is how fast they come from memory. BLAS begins by copying what it multiplies into an order of its own. That pays
where a number is used hundreds of times; here it is a second way through memory. Products of no more than a million
numbers OpenBLAS multiplies without copying, in its kernels for AVX-512. So there the large matrix is cut into pieces of
that size, and a single call of NumPy's hands them to BLAS one after the other:

    Y = X·Wᵀ      X, a few rows, in pieces along k        │   │   │
    X̄ = Ȳ·W                                               X₁  X₂  X₃   ·   W₁₁ W₁₂ …     Σ over the pieces along k
                                                                           W₂₁ W₂₂ …
                                                                           W₃₁ W₃₂ …
    W̄ = Ȳᵀ·X      k is the batch, all of it in one piece; there are as many sums as weights

On the weights of AlexNet and VGG, with 2 to 16 examples, Y takes 0.4 to 0.5 of the time of a product that is cut once
for each thread, and X̄ 0.6 to 0.9: for the fewest about what it takes to read the weights. On those of a ResNet's last
layer it is 0.2 to 0.3 and 0.2 to 0.55.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.blas import unpacked
from tinycnn.backend.threads import scratch, share

Array = Any

FEW_ROWS = 16  # rows of a slim matrix; four times as many beside one that lies column by column
SUMMED = 32  # numbers summed over
_BY_ROWS, _BY_COLUMNS = (256, 64), (512, 32)  # along k and along n: a piece of a large matrix, by how it lies
_FEWER = 8  # rows that may lie as they are beside such a one
LONG = SUMMED, 512  # of a piece of what has few rows itself
_TILE = 256  # columns of a result for a thread at a time
_ROWS, _RESULT = 8, 1 << 17  # rows, at least, and entries of a large result for a thread at a time
_SHARED = 1 << 23  # multiplications; of fewer one thread is done before the other has begun


def are_few(rows: int, y: Array) -> bool:
    """Whether a matrix of so many rows is slim beside Y, and pieces serve it; for a single row BLAS has its own way."""
    return bool(unpacked()) and 1 < rows <= (4 * FEW_ROWS if by_columns(y) else FEW_ROWS)


def few_rows(x: Array, y: Array) -> Array:
    """X·Y where X has a few rows and Y is large: the columns of Y are dealt out to the threads."""
    m, n = len(x), y.shape[1]
    z = np.empty((m, n), x.dtype)
    deep, wide = _BY_COLUMNS if by_columns(y) else _BY_ROWS
    x = np.asarray(x, order="F" if by_columns(y) and m > _FEWER else "C")
    tile = _TILE if m * y.size >= _SHARED else n

    def multiply(number: int) -> None:
        columns = slice(number * tile, (number + 1) * tile)
        in_pieces(x, y[:, columns], z[:, columns], deep, wide)

    share(multiply, -(-n // tile))
    return z


def few_summed(x: Array, y: Array) -> Array:
    """X·Y where X has a few columns and Y as many rows, but the product is large: its rows are dealt out."""
    m, n = len(x), y.shape[1]
    x, y, z = np.ascontiguousarray(x), np.ascontiguousarray(y), np.empty((m, n), x.dtype)
    tile = max(_ROWS, _RESULT // n)

    def multiply(number: int) -> None:
        rows = slice(number * tile, (number + 1) * tile)
        in_pieces(x[rows], y, z[rows], *LONG)

    share(multiply, -(-m // tile))
    return z


def by_columns(y: Array) -> bool:
    """Whether the numbers of a column are neighbours in memory, as in Wᵀ."""
    return bool(0 < y.strides[0] < y.strides[1])


def in_pieces(a: Array, b: Array, out: Array, deep: int, wide: int) -> Array:
    """A·B in `out`, B being cut into pieces of about deep × wide, or narrower ones where A has many rows.

    The pieces along k are of one length, but for a few numbers; along n there may be a rest. Nothing is cut for a BLAS
    that copies whatever it gets.
    """
    if not unpacked():
        return np.matmul(a, b, out=out)
    (m, k), n = a.shape, b.shape[1]
    pieces = -(-k // deep)
    deep = k // pieces
    wide = max(1, min(wide, n, unpacked() // (m * deep)))
    height, width = pieces * deep, n // wide * wide
    left = a[:, :height].reshape(m, pieces, 1, deep).transpose(1, 2, 0, 3)
    right = b[:height, :width].reshape(pieces, deep, -1, wide).transpose(0, 2, 1, 3)
    target = out[:, :width].reshape(m, -1, wide).swapaxes(0, 1)
    if pieces == 1:
        np.matmul(left[0], right[0], out=target)
    else:
        made = scratch("pieces", (*right.shape[:2], m, wide), out.dtype)
        np.add.reduce(np.matmul(left, right, out=made), axis=0, out=target)
    if height < k:
        out[:, :width] += a[:, height:] @ b[height:, :width]
    if width < n:
        np.matmul(a, b[:, width:], out=out[:, width:])
    return out
