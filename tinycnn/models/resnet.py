r"""Residual networks, with and without squeeze-and-excitation; the small ones for the 8×8 digits.

A residual block adds to its input what two convolutions make of it: y = ReLU(F(x) + x). Where F has nothing to add it
can be 0, so a deep network need not be worse than a shallow one, and the gradient reaches x undiminished by the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError


class BasicBlock(nn.Module):
    r"""y = ReLU(s ⊙ F(x) + x) with F = BN ∘ conv ∘ ReLU ∘ BN ∘ conv, both 3×3.

    Where F changes the number of channels or, by its stride, the size, x takes a 1×1 convolution and a normalization
    of the same stride. s = 1 without squeeze-and-excitation; with it a factor in (0, 1) for each channel of F(x).

    Parameters
    ----------
    in_channels, channels : int      what comes in, what goes out
    stride : int                     of the first convolution
    squeeze : int or None            hidden channels of the squeeze-and-excitation; None leaves it out

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition", figure 5 left, and option B of §4.1.
    Hu, Shen, Albanie, Sun, Wu (2019), "Squeeze-and-excitation networks", figure 3.
    """

    expansion = 1  #: output channels for each of `channels`

    def __init__(self, in_channels: int, channels: int, stride: int = 1, *, squeeze: int | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)  # BN has a shift of its own
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.se = None if squeeze is None else nn.SqueezeExcitation(channels, squeeze)
        self.downsample = _projection(in_channels, channels * self.expansion, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.se is not None:
            y = self.se(y)
        if self.downsample is not None:
            x = self.downsample(x)
        summed: Tensor = self.relu(y + x)
        return summed


class ResNet(nn.Module):
    r"""A stem, stages of residual blocks, the mean over all positions, and one linear layer.

    Every stage but the first begins with stride 2: it halves height and width. The stem is

        for photographs    7×7 convolution of stride 2, then 3×3 max-pooling of stride 2: a quarter of height and width
        for small images   3×3 convolution of stride 1, as in §4.2 of the paper

    Parameters
    ----------
    block : type
        `BasicBlock`, or a class with its constructor and its ``expansion``.
    layers : sequence of int
        How many blocks in each stage; 2, 2, 2, 2 make ResNet-18.
    num_classes, in_channels : int
        Logits out, channels in.
    widths : sequence of int
        The channels of each stage; the stem makes as many as the first.
    small_images : bool
        Which stem.
    squeeze_excitation : bool
        Whether blocks weigh their channels: with a sixteenth as many hidden ones, rounded to a multiple of 8.
    zero_init_residual : bool
        Start the last normalization of each block with γ = 0, so that every block begins as the identity.

    Notes
    -----
    Convolutions start with Kaiming's normal distribution of variance 2 / (O·kH·kW), which keeps the size of the
    gradient from layer to layer; parameters are named as torchvision names them.

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition", table 1 and §4.2.
    """

    def __init__(
        self,
        block: type[BasicBlock],
        layers: Sequence[int],
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        widths: Sequence[int] = (64, 128, 256, 512),
        small_images: bool = False,
        squeeze_excitation: bool = False,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        if len(layers) != len(widths):
            raise ConfigError(f"ResNet: {len(layers)} stages in layers={layers}, but {len(widths)} in widths={widths}")
        channels = widths[0]
        self.conv1 = (
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False) if small_images
            else nn.Conv2d(in_channels, channels, 7, 2, padding=3, bias=False)
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if small_images else nn.MaxPool2d(3, 2, padding=1)
        self.stages = [f"layer{number}" for number in range(1, len(layers) + 1)]
        for name, depth, width in zip(self.stages, layers, widths, strict=True):
            squeeze = _squeeze_channels(width * block.expansion) if squeeze_excitation else None
            stage = nn.Sequential()
            for i in range(depth):
                stride = 2 if i == 0 and name != "layer1" else 1
                stage.append(block(channels, width, stride, squeeze=squeeze))
                channels = width * block.expansion
            self.add_module(name, stage)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        self._initialize(zero_init_residual)

    def _initialize(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if zero_init_residual and isinstance(module, BasicBlock) and module.bn2.weight is not None:
                nn.init.zeros_(module.bn2.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for name in self.stages:
            x = getattr(self, name)(x)
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def _projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    r"""What x takes where the block changes its shape; None where it does not."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))


def _squeeze_channels(channels: int) -> int:
    return max(8, 8 * ((channels // 16 + 4) // 8))


def _for_digits(squeeze_excitation: bool, **options: Any) -> ResNet:
    return ResNet(
        BasicBlock, (1, 1, 1), **{"widths": (16, 32, 64), **options}, small_images=True,
        squeeze_excitation=squeeze_excitation,
    )


def resnet_digits(*, num_classes: int = 10, in_channels: int = 1, **options: Any) -> ResNet:
    r"""A residual network for images of 8×8: three blocks of 16, 32 and 64 channels at 8×8, 4×4 and 2×2.

    Parameters
    ----------
    num_classes, in_channels : int      logits out, channels in
    **options                           further ones of `ResNet`

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(resnet_digits()(torch.zeros(5, 1, 8, 8)).shape)
    (5, 10)
    """
    return _for_digits(False, num_classes=num_classes, in_channels=in_channels, **options)


def se_resnet_digits(*, num_classes: int = 10, in_channels: int = 1, **options: Any) -> ResNet:
    r"""`resnet_digits` with squeeze-and-excitation: each block weighs its channels by what the whole image shows.

    Parameters
    ----------
    num_classes, in_channels : int      logits out, channels in
    **options                           further ones of `ResNet`
    """
    return _for_digits(True, num_classes=num_classes, in_channels=in_channels, **options)
