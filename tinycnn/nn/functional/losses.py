r"""Losses: how far predictions are from the truth, each a mean over the examples unless told otherwise.

The negative log-likelihood of the labels is the cross-entropy between them and the predicted distribution:

    −Σₙ Σₖ y[n,k] · ln p[n,k] = −Σₙ ln p[n, tₙ]     for one-hot y with its 1 at class tₙ
"""

from __future__ import annotations

import warnings
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, DTypeError, ShapeError, explain
from tinycnn.ops.arithmetic import where
from tinycnn.ops.elementwise import softplus
from tinycnn.ops.entropy import BinaryCrossEntropy
from tinycnn.ops.indexing import gather
from tinycnn.ops.logits import log_softmax
from tinycnn.ops.promotion import alike
from tinycnn.ops.shaping import squeeze, unsqueeze


def _reduced(op: str, losses: Tensor, reduction: str, divisor: Any = None) -> Tensor:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.mean() if divisor is None else losses.sum() / divisor
    raise ValueError(f"{op}: {reduction} is not a valid value for reduction; it is 'none', 'mean' or 'sum'")


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    r"""The negative log-likelihood of labels, in nats.

        ℓ = −Σₙ w[tₙ]·x[n, tₙ] / Σₙ w[tₙ]        ∂ℓ/∂x[n, c] = −[c = tₙ]·w[c] / Σₙ w[tₙ]

    Parameters
    ----------
    input : Tensor, (N, C), (C,) or (N, C, …)
        log-probabilities
    target : Tensor, (N,), () or (N, …), int64
        class indices in [0, C)
    weight : Tensor, (C,), optional
        how much each class counts
    ignore_index : a target that does not count, nor is counted in the mean

    Raises
    ------
    IndexError
        If a target is out of range.
    """
    x, t = _classes_second("nll_loss", input, target)
    losses, counted = _picked("nll_loss", x, t, weight, ignore_index)
    losses = losses.reshape(target.array.shape)
    return _reduced("nll_loss", losses, reduction, counted)


