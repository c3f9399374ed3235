"""Activations as PyTorch calls them; the formulas are in `tinycnn.ops.activations` and `tinycnn.ops.logits`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.autograd.inplace import write
from tinycnn.errors import DomainError
from tinycnn.ops import activations as ops
from tinycnn.ops import logits
from tinycnn.ops.activations import activated, clipped, in_single, logsigmoid, sigmoid
from tinycnn.ops.arguments import checked
from tinycnn.ops.choice import where
from tinycnn.ops.elementwise import tanh
from tinycnn.ops.promotion import Scalar, cast

__all__ = [
    "elu", "gelu", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "relu", "relu6", "sigmoid", "silu", "softmax",
    "softplus", "tanh",
]


@checked
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); `inplace` overwrites the input."""
    return write("relu_", input, ops.relu, over=ops.relu_over) if inplace else ops.relu(input)


@checked
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6); `inplace` overwrites the input.

    References
    ----------
    Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10", section 3.1.
    """
    return _made("relu6", lambda x: clipped("relu6", ops.Hardtanh, x, low=0.0, high=6.0), input, inplace)


@checked
def hardtanh(input: Tensor, min_val: Scalar = -1.0, max_val: Scalar = 1.0, inplace: bool = False) -> Tensor:
    """x brought into [min_val, max_val]; at both ends the slope is 0. `inplace` overwrites the input."""
    low, high = float(min_val), float(max_val)
    if low > high:
        raise DomainError(f"hardtanh: min_val cannot be greater than max_val, but {low} > {high}")
    return _made("hardtanh", lambda x: clipped("hardtanh", ops.Hardtanh, x, low=low, high=high), input, inplace)


@checked
def leaky_relu(input: Tensor, negative_slope: Scalar = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else negative_slope·x; `inplace` overwrites the input.

    References
    ----------
    Maas, Hannun and Ng 2013, "Rectifier nonlinearities improve neural network acoustic models", equation 2.
    """
    slope = float(negative_slope)
    return _made("leaky_relu", lambda x: activated("leaky_relu", ops.LeakyReLU, x, slope=slope), input, inplace)


@checked
def elu(input: Tensor, alpha: Scalar = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else α·(eˣ − 1); `inplace` overwrites the input.

    References
    ----------
    Clevert, Unterthiner and Hochreiter 2016, "Fast and accurate deep network learning by exponential linear units
    (ELUs)", equation 15.
    """
    return _made("elu", lambda x: activated("elu", ops.ELU, x, alpha=float(alpha)), input, inplace)


@checked
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·σ(x); `inplace` overwrites the input."""
    return _made("silu", lambda x: activated("silu", ops.SiLU, x), input, inplace)


@checked
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    r"""x·Φ(x); with "tanh" the approximation ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """
    if approximate not in ("none", "tanh"):
        raise DomainError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    return activated("gelu", ops.GELU if approximate == "none" else ops.TanhGELU, input)


@checked
def softplus(input: Tensor, beta: Scalar = 1.0, threshold: Scalar = 20.0) -> Tensor:
    """ln(1 + e^{βx}) / β, and x itself where βx is above the threshold."""
    x = in_single("softplus", input)
    return cast(where(x * beta > threshold, x, ops.Softplus.apply(x * beta) / beta), input.array.dtype)


@checked
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Probabilities along `dim`: all positive, adding up to 1."""
    return logits.softmax(input, _implicit(input, dim, "softmax"), dtype)


@checked
def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`."""
    return logits.log_softmax(input, _implicit(input, dim, "log_softmax"), dtype)


def _made(name: str, function: Callable[[Tensor], Tensor], input: Tensor, inplace: bool) -> Tensor:
    """The function of the input, if so asked in the input's own memory."""
    return write(f"{name}_", input, function) if inplace else function(input)


def _implicit(input: Tensor, dim: int | None, name: str) -> int:
    """PyTorch's old guess at the class dimension, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if input.array.ndim in (0, 1, 3) else 1
