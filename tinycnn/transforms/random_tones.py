r"""Transforms by chance: how sharp an image is, and which tones it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ArgumentError, ConfigError
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.chance import uniform
from tinycnn.transforms.functional.blurring import odd_sizes

__all__ = [
    "GaussianBlur", "RandomAdjustSharpness", "RandomAutocontrast", "RandomEqualize", "RandomInvert", "RandomPosterize",
    "RandomSolarize",
]


class GaussianBlur(Module):
    r"""Blurred by a bell of random width: `functional.gaussian_blur`.

    Parameters
    ----------
    kernel_size : int or sequence of two int      (width, height), odd
    sigma : float or sequence of two float        the bell's standard deviation, or the smallest and the largest one

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      a size is even, a sigma is not positive, or the smaller one is not first
    """

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        sizes = odd_sizes("GaussianBlur", kernel_size)
        self.kernel_size = kernel_size if isinstance(kernel_size, Sequence) else tuple(sizes)
        limits = (sigma, sigma) if isinstance(sigma, int | float) else sigma
        if not isinstance(limits, Sequence) or len(limits) != 2:
            raise ArgumentError(f"GaussianBlur: sigma must be a number or a sequence of two, not {sigma!r}")
        if not 0 < limits[0] <= limits[1]:
            raise ConfigError(f"GaussianBlur: sigma must be positive, and the smaller one first, not {sigma}")
        self.sigma = limits

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        r"""A standard deviation."""
        return uniform(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class _Sometimes(Module):
    r"""What `change` does, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def change(self, img: Any) -> Any:
        raise NotImplementedError

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, 1 or 3, H, W)."""
        return self.change(img) if uniform() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomInvert(_Sometimes):
    r"""The negative, with probability p: `functional.invert`."""

    def change(self, img: Any) -> Any:
        return F.invert(img)


class RandomAutocontrast(_Sometimes):
    r"""Each channel from black to white, with probability p: `functional.autocontrast`."""

    def change(self, img: Any) -> Any:
        return F.autocontrast(img)


class RandomEqualize(_Sometimes):
    r"""All tones about as frequent, with probability p: `functional.equalize`."""

    def change(self, img: Any) -> Any:
        return F.equalize(img)


class RandomPosterize(_Sometimes):
    r"""Only the first bits of each byte, with probability p: `functional.posterize`."""

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits

    def change(self, img: Any) -> Any:
        return F.posterize(img, self.bits)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bits={self.bits},p={self.p})"


class RandomSolarize(_Sometimes):
    r"""The negative of what is bright, with probability p: `functional.solarize`."""

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold

    def change(self, img: Any) -> Any:
        return F.solarize(img, self.threshold)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold},p={self.p})"


class RandomAdjustSharpness(_Sometimes):
    r"""Sharper or less sharp, with probability p: `functional.adjust_sharpness`."""

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor

    def change(self, img: Any) -> Any:
        return F.adjust_sharpness(img, self.sharpness_factor)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sharpness_factor={self.sharpness_factor},p={self.p})"
