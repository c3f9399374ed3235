r"""One Subject from the first look to the list of what is wrong: guards, every argument, and the search for causes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.gradcheck.differences import Probe
from tinycnn.gradcheck.evidence import Diagnosis
from tinycnn.gradcheck.failing import SINGLE_INSIDE, cause_of, failure_of, kink_of, not_finite, unmeasured
from tinycnn.gradcheck.guards import computes_in_single, flaws_of_backward, repeats
from tinycnn.gradcheck.measured import SAMPLE, Measured, along_directions, every_entry
from tinycnn.gradcheck.report import Examined, Failure
from tinycnn.gradcheck.subject import Gradients, Host, Subject, drawn
from tinycnn.gradcheck.together import all_at_once, is_nothing, method

LIMIT = 2048  # entries of one argument that are measured one by one
DOUBTS = 6  # groups of arguments that are halved, before each is looked at by itself
COARSE = 1e-2  # the step for what computes in float32


class Plan(NamedTuple):
    """How closely to look.

    Attributes
    ----------
    seed : of cotangents and directions
    step : h, where it is given
    limit : up to so many entries an argument is measured one by one, beyond along directions
    sample : so many of its entries are measured if those show that something is wrong
    together : whether to try all arguments along one direction first
    """

    seed: int = 0
    step: float | None = None
    limit: int = LIMIT
    sample: int = SAMPLE
    together: bool = False


class Findings(NamedTuple):
    """What came out of one examination; `repeated` is False if the function answers differently each time."""

    repeated: bool
    failures: list[Failure]
    kinks: list[Failure]
    examined: list[Examined]
    notes: list[str]
    evaluations: int
    curve: Callable[[], Any] | None = None


def examine(subject: Subject, plan: Plan) -> Findings:
    """Look at every argument of the subject."""
    rng = np.random.default_rng([plan.seed, subject.order])
    cotangents = [drawn(rng, y.shape) for y in subject.forward(subject.point).outputs]
    probe = Probe(subject, cotangents, plan.step)
    if not repeats(probe):
        return Findings(False, [], [], [], [], probe.evaluations)
    if not all(np.isfinite(y).all() for y in probe.base.outputs):
        return Findings(True, [not_finite(probe)], [], [], [], probe.evaluations)
    answer = subject.vjp(subject.point, cotangents)
    flaws = _flaws(subject, cotangents, answer)
    if plan.step is None and computes_in_single(probe, rng):
        examination = Examination(Probe(subject, cotangents, COARSE), answer, flaws, plan, rng, single=True)
    else:
        examination = Examination(probe, answer, flaws, plan, rng)
    return examination.findings()


def _flaws(subject: Subject, cotangents: Sequence[Host], answer: Gradients) -> dict[int, Diagnosis]:
    """What is wrong with backward as such, by argument."""
    if subject.order == 2:
        return dict(answer.broken)
    flaws, touched = flaws_of_backward(subject, cotangents, answer), dict(subject.touched(cotangents))
    if (spoilt := touched.pop(None, None)) is not None:  # the cotangent, which is no argument
        flaws.setdefault(min(subject.point), spoilt)
    return {**flaws, **{i: d for i, d in touched.items() if i is not None}, **answer.broken}


class Examination:
    """The arguments of a subject, one after the other."""

    def __init__(
        self, probe: Probe, answer: Gradients, flaws: dict[int, Diagnosis], plan: Plan, rng: np.random.Generator,
        single: bool = False,
    ) -> None:  # fmt: skip
        self.probe, self.answer, self.flaws, self.plan, self.rng, self.single = probe, answer, flaws, plan, rng, single
        self.subject = probe.subject
        self.spoilt = next((flaw for flaw in flaws.values() if flaw.code == "mutated-input"), None)  # all suffer
        self.failures: list[Failure] = []
        self.kinks: list[Failure] = []
        self.examined: list[Examined] = []
        self.notes: list[str] = []

    def findings(self) -> Findings:
        """Everything that was found."""
        right = self._right_together() if self.plan.together else set()
        small = _small(self.subject, self.plan.limit)
        for argument in sorted(set(self.subject.point) - right):
            self._look(argument, argument in small)
        self.examined.sort(key=lambda item: item.argument)
        if self.single and any(failure.cause_code != "float32" for failure in self.failures):
            self.failures = [failure for failure in self.failures if failure.cause_code != "float32"]
            self.notes.append("Something inside computes in float32, so that differences show three digits only.")
        self.failures.sort(key=lambda failure: -failure.relative_error)
        return Findings(
            True, self.failures, self.kinks, self.examined, self.notes, self.probe.evaluations, self._curve()
        )

    def _right_together(self) -> set[int]:
        """Those arguments that are right: look at all at once, and where that is not enough, at either half."""
        gradients, right = self.answer.found, set[int]()
        if self.flaws or self.answer.missing or self.single or len(gradients) < len(self.subject.point):
            return right
        groups, doubts = [sorted(gradients)], 0
        while groups and doubts < DOUBTS:
            group = groups.pop()
            error = all_at_once(self.probe, {i: gradients[i] for i in group}, self.rng)
            if error is not None:
                right.update(group)
                for i in group:
                    self._note(i, method(len(group), len(gradients)), error, is_nothing(gradients[i], gradients))
            elif len(group) > 3:
                doubts += 1
                groups += [group[: len(group) // 2], group[len(group) // 2 :]]
        return right

    def _look(self, argument: int, each: bool) -> None:
        """Look at one argument, entry by entry or along directions."""
        if argument in self.answer.broken:
            self.failures.append(unmeasured(self.subject, argument, self.answer.broken[argument]))
            self._note(argument, "its shape", math.inf)
        elif argument not in self.answer.found:
            self.notes.append(f"The gradient of {self.subject.names[argument]} was not looked at.")
        elif not self.subject.point[argument].size:
            self._note(argument, "nothing to look at", 0.0, zero=True)
        elif each:
            self._judge(argument, every_entry(self.probe, argument, self.answer.found[argument]))
        else:
            analytic = self.answer.found[argument]
            self._judge(argument, along_directions(self.probe, argument, analytic, self.rng, self.plan.sample))

    def _judge(self, argument: int, m: Measured) -> None:
        """Note what was measured and, if it is wrong, why."""
        m = _coarsened(m) if self.single else m
        self._note(argument, m.method, m.relative_error, m.zero)
        if m.zero and float(abs(m.analytic).max(initial=0)) > 1e-12:
            self.notes.append(
                f"The outputs are so large that rounding hides what {self.subject.names[argument]} does to them: take"
                " off the part that does not change."
            )
        self.kinks += [kink_of(self.subject, argument, kink) for kink in m.kinks]
        if m.wrong or argument in self.flaws:
            flaw = self.flaws.get(argument) or self.spoilt or cause_of(self.probe, self.answer, argument, m)
            self.failures.append(failure_of(self.subject, argument, m, flaw))
        elif self.single:
            self.failures.append(failure_of(self.subject, argument, m, SINGLE_INSIDE))

    def _note(self, argument: int, method: str, error: float, zero: bool = False) -> None:
        name, shape = self.subject.names[argument], self.subject.point[argument].shape
        self.examined.append(Examined(argument, name, shape, method, error, self.subject.order, zero))

    def _curve(self) -> Callable[[], tuple[Host, Host]] | None:
        """What measures the worst argument's error at every step, if it has a gradient at all."""
        told = [item.argument for item in self.failures] or [item.argument for item in self.examined]
        if not told or told[0] not in self.answer.found:
            return None
        worst = told[0]
        analytic = self.answer.found[worst]
        direction = self.rng.choice([-1.0, 1.0], analytic.shape)
        if self.failures and (gradients := self.failures[0].gradients) is not None:
            direction = towards_the_error(direction, *gradients)
        return lambda: curve_along(self.probe, worst, analytic, direction)


