"""Cases of tinycnn.ops.indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, DTypeError, IndexRangeError, ShapeError
from tinycnn.ops import indexing as ops

from .case import Case, normal

X = normal(4, 3, 5)
ROWS = np.array([[3, 0], [3, -1]])  # row 3 three times
MASK = normal(4, 3) > 0


def _written(x: Any, index: Any, v: Any) -> Any:
    y = x.clone() if isinstance(x, torch.Tensor) else x.copy()
    y[index] = v
    return y


READ = [
    Case(
        ops.GetItem, lambda x: x[:, 1:, ::2], (X,), lambda x: x[:, 1:, ::2],
        errors=(
            (IndexError, r"index 4 is out of bounds.*\(tensor of shape \(4, 3, 5\)\)", lambda t: t(X)[4]),
            (IndexError, "too many indices for a tensor of dimension 3", lambda t: t(X)[0, 0, 0, 0]),
            (IndexRangeError, r"arrays used as indices must be integers or booleans, not float32; \.long\(\) makes",
             lambda t: t(X)[t([1.0])]),
            (IndexRangeError, "used as indices are int64, int32, uint8 or bool, not int8",
             lambda t: t(X)[t([1]).type("int8")]),
            (IndexRangeError, "only integers, slices .* are indices, not float", lambda t: t(X)[1.0]),
            (ArgumentError, "index: text is no index", lambda t: t(X)["a"]),
            (ArgumentError, "the bounds of a slice must be integers or None, but got slice.1, 2.5, None.",
             lambda t: t(X)[1:2.5]),
            (IndexRangeError, "too many indices for a tensor of dimension 0; item.. is its one number",
             lambda t: t(np.float64(1))[0]),
            (IndexError, "index 4 is out of bounds", lambda t: t(X)[t([0, 4])]),
            (IndexError, "index -4 is out of bounds", lambda t: t(X)[:, t([0, -4])]),
            (DomainError, r"the step of a slice must be positive; reverse with flip\(\)", lambda t: t(X)[::-1]),
        ),
    ),
    Case(ops.GetItem, lambda x: x[-1, None, ..., 2], (X,), lambda x: x[-1, None, ..., 2], note="integers", batch=()),
    Case(ops.GetItem, lambda x, i: x[i], (X, ROWS), lambda x, i: x[i], note="rows, some twice", batch=(), looks=(1, 0)),
    Case(ops.GetItem, lambda x, i: x[i, 1:, i], (X, ROWS), lambda x, i: x[i, 1:, i], note="arrays apart", batch=(),
         looks=(2, 0)),
    Case(ops.GetItem, lambda x, m: x[m], (X, MASK), lambda x, m: x[m], note="a mask", batch=(0, 1), looks=(1, 3)),
    Case(
        ops.GetItem, lambda x: x.select(1, -1) + x.narrow(1, 0, 2).sum(1), (X,), lambda x: x[:, -1] + x[:, :2].sum(1),
        note="select, narrow",
        errors=(
            (ShapeError, "narrow: start 2 and length 2 reach past dimension 1 of size 3",
             lambda t: t(X).narrow(1, 2, 2)),
            (IndexRangeError, "narrow: start 4 is out of range for dimension 1 of size 3",
             lambda t: t(X).narrow(1, 4, 0)),
            (ShapeError, "narrow: a tensor without dimensions", lambda t: t(np.float64(1)).narrow(0, 0, 0)),
            (IndexRangeError, "select: dim is 0, but the tensor has no dimensions",
             lambda t: t(np.float64(1)).select(0, 0)),
        ),
    ),
]  # fmt: skip

WRITTEN = [
    Case(
        ops.SetItem, lambda x, v: _written(x, (slice(None), 1), v), (X, normal(4, 5)),
        lambda x, v: _written(x, (slice(None), 1), v), batch=(0, 1),
        errors=(
            (ShapeError,
             r"index assignment: the value does not fit the place\n  place  = \(3, 5\)\n  value  = \(2, 5\)",
             lambda t: t(X).__setitem__(0, t(np.ones((2, 5))))),
            (DTypeError, "a tensor written where an array says must have the dtype .* float64, not int64",
             lambda t: t(X).__setitem__([0, 1], t([1, 2, 3, 4, 5]))),
            (ArgumentError, "takes a Tensor, a number or a NumPy array, not list",
             lambda t: t(X).__setitem__(0, [1.0])),
            (DomainError, "the number inf does not fit|cannot be converted",
             lambda t: t([1]).__setitem__(0, float("inf"))),
            (IndexRangeError, r"index 4 is out of bounds.*\(tensor of shape \(4, 3, 5\)\)",
             lambda t: t(X).__setitem__(4, 0)),
        ),
    ),
    Case(ops.SetItem, lambda x, i, v: _written(x, i, v), (X, np.array([2, 0]), normal(5)), _written, batch=(),
         note="rows, broadcast", looks=(1, 0)),
    Case(ops.SetItem, lambda x, m: _written(x, m, 7.0), (X, MASK), lambda x, m: _written(x, m, 7.0), batch=(0, 1),
         note="a mask, a number", looks=(2, 3)),
    Case(ops.ScatterInto, lambda g: ops.ScatterInto.apply(g, index=(slice(None), 1), shape=(len(g), 3, 5)),
         (normal(4, 5),), lambda g: g[:, None] * np.array([0.0, 1.0, 0.0])[:, None]),
]  # fmt: skip

CASES = READ + WRITTEN
