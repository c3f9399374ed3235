r"""Losses of classifiers: how improbable the truth is in their eyes.

The negative log-likelihood of the labels is the cross-entropy between them and the predicted distribution:

    −Σₙ Σₖ y[n,k] · ln p[n,k] = −Σₙ ln p[n, tₙ]     for one-hot y with its 1 at class tₙ
"""

from __future__ import annotations

from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.dtypes import int64, uint8
from tinycnn.errors import DomainError, DTypeError, IndexRangeError, RankError, ShapeError, explain
from tinycnn.nn.functional.reduction import Reduction, reduced, reduction_said
from tinycnn.ops.arguments import checked, expect_floating, expect_one_device, expect_one_dtype
from tinycnn.ops.choice import where
from tinycnn.ops.logits import CrossEntropy, log_softmax
from tinycnn.ops.ordering import taken
from tinycnn.ops.promotion import Scalar, cast, widened
from tinycnn.ops.shaping import reshape, squeeze, unsqueeze
from tinycnn.shapes import integer


@checked
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: Reduction = "mean",
) -> Tensor:
    r"""The negative log-likelihood of labels, in nats.

        ℓ = −Σₙ w[tₙ]·x[n, tₙ] / Σₙ w[tₙ]        ∂ℓ/∂x[n, c] = −[c = tₙ]·w[c] / Σₙ w[tₙ]

    Parameters
    ----------
    input : Tensor, (N, C), (C,) or (N, C, …)
        log-probabilities
    target : Tensor, (N,), () or (N, …), int64 or (but for pixels) uint8
        class indices in [0, C)
    weight : Tensor, (C,), optional
        how much each class counts
    ignore_index : a target that does not count, nor is counted in the mean

    Raises
    ------
    IndexError
        If a target is out of range.
    """
    reduction = reduction_said("nll_loss", size_average, reduce, reduction)
    _check_classes("nll_loss", input, target, weight)
    x, t = _classes_second("nll_loss", input, target)
    ignore_index = integer("nll_loss", "ignore_index", ignore_index)
    t, some_ignored = _checked_labels("nll_loss", t, x.array.shape[1], ignore_index)
    losses, counted = _picked("nll_loss", x, t, weight, ignore_index, some_ignored)
    return reduced(_like_input(losses, input), reduction, counted)


