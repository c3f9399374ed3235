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
from tinycnn.transforms.random_places import (
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
)

__all__ = [
    "CenterCrop", "ColorJitter", "Compose", "ConvertImageDtype", "FiveCrop", "Grayscale", "ImageClassification",
    "InterpolationMode", "Lambda", "Normalize", "PILToTensor", "Pad", "RandomApply", "RandomChoice", "RandomCrop",
    "RandomGrayscale", "RandomHorizontalFlip", "RandomOrder", "RandomResizedCrop", "RandomVerticalFlip", "Resize",
    "TenCrop", "ToPILImage", "ToTensor", "functional",
]
