"""From a loss for each example to one number, and the two ways to ask for it."""

from __future__ import annotations

import warnings

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError
from tinycnn.ops.promotion import cast, widened

Reduction = str  # "mean", "sum" or "none"


def reduced(op: str, losses: Tensor, reduction: str, divisor: Tensor | None = None) -> Tensor:
    """The losses as `reduction` says; a mean is their sum over `divisor`, if that is not how many there are."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean" and divisor is None:
        return losses.mean()
    if reduction == "mean":
        mean = widened(losses).sum() / divisor
        return cast(mean, losses.array.dtype) if losses.array.dtype.kind == "f" else mean
    raise DomainError(f"{op}: {reduction} is not a valid value for reduction; it is 'none', 'mean' or 'sum'")


def reduction_said(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction, also where it is said as it was before there was a word for it."""
    if size_average is None and reduce is None:
        return reduction
    said = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{said}' instead.", stacklevel=4
    )
    return said
