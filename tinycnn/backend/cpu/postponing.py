r"""A product that is computed where it is used, some rows at a time, and never as a whole.

The gradient of a linear layer's weights, W̄ = Ȳᵀ·X, is as large as they are, but it is made of two slim matrices, with
as many rows as the batch has examples. To write it to memory, and to fetch it again for the optimizer's step, takes
three of seven ways through memory (writing is two: a line is fetched before it is written to). Formed in the cache,
some rows at a time as the step comes to them, it costs its multiplications alone. On the weights of AlexNet and VGG it
and a step of SGD take 0.65 of the time together, and a whole step needs less memory, as much as those weights take.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tinycnn.backend.cpu import products, slim
from tinycnn.backend.threads import scratch

Array = Any

_LARGE = 1 << 20  # entries of a product; one of fewer stays in the cache until the step
_SLIMMER = 8  # times as many entries has a side of the product as are summed over


def postpone(xp: Any, x: Array, y: Array) -> Postponed | None:
    """X·Y for later, of copies of X and Y; None if the product is small, or they are not slim."""
    (m, k), n = x.shape, y.shape[1]
    if x.dtype != np.float32 or y.dtype != np.float32 or m * n < _LARGE:
        return None
    return Postponed(x, y) if 0 < k <= min(slim.SUMMED, m // _SLIMMER, n // _SLIMMER) else None


class Postponed:
    """X·Y: rows of it, or the whole. What X and Y were made of may change meanwhile."""

    def __init__(self, x: Array, y: Array) -> None:
        self.x, self.y = np.array(x, order="C"), np.array(y, order="C")
        self.shape, self.dtype = (len(x), y.shape[1]), x.dtype
        self.looking = threading.Lock()  # one thread computes the whole, and others wait

    def __getitem__(self, rows: slice) -> Array:
        """These rows, in memory that the next rows of this thread are written to."""
        x = self.x[rows]
        return slim.in_pieces(x, self.y, scratch("postponed", (len(x), self.shape[1]), self.dtype), *slim.LONG)

    def transpose(self, axes: list[int]) -> Postponed:
        """(X·Y)ᵀ = Yᵀ·Xᵀ."""
        return self if axes == [0, 1] else Postponed(self.y.T, self.x.T)

    def whole(self) -> Array:
        """All of it."""
        return products.matmul(np, self.x, self.y)
