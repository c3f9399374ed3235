r"""What the transforms do, as functions: of Pillow images and of Tensors (…, C, H, W), with torchvision's names."""

from __future__ import annotations

from tinycnn.transforms.functional.blurring import adjust_sharpness, gaussian_blur
from tinycnn.transforms.functional.borders import pad
from tinycnn.transforms.functional.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    rgb_to_grayscale,
    to_grayscale,
)
from tinycnn.transforms.functional.conversion import (
    convert_image_dtype,
    normalize,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from tinycnn.transforms.functional.cropping import center_crop, crop, five_crop, hflip, ten_crop, vflip
from tinycnn.transforms.functional.description import get_dimensions, get_image_num_channels, get_image_size
from tinycnn.transforms.functional.erasing import erase
from tinycnn.transforms.functional.interpolation import InterpolationMode
from tinycnn.transforms.functional.resampling import resize, resized_crop
from tinycnn.transforms.functional.tones import autocontrast, equalize, invert, posterize, solarize
from tinycnn.transforms.functional.warping import affine, rotate

__all__ = [
    "InterpolationMode", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation",
    "adjust_sharpness", "affine", "autocontrast", "center_crop", "convert_image_dtype", "crop", "equalize", "erase",
    "five_crop", "gaussian_blur", "get_dimensions", "get_image_num_channels", "get_image_size", "hflip", "invert",
    "normalize", "pad", "pil_to_tensor", "posterize", "resize", "resized_crop", "rgb_to_grayscale", "rotate",
    "solarize", "ten_crop", "to_grayscale", "to_pil_image", "to_tensor", "vflip",
]
