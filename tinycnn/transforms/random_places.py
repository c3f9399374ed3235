r"""Transforms by chance: which part of an image is seen, and in which mirror."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.chance import below, uniform
from tinycnn.transforms.functional import InterpolationMode
from tinycnn.transforms.functional.borders import expect_fill, expect_mode
from tinycnn.transforms.functional.description import pair, whole_numbers
from tinycnn.transforms.functional.interpolation import interpolation_mode

__all__ = ["RandomCrop", "RandomHorizontalFlip", "RandomResizedCrop", "RandomVerticalFlip"]

Box = tuple[int, int, int, int]  # top, left, height, width

_TRIES = 10  # at a crop that fits, before the middle of the image is taken


class RandomHorizontalFlip(Module):
    r"""Left and right exchanged, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.hflip(img) if uniform() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomVerticalFlip(Module):
    r"""Above and below exchanged, with probability p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.vflip(img) if uniform() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomCrop(Module):
    r"""A part of the image of this size, every place as likely.

    Parameters
    ----------
    size : int or sequence of one or two int                         (height, width)
    padding : int or sequence of one, two or four int, optional      a border that is put around the image before
    pad_if_needed : bool                                             widen the image at both sides where it is smaller
    fill, padding_mode                                               of the border, as for `Pad`

    Raises
    ------
    ConfigError    the image is smaller than that, and `pad_if_needed` is False
    """

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        if padding is not None:
            whole_numbers("RandomCrop", padding, "padding", (1, 2, 4))
        expect_fill("RandomCrop", fill)
        expect_mode("RandomCrop", padding_mode)
        self.size = tuple(pair("RandomCrop", size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: Sequence[int]) -> Box:
        r"""(top, left, height, width) of a crop."""
        _, height, width = F.get_dimensions(img)
        new_height, new_width = output_size
        if height < new_height or width < new_width:
            raise ConfigError(explain(
                "RandomCrop: the crop is larger than the image",
                {"size": (new_height, new_width), "image H W": (height, width)},
                "pad_if_needed=True widens the image, Resize before it makes it larger",
            ))
        if (height, width) == (new_height, new_width):
            return 0, 0, height, width
        return below(height - new_height + 1), below(width - new_width + 1), new_height, new_width

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        if self.pad_if_needed:
            _, height, width = F.get_dimensions(img)
            for missing in ([self.size[1] - width, 0], [0, self.size[0] - height]):
                if max(missing) > 0:
                    img = F.pad(img, missing, self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Module):
    r"""A part of the image of random area and shape, in the given size: how most networks on ImageNet are trained.

    Parameters
    ----------
    size : int or sequence of one or two int      (height, width)
    scale : sequence of two float                 smallest and largest share of the image's area
    ratio : sequence of two float                 narrowest and widest width by height, drawn uniformly in logarithm
    interpolation, antialias                      as for `Resize`

    References
    ----------
    Szegedy et al. 2015, "Going deeper with convolutions", section 6.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = pair("RandomResizedCrop", size)
        for name, limits in (("scale", scale), ("ratio", ratio)):  # areas may be 0, and are drawn again
            if not isinstance(limits, Sequence) or len(limits) != 2:
                raise ArgumentError(f"RandomResizedCrop: {name} must be a sequence of two numbers, not {limits!r}")
            if min(limits) < 0 or (name == "ratio" and min(limits) == 0):
                raise ConfigError(f"RandomResizedCrop: {name} must be of numbers above 0, not {limits}")
            if limits[0] > limits[1]:
                warnings.warn(f"RandomResizedCrop: {name} should be (smallest, largest), not {limits}", stacklevel=2)
        self.interpolation = interpolation_mode("RandomResizedCrop", interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: Sequence[float], ratio: Sequence[float]) -> Box:
        r"""(top, left, height, width) of a crop; the middle of the image where ten tries find none that fits."""
        _, height, width = F.get_dimensions(img)
        for _ in range(_TRIES):
            area = height * width * uniform(scale[0], scale[1])
            shape = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))  # width by height
            w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if 0 < w <= width and 0 < h <= height:
                return below(height - h + 1), below(width - w + 1), h, w
        h, w = height, width
        if width / height < min(ratio):
            h = round(width / min(ratio))
        elif width / height > max(ratio):
            w = round(height * max(ratio))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        box = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *box, self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(limit, 4) for limit in limits) for limits in (self.scale, self.ratio))
        return (f"{type(self).__name__}(size={self.size}, scale={scale}, ratio={ratio}, "
                f"interpolation={self.interpolation.value}, antialias={self.antialias})")
