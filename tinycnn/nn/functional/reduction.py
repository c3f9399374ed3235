"""From a loss for each example to one number, and the two ways to ask for it."""

from __future__ import annotations

import warnings

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, described
from tinycnn.ops.promotion import cast, widened

Reduction = str  # "mean", "sum" or "none"


def reduced(losses: Tensor, reduction: str, divisor: Tensor | None = None) -> Tensor:
    """The losses as `reduction` says; a mean is their sum over `divisor`, if that is not how many there are."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if divisor is None:
        return losses.mean()
    mean = widened(losses).sum() / divisor
    return cast(mean, losses.array.dtype) if losses.array.dtype.kind == "f" else mean


def reduction_said(op: str, size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction, also where it is said as it was before there was a word for it.

    Raises
    ------
    DomainError
        If there is none of this name.
    """
    if size_average is None and reduce is None:
        if reduction not in ("none", "mean", "sum"):
            said = reduction if isinstance(reduction, str) else described(reduction)
            raise DomainError(f"{op}: {said} is not a valid value for reduction; it is 'none', 'mean' or 'sum'")
        return reduction
    said = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{said}' instead.", stacklevel=4
    )
    return said
