r"""Grading: each part of an exercise is looked at in a process of its own, so that none can spoil the others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tinycnn.backend import blas
from tinycnn.errors import ConfigError
from tinycnn.exercises import isolation
from tinycnn.exercises.catalogue import find
from tinycnn.exercises.examination import Paper, examine
from tinycnn.exercises.exercise import Exercise, Part
from tinycnn.exercises.grade_sheet import Grade, Mark
from tinycnn.exercises.isolation import Answer, Limits
from tinycnn.exercises.mistake import Mistake
from tinycnn.exercises.submission import File, Written, as_file, written

_NEED_BACKWARD = ("gradient", "given")
_USUAL = Limits()


def grade(
    name: str,
    *functions: Callable[..., Any] | None,
    parts: Iterable[str] | None = None,
    seconds: float = 5.0,
    gigabytes: float = 2.0,
    seed: int = 0,
) -> Grade:
    r"""Grade functions of NumPy arrays, written for an exercise.

    Each part runs in a process of its own: what loops, crashes or asks for too much memory ends that part and no other.
    The gradients are held to the true derivative of the right function, so a wrong forward costs none of theirs. Edge
    cases look at what was right before: half of their points are for forward, half for gradients. Where no process can
    be started (in a browser, or in a notebook on Windows) it runs without limits, and the grade says so. Memory is
    limited on Linux alone.

    Parameters
    ----------
    name : of the exercise, one of `NAMES`
    functions : what it asks for, in order: forward and backward, or forward alone; ``step`` for ``"sgd"``
    parts : grade these alone, or this one
    seconds, gigabytes : how long each part may take, and how much memory it may ask for
    seed : of the random inputs

    Raises
    ------
    ConfigError
        If there is no such exercise or part, no function, or no time.

    Examples
    --------
    >>> def forward(x, weight, bias):
    ...     return x @ weight.T + bias
    >>> def backward(g, x, weight, bias):
    ...     return g @ weight, g.T @ x, g[0]
    >>> print(grade("linear", forward, backward, parts=["gradient of bias"]))
    linear: 0 of 2 points
      gradient of bias  0 of 2  wrong
          the gradient of bias is ... at [...], where ... is right
          ...
    """
    exercise = find(name)
    return grade_submission(exercise, written(exercise, functions), parts, Limits(seconds, gigabytes), seed)


def try_examples(name: str, *functions: Callable[..., Any] | None, seconds: float = 5.0) -> Grade:
    r"""Hold functions to the examples that the task shows, one point each: not yet a grade.

    >>> import numpy as np
    >>> print(try_examples("sigmoid", lambda x: 1 / (1 + np.exp(-x))))
    sigmoid, the examples: 1 of 2 points
      forward        1 of 1  right
      gradient of x  0 of 1  missing
          backward was not handed in
    """
    exercise = find(name)
    desk = _desk(exercise, written(exercise, functions), Limits(seconds), 0)
    return Grade(f"{name}, the examples", tuple(desk.marks(example_parts(exercise))), desk.notes())


def example_parts(exercise: Exercise) -> tuple[Part, ...]:
    """What `try_examples` looks at."""
    return (
        Part(exercise.functions[0], 1, "values", exercise.visible),
        *(Part(f"gradient of {name}", 1, "given", exercise.visible, name) for name in exercise.gradients),
    )


def grade_submission(
    exercise: Exercise,
    submission: Written | File,
    parts: Iterable[str] | None = None,
    limits: Limits = _USUAL,
    seed: int = 0,
) -> Grade:
    """Grade what was handed in, as functions or as a file."""
    desk = _desk(exercise, submission, limits, seed)
    wanted = _chosen(exercise, parts)
    marks = desk.marks(exercise.parts if any(part.look == "edges" for part in wanted) else wanted)
    return Grade(exercise.name, tuple(mark for mark in marks if mark.name in {p.name for p in wanted}), desk.notes())


def _desk(exercise: Exercise, submission: Written | File, limits: Limits, seed: int) -> _Desk:
    """Functions that no other process can have are graded by the file they come from, if there is one."""
    limits.check(seed)
    if isinstance(submission, Written) and not isolation.can_fork() and isolation.can_run_programs():
        submission = as_file(submission.functions) or submission
    return _Desk(exercise, submission, limits, seed)


class _Desk(NamedTuple):
    """One submission to one exercise, while it is graded."""

    exercise: Exercise
    submission: Written | File
    limits: Limits
    seed: int

    def marks(self, parts: Sequence[Part]) -> list[Mark]:
        if isolation.is_inside():  # a file that grades itself, and is graded
            return []
        with blas.limited(1):  # whose children start none of their own
            opened = self._opened()
            if opened.ended:
                ended = f"the file {opened.ended}"
                return [Mark(part.name, 0, part.points, "stopped", ended, opened.printed) for part in parts]
            if opened.value.get("verdict") != "right":
                told = str(opened.value.get("explanation"))
                return [Mark(part.name, 0, part.points, "wrong", told, opened.printed) for part in parts]
            done: list[tuple[Part, Mark]] = []
            for part in parts:
                done.append((part, self._mark(part, opened.value.get("names", ()), done)))
            return [mark for _, mark in done]

    def notes(self) -> tuple[str, ...]:
        if isolation.is_inside():
            return ("not graded again while it is graded",)
        if isolation.can_fork():
            return ()
        alone = isinstance(self.submission, File) and isolation.can_run_programs()
        return (isolation.NO_MEMORY_LIMIT if alone else isolation.NO_LIMITS,)

    def _opened(self) -> Answer:
        """Which functions there are: a file is run for that, once before it is graded."""
        if isinstance(self.submission, Written):
            return Answer({"verdict": "right", "names": sorted(self.submission.functions)}, "", "")
        return self._answer(None, ())

    def _mark(self, part: Part, names: Sequence[str], done: Sequence[tuple[Part, Mark]]) -> Mark:
        needed = self._needed(part)
        if needed not in names:
            return Mark(part.name, 0, part.points, "missing", f"{needed} was not handed in")
        for before, mark in done:  # the same calls end in the same way, and nobody waits for that twice
            if mark.verdict == "stopped" and self._needed(before) == needed and before.cases is part.cases:
                return Mark(part.name, 0, part.points, "stopped", mark.explanation, mark.printed)
        sound = [before.argument or before.look for before, mark in done
                 if mark.verdict == "right" and before.look in ("values", "gradient")]
        if part.look == "edges" and not sound:
            return Mark(part.name, 0, part.points, "waiting", "they are looked at when something else is right")
        answer = self._answer(part, sound)
        if answer.ended:
            who = " or ".join(self._in_order(names)) if part.look == "edges" else needed
            return Mark(part.name, 0, part.points, "stopped", f"{who} {answer.ended}", answer.printed)
        verdict, explanation = str(answer.value.get("verdict")), str(answer.value.get("explanation"))
        points = part.points if verdict == "right" else 0
        if points and part.look == "edges" and (waiting := self._waiting(sound)):
            points, verdict, explanation = points // 2, "in part", f"{waiting} right before"
        return Mark(part.name, points, part.points, verdict, explanation, answer.printed)

    def _waiting(self, sound: Sequence[str]) -> str:
        """What edge cases could not look at: half of their points are forward's, half backward's."""
        if "values" not in sound:
            return f"the gradients alone were looked at, as {self.exercise.functions[0]} was not"
        if not set(sound) & set(self.exercise.gradients):
            return f"{self.exercise.functions[0]} alone was looked at, as no gradient was"
        return ""

    def _needed(self, part: Part) -> str:
        """The function that a part calls; for edge cases the first of those it may."""
        return "backward" if part.look in _NEED_BACKWARD else self.exercise.functions[0]

    def _in_order(self, names: Sequence[str]) -> list[str]:
        return [name for name in self.exercise.functions if name in names]

    def _answer(self, part: Part | None, sound: Sequence[str]) -> Answer:
        patience = self.limits.seconds / 4

        def work() -> dict[str, Any]:
            return look_at(self.exercise, self.submission, part, sound, self.seed, patience)

        if isolation.can_fork():
            return isolation.in_a_fork(work, self.limits)
        if isinstance(self.submission, File) and isolation.can_run_programs():
            facts = self.submission._asdict() | {
                "exercise": self.exercise.name, "part": part and part.name, "seed": self.seed, "sound": list(sound),
                "patience": patience, "examples": part is not None and part not in self.exercise.parts,
            }
            command = [sys.executable, "-m", "tinycnn.exercises.child", json.dumps(facts)]
            return isolation.in_a_program(command, self.limits)
        return isolation.in_place(work)


def look_at(
    exercise: Exercise, submission: Written | File, part: Part | None, sound: Iterable[str], seed: int, patience: float
) -> dict[str, Any]:
    """What is to be done where it can do no harm: load the functions, and look at a part of them, if one is given."""
    try:
        functions = submission.load()
    except Mistake as mistake:
        return {"verdict": "wrong", "explanation": str(mistake)}
    if part is None:
        return {"verdict": "right", "names": sorted(functions)}
    return examine(Paper(exercise, part, functions, frozenset(sound), seed, patience))


def _chosen(exercise: Exercise, names: Iterable[str] | None) -> list[Part]:
    by_name = {part.name: part for part in exercise.parts}
    if names is None:
        return list(by_name.values())
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in by_name:
            raise ConfigError(f"{exercise.name}: no part is called {name!r}; there are {', '.join(by_name)}")
    return [part for part in by_name.values() if part.name in chosen]
