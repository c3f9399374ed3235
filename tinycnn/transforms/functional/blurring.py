r"""Less sharp, and sharper: convolutions with small kernels whose sum is 1, each channel for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.nn import functional as F
from tinycnn.ops.copying import clone
from tinycnn.transforms.functional.colour import adjustable, blend, enhanced
from tinycnn.transforms.functional.conversion import pil_to_tensor, to_pil_image
from tinycnn.transforms.functional.description import expect_image, is_pillow, whole_numbers

__all__ = ["adjust_sharpness", "gaussian_blur"]


def gaussian_blur(img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Any:
    r"""Each pixel the mean of those around it, weighted by exp(−x²/2σx² − y²/2σy²). The edges are mirrors.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
        Pillow's images are blurred as tensors of bytes.
    kernel_size : int or sequence of two int
        (width, height) of the neighbourhood, odd.
    sigma : float or sequence of one or two float, optional
        (σx, σy), by default 0.15 of the kernel's size and 0.35.

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      a size that is even, a sigma that is not positive
    ShapeError       the kernel reaches farther than the mirror

    Examples
    --------
    >>> import tinycnn
    >>> gaussian_blur(tinycnn.tensor([[[0, 0, 100, 0, 0]] * 3]), 3, sigma=0.8)
    tensor([[[ 0, 24, 52, 24,  0],
             [ 0, 24, 52, 24,  0],
             [ 0, 24, 52, 24,  0]]])
    """
    sizes = odd_sizes("gaussian_blur", kernel_size)
    sigmas = [0.15 * size + 0.35 for size in sizes] if sigma is None else _deviations(sigma)
    if is_pillow(img):
        if img.mode in ("1", "P"):  # their numbers are no tones that a mean could be taken of
            raise ConfigError(explain(
                f"gaussian_blur: images of mode {img.mode!r} hold no tones to take a mean of",
                hint='img.convert("RGB") makes it an image of red, green and blue',
            ))
        return to_pil_image(gaussian_blur(pil_to_tensor(img), sizes, sigmas), mode=img.mode)
    x = expect_image("gaussian_blur", img)
    kind = x.array.dtype if x.array.dtype.kind == "f" else dtypes.float32
    across, along = (_bell(size, deviation, kind) for size, deviation in zip(sizes, sigmas, strict=True))
    columns, rows = sizes[0] // 2, sizes[1] // 2
    return _convolved(x, np.outer(along, across), (columns, columns, rows, rows))


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    r"""Every pixel's difference from the mean around it times the factor: 0 is a blurred image, 1 the image itself.

    The mean counts the pixel five times and its eight neighbours once; the edges stay as they are.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)
    sharpness_factor : float, at least 0

    Raises
    ------
    ArgumentError    neither 1 nor 3 channels
    ConfigError      the factor is negative, or Pillow has no such operation for the mode of the image
    """
    if is_pillow(img):
        return enhanced("adjust_sharpness", img, "Sharpness", sharpness_factor)
    x = adjustable("adjust_sharpness", img, sharpness_factor=sharpness_factor)
    if min(x.array.shape[-2:]) <= 2:
        return x
    kind = x.array.dtype if x.array.dtype.kind == "f" else dtypes.float32
    kernel = np.ones((3, 3), kind)
    kernel[1, 1] = 5
    blurred = clone(x)
    blurred[..., 1:-1, 1:-1] = _convolved(x, kernel / kernel.sum())
    return blend(x, blurred, sharpness_factor)


def odd_sizes(op: str, kernel_size: Any) -> list[int]:
    r"""(width, height) of a kernel that has a middle."""
    sizes = whole_numbers(op, kernel_size, "kernel_size", (1,) if isinstance(kernel_size, int) else (2,))
    if any(size <= 0 or size % 2 == 0 for size in sizes):
        raise ConfigError(f"{op}: kernel_size must be odd and positive, so that there is a middle, not {kernel_size}")
    return [sizes[0], sizes[-1]]


def _deviations(sigma: Any) -> list[float]:
    sigmas = list(sigma) if isinstance(sigma, tuple | list) else [sigma]
    if len(sigmas) not in (1, 2) or not all(isinstance(one, int | float) for one in sigmas):
        raise ArgumentError(f"gaussian_blur: sigma must be a number or a sequence of two, not {sigma!r}")
    if min(sigmas) <= 0:
        raise ConfigError(f"gaussian_blur: sigma must be positive, not {sigma}")
    return [float(sigmas[0]), float(sigmas[-1])]


def _bell(size: int, sigma: float, kind: Any) -> Any:
    number = np.dtype(kind).type
    x = np.arange(size, dtype=kind) - number((size - 1) / 2)
    bell = np.exp(number(-0.5) * (x / number(sigma)) ** 2)
    return bell / bell.sum(dtype=kind)


def _convolved(x: Tensor, kernel: Any, border: Sequence[int] = (0, 0, 0, 0)) -> Tensor:
    r"""The image with mirrors of these widths at its edges, convolved; integers are rounded."""
    given = x.array.dtype
    shape = x.array.shape
    planes = x.to(kernel.dtype).reshape(-1, 1, *shape[-2:])                                # a batch of one channel each
    weight = Tensor.wrap(x.backend.asarray(kernel[None, None]))
    y = F.conv2d(F.pad(planes, border, "reflect") if any(border) else planes, weight)
    y = y.reshape(*shape[:-2], *y.array.shape[-2:])
    return (y.round() if given.kind in "iu" else y).to(given)
