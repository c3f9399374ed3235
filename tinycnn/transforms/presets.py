r"""The whole preprocessing of a network in one transform; weights name the sizes they were trained with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.functional import InterpolationMode

__all__ = ["ImageClassification"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # of the red, green and blue of ImageNet's training images, in [0, 1]
IMAGENET_STD = (0.229, 0.224, 0.225)


class ImageClassification(Module):
    r"""The shorter side to `resize_size`, the middle of it, numbers in [0, 1], and those normalized.

    Parameters
    ----------
    crop_size : int                              side of the square that the network sees
    resize_size : int
    mean, std : sequence of float                of each channel
    interpolation : InterpolationMode
    antialias : bool

    Examples
    --------
    >>> import tinycnn
    >>> preprocess = ImageClassification(crop_size=224)
    >>> preprocess(tinycnn.zeros(3, 300, 400, dtype=tinycnn.uint8)).shape
    tinycnn.Size([3, 224, 224])
    """

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        r"""(C, crop_size, crop_size) of a Pillow image; of a Tensor (…, C, H, W) the same with its first axes."""
        img = F.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        img = F.center_crop(img, self.crop_size)
        if not isinstance(img, Tensor):
            img = F.pil_to_tensor(img)
        img = F.convert_image_dtype(img)
        return F.normalize(img, mean=self.mean, std=self.std)

    def __repr__(self) -> str:
        names = ("crop_size", "resize_size", "mean", "std", "interpolation")
        return "".join([f"{type(self).__name__}(", *(f"\n    {name}={getattr(self, name)}" for name in names), "\n)"])

    def describe(self) -> str:
        r"""What it does, in words."""
        return (
            f"Takes Pillow images, Tensors (C, H, W) and batches (B, C, H, W). Resizes the shorter side to "
            f"{self.resize_size[0]} ({self.interpolation.value}), takes the middle {self.crop_size[0]} × "
            f"{self.crop_size[0]} pixels, rescales them to [0, 1] and normalizes them with mean={self.mean} and "
            f"std={self.std}."
        )
