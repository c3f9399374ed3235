"""Whether there is ∞ or NaN, which faster ways of computing would spread to numbers that never met them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def finite(x: Array) -> bool:
    """Whether no number of x is infinite or NaN, and their sum is not too large.

    It is not asked of BLAS: for a long vector that would wake threads, which then keep a core from other kernels.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(x.sum()))
