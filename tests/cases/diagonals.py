"""Cases of tinycnn.ops.diagonals."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ShapeError
from tinycnn.ops import diagonals as ops

from .case import Case, normal

X, V = normal(3, 4), normal(3)

CASES = [
    Case(
        ops.Diagonal, lambda x: x.diagonal(1, -1, 0), (normal(4, 2, 3),), lambda x: x.diagonal(1, -1, 0), batch=(),
        errors=((ShapeError, "diagonal: dim1 and dim2 must be two dimensions, not 0 and -2",
                 lambda t: t(X).diagonal(0, 0, -2)),),
    ),
    Case(ops.Diagonal, lambda x: x.diag(-1) * x.trace(), (X,), lambda x: x.diagonal(-1) * np.trace(x),
         note="diag, trace",
         batch=(),
         errors=(
             (ShapeError, "diag: takes a vector or a matrix, not 3 dimensions", lambda t: t(normal(2, 2, 2)).diag()),
             (ShapeError, "trace: takes a matrix, not 1 dimensions", lambda t: t(V).trace()),
         )),
    Case(ops.DiagonalInto, lambda v: torch.diag(v, 2), (V,), lambda v: np.diag(v, 2), batch=()),
    Case(ops.Triangle, lambda x: x.tril(-1) - x.triu(1), (normal(2, 3, 4),), lambda x: np.tril(x, -1) - np.triu(x, 1),
         errors=((ShapeError, "tril: takes matrices, and stacks of them, not 1 dimensions", lambda t: t(V).tril()),)),
]  # fmt: skip
