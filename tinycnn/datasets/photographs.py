r"""Photographs as cameras and scanners leave them, made images of red, green and blue."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.errors import FormatError


def open_photograph(path: str | os.PathLike[str]) -> Any:
    r"""The photograph in a file, as a Pillow image in RGB, the way up in which it was taken.

    What is transparent shows white. Of 16 bits a pixel the upper 8 are kept. Of an animation comes the first picture.
    ``tinycnn predict`` and ``tinycnn finetune`` see photographs so; ``ImageFolder(root, loader=open_photograph)``
    does, too.

    Raises
    ------
    FormatError    the file is damaged, or no image; the message names it
    OSError        it cannot be opened
    """
    from PIL import ImageOps

    return _read(path, lambda image: in_colour(ImageOps.exif_transpose(image)))


def load_image(path: str | os.PathLike[str]) -> Any:
    r"""The image in a file, as Pillow converts it to RGB: what torchvision's folders load.

    It lies as it was stored, whatever a camera says, colours that are transparent show, and 16 bits are cut off at 255.

    Raises
    ------
    FormatError    the file is damaged, or no image; the message names it
    OSError        it cannot be opened
    """
    return _read(path, lambda image: image.convert("RGB"))


def _read(path: str | os.PathLike[str], convert: Callable[[Any], Any]) -> Any:
    from PIL import Image, UnidentifiedImageError

    name = os.fspath(path)
    with open(name, "rb") as file:
        try:
            return convert(Image.open(file))
        except UnidentifiedImageError:
            raise FormatError(f"{name}: no image that Pillow knows") from None
        except Exception as error:  # whatever a decoder stumbles over, it is the file that is wrong
            raise FormatError(f"{name}: the image cannot be read: {error}") from error


def in_colour(image: Any) -> Any:
    r"""A Pillow image of any mode in RGB.

    Examples
    --------
    >>> from PIL import Image
    >>> in_colour(Image.new("I;16", (1, 1), 256 * 128)).getpixel((0, 0))
    (128, 128, 128)
    >>> in_colour(Image.new("RGBA", (1, 1), (200, 0, 0, 0))).getpixel((0, 0))
    (255, 255, 255)
    """
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # numbers instead of bytes
        pixels = np.nan_to_num(np.asarray(image, np.float64))
        if image.mode == "F":
            pixels = 255 * pixels if pixels.max(initial=0) <= 1 else pixels
        elif image.mode != "I" or pixels.max(initial=0) > 255:
            pixels = pixels / 256
        image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return image.convert("RGB")
