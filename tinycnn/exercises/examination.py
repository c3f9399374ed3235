r"""Looking at one part of what was handed in, case by case: a `Mistake` ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from tinycnn import gradcheck
from tinycnn.exercises import right
from tinycnn.exercises.catalogue import argument_names, signature
from tinycnn.exercises.comparison import check_form, check_order, check_values, separated, told_apart
from tinycnn.exercises.exercise import Arrays, Case, Exercise, Part
from tinycnn.exercises.mistake import Mistake, guarded, warnings_kept
from tinycnn.exercises.submission import Functions


class Paper(NamedTuple):
    """What is looked at.

    Attributes
    ----------
    exercise, part : what was asked
    functions : what was handed in
    sound : what earlier parts found right, "values" and names of arguments: edge cases look at these alone
    seed : of the random numbers
    patience : seconds in which the checker should find out what is wrong; else the numbers alone are told
    """

    exercise: Exercise
    part: Part
    functions: Functions
    sound: frozenset[str]
    seed: int
    patience: float

    def called(self, name: str, case: Case, *arrays: Any) -> Any:
        """What a function that was handed in returns for these arrays."""
        with warnings_kept():
            return (self.part.use or _once)(self.guarded(name), *arrays, **case.options)

    def guarded(self, name: str) -> Callable[..., Any]:
        """A function that was handed in, whose errors are told as its author's."""
        return guarded(self.functions[name], name, signature(self.exercise.name, name))

    def outputs(self, case: Case, arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """What the first function returns, by name and of the right form, and what it should return."""
        first, wanted = self.exercise.functions[0], right.outputs(self.exercise, arrays, case.options, self.part.use)
        names = self.exercise.outputs if len(wanted) > 1 else (f"the result of {first}",)
        got = separated(self.called(first, case, *right.copied(arrays)), names, first)
        for array, due, name in zip(got, wanted, names, strict=True):
            check_form(array, due, name)
        return dict(zip(names, got, strict=True)), wanted

    def gradient(self, case: Case, arrays: Arrays, g: Any, argument: str) -> tuple[Any, Any]:
        """What backward returns for an argument, of the right form, and what it should return."""
        names, position = self.exercise.gradients, self.exercise.gradients.index(argument)
        due = right.gradients(self.exercise, g, arrays, case.options)
        returned = self.called("backward", case, *right.copied((g, *arrays)))
        got = separated(returned, tuple(f"g{name}" for name in names), "backward")
        check_order(got, due, names, position)
        check_form(got[position], due[position], f"the gradient of {argument}")
        return got[position], due[position]


def examine(paper: Paper) -> dict[str, Any]:
    """Look at a part: a verdict, "right" or "wrong", and an explanation, as JSON has it."""
    for number, case in enumerate(paper.part.cases):
        arrays = right.drawn(case, paper.seed, number)
        try:
            _LOOKS[paper.part.look](paper, case, arrays)
        except Mistake as mistake:
            return {"verdict": "wrong", "explanation": f"{mistake}\n  with {described(paper.exercise, case, arrays)}"}
    return {"verdict": "right", "explanation": ""}


def described(exercise: Exercise, case: Case, arrays: Arrays) -> str:
    """A case in a line: the arguments and what is special about them."""
    names = argument_names(exercise.name)
    shapes = [f"{name} of shape {array.shape}" if array.ndim else f"{name} = {array:.6g}"
              for name, array in zip(names, arrays, strict=True)]
    return f"{', '.join(shapes + [f'{name}={value}' for name, value in case.options.items()])} ({case.description})"


def _shapes(paper: Paper, case: Case, arrays: Arrays) -> None:
    """Arrays of the right shape and dtype come back, and those that went in are as they were."""
    paper.outputs(case, arrays)
    _check_untouched(paper, paper.exercise.functions[0], case, arrays, _names(paper), _names(paper))


def _check_untouched(
    paper: Paper, function: str, case: Case, arrays: Arrays, names: tuple[str, ...], looked_at: Collection[str]
) -> None:
    copies = right.copied(arrays)
    paper.called(function, case, *copies)
    for name, before, after in zip(names, arrays, copies, strict=True):
        if name in looked_at and not np.array_equal(before, after, equal_nan=True):
            raise Mistake(
                f"{function} changes {name}, which belongs to whoever called it: compute something new instead of"
                f" writing into it (x -= 1 and x[...] = 0 write, x = x - 1 does not)"
            )


def _values(paper: Paper, case: Case, arrays: Arrays) -> None:
    """The outputs are the oracle's."""
    got, wanted = paper.outputs(case, arrays)
    for (name, array), due in zip(got.items(), wanted, strict=True):
        check_values(array, due, name)


def _gradient(paper: Paper, case: Case, arrays: Arrays) -> None:
    """The gradient is the oracle's; where it is not, the checker says what is wrong with it."""
    argument = str(paper.part.argument)
    g = right.cotangent(_output_shape(paper, case, arrays), paper.seed)
    got, due = paper.gradient(case, arrays, g, argument)
    try:
        check_values(got, due, f"the gradient of {argument}")
    except Mistake as mistake:
        raise _explained(paper, case, arrays, argument) or mistake from None
    names = ("g", *_names(paper))
    others = set(names).difference(paper.exercise.gradients) if argument == paper.exercise.gradients[0] else set()
    _check_untouched(paper, "backward", case, (g, *arrays), names, {argument, *others})


def _explained(paper: Paper, case: Case, arrays: Arrays, argument: str) -> Mistake | None:
    """What the checker says of a wrong gradient, if it does."""
    try:
        report = gradcheck.check(
            right.function(paper.exercise), arrays, backward=_within(paper.patience, paper.guarded("backward")),
            names=_names(paper), options=case.options, seed=paper.seed,
        )
    except Exception:
        return None
    for failure in report.failures:
        if failure.argument_name == argument:
            numbers = told_apart(failure.analytic, failure.numeric, failure.index)
            told = [f"the gradient of {argument} is {numbers}", failure.cause, failure.hint]
            return Mistake("\n  ".join(filter(None, told)))
    return None


def _given(paper: Paper, case: Case, arrays: Arrays, argument: str | None = None) -> None:
    """The gradient for the cotangent 1, 2, 3, … is the oracle's."""
    argument = argument or str(paper.part.argument)
    got, due = paper.gradient(case, arrays, right.counted(_output_shape(paper, case, arrays)), argument)
    check_values(got, due, f"the gradient of {argument}")


def _edges(paper: Paper, case: Case, arrays: Arrays) -> None:
    """What was right so far is so at the border too."""
    if "values" in paper.sound:
        _values(paper, case, arrays)
    for argument in paper.exercise.gradients:
        if argument in paper.sound:
            _given(paper, case, arrays, argument)


_LOOKS: dict[str, Callable[[Paper, Case, Arrays], None]] = {
    "shapes": _shapes, "values": _values, "gradient": _gradient, "given": _given, "edges": _edges,
}  # fmt: skip


def _once(function: Callable[..., Any], *arrays: Any, **options: Any) -> Any:
    return function(*arrays, **options)


def _within(seconds: float, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, as long as there is time for it."""
    end = time.monotonic() + seconds

    def call(*arguments: Any, **options: Any) -> Any:
        if time.monotonic() > end:
            raise TimeoutError
        return function(*arguments, **options)

    return call


def _names(paper: Paper) -> tuple[str, ...]:
    return argument_names(paper.exercise.name)


def _output_shape(paper: Paper, case: Case, arrays: Arrays) -> tuple[int, ...]:
    shape: tuple[int, ...] = right.outputs(paper.exercise, arrays, case.options)[0].shape
    return shape
