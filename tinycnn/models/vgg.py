r"""VGG: nothing but 3×3 convolutions and 2×2 poolings, in the six depths of the paper's table.

Two convolutions of 3×3 see 5×5 pixels and three see 7×7, as one large kernel would, but with fewer weights, 3·(3²·C²)
against 7²·C², and with a ReLU after each. Where the map halves, the channels double, so that all blocks cost about as
much.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.models.weights.entry import pretrained
from tinycnn.models.weights.vgg import (
    VGG11_BN_Weights,
    VGG11_Weights,
    VGG13_BN_Weights,
    VGG13_Weights,
    VGG16_BN_Weights,
    VGG16_Weights,
    VGG19_BN_Weights,
    VGG19_Weights,
)

#: Table 1 of the paper, which is Figure 9 of the lecture: a column a network, from the image down to the last pooling.
#: conv3-64 is a convolution with 64 kernels of 3×3. A ReLU follows each, and FC-4096, FC-4096, FC-1000 follow them all.
TABLE_1 = """
    A          A-LRN      B          C          D          E
    conv3-64   conv3-64   conv3-64   conv3-64   conv3-64   conv3-64
    ·          LRN        conv3-64   conv3-64   conv3-64   conv3-64
    maxpool    maxpool    maxpool    maxpool    maxpool    maxpool
    conv3-128  conv3-128  conv3-128  conv3-128  conv3-128  conv3-128
    ·          ·          conv3-128  conv3-128  conv3-128  conv3-128
    maxpool    maxpool    maxpool    maxpool    maxpool    maxpool
    conv3-256  conv3-256  conv3-256  conv3-256  conv3-256  conv3-256
    conv3-256  conv3-256  conv3-256  conv3-256  conv3-256  conv3-256
    ·          ·          ·          conv1-256  conv3-256  conv3-256
    ·          ·          ·          ·          ·          conv3-256
    maxpool    maxpool    maxpool    maxpool    maxpool    maxpool
    conv3-512  conv3-512  conv3-512  conv3-512  conv3-512  conv3-512
    conv3-512  conv3-512  conv3-512  conv3-512  conv3-512  conv3-512
    ·          ·          ·          conv1-512  conv3-512  conv3-512
    ·          ·          ·          ·          ·          conv3-512
    maxpool    maxpool    maxpool    maxpool    maxpool    maxpool
    conv3-512  conv3-512  conv3-512  conv3-512  conv3-512  conv3-512
    conv3-512  conv3-512  conv3-512  conv3-512  conv3-512  conv3-512
    ·          ·          ·          conv1-512  conv3-512  conv3-512
    ·          ·          ·          ·          ·          conv3-512
    maxpool    maxpool    maxpool    maxpool    maxpool    maxpool
