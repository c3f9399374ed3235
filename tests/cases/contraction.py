"""Cases of tinycnn.ops.contraction: no op of its own, but every form of subscripts."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, ShapeError
from tinycnn.ops.diagonals import Diagonal
from tinycnn.ops.linalg import MatMul
from tinycnn.ops.shaping import Permute

from .case import Case, normal

X, Y, CUBE = normal(2, 3), normal(3, 4), normal(3, 3, 2)


def of(op: Any, equation: str, *inputs: Any, **more: Any) -> Case:
    """A case of `einsum` with NumPy's for an oracle."""
    return Case(op, lambda *xs: torch.einsum(equation, *xs), inputs, lambda *xs: np.einsum(equation, *xs), batch=(),
                note=equation, **more)


CASES = [
    of(
        MatMul, "ij,jk->ik", X, Y,
        errors=(
            (ShapeError,
             r"einsum: 'j' in 'ij,jk' is 3 in one place and 4 in another\n"
             r"  operand 0  = \(2, 3\)\n  operand 1  = \(4, 3\)",
             lambda t: torch.einsum("ij,jk", t(X), t(Y.T.copy()))),
            (ShapeError, r"einsum: 'i' in 'i->i' names 1 dimensions, but there are 2\n.*\n  hint .*\.\.\. stands for",
             lambda t: torch.einsum("i->i", t(X))),
            (ShapeError, "einsum: 'i' stands twice in one term, where the sizes differ: 1 and 3",
             lambda t: torch.einsum("ii", t(X[:1]))),
            (DomainError, "einsum: 'i1' in 'i1->i' must be letters", lambda t: torch.einsum("i1->i", t(X))),
            (DomainError, "einsum: 'ij' describes 1 operands, but there are 2",
             lambda t: torch.einsum("ij", t(X), t(X))),
            (DomainError, "einsum: the output of 'ij->ik' must name dimensions of the operands, each once, but not 'k'",
             lambda t: torch.einsum("ij->ik", t(X))),
            (DomainError, "einsum: takes an equation and at least one operand", lambda t: torch.einsum("ij")),
            (DomainError, "einsum: subscripts must be numbers from 0 to 51", lambda t: torch.einsum(t(X), [0, 52])),
            (ArgumentError, "einsum: operand 1 must be a Tensor, not int", lambda t: torch.einsum("ij,", t(X), 1)),
            (ArgumentError, "einsum: equation must be a string, not int", lambda t: torch.einsum(1, t(X))),
        ),
    ),
    of(Permute, "ji", X),
    of(Permute, "i,j->ji", X[0], Y[0]),
    of(Permute, "bij->b", normal(2, 3, 2)),
    of(Diagonal, "iib->bi", CUBE),
    of(Diagonal, "ii", Y[:, :3]),
    of(MatMul, "bij,bjk", normal(2, 2, 3), normal(2, 3, 2)),
    of(MatMul, "...ij,jk->ik...", normal(2, 2, 3), Y),
    of(MatMul, "b i, b j, i j -> b", X, normal(2, 4), Y),
    of(MatMul, "aB,cB->", X, normal(1, 3)),
    Case(MatMul, lambda x, y: torch.einsum(x, [0, ...], y, [..., 3], [3, 0]), (X, Y), lambda x, y: (x @ y).T, batch=(),
         note="lists"),
]  # fmt: skip
