r"""Response normalisation: channels compete, each scaled by how strongly it responds compared with others.

No mean is taken away. AlexNet's local norm divides by what neighbouring channels hold at one pixel; ConvNeXt V2's
global norm multiplies by how large a channel is in the whole image, beside the others.
"""

from __future__ import annotations

from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.creation import empty
from tinycnn.nn import functional as F
from tinycnn.nn import init
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter
from tinycnn.shapes import count

__all__ = ["GlobalResponseNorm", "LocalResponseNorm"]


class LocalResponseNorm(Module):
    r"""Each value divided by what its neighbouring channels hold at the same pixel, as AlexNet did.

        y[n,c] = x[n,c] / (k + (α/size)·Σ x[n,i]²)^β,   i over `size` channels around c

    The paper's α is not divided by the size; PyTorch's is.

    References
    ----------
    Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep convolutional neural networks",
    section 3.3.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, …) of at least 3 dimensions, to the same shape."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The size and all options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class GlobalResponseNorm(Module):
    r"""Each channel scaled by how large it is all over the image, in proportion to the other channels.

        G_c = ‖x_c‖₂ = √(Σᵢⱼ x_c(i, j)²)              how strongly a channel responds               (1)
        N_c = G_c / (1/C Σ_k G_k + ε)                 compared with the mean of all                  (2)
        y_c = γ_c · (x_c · N_c) + β_c + x_c           calibrated, and added to the input             (3)

    γ and β start at 0, so that the layer begins as the identity. In training it makes channels differ, where those of
    a masked autoencoder otherwise come to repeat each other. (timm has it. The mean, γ, β and the sum with x are those
    of the paper's algorithm 1, which all implementations follow; its equation 2 divides by the sum of all channels.)

    Parameters
    ----------
    dim : int
        C.
    eps : float
        ε, which keeps an image of zeros from being divided by 0.
    channels_last : bool
        Whether images are N H W C, as behind a `Permute` and in front of a linear layer, or N C H W.

    Attributes
    ----------
    weight, bias : Parameter, (C,)
        γ and β.

    References
    ----------
    Woo et al. 2023, "ConvNeXt V2: Co-designing and scaling ConvNets with masked autoencoders", equations 1 to 3,
    algorithm 1.

    Examples
    --------
    Of two channels of norms 3 and 1, the mean is 2: with γ = 1 they are scaled by 1 + 3/2 and 1 + 1/2.

    >>> import tinycnn
    >>> from tinycnn import nn
    >>> norm = nn.GlobalResponseNorm(2)
    >>> _ = nn.init.ones_(norm.weight)
    >>> norm(tinycnn.tensor([3.0, 1.0]).reshape(1, 1, 1, 2)).flatten().detach()
    tensor([7.5000, 1.5000])
    """

    weight: Parameter
    bias: Parameter

    def __init__(
        self, dim: int, eps: float = 1e-6, channels_last: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        channels = count("GlobalResponseNorm", "dim", dim)
        self.eps, self.channels_last = eps, channels_last
        self.weight = Parameter(empty(channels, device=device, dtype=dtype))
        self.bias = Parameter(empty(channels, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again as the identity: γ = β = 0."""
        init.zeros_(self.weight)
        init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(N, H, W, C), or (N, C, H, W) unless `channels_last`, to the same shape."""
        return F.global_response_norm(input, self.weight, self.bias, self.eps, self.channels_last)