def _classes_second(op: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Input as (N, C, …) and target as (N, …)."""
    shape, labels = input.array.shape, target.array.shape
    if target.array.dtype.kind not in "iu":
        raise DTypeError(
            explain(
                f"{op}: expected class indices of type int64, but the target is {target.array.dtype}",
                {"input": shape, "target": labels},
                "convert labels with .long(); probabilities as targets must have the input's shape",
            )
        )
    if not shape or labels != (() if len(shape) == 1 else (shape[0], *shape[2:])):
        raise ShapeError(
            explain(
                f"{op}: the target must have the input's shape without its class dimension; expected input batch_size"
                f" ({shape[0] if shape else 'none'}) to match target batch_size ({labels[0] if labels else 'none'})",
                {"input  N C …": shape, "target N …": labels},
                "class indices are N numbers, not N rows; one-hot rows must be floating",
            )
        )
    return (unsqueeze(input, 0), unsqueeze(target, 0)) if len(shape) == 1 else (input, target)


def _picked(op: str, x: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> tuple[Tensor, Any]:
    """−w[t]·x[n, t] for each example, 0 where it is ignored, and what the weights of those that count add up to."""
    classes = x.array.shape[1]
    if weight is not None and weight.array.shape != (classes,):
        raise ShapeError(f"{op}: weight must have one entry for each of {classes} classes, not {weight.array.shape}")
    t = target.to("int64")
    ignored = t == ignore_index
    outside = ((t < 0) | (t >= classes)) & ~ignored
    status = int(outside.any().long() * 2 + ignored.any().long())  # one question to the device, not two
    if status >= 2:
        worst = int(t[outside][0])
        raise IndexError(
            f"{op}: target {worst} is out of bounds: with {classes} classes, labels run from 0 to {classes - 1}"
        )
    if status:
        t = where(ignored, 0, t)
    picked = -squeeze(gather(x, 1, unsqueeze(t, 1)), 1)
    if weight is None and not status:
        return picked, None
    counts = (~ignored).to(x.array.dtype) if weight is None else where(ignored, 0.0, weight[t])
    return where(ignored, 0.0, picked) * counts, counts.sum()


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""The cross-entropy between targets and softmax(input), in nats.

        class indices:   ℓ = mean of −ln softmax(x)[n, tₙ]          = nll_loss(log_softmax(x, 1), t)
        probabilities:   ℓ = mean of −Σₖ y[n,k]·ln softmax(x)[n,k]
        smoothed by ε:   the target is (1 − ε)·y + ε/C

    Parameters
    ----------
    input : Tensor, (N, C), (C,) or (N, C, …)
        logits
    target : Tensor
        class indices, (N,), () or (N, …), or probabilities of the input's shape
    weight, ignore_index, reduction : as for `nll_loss`
    label_smoothing : ε in [0, 1]

    References
    ----------
    Szegedy et al. 2016, "Rethinking the Inception architecture", section 7 (label smoothing).

    Examples
    --------
    >>> import tinycnn
    >>> cross_entropy(tinycnn.tensor([[2.0, 0.0]]), tinycnn.tensor([0]))
    tensor(0.1269)
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0, but got {label_smoothing}")
    axis = 0 if input.array.ndim == 1 else 1
    if target.array.shape == input.array.shape and target.array.dtype.kind == "f":
        return _against_distributions(input, target, weight, reduction, label_smoothing, axis)
    x, t = _classes_second("cross_entropy", input, target)
    logp = log_softmax(x, 1)
    losses, counted = _picked("cross_entropy", logp, t, weight, ignore_index)
    if label_smoothing:
        shape = (1, -1) + (1,) * (x.array.ndim - 2)
        spread = -(logp if weight is None else logp * weight.reshape(shape)).sum(1)
        spread = where(t == ignore_index, 0.0, spread)
        losses = losses * (1 - label_smoothing) + spread * (label_smoothing / x.array.shape[1])
    return _reduced("cross_entropy", losses.reshape(target.array.shape), reduction, counted)


def _against_distributions(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float, axis: int
) -> Tensor:
    classes = input.array.shape[axis]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    terms = -(target * log_softmax(input, axis))
    if weight is not None:
        shape = tuple(-1 if i == axis else 1 for i in range(input.array.ndim))
        terms = terms * weight.reshape(shape)
    losses = terms.sum(axis)
    return _reduced("cross_entropy", losses, reduction)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """−(t·ln x + (1 − t)·ln(1 − x)) for probabilities x; each logarithm at least −100."""
    _same_shape("binary_cross_entropy", input, target)
    outside = (input < 0) | (input > 1)
    if bool(outside.any()):
        raise DomainError(
            "binary_cross_entropy: all elements of input should be between 0 and 1;"
            " for logits use binary_cross_entropy_with_logits"
        )
    losses = BinaryCrossEntropy.apply(*alike("binary_cross_entropy", input, target))
    return _reduced("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""The binary cross-entropy of σ(x), without ever forming a probability that rounds to 0 or 1.

        ℓ = (1 − t)·x + (1 + (p − 1)·t)·ln(1 + e⁻ˣ),   p = pos_weight, 1 if left out
    """
    _same_shape("binary_cross_entropy_with_logits", input, target)
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    losses = (1 - target) * input + factor * softplus(-input)
    return _reduced("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)


def _same_shape(op: str, input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        raise ShapeError(
            explain(
                f"{op}: target and input must have the same shape",
                {"input": input.array.shape, "target": target.array.shape},
                "N×1 outputs against N labels? squeeze(1) the outputs or unsqueeze(1) the labels",
            )
        )


def mse_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of (x − t)²."""
    difference = _difference("mse_loss", input, target)
    losses = difference * difference
    return _reduced("mse_loss", losses if weight is None else losses * weight, reduction)


def l1_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The mean of |x − t|."""
    losses = abs(_difference("l1_loss", input, target))
    return _reduced("l1_loss", losses if weight is None else losses * weight, reduction)


def _difference(op: str, input: Tensor, target: Tensor) -> Tensor:
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"{op}: using a target size {tuple(target.array.shape)} that is different to the input size"
            f" {tuple(input.array.shape)}: broadcasting them is hardly what is meant",
            stacklevel=3,
        )
    return input - target
