r"""An `Exercise`: what is to be written, the cases it is held to, and wrong versions of it to find the bug in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Arrays = tuple[Any, ...]  # numpy.ndarrays of float64, or of integers (labels), in the order of forward's arguments


class Case(NamedTuple):
    """Arguments to call the student's functions with: made anew each time, from random numbers."""

    description: str  # "a stride that leaves a remainder"
    draw: Callable[[np.random.Generator], Arrays]
    options: Mapping[str, Any] = {}  # keyword arguments, such as stride=2; never written to


class Bug(NamedTuple):
    """A wrong version: in the solution's source the text `old`, which stands there once, becomes `new`.

    `argument` is the name of the argument whose gradient becomes wrong (None if forward is what is wrong), `cause` a
    word of `tinycnn.gradcheck.CAUSES`, `story` what went wrong, told after it is found.
    """

    old: str
    new: str
    argument: str | None
    cause: str
    story: str


class Question(NamedTuple):
    """Something to answer in words, and an answer for whoever marks it."""

    text: str
    answer: str


class Part(NamedTuple):
    """What earns points, and gets an answer of its own.

    `look` is how it is looked at: "shapes" (shapes and dtypes of the outputs, inputs left alone), "values" (the outputs
    beside the oracle's), "gradient" (that of `argument`, with the checker's explanation), "given" (the same, for the
    cotangent 1, 2, 3, … of the examples), "edges" (values and gradients, as far as they were right before).
    `use(function, *arguments, **options)` calls the function otherwise than once.
    """

    name: str
    points: int
    look: str
    cases: tuple[Case, ...]
    argument: str | None = None
    use: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Exercise:
    r"""One exercise.

    Attributes
    ----------
    name : ``"conv2d"``; the solution lies in ``solutions/<name>.py``
    title : ``"Convolution"``
    task : what is to be done, in words and formulas (Markdown with ``$…$``), with its source
    oracle : the same function of tinycnn on Tensors, ``F.conv2d``, taking the same arguments and options
    gradients : names of the arguments that backward returns gradients of, in order
    visible : cases a student sees, small, with round numbers
    hidden : cases that grade
    edges : cases at the border: one row, a stride that leaves a remainder, large logits
    bugs : wrong versions, each with one mistake
    functions : what the student hands in, the first of which computes what the oracle does
    questions : for the end, to think about
    outputs : how its outputs are called, where they are several
    own_parts : what earns points, where it is not the usual: shapes, forward, each gradient, edge cases
    """

    name: str
    title: str
    task: str
    oracle: Callable[..., Any]
    gradients: tuple[str, ...]
    visible: tuple[Case, ...]
    hidden: tuple[Case, ...]
    edges: tuple[Case, ...]
    bugs: tuple[Bug, ...]
    functions: tuple[str, ...] = ("forward", "backward")
    questions: tuple[Question, ...] = ()
    outputs: tuple[str, ...] = ()
    own_parts: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What earns points, in the order in which it is graded."""
        return self.own_parts or (
            Part("shapes", 1, "shapes", self.hidden),
            Part("forward", 3, "values", self.hidden),
            *(Part(f"gradient of {name}", 2, "gradient", self.hidden, name) for name in self.gradients),
            Part("edge cases", 2, "edges", self.edges),
        )
