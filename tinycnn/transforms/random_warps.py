r"""Transforms by chance: how an image is turned, moved, scaled and sheared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn.errors import ConfigError
from tinycnn.nn.module import Module
from tinycnn.transforms import functional as F
from tinycnn.transforms.chance import uniform
from tinycnn.transforms.functional import InterpolationMode
from tinycnn.transforms.functional.borders import expect_fill
from tinycnn.transforms.functional.interpolation import interpolation_mode
from tinycnn.transforms.functional.warping import expect_sequence

__all__ = ["RandomAffine", "RandomRotation"]


class RandomRotation(Module):
    r"""The image turned by a random angle: `functional.rotate`.

    Parameters
    ----------
    degrees : float or sequence of two float       x stands for angles from −x to x; a pair says both
    interpolation, expand, center, fill            as for `functional.rotate`

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      one number of degrees is negative, or a sequence is too short or too long
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _angles("RandomRotation", degrees, "degrees", (2,))
        if center is not None:
            expect_sequence("RandomRotation", center, "center", (2,))
        expect_fill("RandomRotation", fill)
        self.center = center
        self.interpolation = interpolation_mode("RandomRotation", interpolation)
        self.expand = expand
        self.fill = 0 if fill is None else fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        r"""An angle."""
        return uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, self.fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}, "
                f"expand={self.expand}{center}, fill={self.fill})")


class RandomAffine(Module):
    r"""The image turned, moved, scaled and sheared at random: `functional.affine`.

    Parameters
    ----------
    degrees : float or sequence of two float                 x stands for angles from −x to x; 0 turns nothing
    translate : sequence of two float, optional              at most these shares of width and height, either way
    scale : sequence of two float, optional                  smallest and largest
    shear : float or sequence of two or four, optional       x stands for −x to x; (x from, x to); and (…, y from, y to)
    interpolation, fill, center                              as for `functional.affine`

    Raises
    ------
    ArgumentError    an argument is of no such type
    ConfigError      a share is not within 0 … 1, a scale not positive, a sequence too short or too long
    """

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: Any = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.degrees = _angles("RandomAffine", degrees, "degrees", (2,))
        for name, given in (("translate", translate), ("scale", scale), ("center", center)):
            if given is not None:
                expect_sequence("RandomAffine", given, name, (2,))
        if translate is not None and not all(0 <= share <= 1 for share in translate):
            raise ConfigError(f"RandomAffine: translate must be shares of the image, from 0 to 1, not {translate}")
        if scale is not None and min(scale) <= 0:
            raise ConfigError(f"RandomAffine: scale must be positive, not {scale}")
        expect_fill("RandomAffine", fill)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else _angles("RandomAffine", shear, "shear", (2, 4))
        self.interpolation = interpolation_mode("RandomAffine", interpolation)
        self.fill = 0 if fill is None else fill
        self.center = center

    @staticmethod
    def get_params(
        degrees: Sequence[float],
        translate: Sequence[float] | None,
        scale_ranges: Sequence[float] | None,
        shears: Sequence[float] | None,
        img_size: Sequence[int],
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        r"""(angle, (right, down), scale, (shear along x, along y)) for an image of this (width, height)."""
        angle = uniform(degrees[0], degrees[1])
        right = down = 0
        if translate is not None:
            right, down = (round(uniform(-share * n, share * n)) for share, n in zip(translate, img_size, strict=True))
        scale = 1.0 if scale_ranges is None else uniform(scale_ranges[0], scale_ranges[1])
        shear_x = 0.0 if shears is None else uniform(shears[0], shears[1])
        shear_y = 0.0 if shears is None or len(shears) < 4 else uniform(shears[2], shears[3])
        return angle, (right, down), scale, (shear_x, shear_y)

    def forward(self, img: Any) -> Any:
        r"""Of a Pillow image or a Tensor (…, H, W)."""
        size = F.get_image_size(img)
        angle, translate, scale, shear = self.get_params(self.degrees, self.translate, self.scale, self.shear, size)
        return F.affine(img, angle, translate, scale, shear, self.interpolation, self.fill, self.center)

    def __repr__(self) -> str:
        plain = self.interpolation is InterpolationMode.NEAREST
        told = {"translate": self.translate, "scale": self.scale, "shear": self.shear,
                "interpolation": None if plain else self.interpolation.value,
                "fill": self.fill if self.fill != 0 else None, "center": self.center}
        options = "".join(f", {name}={value}" for name, value in told.items() if value is not None)
        return f"{type(self).__name__}(degrees={self.degrees}{options})"


def _angles(op: str, given: Any, name: str, counts: tuple[int, ...]) -> list[float]:
    if isinstance(given, int | float):
        if given < 0:
            raise ConfigError(f"{op}: {name} cannot be negative if it is one number, but is {given}; "
                              "it stands for angles to both sides")
        return [-float(given), float(given)]
    return [float(angle) for angle in expect_sequence(op, given, name, counts)]
