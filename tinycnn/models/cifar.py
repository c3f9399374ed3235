r"""Residual networks for the small images of CIFAR-10, and the plain ones that show what they are good for.

A plain network of 56 layers learns its training images worse than one of 20: not for overfitting, it is harder to
optimize. With a shortcut around every two layers, and not one parameter more, the deeper network is the better one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError
from tinycnn.models.residual import BasicBlock, PlainBlock, initialize
from tinycnn.models.weights.entry import pretrained
from tinycnn.nn import functional as F

#: makes P of a block that changes the shape, from the channels before and after it and its stride
Shortcut = Callable[[int, int, int], nn.Module]


class PaddedShortcut(nn.Module):
    r"""P without parameters: every `stride`-th pixel, and zeros for the new channels; option A of the paper.

    Half of the zeros stand in front and half behind.

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(PaddedShortcut(16, 32, 2)(torch.zeros(1, 16, 8, 8)).shape)
    (1, 32, 4, 4)
    """

    def __init__(self, inplanes: int, outplanes: int, stride: int) -> None:
        super().__init__()
        self.stride, new = stride, outplanes - inplanes
        self.padding = (0, 0, 0, 0, new // 2, new - new // 2)  # W, H, C: before and after

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], self.padding)

    def extra_repr(self) -> str:
        return f"stride={self.stride}, padding={self.padding}"


class SmallResNet(nn.Module):
    r"""A 3×3 convolution, stages of residual blocks, the mean over all positions, and one linear layer.

    Every stage but the first begins with stride 2: it halves height and width. With the default widths, n blocks a
    stage and an image of 3 × 32 × 32 there are 6n + 2 layers, and what leaves them has these shapes:

        conv1    16 kernels of 3×3      16 × 32 × 32
        layer1   2n convolutions        16 × 32 × 32
        layer2   2n convolutions        32 × 16 × 16
        layer3   2n convolutions        64 ×  8 ×  8
        fc                              10 logits

    Parameters
    ----------
    block : type
        `BasicBlock`, `SEBasicBlock` or `PlainBlock`.
    layers, widths : sequence of int
        Blocks, and channels, of each stage.
    num_classes, in_channels : int
        Logits out, channels in.
    shortcut : callable or None
        Makes P of a block that changes the shape: `PaddedShortcut` or `projection`; None for blocks that have none.
    zero_init_residual : bool
        Start the last normalization of each block with γ = 0.

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition", §4.2 and table 6.
    """

    def __init__(
        self,
        block: type[BasicBlock],
        layers: Sequence[int],
        *,
        num_classes: int = 10,
        in_channels: int = 3,
        widths: Sequence[int] = (16, 32, 64),
        shortcut: Shortcut | None = PaddedShortcut,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        if len(layers) != len(widths):
            raise ConfigError(f"SmallResNet: {len(layers)} stages in layers={layers}, but {len(widths)} in {widths=}")
        channels = widths[0]
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.stages = [f"layer{number}" for number in range(1, len(layers) + 1)]
        for name, depth, width in zip(self.stages, layers, widths, strict=True):
            stage = nn.Sequential()
            for i in range(depth):
                stride = 2 if i == 0 and name != "layer1" else 1
                made = block(channels, width, stride)
                if shortcut is not None and (stride, channels) != (1, width):
                    made.downsample = shortcut(channels, width, stride)
                stage.append(made)
                channels = width
            self.add_module(name, stage)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        initialize(self, zero_init_residual)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        for name in self.stages:
            x = getattr(self, name)(x)
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def resnet20(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""3 blocks a stage, 20 layers: 269,722 parameters; `SmallResNet` says which options there are."""
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (3, 3, 3),
        num_classes=num_classes, in_channels=in_channels, **options,
    )


def resnet32(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""5 blocks a stage, 32 layers: 464,154 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (5, 5, 5),
        num_classes=num_classes, in_channels=in_channels, **options,
    )


def resnet44(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""7 blocks a stage, 44 layers: 658,586 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (7, 7, 7),
        num_classes=num_classes, in_channels=in_channels, **options,
    )


def resnet56(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""9 blocks a stage, 56 layers: 853,018 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (9, 9, 9),
        num_classes=num_classes, in_channels=in_channels, **options,
    )


def resnet110(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""18 blocks a stage, 110 layers: 1,727,962 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, BasicBlock, (18, 18, 18),
        num_classes=num_classes, in_channels=in_channels, **options,
    )


def plain20(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""`resnet20` without shortcuts: 269,722 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, PlainBlock, (3, 3, 3),
        num_classes=num_classes, in_channels=in_channels, shortcut=None, **options,
    )


def plain56(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3, **options: Any
) -> SmallResNet:
    r"""`resnet56` without shortcuts: 853,018 parameters; see `SmallResNet`."""
    return pretrained(
        None, weights, progress, SmallResNet, PlainBlock, (9, 9, 9),
        num_classes=num_classes, in_channels=in_channels, shortcut=None, **options,
    )
