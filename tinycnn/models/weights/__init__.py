r"""The official weights of the models, as enums: where each file lies and how its images were prepared."""

from __future__ import annotations

from .alexnet import AlexNet_Weights
from .convnext import (
    ConvNeXt_Base_Weights,
    ConvNeXt_Large_Weights,
    ConvNeXt_Small_Weights,
    ConvNeXt_Tiny_Weights,
)
from .convnextv2 import (
    ConvNeXtV2_Atto_Weights,
    ConvNeXtV2_Base_Weights,
    ConvNeXtV2_Femto_Weights,
    ConvNeXtV2_Huge_Weights,
    ConvNeXtV2_Large_Weights,
    ConvNeXtV2_Nano_Weights,
    ConvNeXtV2_Pico_Weights,
    ConvNeXtV2_Tiny_Weights,
)
from .efficientnet import EfficientNet_B0_Weights
from .entry import Weights, WeightsEnum, pretrained
from .imagenet import imagenet_classes
from .resnet import (
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    SEResNet50_Weights,
    Wide_ResNet50_2_Weights,
)
from .vgg import (
    VGG11_BN_Weights,
    VGG11_Weights,
    VGG13_BN_Weights,
    VGG13_Weights,
    VGG16_BN_Weights,
    VGG16_Weights,
    VGG19_BN_Weights,
    VGG19_Weights,
)

__all__ = [
    "AlexNet_Weights",
    "ConvNeXtV2_Atto_Weights",
    "ConvNeXtV2_Base_Weights",
    "ConvNeXtV2_Femto_Weights",
    "ConvNeXtV2_Huge_Weights",
    "ConvNeXtV2_Large_Weights",
    "ConvNeXtV2_Nano_Weights",
    "ConvNeXtV2_Pico_Weights",
    "ConvNeXtV2_Tiny_Weights",
    "ConvNeXt_Base_Weights",
    "ConvNeXt_Large_Weights",
    "ConvNeXt_Small_Weights",
    "ConvNeXt_Tiny_Weights",
    "EfficientNet_B0_Weights",
    "ResNeXt50_32X4D_Weights",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "SEResNet50_Weights",
    "VGG11_BN_Weights",
    "VGG11_Weights",
    "VGG13_BN_Weights",
    "VGG13_Weights",
    "VGG16_BN_Weights",
    "VGG16_Weights",
    "VGG19_BN_Weights",
    "VGG19_Weights",
    "Weights",
    "WeightsEnum",
    "Wide_ResNet50_2_Weights",
    "imagenet_classes",
    "pretrained",
]
