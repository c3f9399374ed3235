r"""The dense layer, and the layers without weights that stand around it: Flatten, Unflatten, Permute, Identity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.creation import empty
from tinycnn.nn import functional as F
from tinycnn.nn import init
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter
from tinycnn.ops.shaping import flatten, permute, unflatten
from tinycnn.shapes import count

__all__ = ["Flatten", "Identity", "Linear", "Permute", "Unflatten"]


class Linear(Module):
    r"""Every output from every input: y = x·Wᵀ + b.

    Weights and bias start uniform on ±1/√(in_features).

    Parameters
    ----------
    in_features, out_features : int
        The size of the last dimension before and after.
    bias : bool
        Whether to add b.

    Attributes
    ----------
    weight : Parameter, (out_features, in_features)
    bias : Parameter, (out_features,), or None

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> layer = nn.Linear(3, 2)
    >>> layer
    Linear(in_features=3, out_features=2, bias=True)
    >>> layer(tinycnn.zeros(5, 3)).shape
    tinycnn.Size([5, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features = count("Linear", "in_features", in_features)
        self.out_features = out_features = count("Linear", "out_features", out_features)
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and bias anew, uniform on ±1/√n_in: Kaiming's bound √6 / √((1 + a²)·n_in) with a = √5."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """(…, in_features) → (…, out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes, and whether there is a bias."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """Dimensions `start_dim` to `end_dim` as one; by default all but the batch's: (N, C, H, W) → (N, C·H·W)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        """The same elements, in fewer dimensions."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The dimensions that become one."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension `dim` as several of the sizes given, one of which may be −1: (N, C·H·W) → (N, C, H, W)."""

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            kind = type(unflattened_size).__name__
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of ints, but found type {kind}")
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "Unflatten: unflattened_size must be tuple of ints,"
                    f" but found element of type {type(size).__name__} at pos {place}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        """The same elements, in more dimensions."""
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """The dimension, and what becomes of it."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Permute(Module):
    """Dimensions in the order `dims`: ``Permute([0, 2, 3, 1])`` puts the channels of N C H W last."""

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, input: Tensor) -> Tensor:
        """The same elements, in another order of dimensions."""
        return permute(input, self.dims)


class Identity(Module):
    """Hands on its input: what stands in for a layer that is left out. Any arguments are taken and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input itself."""
        return input
