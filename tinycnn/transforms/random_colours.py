r"""Transforms by chance: the light an image was taken in, and whether it has colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn import random
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.chance import uniform

__all__ = ["ColorJitter", "Grayscale", "RandomGrayscale"]

Range = tuple[float, float]


class ColorJitter(Module):
    r"""Brightness, contrast, saturation and hue by random factors, in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or (float, float)
        x stands for factors from max(0, 1 − x) to 1 + x; a pair says the smallest and the largest.
    hue : float or (float, float)
        x, at most ½, stands for −x to x.

    Raises
    ------
    ArgumentError    neither a number nor two
    ConfigError      a factor could be out of its range
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0,
        contrast: float | Sequence[float] = 0,
        saturation: float | Sequence[float] = 0,
        hue: float | Sequence[float] = 0,
    ) -> None:
        super().__init__()
        self.brightness = _limits("brightness", brightness)
        self.contrast = _limits("contrast", contrast)
        self.saturation = _limits("saturation", saturation)
        self.hue = _limits("hue", hue, centre=0.0, least=-0.5, most=0.5)

    @staticmethod
    def get_params(
        brightness: Sequence[float] | None,
        contrast: Sequence[float] | None,
        saturation: Sequence[float] | None,
        hue: Sequence[float] | None,
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        r"""The order of the four, as their numbers 0 to 3, and a factor for each; None where there is no range."""
        order = random.randperm(4)
        b, c, s, h = (None if limits is None else uniform(limits[0], limits[1])
                      for limits in (brightness, contrast, saturation, hue))
        return order, b, c, s, h

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, 1 or 3, H, W)."""
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for number in order.tolist():
            if (factor := factors[number]) is not None:
                img = adjust[number](img, factor)
        return img

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
                f"saturation={self.saturation}, hue={self.hue})")


def _limits(
    name: str, given: Any, centre: float = 1.0, least: float = 0.0, most: float = float("inf")
) -> Range | None:
    r"""The smallest and the largest factor; None where both change nothing."""
    if isinstance(given, int | float):
        if given < 0:
            raise ConfigError(f"ColorJitter: {name} cannot be negative if it is one number, but is {given}")
        low, high = centre - float(given), centre + float(given)
        low = max(low, least) if least == 0 else low
    elif isinstance(given, tuple | list) and len(given) == 2:
        low, high = float(given[0]), float(given[1])
    else:
        raise ArgumentError(f"ColorJitter: {name} must be a number or a pair of numbers, not {given!r}")
    if not least <= low <= high <= most:
        raise ConfigError(explain(
            f"ColorJitter: {name} must be from {least:g} to {most:g}, the smaller one first",
            {name: given}, "hue turns a circle; ½ is its opposite" if name == "hue" else None,
        ))
    return None if low == high == centre else (low, high)


class Grayscale(Module):
    r"""Without colours: `functional.rgb_to_grayscale`.

    Parameters
    ----------
    num_output_channels : int      1, or 3 that are equal
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, 1 or 3, H, W)."""
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Module):
    r"""Without colours, with probability p; the number of channels stays."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, 1 or 3, H, W)."""
        channels = F.get_image_num_channels(img)
        return F.rgb_to_grayscale(img, channels) if uniform() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"
