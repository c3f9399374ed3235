r"""Images in another size. Along each axis that is a linear map, so a matrix: Y = R_h X R_wᵀ."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.ops.scattering import index_select
from tinycnn.transforms.functional.cropping import crop
from tinycnn.transforms.functional.description import expect_image, get_dimensions, is_pillow, whole_numbers
from tinycnn.transforms.functional.interpolation import PILLOW_NUMBER, InterpolationMode, interpolation_mode

__all__ = ["resize", "resized_crop"]

_REACH = {InterpolationMode.BILINEAR: 1, InterpolationMode.BICUBIC: 2}  # pixels to each side that have a weight


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    r"""The image in another size.

    Pillow's images are resized by Pillow. A Tensor's columns, and then its rows, are weighted means of those of the
    image: with scale s = n/m from n pixels to m, and the filter f,

        y[i] = Σⱼ f((j + ½)/s − (i + ½)) x[j] / Σⱼ f((j + ½)/s − (i + ½))        antialiased, s > 1
        y[i] = Σⱼ f((j + ½) − s (i + ½)) x[j] / Σⱼ …                             else

    where f is a triangle for bilinear, Keys' cubic for bicubic. Without antialiasing a smaller image skips pixels, and
    fine patterns turn into coarse ones.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
    size : int or sequence of one or two int
        (height, width), or the shorter side; the longer one is then ⌊size · long / short⌋.
    interpolation : InterpolationMode or int
        Tensors know nearest, nearest-exact, bilinear and bicubic.
    max_size : int, optional
        The longer side is at most that, and the shorter one as much shorter; only where `size` is one number.
    antialias : bool or None
        Of no effect on Pillow's images, which always are, and on the nearest modes, which never are.

    Returns
    -------
    PIL.Image.Image or Tensor
        The image itself where it has that size. Integers are rounded; bicubic bytes are kept within 0 … 255. PyTorch
        computes bytes in fixed point: single pixels of them may be one step apart.

    Raises
    ------
    ArgumentError    what is given is no image, no size or no interpolation
    ConfigError      sizes that contradict each other or are not positive, or a mode that tensors do not know

    References
    ----------
    Keys 1981, "Cubic convolution interpolation for digital image processing", equation 4.

    Examples
    --------
    >>> import tinycnn
    >>> resize(tinycnn.tensor([[[0.0, 1.0, 4.0, 5.0]]]), (1, 2))
    tensor([[[1., 4.]]])
    >>> resize(tinycnn.zeros(3, 400, 600), 256).shape
    tinycnn.Size([3, 256, 384])
    """
    mode = interpolation_mode("resize", interpolation)
    _, height, width = get_dimensions(img)
    new = new_size((height, width), size, max_size)
    if new == (height, width):
        return img
    if min(height, width, *new) < 1:
        raise ConfigError(explain(f"resize: the {'new image would have' if min(new) < 1 else 'image has'} no pixels",
                                  {"H W": (height, width), "size": size, "new H W": new}))
    if is_pillow(img):
        if antialias is False:
            warnings.warn("resize: Pillow's images are always antialiased; antialias=False changes nothing",
                          stacklevel=2)
        return img.resize(new[::-1], PILLOW_NUMBER[mode])
    x = expect_image("resize", img)
    if mode in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT):
        return _nearest(_nearest(x, -1, new[1], mode), -2, new[0], mode)
    if mode not in _REACH:
        known = ", ".join(m.value for m in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT, *_REACH))
        raise ConfigError(f"resize: tensors know {known}, but not {mode.value}; Pillow's images do")
    return _weighted(x, new, mode, bool(antialias))


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    r"""`crop`, and then `resize`."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def new_size(old: tuple[int, int], size: Any, max_size: int | None = None) -> tuple[int, int]:
    r"""(height, width) after `resize`.

    Examples
    --------
    >>> new_size((375, 500), 256), new_size((375, 500), 256, max_size=300), new_size((375, 500), (8, 9))
    ((256, 341), (225, 300), (8, 9))
    """
    sides = whole_numbers("resize", size, "size", (1, 2))
    if len(sides) == 2:
        if max_size is not None:
            raise ConfigError(f"resize: max_size limits a size of one number, not {size!r}, which says both sides")
        return sides[0], sides[1]
    short, long = sorted(old)
    if not short:
        raise ConfigError(f"resize: an image of {old[0]} × {old[1]} pixels cannot be resized to its shorter side")
    new_short, new_long = sides[0], int(sides[0] * long / short)
    if max_size is not None:
        if max_size <= new_short:
            raise ConfigError(f"resize: max_size {max_size} must be larger than the shorter side, {new_short}")
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if old[1] <= old[0] else (new_short, new_long)


