r"""ResNet, ResNeXt and Wide ResNet for photographs, those with squeeze-and-excitation, those without shortcuts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.models.residual import (
    BasicBlock,
    Bottleneck,
    Norm,
    PlainBlock,
    SEBasicBlock,
    SEBottleneck,
    initialize,
    projection,
)
from tinycnn.models.weights.entry import pretrained
from tinycnn.models.weights.resnet import (
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    SEResNet50_Weights,
    Wide_ResNet50_2_Weights,
)


class ResNet(nn.Module):
    r"""A stem, four stages of residual blocks, the mean over all positions, and one linear layer.

    The layers, and the shape of what leaves them for an image of 3 × 224 × 224, E being the block's expansion:

        conv1     64 kernels of 7×7, stride 2      64 × 112 × 112
        maxpool   3×3, stride 2                    64 ×  56 ×  56
        layer1    layers[0] blocks                64E ×  56 ×  56
        layer2    layers[1] blocks               128E ×  28 ×  28
        layer3    layers[2] blocks               256E ×  14 ×  14
        layer4    layers[3] blocks               512E ×   7 ×   7
        avgpool, fc                              512E, 1000 logits

    Parameters
    ----------
    block : type
        `BasicBlock`, `Bottleneck`, `SEBasicBlock`, `SEBottleneck`, `PlainBlock`, or a class with their ``expansion``
        and constructor.
    layers : sequence of four int
        How many blocks in each stage; 3, 4, 6, 3 bottlenecks make ResNet-50.
    num_classes : int
        How many logits.
    zero_init_residual : bool
        Start the last normalization of each block with γ = 0, so that every block begins as ReLU(P(x)).
    groups, width_per_group : int
        Of the 3×3 convolutions in bottlenecks, the width being that of the first stage.
    replace_stride_with_dilation : three bool, or None
        Whether the last three stages keep the size of the map and spread their kernels instead of halving it.
    norm_layer : callable or None
        Makes a normalization for so many channels; None: `nn.BatchNorm2d`.

    References
    ----------
    He, Zhang, Ren, Sun (2016), "Deep residual learning for image recognition", table 1.
    """

    def __init__(
        self,
        block: type[Any],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        dilate = (False, False, False) if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilate) != 3 or len(layers) != 4:
            raise ConfigError(explain(
                "ResNet: it has four stages, the last three of which may be dilated",
                {"layers": layers, "replace_stride_with_dilation": replace_stride_with_dilation},
                "SmallResNet takes any number of stages",
            ))
        self.inplanes, self.dilation = 64, 1  # of what the stages so far leave
        self.groups, self.base_width = groups, width_per_group
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(block, 64, layers[0])
        self.layer2 = self._stage(block, 128, layers[1], stride=2, dilate=dilate[0])
        self.layer3 = self._stage(block, 256, layers[2], stride=2, dilate=dilate[1])
        self.layer4 = self._stage(block, 512, layers[3], stride=2, dilate=dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        initialize(self, zero_init_residual)

    def _stage(
        self, block: type[Any], planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        entering, downsample = self.dilation, None
        if dilate:  # no step of two pixels, but from the second block on kernels that are twice as wide
            self.dilation, stride = self.dilation * stride, 1
        outplanes = planes * block.expansion
        if stride != 1 or self.inplanes != outplanes:
            downsample = projection(self.inplanes, outplanes, stride, self._norm_layer)
        first = block(
            self.inplanes, planes, stride, downsample, self.groups, self.base_width, entering, self._norm_layer
        )
        self.inplanes = outplanes
        others = [
            block(outplanes, planes, 1, None, self.groups, self.base_width, self.dilation, self._norm_layer)
            for _ in range(1, blocks)
        ]
        return nn.Sequential(first, *others)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        logits: Tensor = self.fc(self.avgpool(x).flatten(1))
        return logits


def resnet18(
    *, weights: ResNet18_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""2, 2, 2 and 2 basic blocks: 11,689,512 parameters; `ResNet` says which options there are."""
    return pretrained(
        ResNet18_Weights, weights, progress, ResNet, BasicBlock, (2, 2, 2, 2), num_classes=num_classes, **options
    )


