r"""A `Case`: a function of Tensors, and a recipe for the point at which its derivatives are looked at.

Inputs are drawn where the function is smooth: away from the kink of relu, from the pole of log, and, for whatever
picks the largest, with no two numbers near each other. At a kink the two sides of a central difference belong to
different pieces of the function, and their mean is nobody's derivative.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Draw = Callable[[np.random.Generator], Any]  # a host array from random numbers


class Case(NamedTuple):
    """A function to check.

    Attributes
    ----------
    name : the function's own name, followed by what tells this use of it apart: ``"conv2d stride=2"``
    function : takes Tensors, returns one or several
    inputs : makes the inputs; those of floating type are differentiated
    step : h of the central differences; None where `check` may choose it
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Draw, ...]
    step: float | None = None

    @property
    def op(self) -> str:
        """The function's name alone."""
        return self.name.partition(" ")[0]


def case(name: str, function: Callable[..., Any], *inputs: Draw, step: float | None = None, **options: Any) -> Case:
    """A `Case` of a function with options, which are told in its name.

    >>> case("softmax", np.exp, normal(2, 3), dim=1).name
    'softmax dim=1'
    """
    told = [f"{option}={value}".replace(" ", "") for option, value in options.items()]
    return Case(" ".join([name, *told]), functools.partial(function, **options), inputs, step)


def normal(*shape: int) -> Draw:
    """Numbers from the normal distribution."""
    return lambda rng: np.asarray(rng.standard_normal(shape))


def between(low: float, high: float, *shape: int) -> Draw:
    """Numbers between two bounds."""
    return lambda rng: np.asarray(rng.uniform(low, high, shape))


def signed(*shape: int) -> Draw:
    """Numbers of both signs, none nearer to 0 than 0.1."""
    return lambda rng: rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 2, shape)


def distinct(*shape: int) -> Draw:
    """Numbers from −2 to 2 in random order, all as far from each other as can be."""
    return lambda rng: rng.permutation(np.linspace(-2, 2, math.prod(shape))).reshape(shape)


def sixteenths(*shape: int) -> Draw:
    """Multiples of 1/16 from −2 to 2: they and their sums with such a step are exact in every floating type."""
    return lambda rng: rng.integers(-32, 33, shape) / 16


def labels(classes: int, *shape: int) -> Draw:
    """Integers from 0 up to, but without, `classes`."""
    return lambda rng: rng.integers(0, classes, shape)


def coins(*shape: int) -> Draw:
    """Booleans."""
    return lambda rng: rng.random(shape) < 0.5
