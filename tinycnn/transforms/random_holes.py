r"""Transforms by chance: a part of the image that is painted over, so that a network learns to do without it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import random
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.chance import below, uniform
from tinycnn.transforms.functional.description import expect_image

__all__ = ["RandomErasing"]

_TRIES = 10  # at a rectangle that fits, before the image is left alone


class RandomErasing(Module):
    r"""A rectangle of random area and shape painted over, with probability p; of Tensors only, so after `ToTensor`.

    Parameters
    ----------
    p : float
    scale : sequence of two float                   smallest and largest share of the image's area
    ratio : sequence of two float                   least and greatest height by width, drawn uniformly in logarithm
    value : number, sequence of numbers or str      for all channels, or one each; "random" draws normal numbers
    inplace : bool                                  whether the image itself is changed

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      p or the scale is not within 0 … 1, or `value` fits no image, or not this one

    References
    ----------
    Zhong et al. 2017, "Random erasing data augmentation", algorithm 1.
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, int | float | str | tuple | list):
            raise ArgumentError(f"RandomErasing: value must be a number, a sequence of them or 'random', not {value!r}")
        if isinstance(value, str) and value != "random":
            raise ConfigError(f"RandomErasing: the only value that is a string is 'random', not {value!r}")
        for name, limits in (("scale", scale), ("ratio", ratio)):
            if not isinstance(limits, Sequence) or len(limits) != 2:
                raise ArgumentError(f"RandomErasing: {name} must be a sequence of two numbers, not {limits!r}")
            if limits[0] > limits[1]:
                warnings.warn(f"RandomErasing: {name} should be (smallest, largest), not {limits}", stacklevel=2)
        if scale[0] < 0 or scale[1] > 1:
            raise ConfigError(f"RandomErasing: scale must be shares of the image, from 0 to 1, not {scale}")
        if min(ratio) <= 0:
            raise ConfigError(f"RandomErasing: ratio must be of numbers above 0, not {ratio}")
        if not 0 <= p <= 1:
            raise ConfigError(f"RandomErasing: p must be a probability, from 0 to 1, not {p}")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: Sequence[float] | None = None
    ) -> tuple[int, int, int, int, Tensor]:
        r"""(top, left, height, width, what is painted); all of the image and itself where ten tries find none."""
        channels, height, width = F.get_dimensions(img)
        for _ in range(_TRIES):
            area = height * width * uniform(scale[0], scale[1])
            shape = math.exp(uniform(math.log(ratio[0]), math.log(ratio[1])))  # height by width
            h, w = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
            if h < height and w < width:
                drawn = random.host().standard_normal((channels, h, w)) if value is None else value
                paint = np.asarray(drawn, np.float32).reshape(-1, *((h, w) if value is None else (1, 1)))
                v = Tensor.wrap(img.backend.asarray(paint))
                return below(height - h + 1), below(width - w + 1), h, w, v
        return 0, 0, height, width, img

    def forward(self, img: Any) -> Tensor:
        r"""Of a Tensor (…, C, H, W)."""
        x = expect_image("RandomErasing", img, tensors_only=True)
        if uniform() >= self.p:
            return x
        value: list[Any] = list(self.value) if isinstance(self.value, tuple | list) else [self.value]
        channels = F.get_image_num_channels(x)
        if len(value) not in (1, channels):
            raise ConfigError(explain("RandomErasing: value must be one number for all channels, or one for each",
                                      {"value": self.value, "img … C H W": tuple(x.array.shape)}))
        box = self.get_params(x, self.scale, self.ratio, None if self.value == "random" else value)
        return F.erase(x, *box, inplace=self.inplace)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, "
                f"inplace={self.inplace})")