def towards_the_error(direction: Host, analytic: Host, numeric: Host, tolerance: Host) -> Host:
    """The signs of the errors, along which they add up: along random signs they may cancel. Entries that are right keep
    their direction, and those that nobody looked at stay where they are."""
    with np.errstate(all="ignore"):
        off = analytic - numeric
        wrong = abs(off) > tolerance
    return np.where(wrong, np.sign(off), np.where(np.isnan(numeric), 0, direction)) if wrong.any() else direction


def curve_along(probe: Probe, argument: int, analytic: Host, direction: Host) -> tuple[Host, Host]:
    """Steps h, and how far D(h) along a direction is from what backward says, as a part of the slope."""
    steps, slopes = 10.0 ** -np.arange(1, 12.01, 0.25), []
    with np.errstate(all="ignore"):
        for h in steps:
            (above, _), (below, _) = (probe.along({argument: direction}, by) for by in (h, -h))
            slopes.append(probe.weighted([(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]))
    given = float((direction * analytic).sum())
    return steps, abs(given - np.array(slopes)) / max(abs(given), float(np.median(np.abs(slopes))), 1e-300)


def _small(subject: Subject, limit: int) -> set[int]:
    """The arguments that are looked at entry by entry: the small ones, up to twice the limit together."""
    chosen, total = set(), 0
    for argument, x in sorted(subject.point.items(), key=lambda item: item[1].size):
        total += x.size
        if x.size <= limit and total <= 2 * limit:
            chosen.add(argument)
    return chosen


def _coarsened(m: Measured) -> Measured:
    """Judged as closely as float32 allows."""
    with np.errstate(all="ignore"):
        tolerance = m.tolerance + 1e-2 * np.nanmax(abs(m.numeric), initial=0)
        wrong = bool((m.known & ~(abs(m.analytic - m.numeric) <= tolerance)).any())
    return m._replace(tolerance=tolerance, wrong=wrong and m.relative_error > 1e-2)
