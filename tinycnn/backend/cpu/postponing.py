r"""Gradients that are formed where they are used, some rows at a time, and never as a whole.

The gradient of a linear layer's weights, W̄ = Ȳᵀ·X, is as large as they are, but it is made of two slim matrices, with
as many rows as the batch has examples. To write it to memory, and to fetch it again for the optimizer's step, takes
three of seven ways through memory (writing is two: a line is fetched before it is written to). Formed in the cache,
some rows at a time as the step comes to them, it costs its multiplications alone. On the weights of AlexNet and VGG it
and a step of SGD take 0.65 of the time together, and a whole step needs less memory, as much as those weights take.

Of 3 × 3 kernels on maps of one pixel only one entry meets it, and eight of nine numbers of their gradient are zeros.
Put around the others as the step comes to them, they spare three ways through memory as well. 512 → 512 channels and
a step of SGD on them take 0.83 of the time, and 256 → 512 on maps of 2 × 2, with stride 2, 0.87.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tinycnn.backend.cpu import products, slim
from tinycnn.backend.threads import once, scratch

Array = Any

_LARGE = 1 << 20  # entries; of fewer it stays in the cache until the step
_SLIMMER = 8  # times as many entries has a side of the product as are summed over


def postpone(xp: Any, x: Array, y: Array) -> Postponed | None:
    """X·Y for later, of copies of X and Y; None if the product is small, or they are not slim."""
    (m, k), n = x.shape, y.shape[1]
    if x.dtype != np.float32 or y.dtype != np.float32 or not pays(m * n):
        return None
    return Postponed(x, y) if 0 < k <= min(slim.SUMMED, m // _SLIMMER, n // _SLIMMER) else None


def pays(entries: int) -> bool:
    """Whether a gradient is so large that it would leave the cache before the step."""
    return entries >= _LARGE


class Postponed:
    """X·Y: rows of it, or the whole. What X and Y were made of may change meanwhile."""

    multiplied = False  # yet

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


class AmongZeros:
    """The gradient of kernels (O, C, kH, kW): `made`, from an entry of each kernel on, and zeros around it.

    Rows of it, or the whole.
    """

    multiplied = True

    def __init__(self, made: Array, corner: tuple[int, int], kernel: tuple[int, int]) -> None:
        self.made, self.corner = made, corner
        self.shape, self.dtype = (*made.shape[:2], *kernel), made.dtype
        self.looking = threading.Lock()

    def __getitem__(self, rows: slice) -> Array:
        """These rows, in memory that the next rows of this thread are written to."""
        made = self.made[rows]
        return self._put(made, once(_zeros, (len(made), *self.shape[1:]), made.shape, self.corner))

    def transpose(self, axes: list[int]) -> Any:
        """Itself if its axes stay in order, else an array."""
        return self if axes == sorted(axes) else self.whole().transpose(axes)

    def whole(self) -> Array:
        """All of it."""
        return self._put(self.made, np.zeros(self.shape, self.dtype))

    def _put(self, made: Array, zeros: Array) -> Array:
        """Entry by entry: NumPy would go along the few of each kernel, a third as fast."""
        top, left = self.corner
        for i, j in np.ndindex(made.shape[2:]):
            zeros[:, :, top + i, left + j] = made[:, :, i, j]
        return zeros


def _zeros(shape: tuple[int, ...], made: tuple[int, ...], corner: tuple[int, int]) -> Array:
    """Zeros, which stay so but where something made is put."""
    zeros = scratch(f"zeros of {shape} around {made} at {corner}", shape, np.float32)
    zeros[...] = 0
    return zeros
