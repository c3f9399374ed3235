"""Batch and instance normalisation as PyTorch calls them: in training they may keep a running mean and variance.

The maths is in `tinycnn.ops.normalization`.
"""

from __future__ import annotations

import functools

from tinycnn._tensor import Tensor
from tinycnn.autograd.grad_mode import is_grad_enabled
from tinycnn.backend import Array
from tinycnn.errors import DomainError, GraphError, RankError, ShapeError, explain
from tinycnn.nn.functional.normalization import affine, computed_in, expect_channels
from tinycnn.ops.arguments import checked
from tinycnn.ops.copying import clone
from tinycnn.ops.normalization import Normalize, Standardize
from tinycnn.ops.promotion import Scalar, cast
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import product


@checked
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: Scalar = 0.1,
    eps: Scalar = 1e-5,
) -> Tensor:
    r"""Each channel normalised over the batch and its pixels.

        training:    y = (x − μ) / √(σ² + ε) · γ + β,   μ and σ² (biased) of this batch, over N H W
        evaluation:  the same with the running statistics for μ and σ²

    In training the running statistics move towards the batch's: r ← (1 − momentum)·r + momentum·batch, where the
    variance put in is the unbiased one, σ²·n/(n − 1).

    Parameters
    ----------
    input : Tensor, (N, C, …)
    running_mean, running_var : Tensor, (C,); updated in training, used in evaluation
    weight, bias : Tensor, (C,); γ and β, 1 and 0 if left out

    Raises
    ------
    ShapeError
        If training has one value per channel only: its variance is 0, and the output would be β whatever x is.
    DomainError
        If evaluation has no running statistics, or ε is no positive number.

    References
    ----------
    Ioffe and Szegedy 2015, "Batch normalization", algorithms 1 and 2.

    Examples
    --------
    >>> import tinycnn
    >>> batch_norm(tinycnn.tensor([[0.0, 1.0], [2.0, 5.0]]), None, None, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """
    if eps < 0 or (training and eps == 0):
        raise DomainError(f"batch_norm: eps must be positive, or 0 in evaluation, but it is {eps}")
    running = (running_mean, running_var)
    if training:
        return _by_its_own("batch_norm", input, running, weight, bias, momentum, eps, True)
    return _by_running("batch_norm", input, running, weight, bias, eps)


@checked
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: Scalar = 0.1,
    eps: Scalar = 1e-5,
) -> Tensor:
    r"""Each channel of each example normalised over its pixels: y = (x − μ) / √(σ² + ε) · γ + β.

    Running statistics, if given, move towards the mean over the batch of its examples' statistics; without
    `use_input_stats` they take the place of μ and σ².

    Parameters
    ----------
    input : Tensor, (N, C, …)
    running_mean, running_var : Tensor, (C,); both or neither
    weight, bias : Tensor, (C,); γ and β, 1 and 0 if left out

    Raises
    ------
    ShapeError
        If a channel has one pixel only.
    DomainError
        If there are running statistics by half, or none where they are to be used.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky 2016, "Instance normalization: the missing ingredient for fast stylization".

    Examples
    --------
    >>> import tinycnn
    >>> instance_norm(tinycnn.tensor([[[0.0, 2.0], [10.0, 30.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    running = (running_mean, running_var)
    if use_input_stats:
        return _by_its_own("instance_norm", input, running, weight, bias, momentum, eps, False)
    return _by_running("instance_norm", input, running, weight, bias, eps)


Running = tuple[Tensor | None, Tensor | None]  # mean and variance, each (C,)


def _by_its_own(
    op: str, input: Tensor, running: Running, weight: Tensor | None, bias: Tensor | None, momentum: Scalar,
    eps: Scalar, whole_batch: bool,
) -> Tensor:  # fmt: skip
    """Normalised by the mean and variance over the pixels, of the whole batch too, towards which running ones move."""
    _expect_rank(op, input)
    axes, beside, count = _averaged(input.array.shape, whole_batch)
    if count == 1:
        raise ShapeError(
            explain(
                f"{op}: expected more than 1 {'value per channel' if whole_batch else 'spatial element'} when training",
                {"input N C …": input.array.shape},
                "a single value has no spread: the batch is one example, without pixels beside one another; use"
                " drop_last=True in the loader, or model.eval()"
                if whole_batch
                else "one value per channel and image has no spread: use a larger image, or group norm, which takes"
                " channels together",
            )
        )
    if (running[0] is None) != (running[1] is None):
        raise DomainError(f"{op}: running_mean and running_var must either both be None or neither be None")
    x = _prepared(op, input, running, weight, bias)
    if not x.array.size:  # an empty batch comes back empty, and says nothing about the statistics
        gamma, beta = (None if t is None else reshape(t, beside) for t in (weight, bias))
        return cast(affine(clone(x), gamma, beta), input.array.dtype)
    y, mean, var = Normalize.apply_all(x, weight, bias, axes=axes, eps=float(eps), shape=beside)
    _move(running[0], mean.array, momentum)
    _move(running[1], var.array, momentum, count / (count - 1))
    return cast(y, input.array.dtype)


@functools.lru_cache(1024)  # the layers of a network meet the same few shapes in every step
def _averaged(shape: tuple[int, ...], whole_batch: bool) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """The axes averaged over, the shape 1, C, 1, … in which (C,) meets x, and how many numbers a mean is made of."""
    pixels = tuple(range(2, len(shape)))
    axes = (0, *pixels) if whole_batch else pixels
    return axes, (1, shape[1], *(1 for _ in pixels)), product([shape[axis] for axis in axes])


def _move(kept: Tensor | None, own: Array, momentum: Scalar, unbiased: float = 1.0) -> None:
    """Take a running statistic towards a batch's own, towards their mean if each example has one."""
    if kept is not None:
        own = own.reshape(-1) if len(own) == 1 else own.mean(axis=0).reshape(-1)
        kept.array *= 1 - momentum
        kept.array += own * (momentum * unbiased)
        kept._bump_version()


def _by_running(
    op: str, input: Tensor, running: Running, weight: Tensor | None, bias: Tensor | None, eps: Scalar
) -> Tensor:
    """Normalised by the running mean and variance."""
    _expect_rank(op, input)
    mean, var = running
    if mean is None or var is None:
        raise DomainError(f"{op}: running_mean and running_var must be defined in evaluation mode")
    x = _prepared(op, input, running, weight, bias)
    return cast(Standardize.apply(x, weight, bias, mean, var, eps=float(eps)), input.array.dtype)


def _expect_rank(op: str, input: Tensor) -> None:
    if input.array.ndim < 2:
        raise RankError(f"{op}: expected at least 2 dimensions, N C …, but got {input.array.shape}")


def _prepared(
    op: str, input: Tensor, running: Running, weight: Tensor | None, bias: Tensor | None
) -> Tensor:
    """The input in the dtype to compute in; all checked."""
    mean, var = running
    expect_channels(op, input, running_mean=mean, running_var=var, weight=weight, bias=bias)
    for name, kept in (("running_mean", mean), ("running_var", var)):
        if kept is not None and kept.requires_grad and is_grad_enabled():
            raise GraphError(f"{op}: {name} must not require grad: it is a buffer that follows the data, no parameter")
    return cast(input, computed_in(op, input, running_mean=mean, running_var=var, weight=weight, bias=bias))
