"""Cases of tinycnn.ops.indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import DTypeError, ShapeError
from tinycnn.ops import indexing as ops

from .case import Case, integers, normal

X = normal(4, 3, 5)
ROWS = np.array([[3, 0], [3, -1]])  # row 3 three times
MASK = normal(4, 3) > 0
ALONG = integers(4, 2, 6)


def _written(x: Any, index: Any, v: Any) -> Any:
    y = x.clone() if isinstance(x, torch.Tensor) else x.copy()
    y[index] = v
    return y


def _scattered(x: Any, index: Any, src: Any) -> Any:
    y = x.copy()
    for i, j, k in np.ndindex(index.shape):
        y[i, j, index[i, j, k]] += src[i, j, k]
    return y


READ = [
    Case(
        ops.GetItem, lambda x: x[:, 1:, ::2], (X,), lambda x: x[:, 1:, ::2],
        errors=(
            (IndexError, r"index 4 is out of bounds.*\(tensor of shape \(4, 3, 5\)\)", lambda t: t(X)[4]),
            (IndexError, "too many indices for a tensor of dimension 3", lambda t: t(X)[0, 0, 0, 0]),
            (IndexError, "indices must be integers or booleans, not floating point", lambda t: t(X)[t([1.0])]),
            (IndexError, "only integers, slices .* are indices, not str", lambda t: t(X)["a"]),
            (IndexError, "index 4 is out of bounds", lambda t: t(X)[t([0, 4])]),
            (IndexError, "index -4 is out of bounds", lambda t: t(X)[:, t([0, -4])]),
            (ValueError, r"slice step must be positive; reverse with flip\(\)", lambda t: t(X)[::-1]),
        ),
    ),
    Case(ops.GetItem, lambda x: x[-1, None, ..., 2], (X,), lambda x: x[-1, None, ..., 2], note="integers", batch=()),
    Case(ops.GetItem, lambda x, i: x[i], (X, ROWS), lambda x, i: x[i], note="rows, some twice", batch=(), looks=(1, 0)),
    Case(ops.GetItem, lambda x, i: x[i, 1:, i], (X, ROWS), lambda x, i: x[i, 1:, i], note="arrays apart", batch=(), looks=(2, 0)),
    Case(ops.GetItem, lambda x, m: x[m], (X, MASK), lambda x, m: x[m], note="a mask", batch=(0, 1), looks=(1, 3)),
    Case(
        ops.GetItem, lambda x: x.select(1, -1) + x.narrow(1, 0, 2).sum(1), (X,), lambda x: x[:, -1] + x[:, :2].sum(1),
        note="select, narrow",
        errors=((ShapeError, "narrow: start 2 and length 2 reach past dimension 1 of size 3",
                 lambda t: t(X).narrow(1, 2, 2)),),
    ),
    Case(ops.GetItem, lambda x, i: x.index_select(1, i), (X, np.array([2, 0, 2])), lambda x, i: x[:, i],
         note="index_select", looks=(1, 0)),
    Case(
        ops.Gather, lambda x, i: x.gather(2, i), (X, ALONG), lambda x, i: np.take_along_axis(x[:, :2], i, 2),
        batch=(0, 1), looks=(1, 0),
        errors=(
            (DTypeError, "gather: expected an index of type int64, but got float", lambda t: t(X).gather(0, t(X))),
            (ShapeError, r"gather: the index must have the input's rank, .*but along dim 0\n  input  = \(4, 3, 5\)\n"
                         r"  index  = \(1, 4, 5\)", lambda t: t(X).gather(0, t(np.zeros((1, 4, 5), "int64")))),
            (IndexError, "gather: index 4 is out of bounds for dimension of size 4",
             lambda t: t(X).gather(0, t(np.full((1, 1, 1), 4)))),
            (IndexError, "gather: index -1 is out of bounds", lambda t: t(X).gather(0, t(np.full((1, 1, 1), -1)))),
        ),
    ),
]  # fmt: skip

WRITTEN = [
    Case(
        ops.SetItem, lambda x, v: _written(x, (slice(None), 1), v), (X, normal(4, 5)),
        lambda x, v: _written(x, (slice(None), 1), v), batch=(0, 1),
        errors=((ShapeError, r"index assignment: the value does not fit the place\n  place  = \(3, 5\)\n"
                             r"  value  = \(2, 5\)", lambda t: t(X).__setitem__(0, t(np.ones((2, 5))))),),
    ),
    Case(ops.SetItem, lambda x, i, v: _written(x, i, v), (X, np.array([2, 0]), normal(5)), _written, batch=(),
         note="rows, broadcast", looks=(1, 0)),
    Case(ops.SetItem, lambda x, m: _written(x, m, 7.0), (X, MASK), lambda x, m: _written(x, m, 7.0), batch=(0, 1),
         note="a mask, a number", looks=(2, 3)),
    Case(ops.ScatterInto, lambda g: ops.ScatterInto.apply(g, index=(slice(None), 1), shape=(len(g), 3, 5)),
         (normal(4, 5),), lambda g: g[:, None] * np.array([0.0, 1.0, 0.0])[:, None]),
    Case(ops.ScatterZeros, lambda x, i, src: x.scatter_add(2, i, src), (X, integers(4, 2, 6), normal(4, 2, 7)),
         _scattered, batch=(0, 1, 2), looks=(1, 0),
         errors=((ShapeError, r"scatter_add: the index must be no larger than src in any dimension\n  index  = \(4, 2",
                  lambda t: t(X).scatter_add(2, t(ALONG), t(np.ones((4, 1, 6))))),)),
]  # fmt: skip

CASES = READ + WRITTEN
