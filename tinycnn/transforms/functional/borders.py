r"""Borders around images: of one colour, or continuing what is inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, ShapeError, explain
from tinycnn.nn import functional as F
from tinycnn.ops.scattering import index_select
from tinycnn.transforms.functional.description import expect_image, get_image_num_channels, is_pillow, whole_numbers

__all__ = ["pad"]

MODES = ("constant", "edge", "reflect", "symmetric")
Widths = tuple[int, int, int, int]  # left, top, right, bottom
_NOTHING_LEFT = "pad: the negative widths leave nothing of the image"


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    r"""The image with a border. Negative widths cut off instead.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
        Tensors of three or four dimensions, for "constant" of any number from two.
    padding : int or sequence of one, two or four int
        Of all sides; of (left and right, top and bottom); or of (left, top, right, bottom).
    fill : number or sequence of numbers
        The constant; for Pillow's images also one a channel.
    padding_mode : str
        With ``1 2 3`` inside and a width of 2, "constant" is ``f f 1 2 3 f f``, "edge" ``1 1 1 2 3 3 3``, "reflect"
        mirrors at the edge pixel, ``3 2 1 2 3 2 1``, and "symmetric" behind it, ``2 1 1 2 3 3 2``.

    Raises
    ------
    ArgumentError    `padding` or `fill` is of no such type
    ConfigError      there is no such mode, or `fill` has another number of channels than the image
    ShapeError       a mirror is smaller than the border, or nothing would be left

    Examples
    --------
    >>> import tinycnn
    >>> pad(tinycnn.tensor([[[1, 2, 3]]]), (2, 0), padding_mode="symmetric")
    tensor([[[2, 1, 1, 2, 3, 3, 2]]])
    """
    widths = _four(whole_numbers("pad", padding, "padding", (1, 2, 4)))
    expect_mode("pad", padding_mode)
    expect_fill("pad", fill)
    if is_pillow(img):
        return _pad_pillow(img, widths, fill, padding_mode)
    x = expect_image("pad", img)
    if isinstance(fill, tuple | list):
        raise ArgumentError(f"pad: fill of a Tensor must be one number for all channels, not {fill!r}")
    left, top, right, bottom = widths
    if padding_mode == "symmetric":
        return _symmetric(_symmetric(x, -1, left, right), -2, top, bottom)
    if padding_mode == "constant":
        return F.pad(x, (left, right, top, bottom), value=fill or 0)
    planes = x[None] if x.array.ndim < 4 else x
    y = F.pad(planes, (left, right, top, bottom), {"edge": "replicate", "reflect": "reflect"}[padding_mode])
    return y[0] if x.array.ndim < 4 else y


def expect_mode(op: str, mode: Any) -> None:
    r"""Raise an error unless there is such a border."""
    if not isinstance(mode, str):
        raise ArgumentError(f"{op}: padding_mode must be a string, not {mode!r}")
    if mode not in MODES:
        hint = "'edge' is torchvision's name for it" if mode == "replicate" else None
        raise ConfigError(explain(f"{op}: padding_mode must be one of {', '.join(MODES)}, not {mode!r}", hint=hint))


def expect_fill(op: str, fill: Any) -> None:
    r"""Raise an ArgumentError unless it is a number, or several."""
    if not isinstance(fill, int | float | np.number | tuple | list | None):
        raise ArgumentError(f"{op}: fill must be a number, or a tuple of one for each channel, not {fill!r}")


def _four(numbers: Sequence[int]) -> Widths:
    if len(numbers) < 4:
        across, along = numbers[0], numbers[-1]
        return across, along, across, along
    left, top, right, bottom = numbers
    return left, top, right, bottom


def _symmetric(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    n = x.array.shape[axis]
    inside = range(max(-before, 0), n - max(-after, 0))
    if not inside:
        raise ShapeError(explain(_NOTHING_LEFT, {"img": tuple(x.array.shape)}))
    if max(before, after) > len(inside):
        raise ShapeError(explain(
            f"pad: mode 'symmetric' adds at most the {len(inside)} pixels that are there, not {max(before, after)}",
            {"img": tuple(x.array.shape)},
        ))
    mirrored = [*inside[:max(before, 0)][::-1], *inside, *inside[len(inside) - max(after, 0):][::-1]]
    return index_select(x, axis % x.array.ndim, Tensor.wrap(x.backend.asarray(np.array(mirrored, np.int64))))


# Pillow ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pad_pillow(img: Any, widths: Widths, fill: Any, mode: str) -> Any:
    from PIL import Image, ImageOps

    palette = img.getpalette() if img.mode == "P" else None
    if mode == "constant":
        padded = ImageOps.expand(img, widths, pillow_colour("pad", img, fill))
    else:
        cut, grow = np.maximum(np.negative(widths), 0).tolist(), np.maximum(widths, 0).tolist()
        if cut[0] + cut[2] >= img.width or cut[1] + cut[3] >= img.height:
            raise ShapeError(explain(_NOTHING_LEFT, {"image H W": (img.height, img.width), "widths": widths}))
        if any(cut):
            img = img.crop((cut[0], cut[1], img.width - cut[2], img.height - cut[3]))
        left, top, right, bottom = grow
        pixels = np.asarray(img)
        around = [(top, bottom), (left, right), (0, 0)][:pixels.ndim]
        padded = Image.fromarray(np.pad(pixels, around, mode))  # type: ignore[call-overload]  # the mode is one of three
    if palette is not None:
        padded.putpalette(palette)
    return padded


def pillow_colour(op: str, img: Any, fill: Any) -> Any:
    r"""`fill` as Pillow takes it: one number for one channel, else one a channel; integers, but for mode "F"."""
    channels = get_image_num_channels(img)
    parts = list(fill) if isinstance(fill, tuple | list) else [fill or 0]
    if len(parts) not in (1, channels):
        raise ConfigError(explain(f"{op}: fill has {len(parts)} numbers, but the image {channels} channels",
                                  {"fill": fill, "mode": img.mode}))
    parts = parts * channels if len(parts) == 1 else parts
    whole = parts if img.mode == "F" else [int(part) for part in parts]
    return tuple(whole) if channels > 1 or isinstance(fill, tuple | list) else whole[0]
