r"""Losses as modules: they keep the options, the functions of `tinycnn.nn.functional` do the work.

Each is a mean over the elements or examples unless `reduction` is ``"sum"`` or ``"none"``.
"""

from __future__ import annotations

import warnings

from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        for flag in (size_average, reduce):
            if flag is not None and not isinstance(flag, bool):
                kind = type(self).__name__
                raise ArgumentError(
                    f"{kind}: size_average and reduce must be bools, not {type(flag).__name__};"
                    f" a loss is made first and called then: {kind}()(output, target)"
                )
        self.reduction = reduction
        if size_average is not None or reduce is not None:  # how it was said before there was a `reduction`
            self.reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
            warnings.warn(
                f"size_average and reduce args will be deprecated, please use reduction='{self.reduction}' instead.",
                stacklevel=3,
            )


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """The mean squared error (x − t)²."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The mean absolute error |x − t|."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class NLLLoss(_WeightedLoss):
    r"""The negative log-likelihood of labels under log-probabilities, in nats.

        ℓ = −Σₙ w[tₙ]·x[n, tₙ] / Σₙ w[tₙ]

    Parameters
    ----------
    weight : Tensor, (C,), optional
        How much each class counts.
    ignore_index : int
        A label that does not count.
    reduction : {"mean", "sum", "none"}

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> p = tinycnn.tensor([[0.9, 0.1], [0.2, 0.8]])
    >>> nn.NLLLoss()(p.log(), tinycnn.tensor([0, 1]))            # −(ln 0.9 + ln 0.8) / 2
    tensor(0.1643)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities (N, C) and labels (N,), or (N, C, …) and (N, …)."""
        return F.nll_loss(input, target, self.weight, None, self.ignore_index, None, self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    r"""The cross-entropy between targets and softmax(logits), in nats: LogSoftmax and NLLLoss in one.

        ℓ = −(1/N) Σₙ Σₖ y[n,k] · ln softmax(x)[n,k]

    Parameters
    ----------
    weight : Tensor, (C,), optional
        How much each class counts.
    ignore_index : int
        A label that does not count.
    reduction : {"mean", "sum", "none"}
    label_smoothing : float
        ε in [0, 1], the share of each target that is spread evenly over all classes.

    References
    ----------
    Szegedy et al. 2016, "Rethinking the Inception architecture for computer vision", section 7 (label smoothing).

    Examples
    --------
    A network that knows nothing has the loss ln C:

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.CrossEntropyLoss()(tinycnn.zeros(4, 10), tinycnn.tensor([3, 1, 4, 1]))
    tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits (N, C) or (N, C, …), and labels (N,) or (N, …), or probabilities of the logits' shape."""
        return F.cross_entropy(
            input, target, self.weight, None, self.ignore_index, None, self.reduction, self.label_smoothing
        )


class BCELoss(_WeightedLoss):
    """The binary cross-entropy −(t·ln x + (1 − t)·ln(1 − x)) of probabilities x; `weight` counts the elements."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Probabilities, and targets in [0, 1] of the same shape."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    r"""The binary cross-entropy of σ(x): Sigmoid and BCELoss in one, and exact where σ(x) rounds to 0 or 1.

    Parameters
    ----------
    weight : Tensor, optional
        How much each element counts.
    reduction : {"mean", "sum", "none"}
    pos_weight : Tensor, optional
        How much more the positives count, for each of the last dimension's labels.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Logits, and targets in [0, 1] of the same shape."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
