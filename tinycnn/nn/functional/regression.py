"""Losses of predicted numbers: how far they are from the true ones."""

from __future__ import annotations

import warnings
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import ShapeError
from tinycnn.nn.functional.arguments import expect_tensors
from tinycnn.nn.functional.reduction import reduced, reduction_said, weighted
from tinycnn.ops.promotion import widened
from tinycnn.shapes import broadcast


def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of (x − t)², by `weight` if given: Σ w·(x − t)² / Σ w."""
    reduction = reduction_said(size_average, reduce, reduction)
    difference = _difference("mse_loss", input, target, weight)
    return reduced("mse_loss", weighted(difference * difference, weight), reduction, _total(weight))


def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of |x − t|, by `weight` if given: Σ w·|x − t| / Σ w."""
    reduction = reduction_said(size_average, reduce, reduction)
    difference = _difference("l1_loss", input, target, weight)
    return reduced("l1_loss", weighted(abs(difference), weight), reduction, _total(weight))


def _total(weight: Tensor | None) -> Tensor | None:
    return None if weight is None else widened(weight).sum()


def _difference(op: str, input: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    expect_tensors(op, input=input, target=target, weight=weight)
    shape = broadcast(op, input.array.shape, target.array.shape)
    if weight is not None and weight.array.shape != shape:
        raise ShapeError(f"{op}: weight and input must have the same size, but got {weight.array.shape} and {shape}")
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"{op}: using a target size {tuple(target.array.shape)} that is different to the input size"
            f" {tuple(input.array.shape)}: broadcasting them is hardly what is meant",
            stacklevel=3,
        )
    return input - target
