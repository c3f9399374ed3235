r"""Images turned, moved, scaled and sheared: each new pixel is read where an affine map sends it in the old image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.ops.choice import where
from tinycnn.ops.scattering import index_select
from tinycnn.transforms.functional.borders import expect_fill, pillow_colour
from tinycnn.transforms.functional.description import expect_image, get_dimensions, is_pillow
from tinycnn.transforms.functional.interpolation import PILLOW_NUMBER, InterpolationMode, interpolation_mode

__all__ = ["affine", "rotate"]

_NEAREST, _BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    r"""The image turned by an angle, counter-clockwise.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
    angle : float                                  in degrees
    interpolation : InterpolationMode or int       nearest or bilinear; for Pillow's images bicubic, too
    expand : bool                                  whether the new image is so large that all of the old one is seen
    center : sequence of two float, optional       (x, y) from the upper left corner; else the middle
    fill : number or sequence of numbers           of what is outside the old image; one for all channels, or one each

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      the interpolation is another, or `fill` has another number of channels than the image

    Examples
    --------
    >>> import tinycnn
    >>> rotate(tinycnn.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    mode = _checked("rotate", angle, interpolation, center, fill)
    if is_pillow(img):
        number, colour = PILLOW_NUMBER[mode], pillow_colour("rotate", img, fill)
        return _by_pillow("rotate", mode, lambda: img.rotate(angle, number, expand, center, fillcolor=colour))
    x = expect_image("rotate", img)
    matrix = inverse_map(_from_the_middle(x, center), -angle)
    height, width = x.array.shape[-2:]
    return _warp("rotate", x, matrix, mode, fill, _expanded(matrix, height, width) if expand else (height, width))


def affine(
    img: Any,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: Any = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    r"""The image sheared, scaled and turned around its middle, then moved.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
    angle : float                                  in degrees, clockwise
    translate : sequence of two numbers            pixels to the right, and down
    scale : float, above 0
    shear : float or sequence of one or two        in degrees along x, and along y
    interpolation, fill, center                    as for `rotate`

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      the scale is not positive, a sequence is too short or too long; else as for `rotate`

    Examples
    --------
    >>> import tinycnn
    >>> affine(tinycnn.tensor([[[1, 2, 3]]]), angle=0, translate=(1, 0), scale=1.0, shear=0, fill=9)
    tensor([[[9, 1, 2]]])
    """
    mode = _checked("affine", angle, interpolation, center, fill)
    translate = expect_sequence("affine", translate, "translate", (2,))
    shear = [shear, 0.0] if isinstance(shear, int | float) else expect_sequence("affine", shear, "shear", (1, 2))
    if scale <= 0:
        raise ConfigError(f"affine: scale must be positive, not {scale}")
    shears = (shear[0], shear[-1])
    if is_pillow(img):
        middle = (img.width * 0.5, img.height * 0.5) if center is None else center
        matrix = inverse_map(middle, angle, translate, scale, shears)
        number, colour = PILLOW_NUMBER[mode], pillow_colour("affine", img, fill)
        return _by_pillow("affine", mode, lambda: img.transform(img.size, 0, matrix, number, fillcolor=colour))
    x = expect_image("affine", img)
    matrix = inverse_map(_from_the_middle(x, center), angle, translate, scale, shears)
    return _warp("affine", x, matrix, mode, fill, x.array.shape[-2:])


def expect_sequence(op: str, given: Any, name: str, counts: tuple[int, ...]) -> list[Any]:
    r"""The numbers of a sequence, of which there must be as many as one of `counts` says."""
    wanted = f"{op}: {name} must be a sequence of {' or '.join(map(str, counts))} numbers, not {given!r}"
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ArgumentError(wanted)
    if len(given) not in counts:
        raise ConfigError(wanted)
    return list(given)


def inverse_map(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float] = (0.0, 0.0),
    scale: float = 1.0,
    shear: Sequence[float] = (0.0, 0.0),
) -> list[float]:
    r"""(a, b, c, d, e, f): the pixel at (x, y) is read at (ax + by + c, dx + ey + f).

    With rotation R by the angle and shears by φ and ψ, the old image goes to

        y = T + C + s R Y X (x − C),   X = (1  −tan φ; 0  1),   Y = (1  0; −tan ψ  1)

    and the inverse, x = C + (R Y X)⁻¹ (y − C − T) / s, is what tells where to read. The determinant of R Y X is 1.
    """
    turn, phi, psi = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    a = math.cos(turn - psi) / math.cos(psi)
    b = -math.cos(turn - psi) * math.tan(phi) / math.cos(psi) - math.sin(turn)
    c = math.sin(turn - psi) / math.cos(psi)
    d = -math.sin(turn - psi) * math.tan(phi) / math.cos(psi) + math.cos(turn)
    rows = []
    for (along_x, along_y), middle in zip(((d, -b), (-c, a)), center, strict=True):
        along_x, along_y = along_x / scale, along_y / scale
        offset = along_x * (-center[0] - translate[0]) + along_y * (-center[1] - translate[1])
        rows += [along_x, along_y, offset + middle]
    return rows


def _checked(op: str, angle: Any, interpolation: Any, center: Any, fill: Any) -> InterpolationMode:
    if not isinstance(angle, int | float):
        raise ArgumentError(f"{op}: angle must be a number of degrees, not {angle!r}")
    if center is not None:
        expect_sequence(op, center, "center", (2,))
    expect_fill(op, fill)
    return interpolation_mode(op, interpolation)


# Tensors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _from_the_middle(x: Tensor, center: Sequence[float] | None) -> list[float]:
    if center is None:
        return [0.0, 0.0]
    _, height, width = get_dimensions(x)
    return [center[0] - width * 0.5, center[1] - height * 0.5]


def _expanded(matrix: list[float], height: int, width: int) -> tuple[int, int]:
    r"""(height, width) of the smallest image that holds all four corners, in single precision as PyTorch has them."""
    half = np.array([width * 0.5, height * 0.5], np.float32)
    corners = np.array([[-1, -1, 1], [-1, 1, 1], [1, 1, 1], [1, -1, 1]], np.float32) * np.append(half, np.float32(1))
    turned = corners @ np.array(matrix, np.float32).reshape(2, 3).T + half                # 4, 2
    step = np.float32(1e-4)                                                               # less is an error of rounding
    last, first = (np.trunc(limit / step) * step for limit in (turned.max(axis=0), turned.min(axis=0)))
    new_width, new_height = (np.ceil(last) - np.floor(first)).astype(int).tolist()
    return new_height, new_width


def _warp(
    op: str, x: Tensor, matrix: list[float], mode: InterpolationMode, fill: Any, size: tuple[int, int]
) -> Tensor:
    if mode not in (_NEAREST, _BILINEAR):
        raise ConfigError(f"{op}: tensors know nearest and bilinear, but not {mode.value}; Pillow's images do")
    channels = get_dimensions(x)[0]
    if isinstance(fill, tuple | list) and len(fill) not in (1, channels):
        raise ConfigError(explain(f"{op}: fill has {len(fill)} numbers, but the image {channels} channels",
                                  {"fill": fill, "img … C H W": tuple(x.array.shape)}))
    given = x.array.dtype
    kind = given if given.kind == "f" else dtypes.float32
    columns, rows = _places(matrix, x.array.shape[-2:], size, kind)                       # H', W'
    y, inside = _read(x.to(kind), columns, rows, mode)
    if fill is not None:
        colour = Tensor.wrap(x.backend.asarray(np.array(fill, kind).reshape(-1, 1, 1)))   # C or 1, 1, 1
        if x.array.ndim == 2:
            colour = colour[0]
        y = where(inside < 0.5, colour, y) if mode is _NEAREST else y * inside + (1.0 - inside) * colour
    return (y.round() if given.kind in "iu" else y).to(given)


def _places(matrix: list[float], old: tuple[int, int], new: tuple[int, int], kind: Any) -> tuple[Any, Any]:
    r"""Where each new pixel is read: column and row, counted from the middle of the first old pixel."""
    number = np.dtype(kind).type
    x, y = (np.arange(n, dtype=kind) - number(n * 0.5 - 0.5) for n in new[::-1])          # from the middle
    places = []
    for (along_x, along_y, offset), n in zip(np.array(matrix, kind).reshape(2, 3), old[::-1], strict=True):
        half = number(0.5 * n)
        share = x * (along_x / half) + y[:, None] * (along_y / half) + offset / half      # −1 … 1
        places.append((share + number(1)) * half - number(0.5))
    return places[0], places[1]


def _read(x: Tensor, columns: Any, rows: Any, mode: InterpolationMode) -> tuple[Tensor, Tensor]:
    r"""The image at these places, 0 outside of it, and how much of each new pixel is inside, (H', W')."""
    height, width = x.array.shape[-2:]
    flat = x.flatten(-2)                                                                  # …, HW

    def at(i: Any, j: Any, weight: Any) -> tuple[Tensor, Tensor]:
        there = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        number = np.where(there, i * width + j, 0).astype(np.int64).ravel()
        share = Tensor.wrap(x.backend.asarray(np.where(there, weight, 0).astype(columns.dtype)))
        pixels = index_select(flat, flat.array.ndim - 1, Tensor.wrap(x.backend.asarray(number)))
        return where(share > 0, pixels.unflatten(-1, columns.shape) * share, 0.0), share  # no NaN from pixels not asked

    if mode is _NEAREST:
        return at(np.rint(rows), np.rint(columns), 1)
    top, left = np.floor(rows), np.floor(columns)
    down, right = rows - top, columns - left
    corners = (at(top, left, (1 - right) * (1 - down)), at(top, left + 1, right * (1 - down)),
               at(top + 1, left, (1 - right) * down), at(top + 1, left + 1, right * down))
    y, inside = corners[0]
    for pixels, share in corners[1:]:
        y, inside = y + pixels, inside + share
    return y, inside


# Pillow ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_pillow(op: str, mode: InterpolationMode, compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except ValueError as error:
        raise ConfigError(explain(f"{op}: Pillow does not turn images with {mode.value}: {error}",
                                  hint="nearest, bilinear and bicubic are those that it knows")) from error
