r"""The ways to read an image between its pixels, by torchvision's names and by Pillow's numbers."""

from __future__ import annotations

from enum import Enum
from typing import Any

from tinycnn.errors import ArgumentError, ConfigError, explain

__all__ = ["InterpolationMode"]


class InterpolationMode(Enum):
    r"""How `resize` computes a pixel from those around it.

    ``NEAREST`` and ``NEAREST_EXACT`` take the closest one, ``BOX`` the mean of the pixels that fall into it,
    ``BILINEAR`` weighs them by a triangle, ``HAMMING``, ``BICUBIC`` and ``LANCZOS`` by smoother curves. Pillow images
    know them all; tensors the two nearest ones, ``BILINEAR`` and ``BICUBIC``.
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


PILLOW_NUMBER = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,  # Pillow's nearest is the exact one
}
_BY_NUMBER = {number: mode for mode, number in reversed(PILLOW_NUMBER.items())}


def interpolation_mode(op: str, interpolation: Any) -> InterpolationMode:
    r"""The mode that is meant by one of its members or by Pillow's number, such as ``Image.BILINEAR``.

    Raises
    ------
    ArgumentError    it is neither
    ConfigError      Pillow has no such number
    """
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if not isinstance(interpolation, int):
        hint = "pass a member of the enum"
        if isinstance(interpolation, str):
            hint = f"InterpolationMode({interpolation.lower()!r}) looks a mode up by its name"
        raise ArgumentError(explain(
            f"{op}: interpolation must be an InterpolationMode or one of Pillow's numbers, not {interpolation!r}",
            {"modes": ", ".join(mode.value for mode in InterpolationMode)}, hint,
        ))
    if interpolation not in _BY_NUMBER:
        raise ConfigError(f"{op}: Pillow's numbers of interpolations go from 0 to 5, not {interpolation}")
    return _BY_NUMBER[interpolation]
