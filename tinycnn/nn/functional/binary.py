"""Losses of yes-or-no questions, each with an answer of its own: cross-entropies of probabilities and of logits."""

from __future__ import annotations

from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.nn.functional.reduction import Reduction, reduced, reduction_said
from tinycnn.ops.arguments import checked, expect_floating, expect_one_device, expect_one_dtype
from tinycnn.ops.entropy import BinaryCrossEntropy, LogitCrossEntropy
from tinycnn.ops.expansion import stretched
from tinycnn.ops.promotion import alike, cast, widened
from tinycnn.shapes import broadcast


@checked
def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """−(t·ln x + (1 − t)·ln(1 − x)) for probabilities x; each logarithm at least −100.

    Raises
    ------
    DomainError
        If input or target is no probability.
    """
    op = "binary_cross_entropy"
    reduction = reduction_said(op, size_average, reduce, reduction)
    _expect_pairs(op, input, target, weight=weight)
    expect_one_dtype(op, input=input, target=target)
    inside, fits = (((p >= 0) & (p <= 1)).all() for p in (input, target))  # NaN is not
    status = int(inside.long() + 2 * fits.long())  # one question to the device, not two
    if status < 3:
        raise DomainError(
            f"{op}: all elements of {'input' if status != 1 else 'target'} should be between 0 and 1"
            + ("; for logits use binary_cross_entropy_with_logits" if status != 1 else "")
        )
    losses = BinaryCrossEntropy.apply(widened(input), widened(target))
    return _weighed_and_reduced(losses, weight, reduction, input)


@checked
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: Reduction = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""The binary cross-entropy of σ(x), without ever forming a probability that rounds to 0 or 1.

        ℓ = (1 − t)·x + (1 + (p − 1)·t)·ln(1 + e⁻ˣ),   p = pos_weight, 1 if left out

    The result has the target's dtype, as in PyTorch.

    Examples
    --------
    >>> import tinycnn
    >>> binary_cross_entropy_with_logits(tinycnn.tensor([1e4, 0.0]), tinycnn.tensor([0.0, 1.0]), reduction="none")
    tensor([1.0000e+04, 6.9315e-01])
    """
    op = "binary_cross_entropy_with_logits"
    reduction = reduction_said(op, size_average, reduce, reduction)
    _expect_pairs(op, input, target, weight=weight, pos_weight=pos_weight)
    for name, tensor in (("input", input), ("target", target)):
        expect_floating(op, tensor, name=name)
    x, t = alike(op, widened(input), widened(target))
    p = None if pos_weight is None else stretched(cast(pos_weight, x.array.dtype), x.array.shape)
    return _weighed_and_reduced(LogitCrossEntropy.apply(x, t, p), weight, reduction, target)


def _weighed_and_reduced(losses: Tensor, weight: Tensor | None, reduction: str, like: Tensor) -> Tensor:
    """The losses, each times its weight, reduced; of `like`'s dtype, whatever the weight's."""
    dtype = like.array.dtype
    return cast(reduced(losses if weight is None else losses * weight, reduction), dtype)


def _expect_pairs(op: str, input: Tensor, target: Tensor, **weights: Tensor | None) -> None:
    """Raise a ShapeError unless each input has its target, and weights can be laid over them."""
    expect_one_device(op, input=input, target=target, **weights)
    shape = input.array.shape
    if shape != target.array.shape:
        raise ShapeError(
            explain(
                f"{op}: target and input must have the same shape",
                {"input": shape, "target": target.array.shape},
                "N×1 outputs against N labels? squeeze(1) the outputs or unsqueeze(1) the labels",
            )
        )
    for name, tensor in weights.items():
        if tensor is not None and broadcast(op, shape, tensor.array.shape, names=("input", name)) != shape:
            raise ShapeError(f"{op}: {name} has more dimensions than the input: {tensor.array.shape} for {shape}")
