"""A correct `Pair` of forward and backward, and the `Bug`s that a changed line makes of it."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Draw = Callable[[np.random.Generator], Any]


class Bug(NamedTuple):
    """In the source of backward `old`, which stands there once, becomes `new`: then `arguments` have wrong gradients.

    `causes` are the words a teacher would use, the best first; if there are several, each is true.
    """

    story: str
    old: str
    new: str
    arguments: tuple[str, ...]
    causes: tuple[str, ...]


class Pair(NamedTuple):
    r"""y = forward(\*inputs, \*\*options) and the gradients backward(g, \*inputs, \*\*options)."""

    family: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: tuple[Draw, ...]
    bugs: tuple[Bug, ...]
    options: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return self.forward.__name__

    def drawn(self, seed: int) -> list[Any]:
        rng = np.random.default_rng(seed)
        return [draw(rng) for draw in self.inputs]

    def broken(self, bug: Bug) -> Callable[..., Any]:
        """The backward with this bug."""
        source = textwrap.dedent(inspect.getsource(self.backward))
        if source.count(bug.old) != 1:
            raise ValueError(f"{self.name}: {bug.old!r} stands {source.count(bug.old)} times in backward, not once")
        space = dict(self.backward.__globals__)
        exec(source.replace(bug.old, bug.new), space)
        broken: Callable[..., Any] = space[self.backward.__name__]
        return broken


def bug(story: str, old: str, new: str, arguments: str, *causes: str) -> Bug:
    """`arguments`: one, or several with a blank between them."""
    return Bug(story, old, new, tuple(arguments.split()), causes)


def normal(*shape: int) -> Draw:
    return lambda rng: rng.standard_normal(shape)


def signed(*shape: int) -> Draw:
    """Both signs, nothing near 0."""
    return lambda rng: rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 2, shape)


def positive(*shape: int) -> Draw:
    return lambda rng: rng.uniform(0.5, 2, shape)


def distinct(*shape: int) -> Draw:
    """No two numbers near each other."""
    return lambda rng: rng.permutation(np.linspace(-2, 2, int(np.prod(shape)))).reshape(shape)


def labels(classes: int, *shape: int) -> Draw:
    return lambda rng: rng.integers(0, classes, shape)


def coins(*shape: int) -> Draw:
    """A mask of 0 and 1, as integers, with some of each."""
    def draw(rng: np.random.Generator) -> Any:
        size = int(np.prod(shape))
        return rng.permutation(np.arange(size) % 5 < 3).reshape(shape).astype(int)
    return draw
