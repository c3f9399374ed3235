r"""Activations as layers. Without them a stack of linear layers would be one linear layer."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = ["GELU", "LogSoftmax", "ReLU", "SiLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    """y = max(x, 0); `inplace` overwrites the input.

    References
    ----------
    Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether the input is overwritten."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """y = σ(x) = 1 / (1 + e⁻ˣ), between 0 and 1."""

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.sigmoid(input)


class Tanh(Module):
    """y = tanh x, between −1 and 1."""

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.tanh(input)


class GELU(Module):
    """y = x·Φ(x), Φ being the normal distribution function.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        With "tanh", ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) in its place.

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Which formula is used."""
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """y = x·σ(x), also known as swish; `inplace` overwrites the input.

    References
    ----------
    Ramachandran, Zoph and Le 2017, "Searching for activation functions", section 4.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether the input is overwritten."""
        return "inplace=True" if self.inplace else ""


class Softmax(Module):
    """yₖ = e^{xₖ} / Σᵢ e^{xᵢ} along `dim`: probabilities, which add up to 1.

    Not before `CrossEntropyLoss`, which takes the logits and does it itself.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension of the classes."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """yₖ = xₖ − ln Σᵢ e^{xᵢ} along `dim`: what `NLLLoss` takes."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension of the classes."""
        return f"dim={self.dim}"
