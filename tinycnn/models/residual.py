r"""Residual blocks: what ResNets are made of, with and without squeeze-and-excitation.

A residual block adds to its input what a few convolutions make of it: y = ReLU(F(x) + x). Where F has nothing to add it
can be 0, so a deep network need not be worse than a shallow one, and the gradient reaches x undiminished by the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain

Norm = Callable[..., nn.Module]


class ResidualBlock(nn.Module):
    r"""y = ReLU(s ⊙ F(x) + P(x)): what the two kinds of blocks below share, which differ in F.

    Where F changes the number of channels or, by its stride, the size, P is a 1×1 convolution with a normalization,
    `downsample`; elsewhere P(x) = x. With squeeze-and-excitation s is a factor in (0, 1) for each channel of F(x), and
    the image decides which; without, s = 1.

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition", equations 1 and 2, figure 5.
    Hu, Shen, Albanie, Sun, Wu (2019), "Squeeze-and-excitation networks", figure 3.
    """

    expansion = 1  #: channels that leave it, for each of `planes`
    squeezes = False  #: whether it has squeeze-and-excitation

    se: nn.Module | None
    downsample: nn.Module | None
    relu: nn.Module

    def residual(self, x: Tensor) -> Tensor:
        r"""F(x)."""
        raise NotImplementedError

    def last_norm(self) -> nn.Module:
        r"""The normalization that F ends with."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        y = self.residual(x)
        if self.se is not None:
            y = self.se(y)
        if self.downsample is not None:
            x = self.downsample(x)
        summed: Tensor = self.relu(y + x)
        return summed


class BasicBlock(ResidualBlock):
    r"""F = BN ∘ 3×3 ∘ ReLU ∘ BN ∘ 3×3, the block of ResNet-18 and ResNet-34.

    Parameters
    ----------
    inplanes, planes : int           channels that come in and go out
    stride : int                     of the first convolution
    downsample : Module or None      P, where x does not have the shape of F(x)
    groups, base_width, dilation     only 1, 64 and 1: `Bottleneck` takes others
    norm_layer : callable or None    makes a normalization for so many channels; None: `nn.BatchNorm2d`
    """

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, groups: int = 1,
        base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        if (groups, base_width, dilation) != (1, 64, 1):
            raise ConfigError(explain(
                "BasicBlock takes groups=1, base_width=64 and dilation=1 alone",
                {"groups": groups, "base_width": base_width, "dilation": dilation},
                "Bottleneck, the block of ResNet-50 and deeper ones, takes others",
            ))
        norm = norm_layer or nn.BatchNorm2d
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)  # the norm has a shift of its own
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = norm(planes)
        self.se = _squeeze_excitation(planes) if self.squeezes else None
        self.downsample = downsample

    def residual(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        y: Tensor = self.bn2(self.conv2(x))
        return y

    def last_norm(self) -> nn.Module: return self.bn2


class Bottleneck(ResidualBlock):
    r"""F = BN ∘ 1×1 ∘ ReLU ∘ BN ∘ 3×3 ∘ ReLU ∘ BN ∘ 1×1: the 3×3 convolution sees a quarter of the channels.

    The stride is in the 3×3 convolution, which sees every pixel; in the paper it is in the first 1×1, which then skips
    three of four ("ResNet v1.5").

    Parameters
    ----------
    inplanes, planes : int           channels that come in; a quarter of those that go out
    stride : int                     of the 3×3 convolution
    downsample : Module or None      P, where x does not have the shape of F(x)
    groups, base_width : int         of the 3×3 convolution: so many groups of base_width · planes/64 channels
    dilation : int                   of the 3×3 convolution
    norm_layer : callable or None    makes a normalization for so many channels; None: `nn.BatchNorm2d`

    References
    ----------
    Xie, Girshick, Dollár, Tu, He (2017), "Aggregated residual transformations for deep neural networks", figure 3c.
    """

    expansion = 4

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, groups: int = 1,
        base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = planes * base_width // 64 * groups
        outplanes = planes * self.expansion
        self.conv1 = nn.Conv2d(inplanes, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=dilation, dilation=dilation, groups=groups, bias=False)
        self.bn2 = norm(width)
        self.conv3 = nn.Conv2d(width, outplanes, 1, bias=False)
        self.bn3 = norm(outplanes)
        self.se = _squeeze_excitation(outplanes) if self.squeezes else None
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def residual(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        y: Tensor = self.bn3(self.conv3(x))
        return y

    def last_norm(self) -> nn.Module: return self.bn3


class PlainBlock(BasicBlock):
    r"""y = ReLU(F(x)): the two convolutions of `BasicBlock` without its sum, so there is no P."""

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None, *args: Any,
        **options: Any,
    ) -> None:
        super().__init__(inplanes, planes, stride, None, *args, **options)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(self.residual(x))
        return y


class SEBasicBlock(BasicBlock):
    r"""`BasicBlock` with squeeze-and-excitation."""

    squeezes = True


class SEBottleneck(Bottleneck):
    r"""`Bottleneck` with squeeze-and-excitation, as timm's seresnet50 has it.

    The authors' own network, timm's legacy_seresnet50, has the stride in the first 1×1 convolution; the names of its
    parameters are others.
    """

    squeezes = True


def _squeeze_excitation(channels: int) -> nn.SqueezeExcitation:
    r"""With a sixteenth as many hidden channels, rounded to a multiple of 8."""
    return nn.SqueezeExcitation(channels, max(8, 8 * ((channels // 16 + 4) // 8)))


def projection(inplanes: int, outplanes: int, stride: int, norm_layer: Norm = nn.BatchNorm2d) -> nn.Sequential:
    r"""P of a block that changes the shape: a 1×1 convolution, normalized; option B in §4.1 of the paper."""
    return nn.Sequential(nn.Conv2d(inplanes, outplanes, 1, stride, bias=False), norm_layer(outplanes))


def initialize(model: nn.Module, zero_init_residual: bool) -> None:
    r"""Convolutions from Kaiming's normal distribution of variance 2 / (O·kH·kW), in which gradients keep their size.

    With `zero_init_residual` the last normalization of each block has γ = 0: every block begins as ReLU(P(x)).

    References
    ----------
    He, Zhang, Ren, Sun (2015), "Delving deep into rectifiers", equation 14.
    Goyal et al. (2017), "Accurate, large minibatch SGD", §5.1, for γ = 0.
    """
    for part in model.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        if zero_init_residual and isinstance(part, ResidualBlock):
            gain = part.last_norm()._parameters.get("weight")
            if gain is not None:  # a normalization may have none
                nn.init.zeros_(gain)