"""
COLUMNS = {
    name: tuple(layer for layer in layers if layer != "·")
    for name, *layers in zip(*(row.split() for row in TABLE_1.strip().splitlines()), strict=True)
}


def features(column: str, batch_norm: bool = False) -> nn.Sequential:
    r"""The convolutions and poolings of a column of the table: 3 × H × W → 512 × H/32 × W/32.

    Parameters
    ----------
    column : {"A", "A-LRN", "B", "C", "D", "E"}
    batch_norm : bool      normalize what each convolution makes, before its ReLU

    Examples
    --------
    >>> features("A")[:4]
    Sequential(
      (0): Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU(inplace=True)
      (2): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (3): Conv2d(64, 128, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    )
    """
    made: list[nn.Module] = []
    channels = 3
    for layer in COLUMNS[column]:
        if layer == "maxpool":
            made.append(nn.MaxPool2d(kernel_size=2, stride=2))
        elif layer == "LRN":  # that of AlexNet, whose α is not divided by its n = 5
            made.append(nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0))
        else:
            before, (kernel, channels) = channels, map(int, layer.removeprefix("conv").split("-"))
            made.append(nn.Conv2d(before, channels, kernel, padding=kernel // 2))
            if batch_norm:
                made.append(nn.BatchNorm2d(channels))
            made.append(nn.ReLU(inplace=True))
    return nn.Sequential(*made)


class VGG(nn.Module):
    r"""Convolutions, then three linear layers; for images of 32×32 or larger.

    For an image of 3 × 224 × 224 the five blocks leave 64 × 112 × 112, 128 × 56 × 56, 256 × 28 × 28, 512 × 14 × 14 and
    512 × 7 × 7; the linear layers 4096, 4096 and 1000. The mean over 7 × 7 regions, `avgpool`, changes nothing at this
    size and lets larger and smaller images through.

    Parameters
    ----------
    features : Module       as the function `features` makes it
    num_classes : int       how many logits
    init_weights : bool     start convolutions from N(0, 2 / (O·kH·kW)), linear layers from N(0, 0.01²), biases at 0;
                            if False, they start as such layers always do
    dropout : float         the part of the outputs of the first two linear layers that is dropped in training

    References
    ----------
    Simonyan, Zisserman (2015), "Very deep convolutional networks for large-scale image recognition", table 1.
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        linear = partial(nn.utils.skip_init, nn.Linear) if init_weights else nn.Linear  # 120 million are drawn once
        self.classifier = nn.Sequential(
            linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            linear(4096, num_classes),
        )
        if init_weights:
            self._initialize()

    def _initialize(self) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.01)
            if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))            # N, 512, 7, 7
        logits: Tensor = self.classifier(x.flatten(1))
        return logits


def _column(column: str, batch_norm: bool, **options: Any) -> VGG:
    return VGG(features(column, batch_norm), **options)


def vgg11(
    *, weights: VGG11_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column A, 8 convolutions: 132,863,336 parameters; `VGG` says which options there are."""
    return pretrained(VGG11_Weights, weights, progress, _column, "A", False, num_classes=num_classes, **options)


def vgg11_bn(
    *, weights: VGG11_BN_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column A with batch normalization: 132,868,840 parameters; see `VGG`."""
    return pretrained(VGG11_BN_Weights, weights, progress, _column, "A", True, num_classes=num_classes, **options)


def vgg11_lrn(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column A-LRN, with AlexNet's normalization once: 132,863,336 parameters; see `VGG`. No weights are published."""
    return pretrained(None, weights, progress, _column, "A-LRN", False, num_classes=num_classes, **options)


def vgg13(
    *, weights: VGG13_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column B, 10 convolutions: 133,047,848 parameters; `VGG` says which options there are."""
    return pretrained(VGG13_Weights, weights, progress, _column, "B", False, num_classes=num_classes, **options)


def vgg13_bn(
    *, weights: VGG13_BN_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column B with batch normalization: 133,053,736 parameters; see `VGG`."""
    return pretrained(VGG13_BN_Weights, weights, progress, _column, "B", True, num_classes=num_classes, **options)


def vgg16_c(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column C, with convolutions of 1×1: 133,638,952 parameters; see `VGG`. No weights are published."""
    return pretrained(None, weights, progress, _column, "C", False, num_classes=num_classes, **options)


def vgg16(
    *, weights: VGG16_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column D, 13 convolutions: 138,357,544 parameters; `VGG` says which options there are."""
    return pretrained(VGG16_Weights, weights, progress, _column, "D", False, num_classes=num_classes, **options)


def vgg16_bn(
    *, weights: VGG16_BN_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column D with batch normalization: 138,365,992 parameters; see `VGG`."""
    return pretrained(VGG16_BN_Weights, weights, progress, _column, "D", True, num_classes=num_classes, **options)


def vgg19(
    *, weights: VGG19_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column E, 16 convolutions: 143,667,240 parameters; `VGG` says which options there are."""
    return pretrained(VGG19_Weights, weights, progress, _column, "E", False, num_classes=num_classes, **options)


def vgg19_bn(
    *, weights: VGG19_BN_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> VGG:
    r"""Column E with batch normalization: 143,678,248 parameters; see `VGG`."""
    return pretrained(VGG19_BN_Weights, weights, progress, _column, "E", True, num_classes=num_classes, **options)
