r"""Transforms made of transforms: one after the other, at random, in any order; and of any function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

from tinycnn import random
from tinycnn.errors import ArgumentError, ConfigError, explain
from tinycnn.nn.module import Module
from tinycnn.transforms.chance import uniform

__all__ = ["Compose", "Lambda", "RandomApply", "RandomChoice", "RandomOrder"]

Transform = Callable[..., Any]


def _listed(kind: str, lines: Iterable[Any]) -> str:
    return "".join([f"{kind}(", *(f"\n    {line}" for line in lines), "\n)"])


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

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = _several("Compose", transforms, Iterable)

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class Lambda:
    r"""A function as a transform: ``Lambda(lambda img: img.rotate(90))``."""

    def __init__(self, lambd: Transform) -> None:
        if not callable(lambd):
            raise ArgumentError(f"Lambda: lambd must be a function, not {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(Module):
    r"""All of these transforms, one after the other, with probability p; else none.

    Parameters
    ----------
    transforms : sequence of callable
    p : float
    """

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = _several("RandomApply", transforms, Iterable)
        self.p = p

    def forward(self, img: Any) -> Any:
        r"""Of whatever the transforms take."""
        if self.p < uniform():
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, [f"p={self.p}", *self.transforms])


class RandomOrder:
    r"""All of these transforms, in an order that is drawn anew each time."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = _several("RandomOrder", transforms)

    def __call__(self, img: Any) -> Any:
        for number in random.host().permutation(len(self.transforms)):
            img = self.transforms[number](img)
        return img

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class RandomChoice:
    r"""One of these transforms.

    Parameters
    ----------
    transforms : sequence of callable
    p : sequence of float, optional      how likely each is, compared with the others; all the same if None

    Raises
    ------
    ArgumentError    one of them is no sequence
    ConfigError      there are not as many weights as transforms, or they add up to nothing
    """

    def __init__(self, transforms: Sequence[Transform], p: Sequence[float] | None = None) -> None:
        self.transforms = _several("RandomChoice", transforms)
        if p is not None and not isinstance(p, Sequence):
            raise ArgumentError(f"RandomChoice: p must be a sequence of numbers, not {p!r}")
        if p is not None and (len(p) != len(transforms) or min(p, default=0) < 0 or not sum(p) > 0):
            raise ConfigError(f"RandomChoice: {len(transforms)} transforms need as many weights, none of them negative "
                              f"and not all of them 0, not {list(p)}")
        self.p = p

    def __call__(self, *args: Any) -> Any:
        up_to = list(accumulate(self.p or [1] * len(self.transforms)))
        drawn = uniform(0, up_to[-1])
        number = next((i for i, bound in enumerate(up_to) if drawn < bound), len(up_to) - 1)
        return self.transforms[number](*args)

    def __repr__(self) -> str:
        return f"{_listed(type(self).__name__, self.transforms)}(p={self.p})"


def _several(kind: str, transforms: Any, wanted: Any = Sequence) -> Any:
    if not isinstance(transforms, wanted):
        given = type(transforms).__name__
        hint = f"one alone goes into a list, too: {kind}([{given}(…)])" if callable(transforms) else None
        raise ArgumentError(explain(f"{kind}: transforms must be a sequence, not {given}", hint=hint))
    return transforms
