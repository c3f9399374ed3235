r"""A sum of products over tiles, its order fixed: run to run, it is rounded alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu import products
from tinycnn.backend.threads import parts, scratch

Array = Any


class Sum:
    """Σ A·B over `count` tiles, of which each thread adds up those of one part, in their order.

    Attributes
    ----------
    parts : the tiles of each part
    """

    def __init__(self, count: int, shape: tuple[int, int], dtype: Any) -> None:
        self.parts = parts(count)
        self._sums = [np.empty(shape, dtype) for _ in self.parts]
        self._begun = [False] * len(self.parts)

    def add(self, part: int, a: Array, b: Array) -> None:
        """A·B, summed by stretches, added to what the part has; the products of stacks of matrices are all added."""
        total, begun = self._sums[part], self._begun[part]
        self._begun[part] = True
        more = scratch("more", total.shape, total.dtype) if begun else total
        if a.ndim > 2:
            products.by_stretches(a, b, out=more)
        else:
            products.product(a, b, out=more, exact=True)
        if begun:
            total += more

    def value(self) -> Array:
        """What the parts have, added up in their order."""
        total = self._sums[0]
        for more in self._sums[1:]:
            total += more
        return total
