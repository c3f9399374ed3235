r"""Normalisation layers that look at one example alone: training and evaluation are the same.

    y = (x − E[x]) / √(σ²[x] + ε) · γ + β

What differs is over which elements mean and variance are taken: layer norm over all features, group norm over the
pixels of a few channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.creation import empty
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.nn import functional as F
from tinycnn.nn import init
from tinycnn.nn.functional.normalization import expect_rank
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter
from tinycnn.shapes import as_shape, count

__all__ = ["GroupNorm", "LayerNorm", "LayerNorm2d"]


class Affine(Module):
    """What normalisation layers learn: a scale γ and a shift β, which start at 1 and 0."""

    weight: Parameter | None
    bias: Parameter | None

    def _make_parameters(self, sizes: int | Sequence[int], affine: bool, bias: bool, device: Any, dtype: Any) -> None:
        """Make γ and β of these sizes, both only if `affine`, β only if `bias`, too."""
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, Parameter(empty(sizes, device=device, dtype=dtype)) if wanted else None)

    def reset_parameters(self) -> None:
        """Start again: γ = 1, β = 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class LayerNorm(Affine):
    r"""Each example normalised by itself, over its last dimensions; so training and evaluation are the same.

        y = (x − μ) / √(σ² + ε) · γ + β,    μ and σ² (biased) over the dimensions of `normalized_shape`

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The sizes of the last dimensions, over which the mean is taken.
    eps : float
        ε, which keeps a constant example from being divided by 0.
    elementwise_affine : bool
        Whether to learn γ and β, one of each for every feature; they start at 1 and 0.
    bias : bool
        Whether to learn β, too.

    Attributes
    ----------
    weight, bias : Parameter, normalized_shape, or None
        γ and β.

    References
    ----------
    Ba, Kiros and Hinton 2016, "Layer normalization", equation 4.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.LayerNorm(3)(tinycnn.tensor([[1.0, 2.0, 3.0]])).detach()
    tensor([[-1.2247,  0.0000,  1.2247]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = normalized_shape if isinstance(normalized_shape, Sequence) else (normalized_shape,)
        self.normalized_shape = as_shape("LayerNorm", tuple(sizes), "normalized_shape")
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._make_parameters(self.normalized_shape, elementwise_affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(…, *normalized_shape), to the same shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The shape and all options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine},"
            f" bias={self.bias is not None}"
        )


class LayerNorm2d(LayerNorm):
    r"""Layer norm for images: each pixel normalised by itself, over its channels.

        y[n,:,i,j] = (x[n,:,i,j] − μ) / √(σ² + ε) · γ + β,    μ and σ² over the C channels of pixel i, j

    Parameters, attributes and options are `LayerNorm`'s. (torchvision and timm keep it with ConvNeXt.)

    Parameters
    ----------
    normalized_shape : int
        C.

    References
    ----------
    Liu et al. 2022, "A ConvNet for the 2020s", section 2.6.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> y = nn.LayerNorm2d(3)(tinycnn.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1))
    >>> y.flatten().detach()
    tensor([-1.2247,  0.0000,  1.2247])
    """

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape."""
        expect_rank("LayerNorm2d", input, 4, "N C H W")
        if self.normalized_shape != tuple(input.shape[1:2]):
            last = self.normalized_shape == tuple(input.shape[3:])
            raise ShapeError(explain(
                "LayerNorm2d: the input must have as many channels as the norm",
                {"input  N C H W": tuple(input.shape), "normalized_shape": self.normalized_shape},
                "is the input N H W C? nn.LayerNorm takes it as it is" if last else None,
            ))
        pixels = input.permute(0, 2, 3, 1)                 # N H W C
        return super().forward(pixels).permute(0, 3, 1, 2)


class GroupNorm(Affine):
    r"""Each example normalised by itself, over its pixels and a group of channels: small batches do it no harm.

        y = (x − μ) / √(σ² + ε) · γ + β,    μ and σ² (biased) over C/num_groups channels and H W

    Parameters
    ----------
    num_groups : int
        A divisor of `num_channels`; 1 makes it a layer norm, `num_channels` an instance norm.
    num_channels : int
        C.
    eps : float
        ε, which keeps a constant group from being divided by 0.
    affine : bool
        Whether to learn γ and β, one of each for every channel; they start at 1 and 0.
    bias : bool
        Whether to learn β, too.

    Attributes
    ----------
    weight, bias : Parameter, (C,), or None
        γ and β.

    References
    ----------
    Wu and He 2018, "Group normalization", equations 1 to 7.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> nn.GroupNorm(2, 4)(tinycnn.tensor([[1.0, 3.0, 10.0, 30.0]])).detach()
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        num_channels = count("GroupNorm", "num_channels", num_channels)
        if num_groups < 1 or num_channels % num_groups:
            raise ConfigError(
                f"GroupNorm: num_channels must be divisible by num_groups, but {num_channels} is not by {num_groups}"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._make_parameters(num_channels, affine, bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, …), to the same shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Groups, channels and all options."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine},"
            f" bias={self.bias is not None}"
        )
