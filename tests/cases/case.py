"""A `Case`: one use of an op, what it must give, and the arrays to try it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycnn.autograd import Op

Error = tuple[type[Exception], str, Callable[[Any], Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A row of the contract suite.

    Attributes
    ----------
    op : the op the row is about
    call : from Tensors to a Tensor, or a tuple of them: how users come to the op
    inputs : host arrays; the floating ones are differentiated
    oracle : from host arrays to what `call` must give, in plain NumPy and float64
    order : how many times it can be differentiated; 0 for what is flat, or has no derivative
    batch : which inputs have the batch as dimension 0, to be tried with none in it
    keeps : whether a floating result has the dtype of the inputs
    half : the largest error allowed in float16, relative to the largest value; None where float16 says nothing
    looks : how often the way there and the two ways back must look at values, and so wait for the device: to check the
        range of labels and indices, or to learn how many elements a mask has
    errors : (exception, pattern of its text, what raises it), the latter given what makes Tensors of arrays
    note : what tells apart the rows of one op
    """

    op: type[Op]
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    oracle: Callable[..., Any]
    order: int = 2
    batch: tuple[int, ...] = (0,)
    keeps: bool = True
    half: float | None = 4e-3
    looks: tuple[int, int] = (0, 0)
    errors: tuple[Error, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        return f"{self.op.__name__} {self.note}".strip()

    __repr__ = __str__


def normal(*shape: int, seed: int = 0) -> Any:
    """Numbers from the normal distribution."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def positive(*shape: int, seed: int = 0) -> Any:
    """Numbers from 0.5 to 2."""
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2, shape)


def signed(*shape: int, seed: int = 0) -> Any:
    """Numbers of both signs, from 0.2 to 1.7 away from 0: no kink at 0 is near."""
    rng = np.random.default_rng([seed, *shape])
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 1.7, shape)


def distinct(*shape: int, seed: int = 0) -> Any:
    """Numbers in [−2, 2] that are far from each other, in random order: nothing ties, nothing nearly ties."""
    return np.random.default_rng([seed, *shape]).permutation(np.linspace(-2, 2, int(np.prod(shape)))).reshape(shape)


def integers(*shape: int, high: int = 5, seed: int = 0) -> Any:
    """Integers from 0 up to, but without, `high`."""
    return np.random.default_rng([seed, *shape]).integers(0, high, shape)
