r"""Brightness, contrast, saturation, hue, and greys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.ops.choice import where
from tinycnn.ops.copying import clone
from tinycnn.ops.joining import stack
from tinycnn.transforms.functional.conversion import convert_image_dtype, largest
from tinycnn.transforms.functional.description import expect_channels, expect_image, is_pillow

__all__ = [
    "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "rgb_to_grayscale",
    "to_grayscale",
]

_GREYS = (0.2989, 0.587, 0.114)  # of red, green and blue, as the eye sees them


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    r"""How bright each pixel is: 0.2989 R + 0.587 G + 0.114 B; once, or three times as red, green and blue.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 3 or 1, H, W)
    num_output_channels : int      1 or 3

    References
    ----------
    Recommendation ITU-R BT.601, luma.
    """
    if num_output_channels not in (1, 3):
        raise ConfigError(f"rgb_to_grayscale: num_output_channels must be 1 or 3, not {num_output_channels}")
    if is_pillow(img):
        from PIL import Image

        grey = of_mode("rgb_to_grayscale", img, lambda: img.convert("L"))
        return grey if num_output_channels == 1 else Image.merge("RGB", (grey, grey, grey))
    x = expect_image("rgb_to_grayscale", img)
    if x.array.ndim < 3:
        raise ArgumentError(f"rgb_to_grayscale: expected a Tensor (…, C, H, W), but its shape is {x.array.shape}")
    if expect_channels("rgb_to_grayscale", x) == 3:
        red, green, blue = x.unbind(-3)
        r, g, b = _GREYS
        grey = (r * red + g * green + b * blue).to(x.array.dtype).unsqueeze(-3)
    else:
        grey = clone(x)
    return grey if num_output_channels == 1 else grey.expand(*x.array.shape[:-3], 3, *x.array.shape[-2:])


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    r"""`rgb_to_grayscale` of a Pillow image, whatever its mode."""
    if not is_pillow(img):
        raise ArgumentError(f"to_grayscale: img must be a Pillow image, not {type(img).__name__}; "
                            "rgb_to_grayscale takes tensors, too")
    return rgb_to_grayscale(img, num_output_channels)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    r"""Every pixel times the factor: 0 is black, 1 the image itself.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)
    brightness_factor : float, at least 0

    Raises
    ------
    ArgumentError    neither 1 nor 3 channels
    ConfigError      the factor is negative, or Pillow has no such operation for the mode of the image
    """
    if is_pillow(img):
        return enhanced("adjust_brightness", img, "Brightness", brightness_factor)
    x = adjustable("adjust_brightness", img, brightness_factor=brightness_factor)
    return blend(x, 0 * x, brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    r"""Every pixel's difference from the image's mean grey times the factor: 0 is that grey, 1 the image itself.

    Parameters and errors as for `adjust_brightness`.
    """
    if is_pillow(img):
        return enhanced("adjust_contrast", img, "Contrast", contrast_factor)
    x = adjustable("adjust_contrast", img, contrast_factor=contrast_factor)
    grey = rgb_to_grayscale(x) if expect_channels("adjust_contrast", x) == 3 else x
    kind = x.array.dtype if x.array.dtype.kind == "f" else dtypes.float32
    axes = (-3, -2, -1) if x.array.ndim > 2 else (-2, -1)
    return blend(x, grey.to(kind).mean(axes, keepdim=True), contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    r"""Every pixel's difference from its own grey times the factor: 0 is a grey image, 1 the image itself.

    Parameters and errors as for `adjust_brightness`. Grey images stay as they are.
    """
    if is_pillow(img):
        return enhanced("adjust_saturation", img, "Color", saturation_factor)
    x = adjustable("adjust_saturation", img, saturation_factor=saturation_factor)
    if expect_channels("adjust_saturation", x) == 1:
        return x
    return blend(x, rgb_to_grayscale(x), saturation_factor)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    r"""gain · x^γ of the numbers x in [0, 1]: γ > 1 darkens the shadows, γ < 1 lightens them.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)
    gamma : float, at least 0
    gain : float
    """
    if gamma < 0:
        raise ConfigError(f"adjust_gamma: gamma cannot be negative, but is {gamma}")
    if is_pillow(img):
        table = [int((256 - 1e-3) * gain * (byte / 255) ** gamma) for byte in range(256)]
        return of_mode("adjust_gamma", img, lambda: img.convert("RGB").point(table * 3).convert(img.mode))
    x = adjustable("adjust_gamma", img)
    y = x if x.array.dtype.kind == "f" else convert_image_dtype(x)
    return convert_image_dtype((gain * y.pow(gamma)).clamp(0, 1), x.array.dtype)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    r"""All colours moved along the rainbow, which is a circle: ½ and −½ turn them into their opposites.

    The image becomes hue, saturation and value, the factor is added to the hue, modulo 1, and back.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)
        Its numbers not negative. Grey images stay as they are.
    hue_factor : float, from −½ to ½

    Raises
    ------
    ArgumentError    neither 1 nor 3 channels
    ConfigError      the factor is out of range, or Pillow has no such operation for the mode of the image
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ConfigError(f"adjust_hue: hue_factor must be from -0.5 to 0.5, but is {hue_factor}")
    if is_pillow(img):
        return _turned(img, hue_factor)
    x = expect_image("adjust_hue", img)
    if expect_channels("adjust_hue", x) == 1:
        return x
    hue, saturation, value = _to_hsv(convert_image_dtype(x))
    turned = _to_rgb((hue + hue_factor) % 1.0, saturation, value)
    return convert_image_dtype(turned, x.array.dtype)


