r"""A sum of products over tiles, its order fixed: run to run, it is rounded alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu.products import product
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
        self._sums = np.empty((len(self.parts), *shape), dtype)
        self._begun = [False] * len(self.parts)

    def add(self, part: int, a: Array, b: Array) -> None:
        """A·B added to what the part has; the products of stacks of matrices are all added."""
        total, begun = self._sums[part], self._begun[part]
        self._begun[part] = True
        if a.ndim == 2 and not begun:
            product(a, b, out=total)
            return
        made = scratch("more", (*a.shape[:-2], *total.shape), total.dtype)
        more = np.matmul(a, b, out=made).sum(axis=0) if a.ndim > 2 else product(a, b, out=made)
        if begun:
            total += more
        else:
            total[...] = more

    def value(self) -> Array:
        """What the parts have, added up in their order."""
        total = self._sums[0]
        for more in self._sums[1:]:
            total += more
        return total
