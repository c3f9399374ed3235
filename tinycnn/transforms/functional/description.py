r"""What an image is: a Pillow image, or a Tensor (…, C, H, W); and how large it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, described, explain

__all__ = ["get_dimensions", "get_image_num_channels", "get_image_size"]


def is_pillow(img: Any) -> bool:
    r"""Whether it is a Pillow image. Where Pillow was never imported, there is none."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(img, pillow.Image)


def expect_image(op: str, img: Any, tensors_only: bool = False) -> Tensor:
    r"""`img` as a Tensor of at least two dimensions, after Pillow images have gone their own way.

    Raises
    ------
    ArgumentError    it is something else, or a Tensor of fewer dimensions
    """
    if not isinstance(img, Tensor):
        wanted = "a Tensor (…, C, H, W)" if tensors_only else "a Pillow image or a Tensor (…, C, H, W)"
        raise ArgumentError(explain(f"{op}: img must be {wanted}, not {described(img)}", hint=_way_to_an_image(img)))
    if img.array.ndim < 2:
        raise ArgumentError(explain(
            f"{op}: a Tensor that is an image has at least two dimensions", {"img": tuple(img.array.shape)},
            "images are C H W, batches of them N C H W",
        ))
    return img


def _way_to_an_image(img: Any) -> str | None:
    if is_pillow(img):
        return "ToTensor() or PILToTensor() before this transform makes a Tensor of a Pillow image"
    if isinstance(img, np.ndarray):
        return "ToTensor() makes a Tensor of an array (H, W, C), ToPILImage() a Pillow image"
    if isinstance(img, str | bytes) or hasattr(img, "__fspath__"):
        return "PIL.Image.open(path) opens a file"
    if isinstance(img, tuple | list):
        return "pass the images one by one; is this a pair of image and label?"
    return None


def get_dimensions(img: Any) -> list[int]:
    r"""The numbers of channels, rows and columns: ``[C, H, W]``.

    Examples
    --------
    >>> import tinycnn
    >>> get_dimensions(tinycnn.zeros(8, 3, 20, 30))
    [3, 20, 30]
    """
    if is_pillow(img):
        return [len(img.getbands()), img.height, img.width]
    shape = expect_image("get_dimensions", img).array.shape
    return [1 if len(shape) == 2 else shape[-3], *shape[-2:]]


def get_image_size(img: Any) -> list[int]:
    r"""The numbers of columns and rows, in this order: ``[W, H]``."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    r"""The number of channels."""
    return get_dimensions(img)[0]


def expect_channels(op: str, img: Tensor, allowed: Sequence[int] = (1, 3)) -> int:
    r"""The number of channels of a Tensor, which must be one of these: grey or colour.

    Raises
    ------
    ArgumentError
    """
    shape = tuple(img.array.shape)
    channels = get_dimensions(img)[0]
    if channels not in allowed:
        hint = None
        if len(shape) > 2 and shape[-1] in allowed:
            hint = "is this H W C? permute(2, 0, 1) makes it C H W"
        elif channels in (2, 4):
            hint = "leave the transparency away: img[..., :-1, :, :]"
        raise ArgumentError(explain(
            f"{op}: expected {' or '.join(map(str, allowed))} channels, but there are {channels}",
            {"img … C H W": shape}, hint,
        ))
    return channels


def pair(op: str, size: Any, name: str = "size") -> Sequence[int]:
    r"""(height, width) of an integer, which means a square, or of a sequence of one or two of them.

    Raises
    ------
    ArgumentError    it is no integer and no sequence of one or two
    """
    sides = whole_numbers(op, size, name, (1, 2))
    return sides if isinstance(size, list) and len(sides) == 2 else (sides[0], sides[-1])  # lists print as lists


def whole_numbers(op: str, given: Any, name: str, counts: Sequence[int]) -> list[int]:
    r"""The integers in an integer or a sequence, of which there must be as many as one of `counts` says.

    Raises
    ------
    ArgumentError
    """
    parts = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    if len(parts) in counts and all(isinstance(part, int | np.integer) for part in parts):
        return [int(part) for part in parts]
    whole = " or ".join(map(str, counts))
    hint = None
    if isinstance(given, float) or any(isinstance(part, float) for part in parts):
        hint = "int(…) or round(…) makes an integer of it"
    raise ArgumentError(explain(f"{op}: {name} must be an integer or a sequence of {whole} integers, not {given!r}",
                                hint=hint))
