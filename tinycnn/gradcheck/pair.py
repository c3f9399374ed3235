r"""Two plain functions of NumPy arrays, a forward and its backward, as something to check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError, explain
from tinycnn.gradcheck.evidence import Diagnosis
from tinycnn.gradcheck.subject import (
    Gradients,
    Host,
    Point,
    Subject,
    Values,
    double,
    misshapen,
    mutated,
    no_floating,
    refuse_overlap,
)


class Pair(Subject):
    r"""forward(\*inputs, \*\*options) → y and backward(g, \*inputs, \*\*options) → gradients of the floating inputs."""

    lost = ""

    def __init__(
        self, name: str, forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any],
        names: Sequence[str], options: Mapping[str, Any],
    ) -> None:  # fmt: skip
        arrays = [x.backend.asnumpy(x.array) if is_tensor(x) else x for x in inputs]
        self.name, self.names, self.options = name, names, options
        self.function, self.function_back = forward, backward
        self.point: dict[int, Host] = {}
        for i, x in enumerate(arrays):
            if isinstance(x, np.ndarray | np.floating) and np.issubdtype(x.dtype, np.floating):
                refuse_overlap(names[i], np.asarray(x))
                self.point[i] = double(x)
        if not self.point:
            raise no_floating(name, [_kind(x) for x in arrays], "x.astype(float)")
        self.arguments = tuple(self.point.get(i, x) for i, x in enumerate(arrays))
        self._dtypes: tuple[Any, ...] = ()

    def forward(self, point: Point) -> Values:
        return Values(self._outputs(self._inputs(point)), [])

    def vjp(self, point: Point, cotangents: Sequence[Host]) -> Gradients:
        return self._sorted(self._answer(self._inputs(point), [v.copy() for v in cotangents]))

    def touched(self, cotangents: Sequence[Host]) -> Mapping[int | None, Diagnosis]:
        found: dict[int | None, Diagnosis] = {}
        given, seeds = self._inputs(self.point), [v.copy() for v in cotangents]
        for by in ("forward", "backward"):
            self._outputs(given) if by == "forward" else self._answer(given, seeds)
            for i, x in self.point.items():
                if i not in found and not np.array_equal(given[i], x, equal_nan=True):
                    found[i] = mutated(self.names[i], by)
            given = self._inputs(self.point)
        if not all(np.array_equal(a, b) for a, b in zip(seeds, cotangents, strict=True)):
            found[None] = mutated("the cotangent g that it was given", "backward")
        return found

    def dtypes(self) -> tuple[Any, ...]:
        return self._dtypes

    def _inputs(self, point: Point) -> list[Any]:
        """What to call the functions with: copies, so that they may write where they like."""
        return [
            point[i].copy(order="K") if i in self.point else x.copy() if isinstance(x, np.ndarray) else x
            for i, x in enumerate(self.arguments)
        ]

    def _outputs(self, inputs: Sequence[Any]) -> tuple[Host, ...]:
        try:
            made = self.function(*inputs, **self.options)
        except Exception as error:
            error.add_note(f"check: raised by {_called(self.function, 'forward')}, for {_shapes(inputs)}")
            raise
        returned = made if isinstance(made, tuple) else (made,)
        outputs = [array for array in map(_numbers, returned) if array is not None]
        if not outputs or len(outputs) < len(returned):
            raise self._no_numbers(made)
        counted = [y for y in outputs if y.dtype.kind == "f"] or outputs
        self._dtypes = tuple(y.dtype for y in counted)
        return tuple(np.array(y, dtype=np.float64) for y in counted)

    def _no_numbers(self, made: Any) -> ArgumentError:
        """The error for what forward returned."""
        kinds = f" of {' and '.join(type(y).__name__ for y in made)}" if isinstance(made, tuple) and made else ""
        return ArgumentError(explain(
            f"check: {self.name} must return an array of numbers, not {type(made).__name__}{kinds}",
            hint="return the output alone, without a cache: backward(g, *inputs) is called with the inputs themselves",
        ))  # fmt: skip

    def _answer(self, inputs: Sequence[Any], cotangents: Sequence[Host]) -> tuple[Any, ...]:
        g = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
        try:
            made = self.function_back(g, *inputs, **self.options)
        except Exception as error:
            called = "backward(g, *inputs, **options)" if self.options else "backward(g, *inputs)"
            error.add_note(
                f"check: raised by {_called(self.function_back, 'backward')}, called as {called} for g of"
                f" {_shapes(cotangents)}" + f", a tuple since forward returns {len(g)} arrays" * isinstance(g, tuple)
            )
            raise
        return tuple(made) if isinstance(made, tuple | list) else (made,)

    def _sorted(self, answer: tuple[Any, ...]) -> Gradients:
        """The gradients by argument: one for each floating input, or one for each input, those of integers unused."""
        due = list(self.point)
        if len(answer) == len(self.arguments) and all(
            g is None or _is_integer(self.arguments[i]) for i, g in enumerate(answer) if i not in self.point
        ):
            self.notes = [
                f"{self.names[i]} is {self.arguments[i].dtype}, so that its gradient was not checked: make it float"
                f" ({self.names[i]}.astype(float)) if it should have one."
                for i, g in enumerate(answer) if i not in self.point and g is not None and np.any(g)
            ]
            answer = tuple(answer[i] for i in due)
        found, missing, broken = {}, set(), {}
        if len(answer) > len(due):
            last = due[-1]
            broken[last] = Diagnosis(
                "wrong-shape",
                f"backward returns {len(answer)} gradients, but there are {len(due)} floating inputs"
                f" ({', '.join(self.names[i] for i in due)}).",
                "Return one gradient for each floating input, in their order; none for labels and options.",
            )
        for i, g in zip(due, (*answer, *[None] * len(due)), strict=False):
            if i in broken:
                continue
            if g is None:
                missing.add(i)
                g = np.zeros_like(self.point[i])
            flaw = misshapen(self.names[i], self.point[i].shape, np.dtype(np.float64), g)
            if flaw is not None:
                broken[i] = flaw
            else:
                found[i] = np.array(g, dtype=np.float64)
        return Gradients(found, frozenset(missing), broken)


def _kind(x: Any) -> str:
    return f"{x.dtype}, shape {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__


def _is_integer(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "iub"


def _numbers(y: Any) -> Host | None:
    """An output as an array; None if it is no array of numbers."""
    try:
        array = np.asarray(y)
    except ValueError:  # of a list of this and that
        return None
    return None if isinstance(y, tuple) or array.dtype.kind not in "fiub" else array


def _called(function: Callable[..., Any], role: str) -> str:
    """How to name one of the two functions."""
    name = getattr(function, "__name__", role)
    return role if name in (role, "<lambda>") else f"{name}, the {role}"


def _shapes(arrays: Sequence[Any]) -> str:
    return "shape " + ", ".join(str(a.shape) if isinstance(a, np.ndarray) else type(a).__name__ for a in arrays)


