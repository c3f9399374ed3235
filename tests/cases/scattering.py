"""Cases of tinycnn.ops.scattering."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, DTypeError, IndexRangeError, ShapeError
from tinycnn.ops import scattering as ops
from tinycnn.ops.indexing import GetItem, ScatterInto, SetItem

from .case import Case, integers, normal

X = normal(4, 3, 5)
ALONG = integers(4, 2, 6)
ONCE = np.argsort(normal(4, 2, 5), axis=2)[..., :3]  # no place twice
ROWS = np.array([3, 0, 3])


def _scattered(x: Any, index: Any, src: Any) -> Any:
    y = x.copy()
    for i, j, k in np.ndindex(index.shape):
        y[i, j, index[i, j, k]] += src[i, j, k]
    return y


def _overwritten(x: Any, index: Any, src: Any) -> Any:
    y = x.copy()
    for i, j, k in np.ndindex(index.shape):
        y[i, j, index[i, j, k]] = src[i, j, k]
    return y


def _added(x: Any, index: Any, source: Any) -> Any:
    y = x.copy()
    np.add.at(y, index, 2 * source)
    return y


CASES = [
    Case(
        ops.Gather, lambda x, i: x.gather(2, i), (X, ALONG), lambda x, i: np.take_along_axis(x[:, :2], i, 2),
        batch=(0, 1), looks=(1, 0),
        errors=(
            (DTypeError, "gather: expected an index of type int64 or int32, but got float",
             lambda t: t(X).gather(0, t(X))),
            (ShapeError, r"gather: the index must have the input's rank, .*but along dim 0\n  input  = \(4, 3, 5\)\n"
                         r"  index  = \(1, 4, 5\)", lambda t: t(X).gather(0, t(np.zeros((1, 4, 5), "int64")))),
            (IndexError, "gather: index 4 is out of bounds for dimension 0 with size 4",
             lambda t: t(X).gather(0, t(np.full((1, 1, 1), 4)))),
            (IndexError, "gather: index -1 is out of bounds", lambda t: t(X).gather(0, t(np.full((1, 1, 1), -1)))),
        ),
    ),
    Case(ops.ScatterZeros, lambda x, i, src: x.scatter_add(2, i, src), (X, integers(4, 2, 6), normal(4, 2, 7)),
         _scattered, batch=(0, 1, 2), looks=(1, 0),
         errors=((ShapeError, r"scatter_add: the index must be no larger than src in any dimension\n  index  = \(4, 2",
                  lambda t: t(X).scatter_add(2, t(ALONG), t(np.ones((4, 1, 6))))),)),
    Case(GetItem, lambda x, i: x.index_select(1, i), (X, np.array([2, 0, 2])), lambda x, i: x[:, i],
         note="index_select", looks=(1, 0),
         errors=(
             (IndexRangeError, "index_select: the index must be a vector, not of shape .2, 2.",
              lambda t: t(X).index_select(0, t([[0, 1], [1, 0]]))),
             (DTypeError, "index_select: expected an index of type int64 or int32, but got bool",
              lambda t: t(X).index_select(0, t([True]))),
         )),
    Case(
        SetItem, lambda x, i, src: x.scatter(2, i, src), (X, ONCE, normal(4, 2, 4)), _overwritten, batch=(0, 1, 2),
        looks=(1, 0), note="scatter",
        errors=(
            (ArgumentError, "scatter: takes src, a Tensor, or value, a number", lambda t: t(X).scatter(0, t(ALONG))),
            (DTypeError, "scatter: expected input and source to have one dtype\n  input   = float64, shape .4, 3",
             lambda t: t(X).scatter(2, t(ONCE), t(np.ones((4, 2, 4), "float32")))),
        ),
    ),
    Case(SetItem, lambda x, i: torch.scatter(x, 2, i, value=1.5), (X, ONCE), lambda x,
         i: _overwritten(x, i, np.full(i.shape, 1.5)),
         batch=(0, 1), looks=(1, 0), note="scatter of a number"),
    Case(
        ops.Gather, lambda x, i: x.take_along_dim(i, 1), (X, np.array([[[-1], [0]]])), batch=(), looks=(1, 0),
        oracle=lambda x, i: x[:, [2, 0]], note="take_along_dim",
        errors=((ShapeError,
                 r"take_along_dim: input and indices must have as many dimensions\n  input    = \(4, 3, 5\)",
                 lambda t: t(X).take_along_dim(t([0]), 0)),),
    ),
    Case(
        GetItem, lambda x, n: x.repeat_interleave(2, 1) * x.repeat_interleave(n, -2), (X[:1], np.array([1, 3, 2])),
        batch=(),
        oracle=lambda x, n: x.repeat(2, 1) * x.repeat(n, 1), looks=(1, 0), note="repeat_interleave",
        errors=(
            (ShapeError, "repeat_interleave: 2 numbers of repeats do not fit a dimension of size 4",
             lambda t: t(X).repeat_interleave(t([1, 2]), 0)),
            (DomainError, r"repeat_interleave: repeats must not be negative: \[-1\]",
             lambda t: t(X).repeat_interleave(-1)),
        ),
    ),
    Case(GetItem, torch.take, (X, np.array([[0, -1], [7, 7]])), lambda x, i: x.ravel()[i], batch=(), looks=(1, 0),
         note="take",
         errors=((DTypeError, "take: expected an index of type int64, but got bool", lambda t: t(X).take(t([True]))),)),
    Case(
        ScatterInto, lambda x, i, source: x.index_add(0, i, source, alpha=2), (X, ROWS, normal(3, 3, 5)), _added,
        batch=(),
        looks=(1, 0), note="index_add",
        errors=((ShapeError,
                 r"index_add: source must have a slice for each index.*\n  input   = \(4, 3, 5\)\n  index   = \(3,\)",
                 lambda t: t(X).index_add(0, t(ROWS), t(X))),),
    ),
]  # fmt: skip
