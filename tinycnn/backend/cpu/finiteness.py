"""Whether there is ∞ or NaN, which faster ways of computing would spread to numbers that never met them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinycnn.backend.quiet import quietly

Array = Any


def finite(x: Array) -> bool:
    """Whether no number of x is infinite or NaN.

    The sum of squares tells, row by row, which BLAS makes in a third of the time of a sum by NumPy. Where that is
    infinite, the squares of finite numbers may have been too large: then each number is looked at.
    """
    rows = x.reshape(len(x), math.prod(x.shape[1:]))
    return math.isfinite(quietly(_squares, rows)) or bool(np.isfinite(rows).all())


def _squares(rows: Array) -> float:
    return float(np.add.reduce(np.vecdot(rows, rows)))
