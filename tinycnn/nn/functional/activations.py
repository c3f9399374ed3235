"""Activations as PyTorch calls them; the formulas are in `tinycnn.ops.activations` and `tinycnn.ops.logits`."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.autograd.inplace import write
from tinycnn.errors import DomainError
from tinycnn.ops import activations, logits
from tinycnn.ops.activations import sigmoid
from tinycnn.ops.elementwise import tanh
from tinycnn.ops.promotion import cast, widened

__all__ = ["gelu", "log_softmax", "logsigmoid", "relu", "sigmoid", "silu", "softmax", "softplus", "tanh"]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0); `inplace` overwrites the input."""
    return input.relu_() if inplace else activations.relu(input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    r"""x·Φ(x); with "tanh" the approximation ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """
    if approximate == "none":
        return activations.gelu(input)
    if approximate != "tanh":
        raise DomainError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    x = widened(input)
    return cast(0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))), input.array.dtype)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x·σ(x); `inplace` overwrites the input."""
    return write("silu_", input, silu) if inplace else input * sigmoid(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^{βx}) / β, and x itself where βx is above the threshold."""
    y = activations.softplus(input * beta) / beta
    return input.where(input * beta > threshold, y)


def logsigmoid(input: Tensor) -> Tensor:
    """ln σ(x) = −ln(1 + e⁻ˣ)."""
    return -activations.softplus(-input)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Probabilities along `dim`: all positive, adding up to 1."""
    return logits.softmax(input, _implicit(input, dim, "softmax"), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of `softmax`."""
    return logits.log_softmax(input, _implicit(input, dim, "log_softmax"), dtype)


def _implicit(input: Tensor, dim: int | None, name: str) -> int:
    """PyTorch's old guess at the class dimension, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    return 0 if input.array.ndim in (0, 1, 3) else 1
