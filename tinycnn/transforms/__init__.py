r"""What happens to an image before a network sees it, with torchvision's names.

    preprocess = transforms.Compose([
        transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
        transforms.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    ])

Each transform takes Pillow images and, but for the conversions, Tensors (…, C, H, W), of one image or of a batch, which
then is changed as one. What they do lies in `transforms.functional`. What is drawn at random comes from the default
generator, so `tinycnn.manual_seed` makes it come again.
"""

from __future__ import annotations

from typing import Any

from tinycnn.transforms import functional
from tinycnn.transforms.composition import Compose, Lambda, RandomApply, RandomChoice, RandomOrder
from tinycnn.transforms.fixed import (
    CenterCrop,
    ConvertImageDtype,
    FiveCrop,
    Normalize,
    Pad,
    PILToTensor,
    Resize,
    TenCrop,
    ToPILImage,
    ToTensor,
)
from tinycnn.transforms.functional import InterpolationMode
from tinycnn.transforms.presets import ImageClassification
from tinycnn.transforms.random_colours import ColorJitter, Grayscale, RandomGrayscale
from tinycnn.transforms.random_holes import RandomErasing
from tinycnn.transforms.random_places import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
)
from tinycnn.transforms.random_tones import (
    GaussianBlur,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from tinycnn.transforms.random_warps import RandomAffine, RandomRotation

__all__ = [
    "CenterCrop", "ColorJitter", "Compose", "ConvertImageDtype", "FiveCrop", "GaussianBlur", "Grayscale",
    "ImageClassification", "InterpolationMode", "Lambda", "Normalize", "PILToTensor", "Pad",
    "RandomAdjustSharpness", "RandomAffine", "RandomApply", "RandomAutocontrast", "RandomChoice", "RandomCrop",
    "RandomEqualize", "RandomErasing", "RandomGrayscale", "RandomHorizontalFlip", "RandomInvert", "RandomOrder",
    "RandomPosterize", "RandomResizedCrop", "RandomRotation", "RandomSolarize", "RandomVerticalFlip", "Resize",
    "TenCrop", "ToPILImage", "ToTensor", "functional",
]

_MIXTURE = "RandomChoice([…]) of RandomRotation, ColorJitter, RandomPosterize, RandomEqualize and others"
_ELSEWHERE = {  # torchvision's others, and what comes closest
    "RandomPerspective": "RandomAffine(…, shear=…)",
    "ElasticTransform": "RandomAffine(…, shear=…)",
    "AutoAugment": _MIXTURE, "RandAugment": _MIXTURE, "TrivialAugmentWide": _MIXTURE, "AugMix": _MIXTURE,
    "LinearTransformation": "Normalize, or Lambda(…) with a matrix product",
    "v2": "the transforms in tinycnn.transforms, which take tensors and batches, too",
}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        raise AttributeError(f"tinycnn.transforms has no {name}; it has {_ELSEWHERE[name]}")
    raise AttributeError(f"module 'tinycnn.transforms' has no attribute {name!r}")
