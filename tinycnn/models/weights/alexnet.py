r"""The weights of AlexNet."""

from __future__ import annotations

from .entry import WeightsEnum
from .imagenet import imagenet1k


class AlexNet_Weights(WeightsEnum):
    r"""AlexNet in one tower, trained on ImageNet."""

    IMAGENET1K_V1 = imagenet1k(
        "alexnet-owt-7be5be79.pth", 61_100_840, 56.522, 79.066, 0.714, 233.087,
        min_size=(63, 63),
        recipe="https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
        docs="Close to the paper's results, with a simpler recipe.",
    )
    DEFAULT = IMAGENET1K_V1
