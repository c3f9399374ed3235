r"""Training images changed at random, so that the network learns what makes no difference."""

from __future__ import annotations

import math

from tinycnn._tensor import Tensor
from tinycnn.creation import arange
from tinycnn.nn import functional as F
from tinycnn.random import Generator, rand
from tinycnn.train.config import TrainConfig


def make_augmentation(config: TrainConfig, generator: Generator) -> RandomAffine | None:
    r"""Distortions as strong as the configuration asks for; None if for none.

    At strength 1: turned by up to 10°, stretched and slanted by a tenth, moved by an eleventh of height and width,
    which is 0.7 pixels of the digits' eight.
    """
    a = config.augment
    return RandomAffine(10 * a, 0.1 * a, 0.1 * a, 0.0875 * a, generator) if a else None


class RandomAffine:
    r"""Turn, stretch, slant and move each image of a batch a little, as another hand might have written it.

    The pixel at (y, x), counted from the centre of the image, is read from

        y' = s (y cos α − x sin α) + v
        x' = s (x cos α + y sin α + k y) + u

    by `bilinear`. Every image draws its own α, log s, k, v and u, each uniformly.

    Parameters
    ----------
    degrees : float      the largest angle α, either way
    stretch : float      the largest factor s is 1 + stretch, the smallest its inverse
    slant : float        the largest k, either way
    shift : float        the largest v and u, either way, as a share of height and width
    generator : Generator, optional
        What they are drawn from; the global one if None.

    Examples
    --------
    >>> import tinycnn as torch
    >>> torch.equal(RandomAffine(0, 0, 0, 0)(images := torch.rand(2, 1, 8, 8)), images)
    True
    """

    def __init__(
        self, degrees: float, stretch: float, slant: float, shift: float, generator: Generator | None = None
    ) -> None:
        self.limits = (math.radians(degrees), math.log1p(stretch), slant, shift, shift)
        self.generator = generator

    def __call__(self, images: Tensor) -> Tensor:
        n, _, height, width = images.shape
        like = {"dtype": images.dtype, "device": images.device}
        drawn = 2 * rand(len(self.limits), n, 1, 1, generator=self.generator, **like) - 1
        angle, stretch, slant, v, u = (limit * number for limit, number in zip(self.limits, drawn, strict=True))
        y = arange(height, **like).reshape(height, 1) - (height - 1) / 2
        x = arange(width, **like) - (width - 1) / 2
        scale, cos, sin = stretch.exp(), angle.cos(), angle.sin()  # n, 1, 1 each
        rows = scale * (y * cos - x * sin) + v * height
        columns = scale * (x * cos + y * sin + slant * y) + u * width
        return bilinear(images, rows + (height - 1) / 2, columns + (width - 1) / 2)

    def __repr__(self) -> str:
        angle, stretch, slant, shift, _ = self.limits
        return f"RandomAffine({math.degrees(angle):g}, {math.expm1(stretch):g}, {slant:g}, {shift:g})"


def bilinear(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    r"""Read images between their pixels: the mean of the four around a point, the nearer ones weighing more.

    Parameters
    ----------
    images : Tensor, (N, C, H, W)
    rows, columns : Tensor, (N, H', W')      where to read; outside of an image there are zeros

    Returns
    -------
    Tensor, (N, C, H', W')

    Examples
    --------
    >>> import tinycnn as torch
    >>> image = torch.tensor([[0.0, 4.0], [8.0, 12.0]]).reshape(1, 1, 2, 2)
    >>> bilinear(image, torch.tensor([[[0.0, 0.5]]]), torch.tensor([[[0.25, 0.5]]]))
    tensor([[[[1., 6.]]]])
    """
    n, channels, height, width = images.shape
    framed = F.pad(images, (1, 1, 1, 1))                           # zeros around, pixel (0, 0) at (1, 1)
    rows = rows.clamp(-1, height).unsqueeze(1) + 1                 # n, 1, h', w'
    columns = columns.clamp(-1, width).unsqueeze(1) + 1
    top, left = rows.floor().clamp(0, height), columns.floor().clamp(0, width)
    below, right = rows - top, columns - left                      # how far, in [0, 1]
    i, j = top.long(), left.long()
    image = arange(n, device=images.device).reshape(n, 1, 1, 1)
    channel = arange(channels, device=images.device).reshape(1, channels, 1, 1)
    upper = framed[image, channel, i, j] * (1 - right) + framed[image, channel, i, j + 1] * right
    lower = framed[image, channel, i + 1, j] * (1 - right) + framed[image, channel, i + 1, j + 1] * right
    return upper * (1 - below) + lower * below
