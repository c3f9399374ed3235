r"""Activations as layers. Without them a stack of linear layers would be one linear layer."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.nn import functional as F
from tinycnn.nn.module import Module

__all__ = [
    "ELU", "GELU", "Hardtanh", "LeakyReLU", "LogSigmoid", "LogSoftmax", "ReLU", "ReLU6", "SiLU", "Sigmoid", "Softmax",
    "Softplus", "Tanh",
]


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


class Hardtanh(Module):
    """y = min(max(x, min_val), max_val); `inplace` overwrites the input."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if not min_val < max_val:
            raise ConfigError(f"{type(self).__name__}: max_val must be larger than min_val, not {max_val} ≤ {min_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """The limits, and whether the input is overwritten."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class ReLU6(Hardtanh):
    """y = min(max(x, 0), 6): a ReLU whose values fit a few bits; `inplace` overwrites the input.

    References
    ----------
    Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10", section 3.1.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """Whether the input is overwritten."""
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """y = x where x is positive, else negative_slope·x; `inplace` overwrites the input.

    References
    ----------
    Maas, Hannun and Ng 2013, "Rectifier nonlinearities improve neural network acoustic models", equation 2.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The slope, and whether the input is overwritten."""
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """y = x where x is positive, else α·(eˣ − 1); `inplace` overwrites the input.

    References
    ----------
    Clevert, Unterthiner and Hochreiter 2016, "Fast and accurate deep network learning by exponential linear units
    (ELUs)", equation 15.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """α, and whether the input is overwritten."""
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class Softplus(Module):
    """y = ln(1 + e^{βx}) / β, a smooth ReLU; x itself where βx is above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """β and the threshold."""
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """y = ln σ(x), exact where σ(x) rounds to 0."""

    def forward(self, input: Tensor) -> Tensor:
        """Of any shape."""
        return F.logsigmoid(input)


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
        return F.gelu(input, approximate=self.approximate)

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
