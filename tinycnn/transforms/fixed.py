r"""Transforms without chance: sizes, borders, conversions, colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.functional import InterpolationMode
from tinycnn.transforms.functional.borders import expect_fill, expect_mode
from tinycnn.transforms.functional.description import pair, whole_numbers
from tinycnn.transforms.functional.interpolation import interpolation_mode

__all__ = [
    "CenterCrop", "ConvertImageDtype", "FiveCrop", "Normalize", "PILToTensor", "Pad", "Resize", "TenCrop", "ToPILImage",
    "ToTensor",
]


class ToTensor:
    r"""A Tensor (C, H, W) of a Pillow image or an array (H, W, C), bytes scaled to [0, 1]: `functional.to_tensor`."""

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    r"""A Tensor (C, H, W) of a Pillow image, its numbers as they are: `functional.pil_to_tensor`."""

    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype(Module):
    r"""The same image in other numbers: `functional.convert_image_dtype`."""

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Any) -> Tensor:
        r"""Of a Tensor (…, C, H, W)."""
        return F.convert_image_dtype(image, self.dtype)


class ToPILImage:
    r"""A Pillow image of a Tensor (C, H, W) or an array (H, W, C): `functional.to_pil_image`."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize(Module):
    r"""Each channel less its mean, divided by its standard deviation: `functional.normalize`.

    Parameters
    ----------
    mean, std : sequence of float      of each channel
    inplace : bool                     whether the image itself is changed
    """

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Any) -> Tensor:
        r"""Of a Tensor (…, C, H, W) of floating numbers."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Resize(Module):
    r"""The image in another size: `functional.resize`.

    Parameters
    ----------
    size : int or sequence of one or two int         (height, width), or the shorter side
    interpolation : InterpolationMode or int
    max_size : int, optional                         of the longer side
    antialias : bool or None                         of tensors; Pillow's images always are
    """

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        whole_numbers("Resize", size, "size", (1, 2))
        self.size = size
        self.max_size = max_size
        self.interpolation = interpolation_mode("Resize", interpolation)
        self.antialias = antialias

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
                f"max_size={self.max_size}, antialias={self.antialias})")


class CenterCrop(Module):
    r"""The middle of an image: `functional.center_crop`.

    Parameters
    ----------
    size : int or sequence of one or two int      (height, width)
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair("CenterCrop", size)

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.center_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class FiveCrop(Module):
    r"""The four corners and the middle, as a tuple: `functional.five_crop`.

    ``Lambda(lambda crops: tinycnn.stack([ToTensor()(crop) for crop in crops]))`` after it makes a batch of them.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair("FiveCrop", size)

    def forward(self, img: Any) -> tuple[Any, ...]:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.five_crop(img, self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class TenCrop(Module):
    r"""`FiveCrop` of the image and of its mirror image: `functional.ten_crop`."""

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = pair("TenCrop", size)
        self.vertical_flip = vertical_flip

    def forward(self, img: Any) -> tuple[Any, ...]:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.ten_crop(img, self.size, self.vertical_flip)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, vertical_flip={self.vertical_flip})"


class Pad(Module):
    r"""The image with a border: `functional.pad`.

    Parameters
    ----------
    padding : int or sequence of one, two or four int      all; (left and right, …); or (left, top, right, bottom)
    fill : number or sequence of numbers                   of a constant border
    padding_mode : str                                     "constant", "edge", "reflect" or "symmetric"
    """

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        whole_numbers("Pad", padding, "padding", (1, 2, 4))
        expect_fill("Pad", fill)
        expect_mode("Pad", padding_mode)
        self.padding = padding
        self.fill = fill
        self.padding_mode = padding_mode

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"
