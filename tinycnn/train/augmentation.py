r"""Training images changed at random, so that the network learns what makes no difference."""

from __future__ import annotations

from tinycnn._tensor import Tensor
from tinycnn.creation import arange
from tinycnn.nn import functional as F
from tinycnn.random import Generator, randint


class RandomShift:
    r"""Move each image of a batch by up to `pixels`, left or right, up or down, and fill the edge with zeros.

    Parameters
    ----------
    pixels : int
        The largest shift along an axis; all from −pixels to pixels are equally likely.
    generator : Generator, optional
        What the shifts are drawn from; the global one if None.

    Examples
    --------
    >>> import tinycnn as torch
    >>> shift = RandomShift(1, torch.Generator().manual_seed(0))
    >>> shift(torch.ones(1, 1, 3, 3))[0, 0]
    tensor([[1., 1., 0.],
            [1., 1., 0.],
            [0., 0., 0.]])
    """

    def __init__(self, pixels: int, generator: Generator | None = None) -> None:
        self.pixels = pixels
        self.generator = generator

    def __call__(self, images: Tensor) -> Tensor:
        n, channels, height, width = images.shape
        m, device = self.pixels, images.device
        down, right = (
            randint(0, 2 * m + 1, (n, 1), generator=self.generator, device=device) for _ in range(2)
        )
        rows = (arange(height, device=device) + down).reshape(n, 1, height, 1)
        columns = (arange(width, device=device) + right).reshape(n, 1, 1, width)
        image = arange(n, device=device).reshape(n, 1, 1, 1)
        channel = arange(channels, device=device).reshape(1, channels, 1, 1)
        return F.pad(images, (m, m, m, m))[image, channel, rows, columns]

    def __repr__(self) -> str:
        return f"RandomShift({self.pixels})"
