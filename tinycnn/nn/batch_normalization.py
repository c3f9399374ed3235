r"""Batch and instance norm as layers: a mean and a variance for each channel, over which elements differs.

    y = (x − E[x]) / √(σ²[x] + ε) · γ + β

Batch norm takes them over the batch and its pixels, instance norm over the pixels of one example. Both may keep running
statistics for evaluation, where an example must not depend on its neighbours.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from tinycnn._tensor import Tensor
from tinycnn.conversion import tensor
from tinycnn.creation import ones, zeros
from tinycnn.errors import ShapeError, explain
from tinycnn.nn import functional as F
from tinycnn.nn.normalization import Affine
from tinycnn.ops.arguments import expect_tensor
from tinycnn.shapes import count

__all__ = ["BatchNorm1d", "BatchNorm2d", "InstanceNorm1d", "InstanceNorm2d"]


class _ChannelNorm(Affine):
    """What batch and instance norm have in common: γ and β for each channel, and running statistics."""

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    _version = 2  # since PyTorch 0.4.1 the state has num_batches_tracked
    _takes: ClassVar[dict[int, str]]  #: the dimensions that the input may have, and how many these are

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features = count(type(self).__name__, "num_features", num_features)
        self.eps, self.momentum = eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._make_parameters(num_features, affine, bias, device, dtype)
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen so far."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Start again: γ = 1, β = 0, and no batches seen."""
        self.reset_running_stats()
        super().reset_parameters()

    def _adapt_state(self, values: dict[str, Any], prefix: str, version: int | None) -> list[str]:
        """Add to a state of before version 2 what it has not yet; without a version it may be as old."""
        if (version is None or version < 2) and self.num_batches_tracked is not None:
            values.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        return []

    def _check_input_dim(self, input: Tensor) -> None:
        kind = type(self).__name__
        expect_tensor(kind, "input", input)
        if input.array.ndim not in self._takes:
            raise ShapeError(
                explain(
                    f"{kind}: expected {'D or '.join(map(str, self._takes))}D input (got {input.ndim}D input)",
                    {"input": tuple(input.shape), "expected": " or ".join(self._takes.values())},
                    "x.unsqueeze(0) puts the missing dimension in front, a batch of one"
                    if input.ndim == min(self._takes) - 1
                    else f"{kind[:-2]}2d is for images, {kind[:-2]}1d for what is flattened",
                )
            )

    def extra_repr(self) -> str:
        """The channels and all options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    """All of batch norm but the shapes it takes."""

    def forward(self, input: Tensor) -> Tensor:
        """The same shape, each channel normalised."""
        self._check_input_dim(input)
        mean, var, training = self.running_mean, self.running_var, self.training
        use_batch = training or (mean is None and var is None)
        if training and not self.track_running_stats:
            mean = var = None
        share = self._share_of_this_batch() if training else 0.0
        return F.batch_norm(input, mean, var, self.weight, self.bias, use_batch, share, self.eps)

    def _share_of_this_batch(self) -> float:
        """The weight of this batch in the running statistics; without a momentum they are the mean of all batches."""
        if self.track_running_stats and (seen := self.num_batches_tracked) is not None:
            seen.array += 1  # add_ would look for a history, which a counter has not
            seen._bump_version()
            if self.momentum is None:
                return 1 / int(seen)
        return self.momentum or 0.0


class BatchNorm2d(_BatchNorm):
    r"""Each channel of N C H W images normalised: over N H W of the batch in training, by running statistics after it.

        training:    y = (x − μ) / √(σ² + ε) · γ + β,    μ and σ² of this batch
        evaluation:  the same with the running mean and variance, so that no image depends on its neighbours

    In training, with momentum m, the running statistics move towards the batch's, r ← (1 − m)·r + m·batch. For the
    variance this is the unbiased one, σ²·n/(n − 1), though the batch itself is divided by the biased one.

    Parameters
    ----------
    num_features : int
        C.
    eps : float
        ε, which keeps a constant channel from being divided by 0.
    momentum : float, optional
        m; None makes the running statistics the plain mean of all batches.
    affine : bool
        Whether to learn γ and β, which start at 1 and 0.
    track_running_stats : bool
        Without them evaluation, too, uses the statistics of its batch.
    bias : bool
        Whether to learn β, too.

    Attributes
    ----------
    weight, bias : Parameter, (C,), or None
        γ and β.
    running_mean, running_var : Tensor, (C,), or None
    num_batches_tracked : Tensor, int64, or None

    Raises
    ------
    ShapeError
        If the input is not N C H W with C channels, or training has one value per channel only.

    References
    ----------
    Ioffe and Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", algorithms 1 and 2.

    Examples
    --------
    One channel with the values 0 and 2, mean 1 and (unbiased) variance 2:

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> norm = nn.BatchNorm2d(1)
    >>> norm(tinycnn.tensor([[[[0.0, 2.0]]]])).detach()
    tensor([[[[-1.0000,  1.0000]]]])
    >>> norm.running_mean, norm.running_var            # 0.9·0 + 0.1·1 and 0.9·1 + 0.1·2
    (tensor([0.1000]), tensor([1.1000]))
    """

    _takes: ClassVar[dict[int, str]] = {4: "N C H W"}


class BatchNorm1d(_BatchNorm):
    r"""Each feature of (N, C) normalised over the batch, of (N, C, L) over L, too; otherwise as `BatchNorm2d`."""

    _takes: ClassVar[dict[int, str]] = {2: "N C", 3: "N C L"}


class _InstanceNorm(_ChannelNorm):
    """All of instance norm but the shapes it takes."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _adapt_state(self, values: dict[str, Any], prefix: str, version: int | None) -> list[str]:
        """Refuse running statistics in a state without a version: before PyTorch 0.4 they were always kept."""
        names = [name for name in ("running_mean", "running_var") if prefix + name in values]
        if version is not None or self.track_running_stats or not names:
            return super()._adapt_state(values, prefix, version)
        for name in names:
            del values[prefix + name]
        kind, which = type(self).__name__, " and ".join(f'"{prefix}{name}"' for name in names)
        return [
            f"Unexpected running stats buffer(s) {which} for {kind} with track_running_stats=False, as states from"
            f" before PyTorch 0.4 have them. Remove them from the state, or use {kind}(…, track_running_stats=True)."
        ]

    def forward(self, input: Tensor) -> Tensor:
        """The same shape, each channel of each example normalised."""
        self._check_input_dim(input)
        batched = input.ndim == max(self._takes)
        self._check_channels(input, 1 if batched else 0)
        y = F.instance_norm(
            input if batched else input.unsqueeze(0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return y if batched else y.squeeze(0)

    def _check_channels(self, input: Tensor, dim: int) -> None:
        if input.shape[dim] == self.num_features:
            return
        message = explain(
            f"{type(self).__name__}: expected input's size at dim={dim} to match num_features"
            f" ({self.num_features}), but got: {input.shape[dim]}",
            {"input": tuple(input.shape)},
        )
        if self.affine:
            raise ShapeError(message)
        warnings.warn(message + "\n  which does no harm while affine=False", stacklevel=4)


class InstanceNorm2d(_InstanceNorm):
    r"""Each channel of each image normalised by itself, over its pixels: N C H W, or C H W for a single image.

        y = (x − μ) / √(σ² + ε) · γ + β,    μ and σ² (biased) over H W

    It neither learns nor remembers anything unless told so. With `track_running_stats`, evaluation uses running
    statistics, which move in training towards the mean over the batch of its images' statistics.

    Parameters
    ----------
    num_features : int
        C.
    eps, momentum, bias : as for `BatchNorm2d`
    affine : bool
        Whether to learn γ and β.
    track_running_stats : bool
        Whether evaluation uses running statistics.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky 2016, "Instance normalization: the missing ingredient for fast stylization".

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.InstanceNorm2d(1)(tinycnn.tensor([[[[0.0, 2.0]]]]))
    tensor([[[[-1.0000,  1.0000]]]])
    """

    _takes: ClassVar[dict[int, str]] = {3: "C H W", 4: "N C H W"}


class InstanceNorm1d(_InstanceNorm):
    r"""Each channel of (N, C, L), or (C, L), normalised over L; otherwise as `InstanceNorm2d`."""

    _takes: ClassVar[dict[int, str]] = {2: "C L", 3: "N C L"}
