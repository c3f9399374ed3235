r"""Other tones for those of an image: each pixel is looked up in a table, of one image or the same for all."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, DTypeError, explain
from tinycnn.ops.choice import where
from tinycnn.transforms.functional.colour import adjustable, of_mode
from tinycnn.transforms.functional.conversion import largest
from tinycnn.transforms.functional.description import is_pillow

__all__ = ["autocontrast", "equalize", "invert", "posterize", "solarize"]


def invert(img: Any) -> Any:
    r"""The negative: white less each pixel.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)

    Raises
    ------
    ArgumentError    neither 1 nor 3 channels
    ConfigError      Pillow has no such operation for the mode of the image
    """
    if is_pillow(img):
        return _by_pillow("invert", img)
    x = _planes("invert", img)
    return largest(x.array.dtype) - x


def posterize(img: Any, bits: int) -> Any:
    r"""Only the first bits of each byte, the others 0; so 2 ** bits tones are left.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W), uint8
    bits : int, from 0 to 8, but from 1 for Pillow's images

    Raises
    ------
    ArgumentError    bits is no int; neither 1 nor 3 channels
    ConfigError      bits out of range; Pillow has no such operation for the mode of the image
    DTypeError       a Tensor that is not of uint8

    Examples
    --------
    >>> import tinycnn
    >>> posterize(tinycnn.tensor([[[0, 100, 200, 255]]], dtype=tinycnn.uint8), 2)
    tensor([[[  0,  64, 192, 192]]], dtype=tinycnn.uint8)
    """
    if not isinstance(bits, int):
        raise ArgumentError(f"posterize: bits must be an int, not {bits!r}")
    least = 1 if is_pillow(img) else 0
    if not least <= bits <= 8:
        raise ConfigError(f"posterize: bits must be from {least} to 8, not {bits}")
    if is_pillow(img):
        return _by_pillow("posterize", img, bits)
    return _bytes("posterize", img) & (256 - 2 ** (8 - bits))


def solarize(img: Any, threshold: float) -> Any:
    r"""The negative of what is as bright as the threshold, or brighter; the rest as it is.

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W)
    threshold : float, at most white

    Errors as for `invert`.
    """
    if is_pillow(img):
        return _by_pillow("solarize", img, threshold)
    x = _planes("solarize", img)
    if threshold > (white := largest(x.array.dtype)):
        raise ConfigError(f"solarize: threshold must be at most {white}, which is white here, not {threshold}")
    return where(x >= threshold, invert(x), x)


def autocontrast(img: Any) -> Any:
    r"""Each channel stretched, so that its darkest pixel is black and its brightest one white.

    Parameters and errors as for `invert`. A channel of one tone stays as it is.
    """
    if is_pillow(img):
        return _by_pillow("autocontrast", img)
    x = _planes("autocontrast", img)
    white, given = largest(x.array.dtype), x.array.dtype
    kind = given if given.kind == "f" else dtypes.float32
    least, most = x.amin((-2, -1), keepdim=True).to(kind), x.amax((-2, -1), keepdim=True).to(kind)
    flat = least == most
    scale = where(flat, 1.0, white * (1.0 / where(flat, 1.0, most - least)))              # rounded twice, as by PyTorch
    return ((x - where(flat, 0.0, least)) * scale).clamp(0, white).to(given)


def equalize(img: Any) -> Any:
    r"""Each channel's tones spread so that all are about as frequent.

    With h(t) pixels of tone t, n of them without the brightest tone, and a step of ⌊n/255⌋,

        t ↦ ⌊(h(0) + … + h(t − 1) + ⌊step/2⌋) / step⌋,   at most 255

    Parameters
    ----------
    img : PIL.Image.Image or Tensor, (…, 1 or 3, H, W), uint8

    Errors as for `posterize`. A channel with fewer than 255 pixels below its brightest tone stays as it is.
    """
    if is_pillow(img):
        return _by_pillow("equalize", img)
    x = _bytes("equalize", img)
    pixels = x.cpu().numpy()
    new = np.empty_like(pixels)
    for place in np.ndindex(pixels.shape[:-2]):
        new[place] = _equal_tones(pixels[place])[pixels[place]]
    return Tensor.wrap(x.backend.asarray(new))


def _equal_tones(channel: Any) -> Any:
    count = np.bincount(channel.ravel(), minlength=256)
    step = int(count[:channel.max(initial=0)].sum()) // 255
    if step == 0:
        return np.arange(256, dtype=np.uint8)
    below = np.concatenate([[0], count.cumsum()[:-1]])
    table = (below + step // 2) // step
    return table.clip(0, 255).astype(np.uint8)


def _planes(op: str, img: Any) -> Tensor:
    x = adjustable(op, img)
    if x.array.ndim < 3:
        raise ArgumentError(f"{op}: expected a Tensor (…, C, H, W), but its shape is {tuple(x.array.shape)}")
    return x


def _bytes(op: str, img: Any) -> Tensor:
    x = _planes(op, img)
    if x.array.dtype != dtypes.uint8:
        raise DTypeError(explain(f"{op}: only bytes have such tones, but img is {x.array.dtype}",
                                 hint="convert_image_dtype(img, tinycnn.uint8) makes bytes of it"))
    return x


def _by_pillow(op: str, img: Any, *options: Any) -> Any:
    from PIL import ImageOps

    return of_mode(op, img, lambda: getattr(ImageOps, op)(img, *options))