def _check_classes(op: str, input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """What holds for class indices and for probabilities."""
    expect_one_device(op, input=input, target=target, weight=weight)
    shape = input.array.shape
    if not shape:
        raise RankError(f"{op}: expected 1 or more dimensions, N C …, but the input is a single number")
    classes = shape[1] if len(shape) > 1 else shape[0]
    if weight is not None and weight.array.shape != (classes,):
        raise ShapeError(f"{op}: weight must have one entry for each of {classes} classes, not {weight.array.shape}")


def _classes_second(op: str, input: Tensor, target: Tensor, otherwise: str = "") -> tuple[Tensor, Tensor]:
    """Input as (N, C, …) and target as (N, …); `otherwise` says what else than labels the target could be."""
    shape, labels = input.array.shape, target.array.shape
    alone = len(shape) == 1 and labels in ((), (1,))
    if not alone and (len(shape) == 1 or labels != (shape[0], *shape[2:])):
        raise ShapeError(
            explain(
                f"{op}: the target must have the input's shape without its class dimension" + _batches(shape, labels),
                {"input  N C …": shape, "target N …": labels},
                _shape_hint(input, target),
            )
        )
    expect_floating(op, input)
    if target.array.dtype not in ((int64, uint8) if len(shape) < 3 else (int64,)):
        raise DTypeError(
            explain(
                f"{op}: expected class indices of type int64, but the target is {target.array.dtype}",
                {"input": shape, "target": labels},
                "convert labels with .long()" + otherwise,
            )
        )
    return (unsqueeze(input, 0), reshape(target, (1,))) if alone else (input, target)


def _shape_hint(input: Tensor, target: Tensor) -> str:
    """The likely mistake."""
    shape, labels = input.array.shape, target.array.shape
    if input.array.dtype.kind in "iu" and target.array.dtype.kind == "f":
        return "are they exchanged? The output of the model comes first, then the labels"
    if shape == labels and len(shape) > 1:
        return "argmax(1) makes class indices of one-hot rows"
    if len(shape) > 2 and labels == shape[:-1]:
        order = (0, len(shape) - 1, *range(1, len(shape) - 1))
        return f"are the classes the input's last dimension? permute{order} puts them second"
    if labels == (*shape[:1], 1, *shape[2:]):
        return "class indices are N numbers, not N rows: squeeze(1) them"
    if shape[:1] != labels[:1]:
        return "are both of the same batch? reshape, flatten and view before the loss must keep N in front"
    return "the target holds the index of one class for each example, or for each pixel of the output"


def _out_of_range_hint(label: int, classes: int) -> str | None:
    if classes == 1:
        return "a single output that answers yes or no is trained by binary_cross_entropy_with_logits"
    if label < 0 or label == 255:
        return f"ignore_index={label} leaves out labels that stand for no class"
    return "do the labels start at 1? Subtract it; or the last layer has too few outputs" if label == classes else None


def _like_input(losses: Tensor, input: Tensor) -> Tensor:
    """A number for each example, and a single number for a single example."""
    return losses if input.array.ndim > 1 else reshape(losses, ())


def _batches(shape: tuple[int, ...], labels: tuple[int, ...]) -> str:
    if not labels or shape[0] == labels[0]:
        return ""
    return f"; expected input batch_size ({shape[0]}) to match target batch_size ({labels[0]})"


def _checked_labels(op: str, target: Tensor, classes: int, ignore_index: int) -> tuple[Tensor, bool]:
    """The labels as int64, and whether there are any to ignore; one look at them answers both.

    Raises
    ------
    IndexRangeError
        If one is out of range.
    """
    t = cast(target, int64)
    labels = t.array  # constants: nothing of this need be recorded
    if labels.size and not 0 <= ignore_index < classes and int(labels.view("uint64").max()) < classes:
        return t, False  # unsigned, negative ones would be larger than all others
    ignored = labels == ignore_index
    outside = ((labels < 0) | (labels >= classes)) & ~ignored
    status = int(2 * outside.any() + ignored.any())  # one question to the device, not two
    if status >= 2:
        worst = int(labels[outside][0])
        raise IndexRangeError(
            explain(
                f"{op}: target {worst} is out of bounds: with {classes} classes, labels run from 0 to {classes - 1}",
                hint=_out_of_range_hint(worst, classes),
            )
        )
    return t, bool(status)


def _picked(
    op: str, x: Tensor, t: Tensor, weight: Tensor | None, ignore_index: int, some_ignored: bool
) -> tuple[Tensor, Any]:
    """−w[t]·x[n, t] for each example, 0 where it is ignored, and what the weights of those that count add up to."""
    expect_one_dtype(op, input=x, weight=weight)
    skip = t == ignore_index
    if some_ignored:
        t = where(skip, 0, t)
    picked = -squeeze(taken(x, 1, unsqueeze(t, 1)), 1)
    if weight is None and not some_ignored:
        return picked, None
    if weight is None:
        counts = (~skip).to(x.array.dtype)
    else:
        counts = where(skip, 0.0, reshape(taken(weight, 0, reshape(t, (-1,))), t.array.shape))
    return where(skip, 0.0, picked) * counts, widened(counts).sum()


@checked
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: Reduction = "mean",
    label_smoothing: Scalar = 0.0,
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
    reduction = reduction_said("cross_entropy", size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise DomainError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0, but got {label_smoothing}")
    ignore_index = integer("cross_entropy", "ignore_index", ignore_index)
    _check_classes("cross_entropy", input, target, weight)
    if target.array.shape == input.array.shape and target.array.dtype.kind == "f":
        if ignore_index >= 0:
            raise DomainError("cross_entropy: ignore_index is not supported for floating point target: it is no class")
        expect_floating("cross_entropy", input)
        return _against_distributions(input, target, weight, reduction, label_smoothing)
    x, t = _classes_second("cross_entropy", input, target, "; probabilities as targets must have the input's shape")
    t, some_ignored = _checked_labels("cross_entropy", t, x.array.shape[1], ignore_index)
    if reduction != "none" and t.array.size and weight is None and not (some_ignored or label_smoothing):
        loss = CrossEntropy.apply(widened(x), t, divisor=t.array.size if reduction == "mean" else 1)
        return cast(loss, input.array.dtype)  # the case that nearly all training is
    logp = log_softmax(x, 1)
    losses, counted = _picked("cross_entropy", logp, t, weight, ignore_index, some_ignored)
    if label_smoothing:
        spread = where(t == ignore_index, 0.0, -_weighed(logp, weight, 1).sum(1))
        losses = losses * (1 - label_smoothing) + spread * (label_smoothing / x.array.shape[1])
    return reduced(_like_input(losses, input), reduction, counted)


def _against_distributions(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: Scalar
) -> Tensor:
    axis = 0 if input.array.ndim == 1 else 1
    if smoothing:
        target = target * (1 - smoothing) + smoothing / input.array.shape[axis]
    terms = _weighed(target * log_softmax(input, axis), weight, axis)
    return reduced(-terms.sum(axis), reduction)


def _weighed(x: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    """Every class times its weight."""
    return x if weight is None else x * reshape(weight, tuple(-1 if i == axis else 1 for i in range(x.array.ndim)))
