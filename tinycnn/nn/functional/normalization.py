"""Layer, group and local response normalisation as PyTorch calls them: each example is normalised by itself.

The maths is in `tinycnn.ops.normalization`; batch and instance norm, which remember what they saw, are next door.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.dtypes import FLOATING, DType, float16, float32
from tinycnn.errors import ArgumentError, DomainError, RankError, ShapeError, described, explain
from tinycnn.nn.functional.padding import pad
from tinycnn.nn.functional.pooling import avg_pool2d
from tinycnn.ops.arguments import checked, expect_one_device, expect_one_dtype
from tinycnn.ops.copying import clone
from tinycnn.ops.magnitude import norm
from tinycnn.ops.normalization import Normalize
from tinycnn.ops.promotion import Scalar, cast, widened
from tinycnn.ops.reduction import mean
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import integer, product


@checked
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: Scalar = 1e-5,
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
    if not isinstance(normalized_shape, Sequence) or isinstance(normalized_shape, str):
        given = described(normalized_shape)
        raise ArgumentError(f"layer_norm: normalized_shape must be a tuple of integers, not {given}")
    features = tuple(integer("layer_norm", "normalized_shape", size) for size in normalized_shape)
    shape = input.array.shape
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
    dtype = computed_in("layer_norm", input, weight=weight, bias=bias)
    axes = tuple(range(len(shape) - len(features), len(shape)))
    beside = (1,) * (len(shape) - len(features)) + features
    return cast(_normalized(cast(input, dtype), weight, bias, axes, eps, beside), input.array.dtype)


@checked
def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: Scalar = 1e-5
) -> Tensor:
    r"""Each example normalised over its pixels and the channels of a group: y = (x − μ) / √(σ² + ε) · γ + β.

    One group is layer norm without its weight for every pixel; as many groups as channels are instance norm.

    Parameters
    ----------
    input : Tensor, (N, C, …)
    num_groups : into how many groups of neighbours the channels are parted; a divisor of C
    weight, bias : Tensor, (C,); γ and β, 1 and 0 if left out

    Raises
    ------
    ShapeError
        If the groups do not come out even, or there is but one value to normalise.

    References
    ----------
    Wu and He 2018, "Group normalization", equations 1 to 7.

    Examples
    --------
    >>> import tinycnn
    >>> group_norm(tinycnn.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    shape, groups = input.array.shape, integer("group_norm", "num_groups", num_groups)
    if len(shape) < 2:
        raise RankError(f"group_norm: expected at least 2 dimensions, N C …, but got {shape}")
    if groups < 1:
        raise DomainError(f"group_norm: num_groups must be greater than 0, but it is {groups}")
    n, c, *pixels = shape
    if c % groups:
        raise ShapeError(
            explain(f"group_norm: {c} channels do not part into {groups} groups of one size", {"input N C …": shape})
        )
    if n * (c // groups) * product(pixels) == 1:
        raise ShapeError(
            explain(
                "group_norm: expected more than 1 value per channel when training",
                {"input N C …": shape, "num_groups": groups},
                "the only value of a group has no spread; take fewer groups",
            )
        )
    expect_channels("group_norm", input, weight=weight, bias=bias)
    dtype = computed_in("group_norm", input, weight=weight, bias=bias)
    grouped = (n, groups, c // groups, product(pixels))
    y = _normalized(reshape(cast(input, dtype), grouped), weight, bias, (2, 3), eps, (1, *grouped[1:3], 1))
    return cast(reshape(y, shape), input.array.dtype)


@checked
def local_response_norm(
    input: Tensor, size: int, alpha: Scalar = 1e-4, beta: Scalar = 0.75, k: Scalar = 1.0
) -> Tensor:
    r"""Each value divided by what its neighbouring channels hold at the same pixel, as AlexNet did.

        y[n,c] = x[n,c] / (k + (α/size)·Σ x[n,i]²)^β,   i from c − ⌊size/2⌋ on, `size` channels, those that there are

    The paper's α is not divided by the size; PyTorch's is.

    Parameters
    ----------
    input : Tensor, (N, C, …) of at least 3 dimensions

    References
    ----------
    Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural networks",
    section 3.3.

    Examples
    --------
    >>> import tinycnn
    >>> local_response_norm(tinycnn.tensor([[[3.0], [4.0]]]), 2, alpha=2.0, beta=0.5, k=0.0)   # 3/√9, 4/√(9 + 16)
    tensor([[[1.0000],
             [0.8000]]])
    """
    size = integer("local_response_norm", "size", size)
    shape = input.array.shape
    if len(shape) < 3:
        raise RankError(f"local_response_norm: expected at least 3 dimensions, N C L or more, but got {shape}")
    if size < 1:
        raise DomainError(f"local_response_norm: size must be at least 1, but it is {size}")
    if not input.array.size:
        return input
    x = widened(input)
    squares = reshape(x * x, (shape[0], 1, shape[1], product(shape[2:])))  # the channels where images have their rows
    mean = avg_pool2d(pad(squares, (0, 0, size // 2, (size - 1) // 2)), (size, 1), 1)
    y = x * (alpha * reshape(mean, shape) + k) ** -beta
    return cast(y, input.array.dtype) if input.array.dtype.kind == "f" else y


@checked
def global_response_norm(
    input: Tensor, weight: Tensor, bias: Tensor, eps: Scalar = 1e-6, channels_last: bool = True
) -> Tensor:
    r"""Each channel scaled by how large it is all over the image, in proportion to the other channels.

        G_c = ‖x_c‖₂,   N_c = G_c / (1/C Σ_k G_k + ε),   y_c = γ_c · (x_c · N_c) + β_c + x_c

    Parameters
    ----------
    input : Tensor, (N, H, W, C), or (N, C, H, W) unless `channels_last`
    weight, bias : Tensor, (C,); γ and β

    References
    ----------
    Woo et al. 2023, "ConvNeXt V2: Co-designing and scaling ConvNets with masked autoencoders", equations 1 to 3.

    Examples
    --------
    >>> import tinycnn
    >>> global_response_norm(tinycnn.tensor([[[[3.0, 1.0]]]]), tinycnn.ones(2), tinycnn.zeros(2))   # norms 3, 1; mean 2
    tensor([[[[7.5000, 1.5000]]]])
    """
    layout, pixels, channel = ("N H W C", (1, 2), 3) if channels_last else ("N C H W", (2, 3), 1)
    expect_rank("global_response_norm", input, 4, layout)
    shape, c = input.array.shape, input.array.shape[channel]
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter.array.shape != (c,):
            raise ShapeError(
                explain(
                    f"global_response_norm: {name} must have an element for each of {c} channels",
                    {f"input {layout}": shape, name: parameter.array.shape},
                    "channels_last=False takes N C H W, channels_last=True N H W C",
                )
            )
    x = widened(cast(input, computed_in("global_response_norm", input, weight=weight, bias=bias)))
    gamma, beta = (reshape(p, (c,) if channels_last else (c, 1, 1)) for p in (weight, bias))
    response = norm(x, 2, pixels, keepdim=True)                            # G
    relative = response / (mean(response, channel, keepdim=True) + eps)    # N
    return cast(x * (gamma * relative + 1) + beta, input.array.dtype)


def expect_rank(op: str, input: Tensor, rank: int, layout: str) -> None:
    """Raise a RankError unless the input has as many dimensions as its layout, "N C H W" say, has names."""
    if input.array.ndim != rank:
        raise RankError(
            explain(
                f"{op}: expected {rank} dimensions, {layout}, but got {input.array.ndim}",
                {"input": input.array.shape},
                "one image becomes a batch with x.unsqueeze(0)" if input.array.ndim == rank - 1 else None,
            )
        )


def computed_in(op: str, input: Tensor, **given: Tensor | None) -> DType:
    """The dtype to compute in. It is everyone's, but an input in half precision may meet parameters in float32.

    Raises
    ------
    DTypeError
        If there are more dtypes than that.
    DeviceError
        If there is more than one device.
    """
    dtype: DType = input.array.dtype
    for tensor in given.values():
        if tensor is not None and (tensor.array.dtype is not dtype or type(tensor.array) is not type(input.array)):
            break
    else:
        if dtype in FLOATING:
            return dtype
    expect_one_device(op, input=input, **given)
    if dtype == float16 and {tensor.array.dtype for tensor in given.values() if tensor is not None} == {float32}:
        return float32
    expect_one_dtype(op, input=input, **given)
    return dtype


def expect_channels(op: str, input: Tensor, **given: Tensor | None) -> None:
    """Raise a ShapeError unless each of these, those left out aside, has one entry for each channel of the input."""
    shape = input.array.shape
    channels = shape[1:2]
    for name, tensor in given.items():
        if tensor is not None and tensor.array.shape != channels:
            raise ShapeError(
                explain(
                    f"{op}: {name} should contain {shape[1]} elements, one a channel, not {tensor.array.size}",
                    {"input N C …": shape, name: tensor.array.shape},
                    "is the layer made for as many channels as the layer before puts out?",
                )
            )


def affine(x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
    """x·γ + β, where γ and β are given."""
    y = x if gamma is None else x * gamma
    return y if beta is None else y + beta


def _normalized(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, axes: tuple[int, ...], eps: Any, beside: tuple[int, ...]
) -> Tensor:
    """x normalised over the axes; `beside` is the shape in which γ and β meet it."""
    if not x.array.size:  # nothing to average
        return affine(clone(x), *(None if t is None else reshape(t, beside) for t in (weight, bias)))
    shape = None if weight is None and bias is None else beside
    return Normalize.apply(x, weight, bias, axes=axes, eps=float(eps), shape=shape)  # float: NumPy's would make float64