def resnet34(
    *, weights: ResNet34_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""3, 4, 6 and 3 basic blocks: 21,797,672 parameters; `ResNet` says which options there are."""
    return pretrained(
        ResNet34_Weights, weights, progress, ResNet, BasicBlock, (3, 4, 6, 3), num_classes=num_classes, **options
    )


def resnet50(
    *, weights: ResNet50_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""3, 4, 6 and 3 bottlenecks: 25,557,032 parameters; `ResNet` says which options there are."""
    return pretrained(
        ResNet50_Weights, weights, progress, ResNet, Bottleneck, (3, 4, 6, 3), num_classes=num_classes, **options
    )


def resnet101(
    *, weights: ResNet101_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""3, 4, 23 and 3 bottlenecks: 44,549,160 parameters; `ResNet` says which options there are."""
    return pretrained(
        ResNet101_Weights, weights, progress, ResNet, Bottleneck, (3, 4, 23, 3), num_classes=num_classes, **options
    )


def resnet152(
    *, weights: ResNet152_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""3, 8, 36 and 3 bottlenecks: 60,192,808 parameters; `ResNet` says which options there are."""
    return pretrained(
        ResNet152_Weights, weights, progress, ResNet, Bottleneck, (3, 8, 36, 3), num_classes=num_classes, **options
    )


def _fixed(name: str, options: dict[str, Any], **own: int) -> dict[str, Any]:
    r"""The options, and beside them the network's own, which may be given but not changed."""
    for option, value in own.items():
        if options.get(option, value) != value:
            raise ConfigError(explain(
                f"{name} is the network with {option}={value}", {"given": f"{option}={options[option]!r}"},
                "ResNet(Bottleneck, (3, 4, 6, 3), groups=…, width_per_group=…) makes others",
            ))
    return {**options, **own}


def resnext50_32x4d(
    *, weights: ResNeXt50_32X4D_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ResNet:
    r"""ResNet-50 whose 3×3 convolutions have 32 groups, of 4 channels at first: 25,028,904 parameters; see `ResNet`."""
    return pretrained(
        ResNeXt50_32X4D_Weights, weights, progress, ResNet, Bottleneck, (3, 4, 6, 3),
        num_classes=num_classes, **_fixed("resnext50_32x4d", options, groups=32, width_per_group=4),
    )


def wide_resnet50_2(
    *, weights: Wide_ResNet50_2_Weights | str | None = None, progress: bool = True, num_classes: int = 1000,
    **options: Any,
) -> ResNet:
    r"""ResNet-50 whose 3×3 convolutions are twice as wide: 68,883,240 parameters; see `ResNet`."""
    return pretrained(
        Wide_ResNet50_2_Weights, weights, progress, ResNet, Bottleneck, (3, 4, 6, 3),
        num_classes=num_classes, **_fixed("wide_resnet50_2", options, width_per_group=128),
    )


def plain18(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""`resnet18` without shortcuts: 11,515,688 parameters; see `ResNet`. No weights are published."""
    return pretrained(None, weights, progress, ResNet, PlainBlock, (2, 2, 2, 2), num_classes=num_classes, **options)


def plain34(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""`resnet34` without shortcuts: 21,623,848 parameters; see `ResNet`. No weights are published."""
    return pretrained(None, weights, progress, ResNet, PlainBlock, (3, 4, 6, 3), num_classes=num_classes, **options)


def se_resnet18(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""ResNet-18 with squeeze-and-excitation: 11,779,624 parameters; see `ResNet`."""
    options.setdefault("zero_init_residual", True)
    return pretrained(None, weights, progress, ResNet, SEBasicBlock, (2, 2, 2, 2), num_classes=num_classes, **options)


def se_resnet34(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""ResNet-34 with squeeze-and-excitation: 21,960,416 parameters; see `ResNet`."""
    options.setdefault("zero_init_residual", True)
    return pretrained(None, weights, progress, ResNet, SEBasicBlock, (3, 4, 6, 3), num_classes=num_classes, **options)


def se_resnet50(
    *, weights: SEResNet50_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""ResNet-50 with squeeze-and-excitation: 28,088,024 parameters; see `ResNet`."""
    options.setdefault("zero_init_residual", True)
    return pretrained(
        SEResNet50_Weights, weights, progress, ResNet, SEBottleneck, (3, 4, 6, 3), num_classes=num_classes, **options
    )


def se_resnet101(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""ResNet-101 with squeeze-and-excitation: 49,326,872 parameters; see `ResNet`."""
    options.setdefault("zero_init_residual", True)
    return pretrained(None, weights, progress, ResNet, SEBottleneck, (3, 4, 23, 3), num_classes=num_classes, **options)


def se_resnet152(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> ResNet:
    r"""ResNet-152 with squeeze-and-excitation: 66,821,848 parameters; see `ResNet`."""
    options.setdefault("zero_init_residual", True)
    return pretrained(None, weights, progress, ResNet, SEBottleneck, (3, 8, 36, 3), num_classes=num_classes, **options)
