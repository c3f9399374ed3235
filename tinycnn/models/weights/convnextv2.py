r"""The weights of ConvNeXt V2, as timm holds them on Hugging Face.

Their names hold no hash to compare the file with. What is checked instead: that all bytes came that the server
announced, that the file's header describes exactly the bytes behind it, and that every tensor has the name and the
shape that the network expects.
"""

from __future__ import annotations

from .entry import Weights, WeightsEnum
from .imagenet import imagenet1k


def _fcmae(size: str, num_params: int, top1: float, top5: float) -> Weights:
    r"""Pretrained without labels as a masked autoencoder, then on ImageNet-1K."""
    return imagenet1k(
        f"https://huggingface.co/timm/convnextv2_{size}.fcmae_ft_in1k/resolve/main/model.safetensors",
        num_params, top1, top5, None, None,
        interpolation="bicubic",
        min_size=(32, 32),
        recipe="https://github.com/facebookresearch/ConvNeXt-V2",
        docs="Pretrained as a masked autoencoder, then trained on ImageNet-1K.",
        meta={"license": "CC-BY-NC-4.0"},
    )


# Each row: size, parameters, percent right at once and among the first five (timm's measurement at 224²).
# The licence allows no commercial use.


class ConvNeXtV2_Atto_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("atto", 3_708_400, 76.644, 93.042)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Femto_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("femto", 5_233_240, 78.476, 93.984)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Pico_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("pico", 9_066_280, 80.304, 95.082)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Nano_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("nano", 15_623_800, 81.856, 95.740)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Tiny_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("tiny", 28_635_496, 82.948, 96.286)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Base_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("base", 88_717_800, 84.890, 97.088)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Large_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("large", 197_956_840, 85.762, 97.574)
    DEFAULT = FCMAE_FT_IN1K


class ConvNeXtV2_Huge_Weights(WeightsEnum):
    FCMAE_FT_IN1K = _fcmae("huge", 660_289_640, 86.260, 97.752)
    DEFAULT = FCMAE_FT_IN1K
