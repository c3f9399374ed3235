r"""Transforms made of transforms: one after the other, at random, in any order; and of any function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Compose"]


class Compose:
    r"""One transform after the other.

    Parameters
    ----------
    transforms : sequence of callable

    Examples
    --------
    >>> from tinycnn import transforms
    >>> transforms.Compose([transforms.CenterCrop(10), transforms.ToTensor()])
    Compose(
        CenterCrop(size=(10, 10))
        ToTensor()
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return "".join([f"{type(self).__name__}(", *(f"\n    {transform}" for transform in self.transforms), "\n)"])
