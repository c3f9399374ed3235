"""Products in which a large matrix meets a slim one, as in a linear layer of a small batch: at the speed of memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import share

Array = Any

_LARGE = 1 << 22  # numbers in a matrix that no cache holds
_SLIM = 32  # examples in a batch that leaves the cores waiting for the weights
_COLUMNS, _ROWS = 256, 64  # of the result, in a block


@half_in_single
def matmul(xp: Any, x: Array, y: Array) -> Array:
    """X·Y, cut into blocks where one of the three matrices is large and the batch is small.

    Each number of the large matrix takes part in a few products only, so it is memory that counts. BLAS first packs
    what it multiplies, which is to copy the weights once more; a block of them fits the cache, and each core packs its
    own. On the weights of VGG, 25088 × 4096, Y, X̄ and W̄ take 0.6 to 0.75 of the time, on AlexNet's 0.75 to 0.9.
    """
    blocks = _blocks(x, y)
    if len(blocks) < 2:
        return xp.matmul(x, y)
    z = np.empty((x.shape[0], y.shape[1]), x.dtype)

    def multiply(block: int) -> None:
        rows, columns = blocks[block]
        np.matmul(x[rows], y[:, columns], out=z[rows, columns])

    share(multiply, len(blocks))
    return z


def _blocks(x: Array, y: Array) -> list[tuple[slice, slice]]:
    """Rows and columns of each block of the result; none where cutting does not pay."""
    if x.size * y.size < _LARGE or x.ndim != 2 or y.ndim != 2 or x.dtype != np.float32 or y.dtype != np.float32:
        return []
    (m, k), n = x.shape, y.shape[1]
    if min(m, k) > _SLIM or max(m * k, k * n, m * n) < _LARGE:
        return []
    if m <= k:
        return [(slice(m), slice(c, c + _COLUMNS)) for c in range(0, n, _COLUMNS)]
    return [(slice(r, r + _ROWS), slice(n)) for r in range(0, m, _ROWS)]
