r"""The weights of ConvNeXt."""

from __future__ import annotations

from functools import partial

from .entry import WeightsEnum
from .imagenet import imagenet1k

_convnext = partial(
    imagenet1k,
    min_size=(32, 32),
    recipe="https://github.com/pytorch/vision/tree/main/references/classification#convnext",
    docs="Better than the paper's, with a variant of the long recipe of ResNet's V2.",
)

# Each row: file, parameters, percent right at once and among the first five, 10⁹ multiply-adds, MiB.


class ConvNeXt_Tiny_Weights(WeightsEnum):
    IMAGENET1K_V1 = _convnext(
        "convnext_tiny-983f1562.pth", 28_589_128, 82.520, 96.146, 4.456, 109.119, resize_size=236,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Small_Weights(WeightsEnum):
    IMAGENET1K_V1 = _convnext(
        "convnext_small-0c510722.pth", 50_223_688, 83.616, 96.650, 8.684, 191.703, resize_size=230,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Base_Weights(WeightsEnum):
    IMAGENET1K_V1 = _convnext(
        "convnext_base-6075fbad.pth", 88_591_464, 84.062, 96.870, 15.355, 338.064, resize_size=232,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Large_Weights(WeightsEnum):
    IMAGENET1K_V1 = _convnext(
        "convnext_large-ea097f82.pth", 197_767_336, 84.414, 96.976, 34.361, 754.537, resize_size=232,
    )
    DEFAULT = IMAGENET1K_V1
