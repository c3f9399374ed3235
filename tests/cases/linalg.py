"""Cases of tinycnn.ops.linalg."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DTypeError, ShapeError
from tinycnn.ops import linalg as ops

from .case import Case, normal

X, Y = normal(3, 4), normal(4, 2)

CASES = [
    Case(
        ops.MatMul, torch.matmul, (X, Y), np.matmul,
        errors=(
            (ShapeError, r"matmul: inner sizes differ, 4 ≠ 3\n  input  = \(3, 4\)\n  other  = \(3, 4\)\n"
                         r"  hint .* transpose one of them\?", lambda t: t(X) @ t(X)),
            (ShapeError, "matmul: both arguments need to be at least 1-dimensional", lambda t: t(X) @ t(np.float64(2))),
            (DTypeError, "matmul: expected input and other to have one dtype\n  input  = float64,"
                         r" shape \(3, 4\)\n.*\n  hint .*NumPy", lambda t: t(X) @ t(Y).half()),
            (ShapeError, r"mm: expects two matrices, not shapes \(3, 4\) and \(4,\)", lambda t: t(X).mm(t(Y[:, 0]))),
            (ShapeError, "bmm: expects two stacks of as many matrices", lambda t: t(X).bmm(t(Y))),
            (ShapeError, "dot: expects two vectors", lambda t: t(X).dot(t(Y))),
            (ShapeError, "mv: expects a matrix and a vector", lambda t: t(X).mv(t(Y))),
            (ShapeError, "outer: expects two vectors", lambda t: t(X).outer(t(Y))),
            (DTypeError, r"matmul: input and other cannot be bool, only .*\n.*= bool.*\n.*\n  hint .*\.float\(\)",
             lambda t: t([True]) @ t([True])),
            (ArgumentError, "matmul: other must be a Tensor, not float", lambda t: t(X).matmul(2.0)),
        ),
    ),
    Case(ops.MatMul, torch.matmul, (normal(2, 1, 3, 4), normal(5, 4, 2)), np.matmul, note="stacks, broadcast"),
    Case(ops.MatMul, torch.matmul, (normal(2, 3, 4), Y), np.matmul, note="a stack and a matrix"),
    Case(ops.MatMul, torch.matmul, (normal(4), normal(2, 4, 3)), np.matmul, note="a vector and a stack", batch=(1,)),
    Case(ops.MatMul, torch.matmul, (X, normal(4)), np.matmul, note="a matrix and a vector"),
    Case(ops.MatMul, torch.dot, (normal(4), normal(4, seed=1)), np.dot, note="dot", batch=(0, 1)),
    Case(ops.MatMul, torch.bmm, (normal(2, 3, 4), normal(2, 4, 2)), np.matmul, note="bmm", batch=(0, 1)),
    Case(ops.MatMul, lambda a, x, y: torch.addmm(a, x, y, beta=0.5, alpha=-2), (normal(2), X, Y),
         lambda a, x, y: 0.5 * a - 2 * x @ y, batch=(1,), note="addmm"),
    Case(
        ops.Linear, ops.linear, (normal(2, 3, 4), normal(5, 4), normal(5)), lambda x, w, b: x @ w.T + b,
        errors=(
            (ShapeError,
             r"linear: mat1 and mat2 shapes cannot be multiplied: the input has 3 features, the weight takes 4"
                         r"\n  input  \* in    = \(2, 3\)\n  weight out in  = \(5, 4\)\n  bias   out     = \(5,\)\n"
                         r"  hint +flatten", lambda t: ops.linear(t(normal(2, 3)), t(normal(5, 4)), t(normal(5)))),
            (ShapeError, r"input has 2 features, the weight takes 6(.|\n)*  hint +is it one image without its batch",
             lambda t: ops.linear(t(normal(3, 2)), t(normal(5, 6)))),
            (ShapeError, r"  hint +flatten\(x, 1\)",  # a batch of one, not flattened
             lambda t: ops.linear(t(normal(1, 3, 2)), t(normal(5, 6)))),
            (DTypeError, r"linear: expected input and weight to have one dtype\n  input   = float64, shape \(3, 4\)"
                         r"\n.*\n  hint .*\.float\(\)",
             lambda t: ops.linear(t(X).double(), t(normal(5, 4)).float())),
        ),
    ),
    Case(ops.Linear, ops.linear, (normal(4), normal(5, 4)), lambda x, w: w @ x, note="of a vector", batch=()),
    Case(ops.MatMulBackward, lambda g, x, y: ops.MatMulBackward.apply_all(g, x, y, asked=(True, True)),
         (normal(2, 3, 5), normal(2, 3, 4), normal(2, 4, 5)),
         lambda g, x, y: (g @ y.swapaxes(1, 2), x.swapaxes(1, 2) @ g), note="both", batch=(0, 1, 2)),
    Case(ops.MatMulBackward, lambda g, x: ops.MatMulBackward.apply_all(g, x, None, asked=(False, True)),
         (normal(3, 5), X), lambda g, x: x.T @ g, note="of a second factor", batch=()),
    Case(ops.LinearBackward, lambda g, x, w: ops.LinearBackward.apply_all(g, x, w, asked=(True, True, True)),
         (normal(3, 5), X, normal(5, 4)), lambda g, x, w: (g @ w, g.T @ x, g.sum(0)), note="all three", batch=()),
    Case(ops.LinearBackward, lambda g, x: ops.LinearBackward.apply_all(g, x, None, asked=(False, True, True)),
         (normal(3, 5), X), lambda g, x: (g.T @ x, g.sum(0)), note="of a first layer", batch=()),
]  # fmt: skip
