"""Every bug that is planted, from the pairs here and from the exercises of the package, in one form."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tests.gradcheck.planted import activations, arithmetic, losses, norms, windows
from tests.gradcheck.planted.bug import Bug, Pair
from tinycnn.exercises.catalogue import NAMES, find, solution, solution_source
from tinycnn.gradcheck import Report, check

PAIRS: tuple[Pair, ...] = (*activations.PAIRS, *arithmetic.PAIRS, *windows.PAIRS, *norms.PAIRS, *losses.PAIRS)


class Planted(NamedTuple):
    """A forward, a backward with one mistake, and what a teacher would say of it."""

    family: str
    story: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    draw: Callable[[int], list[Any]]
    options: Mapping[str, Any]
    arguments: tuple[str, ...]
    causes: tuple[str, ...]

    def report(self, seed: int) -> Report:
        return check(self.forward, self.draw(seed), backward=self.backward, options=self.options, seed=seed)

    def named(self, report: Report) -> bool:
        """Whether the cause is one that a teacher would name; where a teacher has no word either, it is not."""
        return report.cause_code in self.causes and report.cause_code != "unknown"


def of_pair(pair: Pair, bug: Bug) -> Planted:
    return Planted(
        pair.family, bug.story, pair.forward, pair.broken(bug), pair.drawn, pair.options, bug.arguments, bug.causes
    )


def of_exercises() -> list[Planted]:
    """Their mistakes in backward; those in forward are for an oracle to find.

    Each in the first case in which it acts, for some need overlapping windows or a remainder. One that acts only where
    numbers are tied is left out: there the function has no derivative.
    """
    found = []
    for name in NAMES:
        exercise = find(name)
        for bug in exercise.bugs if "backward" in exercise.functions else ():
            if bug.argument is None or bug.cause == "kink":
                continue
            module = types.ModuleType(name)
            exec(solution_source(name).replace(bug.old, bug.new), module.__dict__)
            for case in (*exercise.hidden, *exercise.edges):
                one = Planted(
                    f"exercise: {exercise.title.lower()}", _headline(bug.story), solution(name).forward,
                    module.backward, lambda seed, draw=case.draw: list(draw(np.random.default_rng(seed))),
                    case.options, (bug.argument,), (bug.cause,),
                )
                if one.report(0).verdict == "fail":
                    found.append(one)
                    break
            else:
                raise AssertionError(f"{name}: no case shows the mistake {bug.story!r}")
    return found


def _headline(story: str) -> str:
    return story.partition(". ")[0].partition(": ")[0].rstrip(".")


OWN: tuple[Planted, ...] = tuple(of_pair(pair, bug) for pair in PAIRS for bug in pair.bugs)
PLANTED: tuple[Planted, ...] = (*OWN, *of_exercises())
