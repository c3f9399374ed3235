"""Losses of predicted numbers: how far they are from the true ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.dtypes import DType
from tinycnn.errors import DTypeError, ShapeError
from tinycnn.nn.functional.reduction import Reduction, reduced, reduction_said
from tinycnn.ops.arguments import checked, expect_one_device
from tinycnn.ops.promotion import cast, common_dtype, widened
from tinycnn.shapes import broadcast


@checked
def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: Reduction = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of (x − t)², by `weight` if given: Σ w·(x − t)² / Σ w."""
    reduction = reduction_said("mse_loss", size_average, reduce, reduction)
    if weight is None:
        dtype = _floating("mse_loss", input, target)
        input, target = cast(input, dtype), cast(target, dtype)
    return _loss("mse_loss", lambda d: d * d, input, target, reduction, weight)


@checked
def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: Reduction = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of |x − t|, by `weight` if given: Σ w·|x − t| / Σ w."""
    reduction = reduction_said("l1_loss", size_average, reduce, reduction)
    if weight is None and reduction == "mean":
        _floating("l1_loss", input, target)
    return _loss("l1_loss", abs, input, target, reduction, weight)


def _floating(op: str, input: Tensor, target: Tensor) -> DType:
    """The dtype of both together; a DTypeError if it is not floating."""
    dtype = common_dtype(input, target)
    if dtype.kind != "f":
        raise DTypeError(f"{op}: input or target must be floating, but together they are {dtype}")
    return dtype


def _loss(
    op: str, measure: Callable[[Tensor], Tensor], input: Tensor, target: Tensor, reduction: str, weight: Tensor | None
) -> Tensor:
    expect_one_device(op, input=input, target=target, weight=weight)
    ours, theirs = input.array.shape, target.array.shape
    broadcast(op, ours, theirs, names=("input", "target"))
    if ours != theirs:
        warnings.warn(
            f"{op}: using a target size {tuple(theirs)} that is different to the input size {tuple(ours)}:"
            " broadcasting them is hardly what is meant",
            stacklevel=4,
        )
    if "b" in (input.array.dtype.kind, target.array.dtype.kind):
        raise DTypeError(f"{op}: the difference of booleans is not defined; .float() makes numbers of them")
    losses = measure(input - target)
    if weight is None:
        return reduced(losses, reduction)
    if weight.array.shape != ours:
        raise ShapeError(f"{op}: weight and input must have the same size, but got {weight.array.shape} and {ours}")
    return reduced(losses * weight, reduction, widened(weight).sum())
