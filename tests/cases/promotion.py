"""Cases of tinycnn.ops.promotion."""

from __future__ import annotations

import numpy as np

from tinycnn.errors import DTypeError
from tinycnn.ops import promotion

from .case import Case, integers, normal

CASES = [
    Case(
        promotion.Cast, lambda x: x.double() * 2, (normal(2, 3),), lambda x: x * 2, note="to float64", keeps=False,
        errors=(
            (DTypeError, "'text' is no number type", lambda t: t([1.0]).to(dtype="text")),
            (DTypeError, "complex128 is not supported; tinycnn computes in", lambda t: t([1.0]).to(dtype=complex)),
        ),
    ),
    Case(promotion.Cast, lambda x: x.float().half().float(), (np.round(normal(2, 3) * 8) / 8,), lambda x: x, order=0,
         note="to and fro", keeps=False),
    Case(promotion.CastToConstant, lambda x: x.long(), (normal(2, 3) * 3,), np.trunc, order=0),
    Case(promotion.CastToConstant, lambda i: i.bool(), (integers(2, 3, high=2),), lambda i: i != 0, order=0,
         note="to bool"),
]  # fmt: skip
