"""Products in which a large matrix meets a slim one, as in a linear layer of a small batch: at the speed of memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import share

Array = Any

_SLIM = 64  # examples in a batch that leaves the cores waiting for the weights
_LARGE = 1 << 18  # weights of which it is quicker to let them come first
_HUGE = 1 << 24  # weights that no cache holds
_COLUMNS, _ROWS = 512, 32  # of the result, in a block


@half_in_single
def matmul(xp: Any, x: Array, y: Array) -> Array:
    """X·Y, in the order and in the blocks that suit a large matrix and a small batch.

    Each weight takes part in a few products only, so it is memory that counts. A linear layer's X·Wᵀ is written
    (W·Xᵀ)ᵀ, for BLAS copies its second factor into an order of its own, and this is then the batch: 0.5 to 0.7 of the
    time. X̄ = Ȳ·W and W̄ = Ȳᵀ·X are cut into blocks that fit the cache, which each core copies for itself: on the
    weights of VGG and AlexNet 0.85 and 0.6 to 0.8 of the time.
    """
    if x.size * y.size < _LARGE or x.ndim != 2 or y.ndim != 2 or x.dtype != np.float32 or y.dtype != np.float32:
        return xp.matmul(x, y)
    if len(x) <= _SLIM and y.size >= _LARGE and y.strides[0] < y.strides[1]:
        return np.ascontiguousarray(np.matmul(y.T, x.T).T)
    blocks = _blocks(len(x), len(y), y.shape[1])
    if not blocks:
        return xp.matmul(x, y)
    z = np.empty((x.shape[0], y.shape[1]), x.dtype)

    def multiply(block: int) -> None:
        rows, columns = blocks[block]
        np.matmul(x[rows], y[:, columns], out=z[rows, columns])

    share(multiply, len(blocks))
    return z


def _blocks(m: int, k: int, n: int) -> list[tuple[slice, slice]]:
    """Rows and columns of the blocks of an m × n product over k; none where cutting does not pay."""
    if m <= _SLIM // 2 and k * n >= _HUGE:
        return [(slice(m), slice(c, c + _COLUMNS)) for c in range(0, n, _COLUMNS)]
    if k <= _SLIM // 2 and m * n >= _HUGE:
        return [(slice(r, r + _ROWS), slice(n)) for r in range(0, m, _ROWS)]
    return []
