r"""The weights of EfficientNet."""

from __future__ import annotations

from .entry import WeightsEnum
from .imagenet import imagenet1k


class EfficientNet_B0_Weights(WeightsEnum):
    r"""Those of the paper, by way of timm; photographs are resized bicubically."""

    IMAGENET1K_V1 = imagenet1k(
        "efficientnet_b0_rwightman-7f5810bc.pth", 5_288_548, 77.692, 93.532, 0.386, 20.451,
        interpolation="bicubic",
        min_size=(1, 1),
        recipe="https://github.com/pytorch/vision/tree/main/references/classification#efficientnet-v1",
        docs="The paper's own.",
    )
    DEFAULT = IMAGENET1K_V1
