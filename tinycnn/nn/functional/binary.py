"""Losses of yes-or-no questions, each with an answer of its own: cross-entropies of probabilities and of logits."""

from __future__ import annotations

from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.nn.functional.arguments import expect_one_dtype, expect_tensors
from tinycnn.nn.functional.reduction import reduced, reduction_said, weighted
from tinycnn.ops.activations import softplus
from tinycnn.ops.entropy import BinaryCrossEntropy
from tinycnn.shapes import broadcast


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """−(t·ln x + (1 − t)·ln(1 − x)) for probabilities x; each logarithm at least −100."""
    op = "binary_cross_entropy"
    reduction = reduction_said(size_average, reduce, reduction)
    _check_pairs(op, input, target, weight)
    inside, fits = (((p >= 0) & (p <= 1)).all() for p in (input, target))  # NaN is not
    status = int(inside.long() + 2 * fits.long())  # one question to the device, not two
    if status < 3:
        raise DomainError(
            f"{op}: all elements of {'input' if status != 1 else 'target'} should be between 0 and 1"
            + ("; for logits use binary_cross_entropy_with_logits" if status != 1 else "")
        )
    return reduced(op, weighted(BinaryCrossEntropy.apply(input, target), weight), reduction)


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
    op = "binary_cross_entropy_with_logits"
    reduction = reduction_said(size_average, reduce, reduction)
    _check_pairs(op, input, target, weight, pos_weight)
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    return reduced(op, weighted((1 - target) * input + factor * softplus(-input), weight), reduction)


def _check_pairs(
    op: str, input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None = None
) -> None:
    expect_tensors(op, input=input, target=target, weight=weight, pos_weight=pos_weight)
    expect_one_dtype(op, input=input, target=target, weight=weight, pos_weight=pos_weight)
    for tensor in (weight, pos_weight):
        if tensor is not None:
            broadcast(f"{op} by weights", input.array.shape, tensor.array.shape)
    if input.array.shape != target.array.shape:
        raise ShapeError(
            explain(
                f"{op}: target and input must have the same shape",
                {"input": input.array.shape, "target": target.array.shape},
                "N×1 outputs against N labels? squeeze(1) the outputs or unsqueeze(1) the labels",
            )
        )
