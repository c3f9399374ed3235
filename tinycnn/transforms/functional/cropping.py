r"""Parts of images and mirror images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ConfigError, explain
from tinycnn.ops.shaping import flip
from tinycnn.transforms.functional.borders import pad
from tinycnn.transforms.functional.description import expect_image, get_dimensions, is_pillow, pair, whole_numbers

__all__ = ["center_crop", "crop", "five_crop", "hflip", "ten_crop", "vflip"]


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    r"""The rectangle of this height and width, its upper left pixel at (top, left). Outside of the image there are 0s.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
    top, left, height, width : int

    Examples
    --------
    >>> import tinycnn
    >>> crop(tinycnn.arange(6).reshape(1, 2, 3), top=1, left=1, height=2, width=2)
    tensor([[[4, 5],
             [0, 0]]])
    """
    top, left, height, width = whole_numbers("crop", (top, left, height, width), "top, left, height, width", (4,))
    bottom, right = top + height, left + width
    if height < 0 or width < 0:
        raise ConfigError(f"crop: height and width cannot be negative, but are {height} and {width}")
    if is_pillow(img):
        return img.crop((left, top, right, bottom))
    x = expect_image("crop", img)
    _, h, w = get_dimensions(x)
    inside = x[..., max(top, 0):max(bottom, 0), max(left, 0):max(right, 0)]
    if top >= 0 and left >= 0 and bottom <= h and right <= w:
        return inside
    return pad(inside, [
        max(min(0, right) - left, 0), max(min(0, bottom) - top, 0),  # what lies to the left, and above
        max(right - max(w, left), 0), max(bottom - max(h, top), 0),  # to the right, and below
    ])


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    r"""The middle of an image; 0s around it where the image is smaller.

    An odd margin is halved as Python's `round` does, to the even number: of 3 rows to be cut off 2 are above, of 1
    none is.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, H, W)
    output_size : int or sequence of one or two int      (height, width)

    Examples
    --------
    >>> import tinycnn
    >>> center_crop(tinycnn.arange(16).reshape(1, 4, 4), 2)
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """
    new_height, new_width = pair("center_crop", output_size, "output_size")
    _, height, width = get_dimensions(img)
    missing_x, missing_y = max(new_width - width, 0), max(new_height - height, 0)
    if missing_x or missing_y:
        img = pad(img, [missing_x // 2, missing_y // 2, (missing_x + 1) // 2, (missing_y + 1) // 2])
        height, width = height + missing_y, width + missing_x
        if (height, width) == (new_height, new_width):
            return img
    return crop(img, round((height - new_height) / 2), round((width - new_width) / 2), new_height, new_width)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, ...]:
    r"""The four corners of an image, row by row, and its middle.

    Raises
    ------
    ConfigError    the image is smaller than that
    """
    height, width = pair("five_crop", size)
    _, h, w = get_dimensions(img)
    if height > h or width > w:
        raise ConfigError(explain("five_crop: the corners are larger than the image",
                                  {"size": (height, width), "image H W": (h, w)}))
    corners = [crop(img, top, left, height, width) for top in (0, h - height) for left in (0, w - width)]
    return (*corners, center_crop(img, (height, width)))


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[Any, ...]:
    r"""`five_crop` of the image and of its mirror image: ten views, whose predictions are averaged."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def hflip(img: Any) -> Any:
    r"""Left and right exchanged, of a Pillow image or a Tensor (…, H, W)."""
    if is_pillow(img):
        from PIL.Image import Transpose

        return img.transpose(Transpose.FLIP_LEFT_RIGHT)
    return flip(expect_image("hflip", img), (-1,))


def vflip(img: Any) -> Any:
    r"""Above and below exchanged, of a Pillow image or a Tensor (…, H, W)."""
    if is_pillow(img):
        from PIL.Image import Transpose

        return img.transpose(Transpose.FLIP_TOP_BOTTOM)
    return flip(expect_image("vflip", img), (-2,))
