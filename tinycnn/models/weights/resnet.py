r"""The weights of the residual networks: V1 by the recipe of the paper, V2 by a longer one; timm's of SE-ResNet-50."""

from __future__ import annotations

from functools import partial

from .entry import WeightsEnum
from .imagenet import imagenet1k

_v1 = partial(
    imagenet1k,
    min_size=(1, 1),
    recipe="https://github.com/pytorch/vision/tree/main/references/classification#resnet",
    docs="Close to the paper's results, with a simple recipe.",
)
_v2 = partial(
    imagenet1k,
    resize_size=232,
    min_size=(1, 1),
    recipe="https://github.com/pytorch/vision/issues/3995#new-recipe",
    docs="Better than the paper's: 600 epochs, label smoothing, mixup, cutmix, averaged weights.",
)
_WIDE = "https://github.com/pytorch/vision/pull/912#issue-445437439"
_FIXRES = "https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres"

# Each row: file, parameters, percent right at once and among the first five, 10⁹ multiply-adds, MiB.


class ResNet18_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("resnet18-f37072fd.pth", 11_689_512, 69.758, 89.078, 1.814, 44.661)
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("resnet34-b627a593.pth", 21_797_672, 73.314, 91.420, 3.664, 83.275)
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("resnet50-0676ba61.pth", 25_557_032, 76.130, 92.862, 4.089, 97.781)
    IMAGENET1K_V2 = _v2(
        "resnet50-11ad3fa6.pth", 25_557_032, 80.858, 95.434, 4.089, 97.79,
        recipe="https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621",
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("resnet101-63fe2227.pth", 44_549_160, 77.374, 93.546, 7.801, 170.511)
    IMAGENET1K_V2 = _v2("resnet101-cd907fc2.pth", 44_549_160, 81.886, 95.780, 7.801, 170.53)
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("resnet152-394f9c45.pth", 60_192_808, 78.312, 94.046, 11.514, 230.434)
    IMAGENET1K_V2 = _v2("resnet152-f82ba261.pth", 60_192_808, 82.284, 96.002, 11.514, 230.474)
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1(
        "resnext50_32x4d-7cdf4587.pth", 25_028_904, 77.618, 93.698, 4.23, 95.789,
        recipe="https://github.com/pytorch/vision/tree/main/references/classification#resnext",
    )
    IMAGENET1K_V2 = _v2("resnext50_32x4d-1a0047aa.pth", 25_028_904, 81.198, 95.340, 4.23, 95.833)
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet50_2_Weights(WeightsEnum):
    IMAGENET1K_V1 = _v1("wide_resnet50_2-95faca4d.pth", 68_883_240, 78.468, 94.086, 11.398, 131.82, recipe=_WIDE)
    IMAGENET1K_V2 = _v2("wide_resnet50_2-9ba9bcbe.pth", 68_883_240, 81.602, 95.758, 11.398, 263.124, recipe=_FIXRES)
    DEFAULT = IMAGENET1K_V2


_TIMM = "https://github.com/huggingface/pytorch-image-models/releases/download/"
_timm = partial(
    imagenet1k,
    interpolation="bicubic",
    min_size=(1, 1),
    meta={"license": "apache-2.0"},
)
_rsb = partial(
    _timm,
    recipe="https://arxiv.org/abs/2110.00476",
    docs="One of the three recipes A1 (600 epochs), A2 (300) and A3 (100, at 160 pixels) of \"ResNet strikes back\".",
)


class SEResNet50_Weights(WeightsEnum):
    r"""timm's, under timm's names, with the accuracies that timm measured."""

    A1_IN1K = _rsb(
        _TIMM + "v0.1-rsb-weights/seresnet50_a1_0-ffa00869.pth", 28_088_024, 80.012, 94.704, 4.092, None,
        resize_size=235,
    )
    A2_IN1K = _rsb(
        _TIMM + "v0.1-rsb-weights/seresnet50_a2_0-850de0d9.pth", 28_088_024, 80.102, 94.720, 4.092, None,
        resize_size=235,
    )
    A3_IN1K = _rsb(
        _TIMM + "v0.1-rsb-weights/seresnet50_a3_0-317ecd56.pth", 28_088_024, 75.104, 92.096, 4.092, None,
        crop_size=160, resize_size=168,
    )
    RA2_IN1K = _timm(
        _TIMM + "v0.1-weights/seresnet50_ra_224-8efdb4bb.pth", 28_088_024, 80.260, 95.068, 4.092, None,
        recipe="https://github.com/huggingface/pytorch-image-models",
        docs="Trained with RandAugment.",
    )
    DEFAULT = A1_IN1K
