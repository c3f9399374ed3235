r"""Products of Winograd's convolution, position by position, cut so small that BLAS multiplies the factors as they lie.

BLAS begins a product by packing both factors into an order of its own. That pays where each number is used a thousand
times; here it is a few hundred, and the packing, in memory that the cache does not hold, takes a fifth to a third of
the time. Of products of less than a million multiplications OpenBLAS spares it (where it has kernels for AVX-512),
which are then as fast as large ones: 245 GF/s on a core whose large ones have 225 to 240.

So the kernels lie in blocks of some 64 output channels, each a matrix without gaps, and are multiplied by so many
squares at a time that the million is not passed. In stacks of 256 channels and 196 squares, which is what strips have,
the products of two threads then run at 225 GF/s each instead of 190; where there are 49 of them, not 16, 217 of 154.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

_MOST = 1_000_000  # multiplications of a product
_WIDE, _NARROW = 64, 16  # channels of a block


def block(o: int) -> int:
    """How many output channels are in a block: o's largest part that is not more than 64, or all of them."""
    number = -(-o // _WIDE)
    while o % number:
        number += 1
    return o // number if o // number >= _NARROW else o


def multiply(patches: Array, kernels: Array, out: Array) -> None:
    """patches (a·a, squares, C) @ kernels (a·a, O/block, C, block) → out (a·a, squares, O)"""
    count, squares, c = patches.shape
    _, blocks, _, o = kernels.shape
    some = -(-squares // -(-squares * c * o // _MOST))  # at a time
    whole = squares // some * some
    for part, rows in ((slice(whole), some), (slice(whole, squares), squares - whole)):
        if rows:
            left = patches[:, part].reshape(count, -1, 1, rows, c)
            made = out[:, part].reshape(count, -1, rows, blocks, o).swapaxes(2, 3)
            np.matmul(left, kernels[:, None], out=made)