# Tensors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _nearest(x: Tensor, axis: int, m: int, mode: InterpolationMode) -> Tensor:
    r"""y[i] = x[⌊s i⌋], or x[⌊s (i + ½)⌋] for nearest-exact."""
    n = x.array.shape[axis]
    middle = 0.5 if mode is InterpolationMode.NEAREST_EXACT else 0.0
    scale = np.float32(n / m)  # in this precision PyTorch computes it, and ⌊…⌋ shows it
    chosen = np.minimum(np.floor((np.arange(m, dtype=np.float32) + np.float32(middle)) * scale).astype(np.int64), n - 1)
    return index_select(x, axis % x.array.ndim, Tensor.wrap(x.backend.asarray(chosen)))


def _weighted(x: Tensor, new: tuple[int, int], mode: InterpolationMode, antialias: bool) -> Tensor:
    given = x.array.dtype
    kind = given if given in (dtypes.float32, dtypes.float64) else dtypes.float32
    (height, width), (new_height, new_width) = x.array.shape[-2:], new
    rows, columns = (
        Tensor.wrap(x.backend.asarray(resampling_matrix(n, m, mode, antialias, kind)))
        for n, m in ((height, new_height), (width, new_width))
    )
    y: Tensor = rows @ (x.to(kind) @ columns.mT)  # …, H', W'
    if given == kind:
        return y
    if given == dtypes.uint8 and mode is InterpolationMode.BICUBIC:
        y = y.clamp(0, 255)
    y = (y.round() if given.kind in "iu" else y).to(given)
    return y


def resampling_matrix(n: int, m: int, mode: InterpolationMode, antialias: bool, dtype: Any = dtypes.float64) -> Any:
    r"""R, (m, n): row i holds the weights of the old pixels in the new pixel i; each row's sum is 1.

    Where a weight would fall outside the image, antialiased rows leave it away and scale the others; rows that are not
    give it to the pixel at the edge. Positions are rounded to `dtype`, as PyTorch has them.

    Examples
    --------
    >>> resampling_matrix(4, 2, InterpolationMode.BILINEAR, antialias=False)
    array([[0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0.5, 0.5]])
    >>> resampling_matrix(4, 2, InterpolationMode.BILINEAR, antialias=True).round(3)
    array([[0.429, 0.429, 0.143, 0.   ],
           [0.   , 0.143, 0.429, 0.429]])
    """
    number = np.dtype(dtype).type
    scale = number(n) / number(m)
    centre = scale * (np.arange(m, dtype=dtype) + number(0.5))                            # s (i + ½)
    stretch = max(scale, number(1)) if antialias else number(1)
    reach = _REACH[mode] * stretch
    if antialias:
        first = np.maximum((centre - reach + number(0.5)).astype(np.int64), 0)
        last = np.minimum((centre + reach + number(0.5)).astype(np.int64), n)             # m, exclusive
        j = first[:, None] + np.arange(2 * math.ceil(reach) + 1)                          # m, taps
        distance = (j.astype(dtype) - centre[:, None] + number(0.5)) * (number(1) / stretch)
        weights = np.where(j < last[:, None], _filter(mode, distance, -0.5), number(0))
        weights /= weights.sum(axis=1, keepdims=True, dtype=dtype)
    else:
        source = (np.float64(scale) * (np.arange(m) + 0.5) - 0.5).astype(dtype)           # rounded once, as by an FMA
        if mode is InterpolationMode.BILINEAR:
            source = np.maximum(source, number(0))
        j = np.floor(source).astype(np.int64)[:, None] + np.arange(1 - _REACH[mode], 1 + _REACH[mode])
        weights = _filter(mode, j.astype(dtype) - source[:, None], -0.75)
    matrix = np.zeros((m, n), dtype)
    np.add.at(matrix, (np.arange(m)[:, None], j.clip(0, n - 1)), weights)
    return matrix


def _filter(mode: InterpolationMode, distance: Any, a: float) -> Any:
    r"""The weight of a pixel at this distance, rounded once.

        1 − |d|                                                        bilinear, |d| < 1
        (a + 2)|d|³ − (a + 3)|d|² + 1                                  bicubic, |d| < 1
        a|d|³ − 5a|d|² + 8a|d| − 4a                                    bicubic, 1 ≤ |d| < 2
    """
    d = np.abs(distance).astype(np.float64)
    if mode is InterpolationMode.BILINEAR:
        return (1 - d).clip(0).astype(distance.dtype)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d < 1, near, np.where(d < 2, far, 0)).astype(distance.dtype)
