"""Batch and layer normalisation as PyTorch calls them; the maths is in `tinycnn.ops.normalization`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.nn.functional.arguments import expect_one_dtype, expect_tensors
from tinycnn.ops.normalization import Normalize
from tinycnn.ops.promotion import cast
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import product


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
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
        If evaluation has no running statistics.

    References
    ----------
    Ioffe and Szegedy 2015, "Batch normalization", algorithms 1 and 2.
    """
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    expect_tensors("batch_norm", input=input, **given)
    shape = input.array.shape
    if len(shape) < 2:
        raise ShapeError(f"batch_norm: expected at least 2 dimensions, N C …, but got {shape}")
    for name, tensor in given.items():
        if tensor is not None and tensor.array.shape != (shape[1],):
            raise ShapeError(
                explain(
                    f"batch_norm: {name} should contain {shape[1]} elements, one a channel, not {tensor.array.size}",
                    {"input N C …": shape, name: tensor.array.shape},
                    "is num_features the number of channels of the layer before?",
                )
            )
    per_channel = (1, -1) + (1,) * (len(shape) - 2)
    gamma, beta = (None if t is None else reshape(t, per_channel) for t in (weight, bias))
    x = cast(input, _parameters_dtype("batch_norm", input, **given))
    if training:
        y = _with_batch_statistics(x, running_mean, running_var, gamma, beta, momentum, eps)
    elif running_mean is None or running_var is None:
        raise DomainError("batch_norm: running_mean and running_var must be defined in evaluation mode")
    else:
        scale = (reshape(running_var, per_channel) + eps) ** -0.5
        y = _affine(x - reshape(running_mean, per_channel), scale if gamma is None else scale * gamma, beta)
    return cast(y, input.array.dtype)


def _parameters_dtype(op: str, input: Tensor, **given: Tensor | None) -> Any:
    """The dtype to compute in. It is everyone's, but an input in half precision may meet parameters in float32.

    Raises
    ------
    DTypeError
        If there are more dtypes than that.
    """
    dtypes = {tensor.array.dtype for tensor in given.values() if tensor is not None}
    if input.array.dtype == "float16" and {dtype.name for dtype in dtypes} == {"float32"}:
        return dtypes.pop()
    expect_one_dtype(op, input=input, **given)
    return input.array.dtype


def _affine(x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
    y = x * (1 if gamma is None else gamma)
    return y if beta is None else y + beta


def _with_batch_statistics(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    gamma: Tensor | None,
    beta: Tensor | None,
    momentum: float,
    eps: float,
) -> Tensor:
    shape = x.array.shape
    axes = (0, *range(2, len(shape)))
    count = product([shape[axis] for axis in axes])
    if count == 1:
        raise ShapeError(
            explain(
                "batch_norm: expected more than 1 value per channel when training",
                {"input N C …": shape},
                "a batch of one 1×1 image has no spread; use drop_last=True in the loader, or model.eval()",
            )
        )
    if count == 0:
        return _affine(x, gamma, beta)  # an empty batch comes back empty, and says nothing about the statistics
    y, mean, var = Normalize.apply_all(x, gamma, beta, axes=axes, eps=eps)
    for running, batch in ((running_mean, mean.array), (running_var, var.array * (count / (count - 1)))):
        if running is not None:
            running.array *= 1 - momentum
            running.array += momentum * batch.reshape(-1)
            running._bump_version()
    return y


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    r"""Each example normalised over its last dimensions: y = (x − μ) / √(σ² + ε) · γ + β.

    Parameters
    ----------
    input : Tensor, (…, *normalized_shape)
    normalized_shape : the sizes of the dimensions to average over
    weight, bias : Tensor of `normalized_shape`; γ and β, 1 and 0 if left out

    References
    ----------
    Ba, Kiros and Hinton 2016, "Layer normalization", equation 4.

    Examples
    --------
    >>> import tinycnn
    >>> layer_norm(tinycnn.tensor([[1.0, 2.0, 3.0]]), (3,))
    tensor([[-1.2247,  0.0000,  1.2247]])
    """
    expect_tensors("layer_norm", input=input, weight=weight, bias=bias)
    if not isinstance(normalized_shape, Sequence):
        raise TypeError(f"layer_norm: normalized_shape must be a tuple of integers, not {normalized_shape!r}")
    shape, features = input.array.shape, tuple(normalized_shape)
    if not features or shape[len(shape) - len(features) :] != features or len(features) > len(shape):
        raise ShapeError(
            explain(
                f"layer_norm: given normalized_shape={features}, expected an input whose shape ends so",
                {"input": shape},
                "for N C H W images normalised over C, permute C to the end first",
            )
        )
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor.array.shape != features:
            raise ShapeError(f"layer_norm: expected {name} of shape {features}, but got {tuple(tensor.array.shape)}")
    x = cast(input, _parameters_dtype("layer_norm", input, weight=weight, bias=bias))
    axes = tuple(range(len(shape) - len(features), len(shape)))
    y = Normalize.apply(x, weight, bias, axes=axes, eps=eps) if x.array.size else _affine(x, weight, bias)
    return cast(y, input.array.dtype)
