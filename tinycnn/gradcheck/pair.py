r"""Two plain functions of NumPy arrays, a forward and its backward, as something to check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError
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
            raise no_floating(name, [_kind(x) for x in arrays])
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
        made = self.function(*inputs, **self.options)
        outputs = [np.asarray(y) for y in (made if isinstance(made, tuple) else (made,))]
        for y in outputs:
            if y.dtype.kind not in "fiub":
                raise ArgumentError(f"check: {self.name} must return an array of numbers, not {type(made).__name__}")
        counted = [y for y in outputs if y.dtype.kind == "f"] or outputs
        self._dtypes = tuple(y.dtype for y in counted)
        return tuple(np.array(y, dtype=np.float64) for y in counted)

    def _answer(self, inputs: Sequence[Any], cotangents: Sequence[Host]) -> tuple[Any, ...]:
        g = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
        try:
            made = self.function_back(g, *inputs, **self.options)
        except Exception as error:
            error.add_note(f"check: raised by the backward of {self.name}, for g of shape {_shapes(cotangents)}")
            raise
        return tuple(made) if isinstance(made, tuple | list) else (made,)

    def _sorted(self, answer: tuple[Any, ...]) -> Gradients:
        """The gradients by argument: one for each floating input, or one for each input with None for the others."""
        due = list(self.point)
        if len(answer) == len(self.arguments) and all(g is None for i, g in enumerate(answer) if i not in self.point):
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


def _shapes(arrays: Sequence[Host]) -> str:
    return ", ".join(str(a.shape) for a in arrays)


