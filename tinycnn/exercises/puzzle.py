r"""Find the bug: wrong versions of the solutions, each with one mistake, and what to say of an answer."""

from __future__ import annotations

import difflib
import functools
import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycnn import gradcheck
from tinycnn.errors import ConfigError, explain
from tinycnn.exercises import right
from tinycnn.exercises.catalogue import find, solution_source
from tinycnn.exercises.exercise import Arrays, Bug, Case, Exercise
from tinycnn.exercises.grade_sheet import Grade
from tinycnn.exercises.grading import grade
from tinycnn.gradcheck.report import Report
from tinycnn.gradcheck.vocabulary import CAUSES

FORWARD = "forward"  # the answer where it is not a gradient that is wrong
_PAIR = "check() sees that backward is not the gradient of forward, but not which of the two is wrong"


@dataclass(frozen=True)
class Feedback:
    r"""What an answer is worth.

    Attributes
    ----------
    argument, cause : whether each was right
    text : what there is to say, and the story once all is found
    """

    argument: bool
    cause: bool
    text: str

    def __bool__(self) -> bool:
        return self.argument and self.cause

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Puzzle:
    r"""A wrong implementation: read it, let the checker look at it, and say what is wrong.

    Attributes
    ----------
    exercise, number : which one of which exercise
    source : the code, as it is run
    functions : what it defines, by name: also as ``forward`` and ``backward``
    """

    exercise: Exercise
    number: int
    source: str
    functions: dict[str, Callable[..., Any]]
    _bug: Bug

    @property
    def forward(self) -> Callable[..., Any]:
        """The function itself; ``step`` for ``"sgd"``."""
        return self.functions[self.exercise.functions[0]]

    @property
    def backward(self) -> Callable[..., Any]:
        """Its gradients."""
        return self.functions["backward"]

    @property
    def inputs(self) -> Arrays:
        """Arrays to call forward with, by `options` besides."""
        return right.drawn(self._case, 0, 0)

    @property
    def options(self) -> dict[str, Any]:
        """Options that go with `inputs`, such as ``stride=2``."""
        return dict(self._case.options)

    @functools.cached_property
    def _case(self) -> Case:
        """The first at which the mistake shows: some do at a border alone."""
        cases = [case for part in self.exercise.parts if not part.use for case in part.cases]
        return next((case for case in cases if not self._is_right(case)), cases[0])

    def _is_right(self, case: Case) -> bool:
        arrays = right.drawn(case, 0, 0)
        made = right.outputs(self.exercise, arrays, case.options)
        wanted, g = list(made), right.counted(made[0].shape)
        with np.errstate(all="ignore"):  # some mistakes are that numbers overflow
            returned = [self.forward(*right.copied(arrays), **case.options)]
            if "backward" in self.functions:
                wanted += right.gradients(self.exercise, g, arrays, case.options)
                returned.append(self.backward(g.copy(), *right.copied(arrays), **case.options))
        got = [array for value in returned for array in (value if isinstance(value, tuple) else (value,))]
        return all(a.shape == b.shape and np.allclose(a, b) for a, b in zip(got, wanted, strict=True))

    def check(self) -> Report:
        """The checker's report on this backward, as the gradient of this forward."""
        if "backward" not in self.functions:
            raise ConfigError(f"{self.exercise.name}: there is no backward to check; grade() looks at the function")
        with np.errstate(all="ignore"):  # as above
            return gradcheck.check(
                self.forward, self.inputs, backward=self.backward, options=self.options, name=self.exercise.name
            )

    def grade(self) -> Grade:
        """What it would get, with explanations: the right function is known here, as it is not to `check`."""
        return grade(self.exercise.name, *self.functions.values())

    def answer(self, argument: str, cause: str) -> Feedback:
        r"""What there is to say to an answer.

        Parameters
        ----------
        argument : whose gradient is wrong, or ``"forward"`` if it is the function itself
        cause : a word of `tinycnn.gradcheck.CAUSES`; any, where none of them fits

        Raises
        ------
        ConfigError
            If there is no such argument or cause.
        """
        arguments = (*self.exercise.gradients, FORWARD)
        _check_word("argument", argument, arguments)
        _check_word("cause", cause, tuple(CAUSES))
        found, named = argument in self._blamed(), self._bug.cause in (cause, "unknown")
        return Feedback(found, named, self._said(found, named, cause))

    def _blamed(self) -> set[str]:
        """Whose gradient is wrong: one mistake may spoil those of others as well."""
        if self._bug.argument is None:
            return {FORWARD}
        return {self._bug.argument, *(failure.argument_name for failure in self.check().failures)}

    def _said(self, found: bool, named: bool, cause: str) -> str:
        if found and named:
            return f"Right. {self._bug.story}"
        if found:
            return f"It is there, but another mistake: {cause} would mean: {CAUSES[cause]}. Look at the numbers."
        kind = "That is the kind of mistake, but not the place" if named else "No"
        if self._bug.argument is None:
            said = _PAIR if self.check().failures else "check() blames none"
            return f"{kind}: {said}: look at forward, or at grade()."
        if named:
            return f"{kind}: which gradient does check() blame?"
        return f"{kind}: run check() and read which argument it blames, and what the wrong numbers have in common."

    def __repr__(self) -> str:
        return f"# {self.exercise.title}, bug {self.number}\n\n{self.source}"

    def _repr_markdown_(self) -> str:
        """The code, as a notebook shows it."""
        return f"**{self.exercise.title}, bug {self.number}**\n\n```python\n{self.source}```"


