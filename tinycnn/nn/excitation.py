r"""Squeeze and excitation: a network decides, image by image, how much of each channel to let through."""

from __future__ import annotations

from collections.abc import Callable

from tinycnn._tensor import Tensor
from tinycnn.nn.activations import ReLU, Sigmoid
from tinycnn.nn.convolution import Conv2d
from tinycnn.nn.module import Module
from tinycnn.nn.pooling import AdaptiveAvgPool2d

__all__ = ["SqueezeExcitation"]


class SqueezeExcitation(Module):
    r"""Scale each channel of an activation map by a weight in [0, 1] that is computed from all of them.

    The lecture's equation 4, line by line, and where it stands in Hu et al. 2019:

        U = F_tr(X)                                     whatever comes before, such as a convolution   (1)
        z = F_sq(U) = GlobalAvgPool(U)                  z_c = 1/(H·W) Σᵢ Σⱼ u_c(i, j)                  (2)
        s = F_ex(z, W) = σ(W₂ g(W₁ z))                  s = σ(W₂ δ(W₁ z)), where g = δ is ReLU         (3)
        X̂ = F_scale(U, s) = U ⊙ s                       x̂_c = s_c · u_c                                (4)

    W₁ has the shape (S, C) and W₂ the shape (C, S); with S < C they are a bottleneck of few parameters, 2·C·S + S + C
    with their biases. As z has one pixel, the two dense layers are convolutions with 1 × 1 kernels.

    Parameters
    ----------
    input_channels : int
        C.
    squeeze_channels : int
        S; the paper's C/r, with a reduction ratio r of 16.
    activation, scale_activation : callable
        Make the modules g and σ: ReLU and Sigmoid.

    Attributes
    ----------
    avgpool : AdaptiveAvgPool2d
        F_sq.
    fc1, fc2 : Conv2d
        W₁ and W₂.
    activation, scale_activation : Module
        g and σ.

    References
    ----------
    Hu, Shen, Albanie, Sun and Wu 2019, "Squeeze-and-excitation networks", equations 1 to 4.

    Examples
    --------
    >>> import tinycnn
    >>> from tinycnn import nn
    >>> block = nn.SqueezeExcitation(64, 4)
    >>> block(tinycnn.ones(8, 64, 14, 14)).shape
    tinycnn.Size([8, 64, 14, 14])
    >>> sum(p.numel() for p in block.parameters())     # 2·64·4 + 4 + 64
    580
    """

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Callable[..., Module] = ReLU,
        scale_activation: Callable[..., Module] = Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = AdaptiveAvgPool2d(1)
        self.fc1 = Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W), to the same shape."""
        z = self.avgpool(input)                                                    # N C 1 1
        s = self.scale_activation(self.fc2(self.activation(self.fc1(z))))          # N C 1 1
        scaled: Tensor = s * input
        return scaled
