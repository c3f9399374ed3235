"""Cases of tinycnn.ops.reduction, extremes, magnitude, verdicts and ordering."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError
from tinycnn.ops import reduction as ops
from tinycnn.ops.arithmetic import Mul
from tinycnn.ops.comparison import Compare
from tinycnn.ops.extremes import Extreme
from tinycnn.ops.ordering import Arg
from tinycnn.ops.verdicts import Test

from .case import Case, distinct, integers, normal, positive, signed

X, D = normal(2, 3, 4), distinct(2, 3, 4)
TIES = integers(3, 5, high=3) - 1.0
LARGE = np.array([[1e3, 1e3 + 1, 990.0], [-1e3, -1e3 - 2, -1e3]])

SUMS = [
    Case(
        ops.Sum, lambda x: x.sum(), (X,), np.sum,
        errors=(
            (IndexError, "sum: Dimension out of range: dim is 3, but 3 dimensions take -3 to 2",
             lambda t: t(X).sum(3)),
            (ShapeError, r"sum: dim \(0, -3\) names a dimension twice", lambda t: t(X).sum((0, -3))),
        ),
    ),
    Case(ops.Sum, lambda x: x.sum((0, -1), keepdim=True), (X,), lambda x: x.sum((0, 2), keepdims=True), note="keepdim"),
    Case(ops.Sum, torch.sum, (integers(2, 3),), np.sum, order=0, note="of integers"),
    Case(
        ops.Sum, lambda x: x.mean(1), (X,), lambda x: x.mean(1), note="mean",
        errors=((DTypeError, r"mean: the input must be floating, but got int64; say mean\(x.float\(\)\)",
                 lambda t: t([1, 2]).mean()),),
    ),
    Case(
        ops.Var, lambda x: x.var((1, 2)), (X,), lambda x: x.var((1, 2), ddof=1),
        errors=(
            (DTypeError, "var: the input must be floating, but got int64", lambda t: t([1, 2]).var()),
            (ArgumentError, "var: give unbiased or correction, not both", lambda t: t(X).var(0, True, correction=1)),
        ),
    ),
    Case(ops.Var, lambda x: torch.std(x, 1, correction=0, keepdim=True), (X,), lambda x: x.std(1, keepdims=True),
         note="std"),
    Case(ops.Var, lambda x: torch.var_mean(x, 0, False), (X,), lambda x: (x.var(0), x.mean(0)), batch=(),
         note="var_mean"),
    Case(ops.Var, lambda x: torch.std_mean(x, correction=0.5), (X,),
         lambda x: (np.sqrt(((x - x.mean()) ** 2).sum() / 23.5), x.mean()), batch=(), note="std_mean"),
    Case(ops.Sum, lambda x: torch.nansum(x, 1), (np.where(X > 1, np.nan, X),), lambda x: np.nansum(x, 1), order=0,
         note="nansum"),
    Case(ops.Sum, lambda x: x.norm() + x.norm(1, 2).sum() + x.norm(3, 0).sum(), (signed(2, 3, 4),),
         lambda x: np.sqrt((x * x).sum()) + np.abs(x).sum() + np.cbrt((np.abs(x) ** 3).sum(0)).sum(), note="norm",
         batch=()),
    Case(ops.CumSum, lambda x: x.cumsum(1), (X,), lambda x: x.cumsum(1)),
    Case(ops.LogSumExp, lambda x: x.logsumexp((0, 2)), (X,), lambda x: np.log(np.exp(x).sum((0, 2))), batch=()),
    Case(ops.LogSumExp, lambda x: x.logsumexp(1, keepdim=True), (LARGE,),
         lambda x: np.logaddexp.reduce(x, 1, keepdims=True), note="of large numbers", half=None),
]  # fmt: skip

EXTREMES = [
    Case(
        Extreme, lambda x: x.amax((0, 2)), (D,), lambda x: x.max((0, 2)), batch=(),
        errors=(
            (IndexRangeError, r"amax: there is no maximum of nothing: the shape is \(0, 3\), dim 0",
             lambda t: t(np.zeros((0, 3))).amax(0)),
            (ShapeError, r"max: there is no maximum of nothing: the shape is \(0,\)$", lambda t: t(np.zeros(0)).max()),
            (ArgumentError, "max: takes another Tensor, or dim and keepdim, not both",
             lambda t: torch.max(t(D), 0, other=t(D))),
        ),
    ),
    Case(Extreme, lambda x: x.amin(1, keepdim=True), (D,), lambda x: x.min(1, keepdims=True), note="min"),
    Case(Extreme, lambda x: x.max() - 2 * x.min(), (D,), lambda x: x.max() - 2 * x.min(), note="of all", batch=()),
    Case(Arg, lambda x: x.max(1), (D,), lambda x: (x.max(1), x.argmax(1)), note="max with its index"),
    Case(Arg, lambda x: x.min(-1, keepdim=True), (D,),
         lambda x: (x.min(2, keepdims=True), x.argmin(2, keepdims=True)), note="min with its index"),
    Case(
        Arg, lambda x: x.argmax(1), (TIES,), lambda x: x.argmax(1), order=0, note="first of equals",
        errors=((IndexRangeError, r"argmax: expected reduction dim 0 to have elements; the shape is \(0, 3\)",
                 lambda t: t(np.zeros((0, 3))).argmax(0)),),
    ),
    Case(Arg, lambda x: (x.argmin(), x.argmax(keepdim=True)), (TIES,),
         lambda x: (x.argmin(), np.array([[x.argmax()]])),
         order=0, note="of all", batch=()),
    Case(Arg, lambda x: x.argsort(1), (TIES,), lambda x: x.argsort(1, kind="stable"), order=0, note="sort"),
    Case(Arg, lambda x: x.argsort(1, descending=True), (TIES,), lambda x: (-x).argsort(1, kind="stable"), order=0,
         note="descending"),
    Case(Arg, lambda x: x.sort(0)[0] * x.sort(0, descending=True)[0], (D,),
         lambda x: np.sort(x, 0) * np.sort(x, 0)[::-1], note="sorted values"),
    Case(
        Arg, lambda x: x.kthvalue(2, 1, keepdim=True), (D,),
        lambda x: (np.sort(x, 1)[:, 1:2], np.argsort(x, 1)[:, 1:2]), note="kthvalue",
        errors=((ShapeError, "kthvalue: selected number k = 0 out of range", lambda t: t(D).kthvalue(0)),),
    ),
    Case(
        Arg, lambda x: x.topk(2, 1), (D,), lambda x: (-np.sort(-x, 1)[:, :2], np.argsort(-x, 1)[:, :2]),
        note="topk",
        errors=((ShapeError, "topk: selected index k = 5 out of range for a dimension of size 4",
                 lambda t: t(D).topk(5)),),
    ),
]  # fmt: skip

OTHERS = [
    Case(Test, lambda x: (x.all(1), x.any(1, keepdim=True), x.all()), (TIES,),
         lambda x: (x.all(1), x.any(1, keepdims=True), x.all()), order=0),
    Case(Compare, lambda x, y: (torch.isclose(x, y), x.isnan()), (TIES, TIES + 1e-7 * np.sign(TIES)),
         lambda x, y: (np.ones((3, 5), bool)[: len(x)], np.zeros((3, 5), bool)[: len(x)]), order=0, batch=(0, 1),
         half=None,
         note="isclose"),
]  # fmt: skip

PRODUCTS = [
    Case(Mul, lambda x: x.prod(1).sum(0) + x.prod(), (positive(2, 5),), lambda x: x.prod(1).sum() + x.prod(),
         note="prod", batch=()),
    Case(Mul, lambda x: x.prod(1, keepdim=True) + x.sum(), (np.array([[2.0, 0.0, 3.0], [0.0, 5.0, 0.0]]),),
         lambda x: x.prod(1, keepdims=True) + x.sum(), note="prod with zeros"),
]  # fmt: skip

CASES = SUMS + EXTREMES + OTHERS + PRODUCTS
