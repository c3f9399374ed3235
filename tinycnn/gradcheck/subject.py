r"""What is checked, seen as a function of float64 arrays: `Subject`, with a forward and a vjp, and nothing else.

The checker knows Subjects alone. Functions of Tensors, Modules and second derivatives are made into one by
`tinycnn.gradcheck.tensors`, pairs of NumPy functions by `tinycnn.gradcheck.pair`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.autograd.numeric import overlaps
from tinycnn.autograd.winners import Note
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.gradcheck.evidence import Diagnosis

Host = Any  # a numpy.ndarray, of float64 where it is differentiated
Point = Mapping[int, Host]  # the arrays that are differentiated, by their position among the arguments


class Values(NamedTuple):
    """What forward gave: its floating outputs, in float64, and on which pieces its ops found their entries."""

    outputs: tuple[Host, ...]
    notes: list[Note]


class Gradients(NamedTuple):
    """What backward gave, by the position of the argument.

    Attributes
    ----------
    found : gradients of the right shape and dtype, zeros where there is none
    missing : arguments that got no gradient at all
    broken : arguments whose gradient breaks a rule, and which
    """

    found: dict[int, Host]
    missing: frozenset[int] = frozenset()
    broken: Mapping[int, Diagnosis] = {}  # never written to


class Subject(ABC):
    """A function at a point.

    Attributes
    ----------
    name : its name
    point : the arrays that are differentiated, by their position among the arguments
    names : the name of each argument
    arguments : all arguments as the search for a cause may see them, arrays on the host
    options : what the function is called with besides
    order : 1, or 2 if it is itself a gradient
    notes : what was noticed on the way
    lost : where a gradient may have been lost
    """

    name: str
    point: dict[int, Host]
    names: Sequence[str]
    arguments: Sequence[Any]
    options: Mapping[str, Any]
    order: int = 1
    notes: Sequence[str] = ()
    lost: str = "; detach(), .data, numpy() and no_grad() leave the graph"

    @abstractmethod
    def forward(self, point: Point) -> Values:
        """The outputs at a point; its arrays are left alone, whatever the function does."""

    @abstractmethod
    def vjp(self, point: Point, cotangents: Sequence[Host]) -> Gradients:
        """The gradient of Σ ⟨cotangent, output⟩ in each array of the point."""

    @abstractmethod
    def touched(self, cotangents: Sequence[Host]) -> Mapping[int | None, Diagnosis]:
        """The arguments that forward or backward changes behind our back; None for the cotangent."""

    @abstractmethod
    def dtypes(self) -> tuple[Any, ...]:
        """The dtypes of the outputs, as they came."""


def no_floating(what: str, kinds: Sequence[str], made_floating: str) -> ConfigError:
    """The error for inputs among which nothing can be differentiated, and how integers are made floating."""
    return ConfigError(
        explain(
            f"check: {what}: there is no input of floating type, so there is no derivative to check",
            {f"input {i}": kind for i, kind in enumerate(kinds)},
            f"a derivative needs values that can change a little: pass 2.0 for 2, or {made_floating} for integers;"
            " labels and indices may stand beside",
        )
    )


def refuse_overlap(name: str, array: Host) -> None:
    """ShapeError if elements of an input share memory, so that one cannot be moved without the other."""
    if array.size and overlaps(array):
        raise ShapeError(
            explain(
                f"check: {name} has elements that share memory, so that one cannot be moved without the other",
                {"shape": array.shape, "strides": array.strides},
                "expand() and broadcast_to() make such arrays; .contiguous() or .copy() gives each element its own",
            )
        )


def double(array: Any) -> Host:
    """A copy in float64, in memory of its own, laid out as the original."""
    return np.array(array, dtype=np.float64, order="K")


def drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Host:
    """A cotangent from the normal distribution, in steps of 2⁻¹⁰: exact in single precision, and never 0."""
    v = np.round(rng.standard_normal(shape) * 1024)
    return np.asarray(np.where(v == 0, 1.0, v) / 1024)


def mutated(name: str, by: str) -> Diagnosis:
    """The diagnosis for an array that was written to."""
    return Diagnosis(
        "mutated-input",
        f"{by} changes {name} in place, so that whoever uses it afterwards, backward among them, finds other"
        " values.",
        "Look for += and -=, x[...] = and out= on what the function was given; compute into a new array, or copy"
        " first.",
    )


def misshapen(name: str, shape: tuple[int, ...], dtype: Any, found: Any) -> Diagnosis | None:
    """What is wrong with the shape or dtype of a gradient; None if both fit."""
    array = np.asarray(found)
    if array.shape != tuple(shape):
        return Diagnosis(
            "wrong-shape",
            f"The gradient of {name} has shape {array.shape}, but {name} has shape {tuple(shape)}.",
            shape_hint(array.shape, tuple(shape)),
        )
    if array.dtype != dtype:
        return Diagnosis(
            "wrong-shape",
            f"The gradient of {name} is of {array.dtype}, but {name} of {dtype}.",
            "A gradient has the dtype of its input; look for dtype=, astype() and integer arrays in backward.",
        )
    return None


def shape_hint(found: tuple[int, ...], due: tuple[int, ...]) -> str:
    """What may have happened to a gradient of another shape than its input."""
    if found != due and sorted(found) == sorted(due):
        return "The axes are exchanged: is a transpose missing, or one too many?"
    if len(found) > len(due) and [n for n in found if n != 1] == [n for n in due if n != 1]:
        return "An axis of length 1 is left over: sum without keepdims=True, or reshape."
    if len(found) > len(due):
        return (
            "An input that was broadcast, as a bias is to every row of a batch, gets its gradient summed over the axes"
            " it was broadcast along."
        )
    if np.prod(found, dtype=int) == np.prod(due, dtype=int):
        return "The numbers are as many as they should be: reshape the gradient to the shape of its input."
    if len(found) < len(due):
        return "A sum or mean ran over an axis too many, or keepdims=True is missing."
    return "The gradient of an input has the input's shape, entry by entry."


def absent(name: str, given: str, lost: str) -> Diagnosis:
    """The diagnosis for an argument that gets no gradient though the output depends on it."""
    return Diagnosis(
        "wrong-shape",
        f"The gradient of {name} is missing: {given}, yet the output depends on {name}.",
        f"Return a gradient for every floating input, in order{lost}.",
    )
