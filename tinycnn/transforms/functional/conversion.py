r"""From Pillow images and arrays to Tensors and back, and from integers to numbers between 0 and 1."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ConfigError, DomainError, DTypeError, ShapeError, described, explain
from tinycnn.ops.copying import clone
from tinycnn.transforms.functional.description import expect_image, is_pillow

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]

_SHORT = "I;16" if sys.byteorder == "little" else "I;16B"
_READ_AS = {"I": np.int32, _SHORT: np.int16, "F": np.float32}  # all other modes are bytes
_MODES = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}  # by the number of channels
_GREY_MODES = {"uint8": "L", "int16": _SHORT, "int32": "I", "float32": "F"}     # by the dtype


def to_tensor(pic: Any) -> Tensor:
    r"""A Tensor (C, H, W) of a Pillow image or of an array (H, W, C) or (H, W).

        y[c, i, j] = x[i, j, c] / 255        of bytes; other numbers stay as they are

    Parameters
    ----------
    pic : PIL.Image.Image or numpy.ndarray

    Returns
    -------
    Tensor, (C, H, W)
        Of the default floating dtype for bytes, contiguous, sharing no memory with `pic`.

    Raises
    ------
    ArgumentError    `pic` is something else
    ShapeError       an array has neither two nor three dimensions
    DTypeError       its numbers are of a dtype that tensors do not have, such as uint16

    Examples
    --------
    >>> import numpy as np
    >>> to_tensor(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """
    if is_pillow(pic):
        pixels = np.asarray(pic, _READ_AS.get(pic.mode, np.uint8))
        if pic.mode == "1":
            pixels = 255 * pixels
        pixels = pixels.reshape(pic.height, pic.width, len(pic.getbands()))
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ShapeError(explain(
                "to_tensor: an array that is an image has two or three dimensions", {"pic": pic.shape},
                "images are H W C or H W; of a batch convert one after the other" if pic.ndim == 4 else None,
            ))
        pixels = pic if pic.ndim == 3 else pic[:, :, None]
    else:
        hint = "a Tensor needs no to_tensor; convert_image_dtype makes it float" if isinstance(pic, Tensor) else None
        if isinstance(pic, str | bytes) or hasattr(pic, "__fspath__"):
            hint = "PIL.Image.open(path) opens a file"
        raise ArgumentError(explain(f"to_tensor: pic must be a Pillow image or an array, not {described(pic)}",
                                    hint=hint))
    planes = pixels.transpose(2, 0, 1)
    _expect_known("to_tensor", planes.dtype, {"pic": pic.shape} if isinstance(pic, np.ndarray) else {"mode": pic.mode},
                  "pic.astype(np.int32), or np.float32, makes an array of numbers that there are")
    if planes.dtype == np.uint8:
        return Tensor.wrap(np.divide(planes, 255, dtype=dtypes.get_default_dtype(), order="C"))
    return Tensor.wrap(np.array(planes, order="C"))


def pil_to_tensor(pic: Any) -> Tensor:
    r"""A Tensor (C, H, W) of a Pillow image, its numbers as they are: bytes, and bool for mode "1".

    Raises
    ------
    ArgumentError    it is no Pillow image
    DTypeError       its numbers are of a dtype that tensors do not have: those of mode "I;16"
    """
    if not is_pillow(pic):
        hint = "to_tensor takes arrays, too" if isinstance(pic, np.ndarray) else None
        raise ArgumentError(explain(f"pil_to_tensor: pic must be a Pillow image, not {described(pic)}", hint=hint))
    pixels = np.array(pic)
    _expect_known("pil_to_tensor", pixels.dtype, {"mode of the image": pic.mode},
                  'img.convert("I") makes it an image of int32; to_tensor takes it as it is')
    return Tensor.wrap(pixels.reshape(pic.height, pic.width, len(pic.getbands())).transpose(2, 0, 1))


def _expect_known(op: str, dtype: Any, facts: dict[str, Any], hint: str) -> None:
    if dtype not in dtypes.ALL:
        raise DTypeError(explain(f"{op}: there are no tensors of {dtype}", facts, hint))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    r"""A Pillow image of a Tensor (C, H, W) or (H, W), or of an array (H, W, C) or (H, W).

    Floating numbers are taken to lie between 0 and 1; the bytes are ⌊255 x⌋.

    Parameters
    ----------
    pic : Tensor or numpy.ndarray
    mode : str, optional
        Pillow's name of what the channels mean. Usually L, LA, RGB or RGBA by their number; F, of floating numbers,
        must be asked for.

    Raises
    ------
    ArgumentError    `pic` is something else
    ShapeError       neither two nor three dimensions, or not one to four channels
    ConfigError      so many channels do not have this mode
    DTypeError       Pillow has no images of such numbers
    """
    if isinstance(pic, Tensor):
        pixels = pic.numpy(force=True)
        pixels = pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels
    elif isinstance(pic, np.ndarray):
        pixels = pic
    else:
        raise ArgumentError(f"to_pil_image: pic must be a Tensor or an array, not {described(pic)}")
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or not 1 <= pixels.shape[2] <= 4:
        raise ShapeError(explain(
            "to_pil_image: expected two dimensions, or three with one to four channels",
            {"pic": tuple(pic.shape)},
            "Tensors are C H W, arrays H W C; of a batch convert one after the other",
        ))
    if pixels.dtype.kind == "f" and mode != "F":
        with np.errstate(invalid="ignore"):  # NaN has no byte of its own
            pixels = (pixels * 255).astype(np.uint8)
    channels = pixels.shape[2]
    grey = _GREY_MODES.get(pixels.dtype.name)
    modes: Sequence[str | None] = (grey,) if channels == 1 else _MODES.get(channels, _MODES[3])
    if mode is not None and mode not in modes:
        wanted = " or ".join(map(repr, modes))
        raise ConfigError(f"to_pil_image: {channels} channels of {pixels.dtype} have the mode {wanted}, not {mode!r}")
    mode = modes[0] if mode is None else mode
    if mode is None or (channels != 1 and pixels.dtype != np.uint8):
        raise DTypeError(f"to_pil_image: Pillow has no images with {channels} channels of {pixels.dtype}")
    from PIL import Image

    pixels = np.ascontiguousarray(pixels[:, :, 0] if channels == 1 else pixels)
    raw = {"F": "F;32NF", "I": "I"}.get(mode, mode)
    return Image.frombytes(mode, pixels.shape[1::-1], pixels.tobytes(), "raw", raw, 0, 1)


def largest(dtype: dtypes.DType) -> int:
    r"""What stands for white: 1 for floating numbers and bool, else the largest integer."""
    return int(np.iinfo(dtype).max) if dtype.kind in "iu" else 1


def convert_image_dtype(image: Any, dtype: Any = dtypes.float32) -> Tensor:
    r"""The same image in other numbers: integers up to their largest, floating ones up to 1.

        y = x / m                     integers, of which m is the largest, to floating numbers
        y = ⌊(m + 1 − 10⁻³) x⌋        and back: equally wide steps for all integers, and 1 becomes m
        y = x (m′ + 1) / (m + 1)      integers of one size to those of another

    Raises
    ------
    ArgumentError    no Tensor is given
    DTypeError       the floating dtype has fewer digits than the integers

    Examples
    --------
    >>> import tinycnn
    >>> convert_image_dtype(tinycnn.tensor([[0, 51, 255]], dtype=tinycnn.uint8))
    tensor([[0.0000, 0.2000, 1.0000]])
    """
    if not isinstance(image, Tensor):
        expect_image("convert_image_dtype", image, tensors_only=True)
    old, new = image.array.dtype, dtypes.as_dtype(dtype)
    m, m_new = largest(old), largest(new)
    converted: Tensor = image
    if old == new:
        return converted
    if old.kind == new.kind == "f":
        converted = image.to(new)
    elif old.kind == "f":
        if (old.name, new.name) in (("float32", "int32"), ("float32", "int64"), ("float64", "int64")):
            raise DTypeError(f"convert_image_dtype: {old} cannot tell all numbers of {new} apart, 1.0 would overflow")
        converted = (image * (m_new + 1.0 - 1e-3)).to(new)
    elif new.kind == "f":
        converted = image.to(new) / m
    elif m > m_new:
        converted = (image // ((m + 1) // (m_new + 1))).to(new)
    else:
        converted = image.to(new) * ((m_new + 1) // (m + 1))
    return converted


def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    r"""Each channel less its mean, divided by its standard deviation.

        y[…, c, i, j] = (x[…, c, i, j] − mean[c]) / std[c]

    Parameters
    ----------
    tensor : Tensor, (…, C, H, W), float
    mean, std : sequence of float, (C,)      or a single number for all channels
    inplace : bool                           whether `tensor` itself is changed

    Raises
    ------
    ArgumentError    no Tensor is given
    DTypeError       its numbers are not floating
    ShapeError       it has fewer than three dimensions, or another number of channels than `mean` and `std`
    DomainError      a standard deviation is 0

    Examples
    --------
    >>> import tinycnn
    >>> normalize(tinycnn.ones(2, 1, 1), mean=(0.5, 0.0), std=(0.5, 2.0)).flatten()
    tensor([1.0000, 0.5000])
    """
    x = expect_image("normalize", tensor, tensors_only=True)
    shape, dtype = tuple(x.array.shape), x.array.dtype
    if dtype.kind != "f":
        raise DTypeError(explain(
            "normalize: the numbers must be floating", {"tensor": f"{dtype}, shape {shape}"},
            "convert_image_dtype(tensor) maps 0 … 255 to 0 … 1, and ToTensor() does so with a Pillow image",
        ))
    if len(shape) < 3:
        raise ShapeError(f"normalize: expected a Tensor (…, C, H, W), but its shape is {shape}")
    μ, σ = (np.asarray(numbers, dtype) for numbers in (mean, std))
    if not σ.all():
        raise DomainError(explain(f"normalize: a standard deviation of 0, in {dtype}", {"std": std},
                                  "a channel that never changes cannot be normalized; leave it as it is with std 1"))
    _check_statistics(shape, μ, σ)
    μ, σ = (x.backend.asarray(numbers.reshape(-1, 1, 1) if numbers.ndim == 1 else numbers) for numbers in (μ, σ))
    y = x if inplace else clone(x)
    y.sub_(Tensor.wrap(μ)).div_(Tensor.wrap(σ))
    return y


def _check_statistics(shape: tuple[int, ...], mean: Any, std: Any) -> None:
    channels = shape[-3]
    if all(numbers.ndim != 1 or len(numbers) in (1, channels) for numbers in (mean, std)):
        return
    hint = None
    if shape[-1] in (len(mean), len(std)):
        hint = "is this H W C? permute(2, 0, 1) makes it C H W"
    elif channels in (1, 2, 4):
        kind = "grey" if channels < 3 else "transparent"
        hint = f'is this a {kind} image? img.convert("RGB") gives it three channels'
    raise ShapeError(explain(
        "normalize: needs one mean and one standard deviation for each channel",
        {"tensor … C H W": shape, "mean": mean.shape, "std": std.shape}, hint,
    ))
