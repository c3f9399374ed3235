r"""Gradients that are formed where they are used, some rows at a time, and never as a whole.

That of a linear layer's weights, W̄ = Ȳᵀ·X, is as large as they are, but it is made of two slim matrices, with as many
rows as the batch has examples. To write it to memory, and to fetch it again for the optimizer's step, takes three of
seven ways through memory (writing is two: a line is fetched before it is written to). Formed in the cache, some rows at
a time as the step comes to them, it costs its multiplications alone. On the weights of AlexNet and VGG it and a step of
SGD take 0.65 of the time together, and a whole step needs less memory, as much as those weights take.

Kernels of which most entries meet nothing but padding have such gradients, too: see `convolution.trimmed`.
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


class Postponed:
    """An array of which there are some rows, or the whole, when they are asked for."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype
        self.looking = threading.Lock()  # one thread computes the whole, and others wait

    def __getitem__(self, rows: slice) -> Array:
        """These rows, in memory that the next rows of this thread are written to."""
        raise NotImplementedError

    def transpose(self, axes: list[int]) -> Postponed | Array:
        """The same with its axes in this order."""
        raise NotImplementedError

    def whole(self) -> Array:
        """All of it."""
        raise NotImplementedError


def postpone(xp: Any, x: Array, y: Array) -> Postponed | None:
    """X·Y for later, of copies of X and Y; None if the product is small, or they are not slim."""
    (m, k), n = x.shape, y.shape[1]
    if y.dtype != np.float32 or not is_large(m * n, x.dtype):
        return None
    return Product(x, y) if 0 < k <= min(slim.SUMMED, m // _SLIMMER, n // _SLIMMER) else None


def is_large(size: int, dtype: Any) -> bool:
    """Whether so many numbers would leave the cache before the step."""
    return bool(dtype == np.float32 and size >= _LARGE)


class Product(Postponed):
    """X·Y. What X and Y were made of may change meanwhile."""

    def __init__(self, x: Array, y: Array) -> None:
        super().__init__((len(x), y.shape[1]), x.dtype)
        self.x, self.y = np.array(x, order="C"), np.array(y, order="C")

    def __getitem__(self, rows: slice) -> Array:
        x = self.x[rows]
        return slim.in_pieces(x, self.y, scratch("postponed", (len(x), self.shape[1]), self.dtype), *slim.LONG)

    def transpose(self, axes: list[int]) -> Product:
        """(X·Y)ᵀ = Yᵀ·Xᵀ."""
        return self if axes == [0, 1] else Product(self.y.T, self.x.T)

    def whole(self) -> Array:
        return products.matmul(np, self.x, self.y)
