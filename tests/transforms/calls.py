"""The calls whose answers torchvision gave once: names, images, and what is called on either library's transforms."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

RECORDED = os.path.join(os.path.dirname(__file__), "recorded.json")


def _pixels(*shape: int) -> Any:
    """A ramp with noise on it: a picture that is neither flat nor only noise."""
    random = np.random.default_rng(sum(shape))
    ramp = np.linspace(0, 150, int(np.prod(shape[:2]))).reshape(*shape[:2], *[1] * (len(shape) - 2))
    return (ramp + random.integers(0, 106, shape)).astype("uint8")


def _palette() -> Any:
    image = Image.fromarray(_pixels(9, 7) // 16)
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768).astype("uint8").tobytes())
    return image


def pillow_images() -> dict[str, Any]:
    """One of each mode, of odd sizes."""
    return {
        "L": Image.fromarray(_pixels(11, 14)),
        "RGB": Image.fromarray(_pixels(11, 14, 3)),
        "tall": Image.fromarray(_pixels(17, 6, 3)),
        "RGBA": Image.fromarray(_pixels(8, 9, 4)),
        "1": Image.fromarray(_pixels(10, 10) > 127),
        "I": Image.fromarray(_pixels(7, 12).astype("int32") * 400),
        "F": Image.fromarray(_pixels(12, 7).astype("float32") / 7),
        "P": _palette(),
    }


def arrays() -> dict[str, Any]:
    """Images as arrays (…, C, H, W)."""
    return {
        "bytes": _pixels(13, 10, 3).transpose(2, 0, 1).copy(),
        "grey bytes": _pixels(12, 12)[None],
        "floats": (_pixels(10, 13, 3).transpose(2, 0, 1) / 255).astype("float32"),
        "doubles": _pixels(9, 9, 3).transpose(2, 0, 1) / 255,
        "batch": (_pixels(6, 8, 11).reshape(2, 3, 8, 11) / 255).astype("float32"),
    }


def digest(answer: Any) -> dict[str, Any]:
    """What is kept of an answer: dtype, shape, mean, eight pixels spread over it, and a checksum of all."""
    pixels = np.ascontiguousarray(answer)
    spread = np.linspace(0, pixels.size - 1, 8).astype(int)
    numbers = pixels.ravel()[spread].astype("float64").round(7).tolist()
    mean = round(float(pixels.mean(dtype="float64")), 7)
    return {"dtype": str(pixels.dtype), "shape": list(pixels.shape), "mean": mean, "pixels": numbers,
            "checksum": zlib.crc32(pixels.tobytes())}


Call = Callable[[Any, Any], Any]
CALLS: dict[str, tuple[str, Call]] = {}


def _add(image: str, name: str, call: Call) -> None:
    CALLS[f"{name} of {image}"] = image, call


def _with(function: str, *arguments: Any, **options: Any) -> Call:
    return lambda lib, img: getattr(lib.functional, function)(img, *arguments, **options)


def _resized(mode: str, size: Any, **options: Any) -> Call:
    return lambda lib, img: lib.functional.resize(img, size, getattr(lib.InterpolationMode, mode), **options)


for _image in ("L", "RGB", "tall", "RGBA", "1", "I", "F", "P", "bytes", "grey bytes", "floats", "doubles", "batch"):
    for _mode in ("NEAREST", "NEAREST_EXACT", "BILINEAR", "BICUBIC"):
        _add(_image, f"{_mode} to 5", _resized(_mode, 5))
    _add(_image, "BILINEAR to 16, 15", _resized("BILINEAR", (16, 15)))
    for _padding_mode in ("constant", "edge", "reflect", "symmetric"):
        _add(_image, f"pad {_padding_mode}", _with("pad", [1, 2, 3, 0], 3, _padding_mode))
    _add(_image, "crop", _with("crop", -1, 2, 6, 9))
    _add(_image, "center_crop to 4, 5", _with("center_crop", [4, 5]))
    _add(_image, "center_crop to 7, 20", _with("center_crop", (7, 20)))
    _add(_image, "hflip", _with("hflip"))
    _add(_image, "vflip", _with("vflip"))
for _image in ("L", "RGB", "1", "I", "F", "P", "RGBA"):
    _add(_image, "to_tensor", _with("to_tensor"))
    _add(_image, "pil_to_tensor", _with("pil_to_tensor"))
for _image in ("RGB", "tall"):
    for _mode in ("BOX", "HAMMING", "LANCZOS"):
        _add(_image, f"{_mode} to 5", _resized(_mode, 5))
for _image in ("bytes", "floats", "batch"):
    for _mode in ("BILINEAR", "BICUBIC"):
        _add(_image, f"{_mode} to 5, not antialiased", _resized(_mode, 5, antialias=False))
        _add(_image, f"{_mode} to 17, not antialiased", _resized(_mode, 17, antialias=False))
    _add(_image, "at most 7", _resized("BILINEAR", 6, max_size=7))
for _image in ("L", "RGB", "bytes", "grey bytes", "floats", "doubles", "batch"):
    for _what in ("brightness", "contrast", "saturation"):
        _add(_image, f"{_what} 0.6", _with(f"adjust_{_what}", 0.6))
        _add(_image, f"{_what} 1.7", _with(f"adjust_{_what}", 1.7))
    _add(_image, "hue 0.3", _with("adjust_hue", 0.3))
    _add(_image, "hue -0.45", _with("adjust_hue", -0.45))
    _add(_image, "gamma 2", _with("adjust_gamma", 2))
    _add(_image, "grey", _with("rgb_to_grayscale"))
for _image in ("RGB", "L", "bytes", "floats", "batch"):
    _add(_image, "several", lambda lib, img: lib.Compose([
        lib.Resize(9, lib.InterpolationMode.BICUBIC), lib.CenterCrop(8), lib.RandomHorizontalFlip(1.0),
        lib.RandomVerticalFlip(0.0), lib.Pad((1, 2), padding_mode="edge")])(img))  # fmt: skip
for _image in ("floats", "doubles", "batch"):
    _add(_image, "normalize", _with("normalize", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    _add(_image, "to_pil_image", lambda lib, img: lib.functional.to_pil_image(img[(0,) * (img.ndim - 3)]))
for _image in ("RGB", "tall"):
    _add(_image, "five_crop", lambda lib, img: lib.functional.five_crop(img, (3, 4))[3])
    _add(_image, "ten_crop", lambda lib, img: lib.functional.ten_crop(img, 5)[7])
for _image in ("L", "RGB", "RGBA", "1", "I", "F", "bytes", "grey bytes", "floats", "doubles", "batch"):
    for _mode in ("NEAREST", "BILINEAR"):
        _add(_image, f"rotate {_mode} by 30", lambda lib, img, mode=_mode: lib.functional.rotate(
            img, 30, getattr(lib.InterpolationMode, mode), expand=True, fill=9))  # fmt: skip
        _add(_image, f"affine {_mode}", lambda lib, img, mode=_mode: lib.functional.affine(
            img, -20, [1, -2], 1.2, [10, 5], getattr(lib.InterpolationMode, mode), [3], [4, 5]))  # fmt: skip
    _add(_image, "rotate NEAREST by -90", _with("rotate", -90, center=(3, 4)))
for _image in ("L", "RGB", "bytes", "grey bytes", "floats", "batch"):
    _add(_image, "gaussian_blur", _with("gaussian_blur", [5, 3], [1.5, 0.7]))
    _add(_image, "sharpness 0.3", _with("adjust_sharpness", 0.3))
    _add(_image, "sharpness 2.5", _with("adjust_sharpness", 2.5))
    _add(_image, "invert", _with("invert"))
    _add(_image, "solarize", _with("solarize", 0.5 if _image in ("floats", "batch") else 128))
    _add(_image, "autocontrast", _with("autocontrast"))
for _image in ("L", "RGB", "bytes", "grey bytes"):
    _add(_image, "posterize", _with("posterize", 3))
    _add(_image, "equalize", _with("equalize"))
