r"""One Subject from the first look to the list of what is wrong: guards, every argument, and the search for causes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinycnn.gradcheck.causes import diagnose
from tinycnn.gradcheck.differences import Probe
from tinycnn.gradcheck.evidence import Diagnosis, Evidence
from tinycnn.gradcheck.guards import computes_in_single, flaws_of_backward, repeats
from tinycnn.gradcheck.measured import SAMPLE, Kink, Measured, along_directions, every_entry
from tinycnn.gradcheck.report import Examined, Failure
from tinycnn.gradcheck.subject import Gradients, Host, Subject, absent, drawn

LIMIT = 2048  # entries of one argument that are measured one by one
COARSE = 1e-2  # the step for what computes in float32


class Findings(NamedTuple):
    """What came out of one examination; `repeated` is False if the function answers differently each time."""

    repeated: bool
    failures: list[Failure]
    kinks: list[Failure]
    examined: list[Examined]
    notes: list[str]
    evaluations: int
    curve: Callable[[], Any] | None = None


def examine(
    subject: Subject, seed: int, step: float | None = None, limit: int = LIMIT, sample: int = SAMPLE
) -> Findings:
    """Look at every argument of the subject.

    Up to `limit` entries they are measured one by one; larger ones along directions and, if those show that something
    is wrong, at a `sample` of entries.
    """
    small = _small(subject, limit)
    rng = np.random.default_rng([seed, subject.order])
    cotangents = [drawn(rng, y.shape) for y in subject.forward(subject.point).outputs]
    probe = Probe(subject, cotangents, step)
    if not repeats(probe):
        return Findings(False, [], [], [], [], probe.evaluations)
    answer = subject.vjp(subject.point, cotangents)
    flaws: dict[int, Diagnosis] = {}
    notes: list[str] = []
    if not all(np.isfinite(y).all() for y in probe.base.outputs):
        return Findings(True, [_not_finite(probe)], [], [], [], probe.evaluations)
    if subject.order == 1:
        flaws = flaws_of_backward(subject, cotangents, answer)
        touched = subject.touched(cotangents)
        flaws = {**flaws, **{i: d for i, d in touched.items() if i is not None and i not in answer.broken}}
        if None in touched:
            flaws.setdefault(next(iter(subject.point)), touched[None])
    single = step is None and computes_in_single(probe, rng)
    if single:
        probe = Probe(subject, cotangents, COARSE)
    failures, kinks, examined = [], [], []
    for argument, x in sorted(subject.point.items(), key=lambda item: item[0]):
        name = subject.names[argument]
        if argument in answer.broken:
            failures.append(_unmeasured(subject, argument, answer.broken[argument]))
            examined.append(Examined(argument, name, x.shape, "its shape", np.inf, subject.order))
            continue
        if argument not in answer.found:
            notes.append(f"The gradient of {name} was not looked at.")
            continue
        if not x.size:
            examined.append(Examined(argument, name, x.shape, "nothing to look at", 0.0, subject.order, True))
            continue
        analytic = answer.found[argument]
        if argument in small:
            m = every_entry(probe, argument, analytic)
        else:
            m = along_directions(probe, argument, analytic, rng, sample)
        if single:
            m = _coarsened(m)
        examined.append(Examined(argument, name, x.shape, m.method, m.relative_error, subject.order, m.zero))
        kinks += [_kink(subject, argument, k) for k in m.kinks]
        if m.wrong or argument in flaws:
            flaw = flaws.get(argument) or _cause(probe, answer, argument, m, cotangents)
            failures.append(_failure(subject, argument, m, flaw))
        elif single:
            failures.append(_failure(subject, argument, m, _SINGLE))
    if single and any(f.cause_code != "float32" for f in failures):
        failures = [f for f in failures if f.cause_code != "float32"]
        notes.append("Something inside computes in float32, so that differences show three digits only.")
    failures.sort(key=lambda f: -f.relative_error)
    worst = failures[0].argument if failures else examined[0].argument if examined else None
    curve = None if worst is None or worst not in answer.found else _curve(probe, worst, answer.found[worst], rng)
    return Findings(True, failures, kinks, examined, notes, probe.evaluations, curve)


_SINGLE = Diagnosis(
    "float32",
    "The gradient is right as far as can be seen, but something inside computes in float32: the inputs are float64, and"
    " the outputs carry seven digits only, which finite differences turn into noise.",
    "Look for float32, astype, .float() and arrays made with a dtype of their own; a dtype comes from the inputs.",
)


def _cause(probe: Probe, answer: Gradients, argument: int, m: Measured, cotangents: list[Host]) -> Diagnosis:
    subject = probe.subject
    name = subject.names[argument]
    if argument in answer.missing:
        return absent(name, "backward returns none")
    if not np.isfinite(m.analytic).all():
        count = int((~np.isfinite(m.analytic)).sum())
        return Diagnosis(
            "unknown",
            f"backward gives a value that is not finite in {count} of {m.analytic.size} entries of the gradient of"
            f" {name}, where the derivative is finite.",
            "Look for a division by 0, a logarithm of 0, or an exponential that overflows.",
        )

    def backward(others: tuple[Host | None, ...]) -> Host:
        filled = [np.zeros(v.shape) if g is None else np.asarray(g) for g, v in zip(others, cotangents, strict=True)]
        found = subject.vjp(subject.point, filled).found
        return found.get(argument, np.full(m.analytic.shape, np.nan))

    return diagnose(Evidence(
        argument, name, tuple(subject.arguments), probe.base.outputs, tuple(cotangents), m.analytic, m.numeric,
        m.tolerance, m.jacobian, m.known, backward, answer.found, subject.options,
        tuple(subject.names),
    ))  # fmt: skip


def _failure(subject: Subject, argument: int, m: Measured, flaw: Diagnosis) -> Failure:
    known = bool(m.known.any())
    at = m.worst if known else ()
    values = (float(m.analytic[at]), float(m.numeric[at]), float(m.bars[at])) if known else (np.nan,) * 3
    return Failure(
        argument, subject.names[argument], at, *values, m.relative_error, *flaw, order=subject.order,
        gradients=(m.analytic, m.numeric, m.tolerance),
    )  # fmt: skip


def _kink(subject: Subject, argument: int, kink: Kink) -> Failure:
    name, (below, above) = subject.names[argument], kink.sides
    at = f"{name}[{', '.join(map(str, kink.place))}]" if kink.place else name
    if kink.crossing is not None:
        where = f" in module {kink.crossing.path}" if kink.crossing.path else ""
        place = f"{kink.crossing.op}{where}, entry {list(kink.crossing.place)}"
        cause = f"At {at} two pieces of the function meet ({place})"
    else:
        cause = f"At {at} the function bends"
    cause += f": its slope is {below:.4g} on one side and {above:.4g} on the other, so there is no derivative."
    return Failure(
        argument, name, kink.place, kink.analytic, (below + above) / 2, abs(above - below) / 2, 0.0, "kink", cause,
        "Nothing is wrong with backward as far as can be seen; move the inputs a little and check again.",
        order=subject.order,
    )  # fmt: skip


def _not_finite(probe: Probe) -> Failure:
    subject = probe.subject
    bad = next(~np.isfinite(y) for y in probe.base.outputs if not np.isfinite(y).all())
    place = [int(i) for i in np.argwhere(bad)[0]]
    return _unmeasured(subject, next(iter(subject.point)), Diagnosis(
        "unknown", f"forward gives a value that is not finite at {place}, so there is nothing to differentiate.",
        "Look for a logarithm or a division of 0, or an exponential that overflows; or check at other inputs.",
    ))  # fmt: skip


def _unmeasured(subject: Subject, argument: int, flaw: Diagnosis) -> Failure:
    """A failure without numbers."""
    nan = math.nan
    return Failure(argument, subject.names[argument], (), nan, nan, nan, math.inf, *flaw, order=subject.order)


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


def _curve(probe: Probe, argument: int, analytic: Host, rng: np.random.Generator) -> Callable[[], Any]:
    direction = rng.choice([-1.0, 1.0], analytic.shape)

    def measure() -> tuple[Host, Host]:
        steps = 10.0 ** -np.arange(1, 12.01, 0.25)
        x, slopes = probe.subject.point[argument], []
        with np.errstate(all="ignore"):
            for h in steps:
                (above, _), (below, _) = (probe.at({argument: x + by * direction}) for by in (h, -h))
                slopes.append(probe.weighted([(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]))
        given = float((direction * analytic).sum())
        size = max(abs(given), float(np.median(np.abs(slopes))), 1e-300)
        return steps, abs(given - np.array(slopes)) / size

    return measure