# Tensors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def adjustable(op: str, img: Any, **factor: float) -> Tensor:
    for name, number in factor.items():
        if number < 0:
            raise ConfigError(f"{op}: {name} cannot be negative, but is {number}")
    x = expect_image(op, img)
    expect_channels(op, x)
    return x


def blend(x: Tensor, y: Tensor, ratio: float) -> Tensor:
    r"""ratio · x + (1 − ratio) · y, kept between black and white."""
    mixed = float(ratio) * x + (1.0 - float(ratio)) * y
    result: Tensor = mixed.clamp(0, largest(x.array.dtype)).to(x.array.dtype)
    return result


def _to_hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""Hue, saturation and value of red, green and blue.

    With V the largest of the three, m the smallest and Δ = V − m, S = Δ/V; H is a sixth of 0, 2 or 4 for red, green or
    blue, whichever is the largest, and of the difference of the other two by Δ.
    """
    red, green, blue = x.unbind(-3)
    value, least = x.amax(-3), x.amin(-3)
    grey = value == least                                    # Δ = 0: no hue, no saturation
    delta = value - least
    divisor = where(grey, 1.0, delta)
    r, g, b = ((value - channel) / divisor for channel in (red, green, blue))
    sixths = where(value == red, b - g, where(value == green, 2.0 + r - b, 4.0 + g - r))
    return (sixths / 6.0 + 1.0).fmod(1.0), delta / where(grey, 1.0, value), value


_SECTORS = np.array([   # which of v, q, p, t red, green and blue are, in each sixth of the circle
    [0, 1, 2, 2, 3, 0],
    [3, 0, 0, 1, 2, 2],
    [2, 2, 3, 0, 0, 1],
])


def _to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    r"""Back: with H = (i + f)/6, a colour is V, p = V(1 − S), up t = V(1 − S(1 − f)) or down q = V(1 − Sf)."""
    sector = (hue * 6.0).floor()
    f = hue * 6.0 - sector
    p = (value * (1.0 - saturation)).clamp(0, 1)
    q = (value * (1.0 - saturation * f)).clamp(0, 1)
    t = (value * (1.0 - saturation * (1.0 - f))).clamp(0, 1)
    i = sector.long() % 6
    chosen = stack([Tensor.wrap(i.backend.asarray(row))[i] for row in _SECTORS], -3)
    return stack((value, q, p, t), -3).gather(-3, chosen)


# Pillow ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def enhanced(op: str, img: Any, what: str, factor: float) -> Any:
    from PIL import ImageEnhance

    return of_mode(op, img, lambda: getattr(ImageEnhance, what)(img).enhance(factor))


def _turned(img: Any, hue_factor: float) -> Any:
    if img.mode in ("L", "1", "I", "F"):
        return img
    from PIL import Image

    step = np.int32(hue_factor * 255).astype(np.uint8)  # of the 256 on Pillow's circle; −1 is 255
    hue, saturation, value = of_mode("adjust_hue", img, lambda: img.convert("HSV").split())
    turned = Image.fromarray(np.asarray(hue) + step)
    return of_mode("adjust_hue", img, lambda: Image.merge("HSV", (turned, saturation, value)).convert(img.mode))


def of_mode(op: str, img: Any, compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except (ValueError, OSError, NotImplementedError) as error:
        raise ConfigError(explain(f"{op}: Pillow does not do that with images of mode {img.mode!r}: {error}",
                                  hint='img.convert("RGB") makes it an image of red, green and blue')) from error
