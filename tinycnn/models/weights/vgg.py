r"""The weights of the VGG networks, with and without batch normalization."""

from __future__ import annotations

from functools import partial

from .entry import WeightsEnum
from .imagenet import imagenet1k

_vgg = partial(
    imagenet1k,
    min_size=(32, 32),
    recipe="https://github.com/pytorch/vision/tree/main/references/classification#alexnet-and-vgg",
    docs="Trained from scratch, with a simpler recipe than the paper's.",
)

# Each row: file, parameters, percent right at once and among the first five, 10⁹ multiply-adds, MiB.


class VGG11_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg11-8a719046.pth", 132_863_336, 69.020, 88.628, 7.609, 506.84)
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg11_bn-6002323d.pth", 132_868_840, 70.370, 89.810, 7.609, 506.881)
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg13-19584684.pth", 133_047_848, 69.928, 89.246, 11.308, 507.545)
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg13_bn-abd245e5.pth", 133_053_736, 71.586, 90.374, 11.308, 507.59)
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    r"""``IMAGENET1K_FEATURES`` are the paper's own convolutions; its linear layers are NaN, so it tells no classes."""

    IMAGENET1K_V1 = _vgg("vgg16-397923af.pth", 138_357_544, 71.592, 90.382, 15.47, 527.796)
    IMAGENET1K_FEATURES = _vgg(
        "vgg16_features-amdegroot-88682ab5.pth", 138_357_544, float("nan"), float("nan"), 15.47, 527.802,
        mean=(0.48235, 0.45882, 0.40784), std=(1.0 / 255.0, 1.0 / 255.0, 1.0 / 255.0),
        categories=False,
        recipe="https://github.com/amdegroot/ssd.pytorch#training-ssd",
        docs="The layers under `features` alone, for images standardized as in the paper; `classifier` holds NaN.",
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg16_bn-6c64b313.pth", 138_365_992, 73.360, 91.516, 15.47, 527.866)
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg19-dcbb9e9d.pth", 143_667_240, 72.376, 90.876, 19.632, 548.051)
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    IMAGENET1K_V1 = _vgg("vgg19_bn-c79401a0.pth", 143_678_248, 74.218, 91.842, 19.632, 548.143)
    DEFAULT = IMAGENET1K_V1
