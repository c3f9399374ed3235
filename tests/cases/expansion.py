"""Cases of tinycnn.ops.expansion."""

from __future__ import annotations

import numpy as np

from tinycnn.errors import ShapeError
from tinycnn.ops import expansion as ops

from .case import Case, normal

X = normal(2, 3, 4)

CASES = [
    Case(
        ops.Expand, lambda x: x.expand(5, -1, 3, 4), (normal(2, 1, 4),),
        lambda x: np.broadcast_to(x, (5, len(x), 3, 4)),
        errors=(
            (ShapeError, r"expand: only dimensions of size 1 can be expanded.*\n  input  = \(2, 3, 4\)\n"
                         r"  size   = \(2, 6, 4\)", lambda t: t(X).expand(2, 6, 4)),
            (ShapeError, "expand: only dimensions of size 1", lambda t: t(X).expand(3, 4)),
        ),
    ),
    Case(
        ops.Expand, lambda x: x.repeat(2, 1, 3), (normal(3, 4),), lambda x: np.tile(x, (2, 1, 3)), note="repeat",
        errors=((ShapeError, r"repeat: needs at least as many numbers .*: \(2,\) for \(3, 4\)",
                 lambda t: t(normal(3, 4)).repeat(2)),),
    ),
    Case(
        ops.SumToShape, lambda x: x.sum_to_size(3, 1), (X,), lambda x: x.sum((0, 2), keepdims=True)[0],
        errors=((ShapeError, r"sum_to_size: size must be one that can be expanded to the input's\n"
                             r"  input  = \(2, 3, 4\)\n  size   = \(3, 2\)", lambda t: t(X).sum_to_size(3, 2)),),
    ),
]  # fmt: skip