class Puzzles(tuple[Puzzle, ...]):
    r"""The puzzles of an exercise; shown as a list of them, without their code."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "()"
        name = self[0].exercise.name
        shown = (f'puzzles("{name}")[{i}]  {puzzle.exercise.title}, bug {puzzle.number}'
                 for i, puzzle in enumerate(self))
        return "\n".join([*shown, "each of them shows its code"])


def puzzles(name: str) -> tuple[Puzzle, ...]:
    r"""Wrong versions of an exercise's solution, each with one mistake.

    Raises
    ------
    ConfigError
        If there is no exercise of this name.

    Examples
    --------
    >>> puzzle = puzzles("linear")[2]
    >>> print(puzzle.source)
    def forward(x, weight, bias):
        return x @ weight.T + bias
    <BLANKLINE>
    <BLANKLINE>
    def backward(g, x, weight, bias):
        gx = g @ weight
        gweight = g.T @ x
        gbias = g[0]
        return gx, gweight, gbias
    <BLANKLINE>
    >>> puzzle.answer("weight", "transposed")
    No: run check() and read which argument it blames, and what the wrong numbers have in common.
    >>> puzzle.answer("bias", "missing-sum")
    Right. The bias is added to every row, so every row's gradient belongs to it; ...
    """
    exercise = find(name)
    return Puzzles(_made(exercise, number, bug) for number, bug in enumerate(exercise.bugs, 1))


def _made(exercise: Exercise, number: int, bug: Bug) -> Puzzle:
    source = without_comments(solution_source(exercise.name).replace(bug.old, bug.new))
    file = f"<{exercise.name}, bug {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # for errors and inspect
    names: dict[str, Any] = {"__name__": f"bug_{number}"}
    exec(compile(source, file, "exec"), names)
    return Puzzle(exercise, number, source, {name: names[name] for name in exercise.functions}, bug)


def without_comments(source: str) -> str:
    """The code alone: a comment that says what a line should do gives away that it does not."""
    lines = (re.sub(r"\s*(?:^|\s)#.*", "", line) for line in source.splitlines())
    return "\n".join(line for line, was in zip(lines, source.splitlines(), strict=True) if line or not was) + "\n"


def _check_word(what: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        near = difflib.get_close_matches(str(word), words, 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else None
        raise ConfigError(explain(f"answer: there is no {what} {word!r}", {"words": ", ".join(words)}, hint))
