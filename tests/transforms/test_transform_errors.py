"""What the transforms refuse, and how they say so; and how they print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

import tinycnn
from tests.transforms.calls import pillow_images
from tinycnn import transforms as T
from tinycnn.errors import ArgumentError, ConfigError, DomainError, DTypeError, ShapeError
from tinycnn.transforms import functional as F

GREY, COLOUR = pillow_images()["L"], pillow_images()["RGB"]
X = tinycnn.rand(3, 6, 7)
HALF = ((0.5,) * 3, (0.5,) * 3)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: F.resize(np.zeros((4, 4, 3)), 2), ArgumentError, "ToTensor() makes a Tensor of an array (H, W, C)"),
    (lambda: F.resize("photo.jpg", 2), ArgumentError, "PIL.Image.open(path)"),
    (lambda: F.hflip((COLOUR, 3)), ArgumentError, "a pair of image and label"),
    (lambda: F.crop(tinycnn.zeros(5), 0, 0, 1, 1), ArgumentError, "at least two dimensions"),
    (lambda: F.resize(COLOUR, 2.5), ArgumentError, "int(…) or round(…)"),
    (lambda: F.resize(COLOUR, (1, 2, 3)), ArgumentError, "a sequence of 1 or 2 integers"),
    (lambda: T.Resize("256"), ArgumentError, "size must be an integer"),
    (lambda: T.CenterCrop(None), ArgumentError, "size must be an integer"),
    (lambda: T.Resize(8, "Bilinear"), ArgumentError, "InterpolationMode('bilinear')"),
    (lambda: T.Resize(8, 9), ConfigError, "from 0 to 5"),
    (lambda: F.resize(COLOUR, (4, 5), max_size=9), ConfigError, "which says both sides"),
    (lambda: F.resize(COLOUR, 8, max_size=8), ConfigError, "must be larger than the shorter side"),
    (lambda: F.resize(COLOUR, 0), ConfigError, "no pixels"),
    (lambda: F.resize(tinycnn.zeros(3, 0, 5), (2, 2)), ConfigError, "the image has no pixels"),
    (lambda: F.to_pil_image(tinycnn.zeros(0, 4, 4)), ShapeError, "one to four channels"),
    (lambda: F.resize(X, 4, T.InterpolationMode.LANCZOS), ConfigError, "but not lanczos"),
    (lambda: F.pad(X, (1, 2, 3)), ArgumentError, "a sequence of 1 or 2 or 4 integers"),
    (lambda: F.pad(X, 1, (1, 2, 3)), ArgumentError, "one number for all channels"),
    (lambda: F.pad(COLOUR, 1, (1, 2)), ConfigError, "fill has 2 numbers, but the image 3 channels"),
    (lambda: T.Pad(1, padding_mode="replicate"), ConfigError, "'edge' is torchvision's name for it"),
    (lambda: F.pad(X, 9, padding_mode="symmetric"), ShapeError, "at most the 7 pixels that are there, not 9"),
    (lambda: F.pad(X, -3, padding_mode="symmetric"), ShapeError, "leave nothing of the image"),
    (lambda: F.pad(GREY, -max(GREY.size), padding_mode="edge"), ShapeError, "leave nothing of the image"),
    (lambda: F.crop(X, 0, 0, -1, 2), ConfigError, "cannot be negative"),
    (lambda: F.five_crop(X, 9), ConfigError, "larger than the image"),
    (lambda: T.RandomCrop(9)(X), ConfigError, "pad_if_needed=True"),
    (lambda: T.RandomResizedCrop(9, scale=0.5), ArgumentError, "two numbers"),
    (lambda: T.RandomResizedCrop(9, ratio=(0, 1)), ConfigError, "above 0"),
    (lambda: T.RandomResizedCrop(9, scale=(-1, 1)), ConfigError, "above 0"),
    (lambda: F.to_tensor(X), ArgumentError, "convert_image_dtype makes it float"),
    (lambda: F.to_tensor("photo.jpg"), ArgumentError, "PIL.Image.open"),
    (lambda: F.to_tensor(np.zeros((4, 4), np.uint16)), DTypeError, "pic.astype(np.int32)"),
    (lambda: F.to_tensor(np.zeros((2, 4, 4, 3))), ShapeError, "one after the other"),
    (lambda: F.pil_to_tensor(np.zeros((4, 4, 3))), ArgumentError, "to_tensor takes arrays, too"),
    (lambda: F.pil_to_tensor(Image.new("I;16", (2, 2))), DTypeError, 'img.convert("I")'),
    (lambda: F.to_pil_image(tinycnn.zeros(2, 3, 4, 4)), ShapeError, "convert one after the other"),
    (lambda: F.to_pil_image(X, "L"), ConfigError, "have the mode 'RGB' or 'YCbCr' or 'HSV', not 'L'"),
    (lambda: F.to_pil_image(tinycnn.zeros(1, 2, 2, dtype=tinycnn.int64)), DTypeError, "int64"),
    (lambda: F.convert_image_dtype(X, tinycnn.int64), DTypeError, "overflow"),
    (lambda: F.convert_image_dtype(COLOUR), ArgumentError, "ToTensor()"),
    (lambda: F.normalize(COLOUR, *HALF), ArgumentError, "ToTensor() or PILToTensor() before this transform"),
    (lambda: F.normalize(F.pil_to_tensor(COLOUR), *HALF), DTypeError, "maps 0 … 255 to 0 … 1"),
    (lambda: F.normalize(F.to_tensor(GREY), *HALF), ShapeError, "a grey image?"),
    (lambda: F.normalize(tinycnn.zeros(4, 5, 5), *HALF), ShapeError, "a transparent image?"),
    (lambda: F.normalize(X.permute(1, 2, 0), *HALF), ShapeError, "is this H W C?"),
    (lambda: F.normalize(X[0], *HALF), ShapeError, "(…, C, H, W)"),
    (lambda: F.normalize(X, (0.5,) * 3, (0.5, 0, 0.5)), DomainError, "a standard deviation of 0"),
    (lambda: F.adjust_brightness(X, -1), ConfigError, "cannot be negative"),
    (lambda: F.adjust_contrast(X.permute(1, 2, 0), 1), ArgumentError, "is this H W C?"),
    (lambda: F.adjust_saturation(tinycnn.zeros(4, 5, 5), 1), ArgumentError, "leave the transparency away"),
    (lambda: F.adjust_hue(X, 0.6), ConfigError, "from -0.5 to 0.5"),
    (lambda: F.adjust_brightness(pillow_images()["P"], 1), ConfigError, "images of mode 'P'"),
    (lambda: F.to_grayscale(Image.new("LAB", (2, 2))), ConfigError, "images of mode 'LAB'"),
    (lambda: F.adjust_gamma(Image.new("La", (2, 2)), 1), ConfigError, "images of mode 'La'"),
    (lambda: F.rgb_to_grayscale(COLOUR, 2), ConfigError, "1 or 3"),
    (lambda: F.to_grayscale(X), ArgumentError, "rgb_to_grayscale"),
    (lambda: T.ColorJitter(-1), ConfigError, "cannot be negative"),
    (lambda: T.ColorJitter(hue=0.6), ConfigError, "hue turns a circle"),
    (lambda: T.ColorJitter(contrast=(2, 1)), ConfigError, "the smaller one first"),
    (lambda: T.ColorJitter("strong"), ArgumentError, "a number or a pair"),
    (lambda: T.Lambda(3), ArgumentError, "must be a function"),
    (lambda: F.rotate(X, "left"), ArgumentError, "a number of degrees"),
    (lambda: F.rotate(X, 9, T.InterpolationMode.BICUBIC), ConfigError, "nearest and bilinear, but not bicubic"),
    (lambda: F.rotate(COLOUR, 9, T.InterpolationMode.LANCZOS), ConfigError, "those that it knows"),
    (lambda: F.rotate(X, 9, center=(1, 2, 3)), ConfigError, "center must be a sequence of 2 numbers"),
    (lambda: F.rotate(X, 9, fill=(1, 2)), ConfigError, "fill has 2 numbers, but the image 3 channels"),
    (lambda: F.rotate(COLOUR, 9, fill=(1, 2)), ConfigError, "rotate: fill has 2 numbers, but the image 3 channels"),
    (lambda: F.affine(X, 0, (0, 0), 0, 0), ConfigError, "scale must be positive"),
    (lambda: F.affine(X, 0, 3, 1, 0), ArgumentError, "translate must be a sequence of 2 numbers"),
    (lambda: T.RandomRotation(-5), ConfigError, "it stands for angles to both sides"),
    (lambda: T.RandomAffine(5, translate=(0.1, 20)), ConfigError, "shares of the image"),
    (lambda: T.RandomAffine(5, scale=(0, 1)), ConfigError, "scale must be positive"),
    (lambda: T.RandomErasing(1.0)(COLOUR), ArgumentError, "ToTensor()"),
    (lambda: T.RandomErasing(1.0, value=(1, 2))(X), ConfigError, "one number for all channels, or one for each"),
    (lambda: T.RandomErasing(value="noise"), ConfigError, "'random'"),
    (lambda: T.RandomErasing(value=None), ArgumentError, "value must be a number"),
    (lambda: T.RandomErasing(2), ConfigError, "p must be a probability"),
    (lambda: T.RandomErasing(scale=(0.1, 2)), ConfigError, "from 0 to 1"),
    (lambda: T.RandomErasing(ratio=(0, 2)), ConfigError, "above 0"),
    (lambda: F.gaussian_blur(X, 4), ConfigError, "odd and positive, so that there is a middle"),
    (lambda: F.gaussian_blur(X, 3, 0.0), ConfigError, "sigma must be positive"),
    (lambda: F.gaussian_blur(X, 3, "much"), ArgumentError, "sigma must be a number"),
    (lambda: T.GaussianBlur(3, (2, 1)), ConfigError, "the smaller one first"),
    (lambda: F.posterize(X, 3), DTypeError, "convert_image_dtype(img, tinycnn.uint8)"),
    (lambda: F.posterize(COLOUR, 9), ConfigError, "from 1 to 8"),
    (lambda: F.posterize(COLOUR, 0), ConfigError, "from 1 to 8, not 0"),
    (lambda: F.posterize(X, -1), ConfigError, "from 0 to 8"),
    (lambda: F.posterize(COLOUR, 3.0), ArgumentError, "bits must be an int, not 3.0"),
    (lambda: F.gaussian_blur(COLOUR.convert("P"), 3), ConfigError, 'img.convert("RGB")'),
    (lambda: F.solarize(X, 128), ConfigError, "at most 1, which is white here"),
    (lambda: F.equalize(X), DTypeError, "only bytes have such tones"),
    (lambda: F.invert(X[0]), ArgumentError, "a Tensor (…, C, H, W)"),
    (lambda: F.autocontrast(pillow_images()["RGBA"]), ConfigError, "images of mode 'RGBA'"),
    (lambda: T.RandomPerspective, AttributeError, "no RandomPerspective; it has RandomAffine"),
    (lambda: T.RandAugment, AttributeError, "RandomPosterize"),
    (lambda: T.v2, AttributeError, "which take tensors and batches"),
    (lambda: T.Rezise, AttributeError, "has no attribute 'Rezise'"),
    (lambda: T.RandomOrder(T.Pad(1)), ArgumentError, "must be a sequence"),
    (lambda: T.Compose(T.Pad(1)), ArgumentError, "one alone goes into a list, too: Compose([Pad(…)])"),
    (lambda: T.RandomApply(T.Pad(1)), ArgumentError, "must be a sequence"),
    (lambda: T.RandomChoice([T.Pad(1)], p=[0]), ConfigError, "as many weights"),
    (lambda: T.RandomChoice([T.Pad(1)], p=1), ArgumentError, "p must be a sequence"),
])  # fmt: skip
def test_mistakes_are_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert words in str(caught.value)


def test_pillow_is_always_antialiased() -> None:
    with pytest.warns(UserWarning, match="antialias=False changes nothing"):
        F.resize(COLOUR, 5, antialias=False)


def test_limits_in_the_wrong_order_are_noticed() -> None:
    with pytest.warns(UserWarning, match="smallest, largest"):
        T.RandomResizedCrop(5, scale=(1.0, 0.5))


@pytest.mark.parametrize(("transform", "text"), [
    (T.Resize(256), "Resize(size=256, interpolation=bilinear, max_size=None, antialias=True)"),
    (T.Resize([8, 9], 3), "Resize(size=[8, 9], interpolation=bicubic, max_size=None, antialias=True)"),
    (T.CenterCrop(224), "CenterCrop(size=(224, 224))"),
    (T.CenterCrop([3, 4]), "CenterCrop(size=[3, 4])"),
    (T.RandomCrop(32, padding=4), "RandomCrop(size=(32, 32), padding=4)"),
    (T.RandomResizedCrop(224), "RandomResizedCrop(size=(224, 224), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
                               "interpolation=bilinear, antialias=True)"),
    (T.RandomHorizontalFlip(), "RandomHorizontalFlip(p=0.5)"),
    (T.RandomVerticalFlip(0.1), "RandomVerticalFlip(p=0.1)"),
    (T.ColorJitter(0.4, hue=(-0.1, 0.2)),
     "ColorJitter(brightness=(0.6, 1.4), contrast=None, saturation=None, hue=(-0.1, 0.2))"),
    (T.Pad((1, 2), 3, "edge"), "Pad(padding=(1, 2), fill=3, padding_mode=edge)"),
    (T.ToTensor(), "ToTensor()"),
    (T.PILToTensor(), "PILToTensor()"),
    (T.ConvertImageDtype(tinycnn.float32), "ConvertImageDtype()"),
    (T.ToPILImage(), "ToPILImage()"),
    (T.ToPILImage("L"), "ToPILImage(mode=L)"),
    (T.Normalize([0.5], (0.2,)), "Normalize(mean=[0.5], std=(0.2,))"),
    (T.Grayscale(3), "Grayscale(num_output_channels=3)"),
    (T.RandomGrayscale(), "RandomGrayscale(p=0.1)"),
    (T.RandomRotation((1, 2), center=(1, 2), fill=3, expand=True),
     "RandomRotation(degrees=[1.0, 2.0], interpolation=nearest, expand=True, center=(1, 2), fill=3)"),
    (T.RandomAffine(5), "RandomAffine(degrees=[-5.0, 5.0])"),
    (T.RandomAffine(5, (.1, .2), (.5, 1), (1, 2, 3, 4), 2, 3, (4, 5)),
     "RandomAffine(degrees=[-5.0, 5.0], translate=(0.1, 0.2), scale=(0.5, 1), shear=[1.0, 2.0, 3.0, 4.0], "
     "interpolation=bilinear, fill=3, center=(4, 5))"),
    (T.RandomErasing(), "RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)"),
    (T.GaussianBlur(3), "GaussianBlur(kernel_size=(3, 3), sigma=(0.1, 2.0))"),
    (T.RandomPosterize(2), "RandomPosterize(bits=2,p=0.5)"),
    (T.RandomInvert(), "RandomInvert(p=0.5)"),
    (T.Lambda(abs), "Lambda()"),
    (T.FiveCrop(3), "FiveCrop(size=(3, 3))"),
    (T.TenCrop((3, 4)), "TenCrop(size=(3, 4), vertical_flip=False)"),
    (T.Compose([T.ToTensor(), T.Grayscale()]), "Compose(\n    ToTensor()\n    Grayscale(num_output_channels=1)\n)"),
    (T.RandomApply([T.ToTensor()], 0.3), "RandomApply(\n    p=0.3\n    ToTensor()\n)"),
    (T.RandomChoice([T.ToTensor()]), "RandomChoice(\n    ToTensor()\n)(p=None)"),
    (T.RandomOrder([T.ToTensor()]), "RandomOrder(\n    ToTensor()\n)"),
    (T.ImageClassification(crop_size=224, resize_size=232),
     "ImageClassification(\n    crop_size=[224]\n    resize_size=[232]\n    mean=[0.485, 0.456, 0.406]\n"
     "    std=[0.229, 0.224, 0.225]\n    interpolation=InterpolationMode.BILINEAR\n)"),
])  # fmt: skip
def test_they_print_as_torchvisions_do(transform: Any, text: str) -> None:
    assert repr(transform) == text
