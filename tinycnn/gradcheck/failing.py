r"""What was found wrong, as the `Failure` that a report tells: with numbers, a cause and a hint."""

from __future__ import annotations

import math

import numpy as np

from tinycnn.gradcheck.account import entry
from tinycnn.gradcheck.causes import diagnose
from tinycnn.gradcheck.differences import Probe
from tinycnn.gradcheck.evidence import Diagnosis, Evidence
from tinycnn.gradcheck.measured import Kink, Measured
from tinycnn.gradcheck.report import Failure
from tinycnn.gradcheck.subject import Gradients, Host, Subject, absent

SINGLE_INSIDE = Diagnosis(
    "float32",
    "The gradient is right as far as can be seen, but something inside computes in float32: the inputs are float64, and"
    " the outputs carry seven digits only, which finite differences turn into noise.",
    "Look for float32, astype, .float() and arrays made with a dtype of their own; a dtype comes from the inputs.",
)


def cause_of(probe: Probe, answer: Gradients, argument: int, m: Measured) -> Diagnosis:
    subject, cotangents = probe.subject, probe.cotangents
    name = subject.names[argument]
    if argument in answer.missing:
        return absent(name, "backward returns none", subject.lost)
    if not np.isfinite(m.analytic).all():
        count = int((~np.isfinite(m.analytic)).sum())
        return Diagnosis(
            "unknown",
            f"backward gives a value that is not finite in {count} of {m.analytic.size} entries of the gradient of"
            f" {name}, where the derivative is finite.",
            "Look for a division by 0, a logarithm of 0, or an exponential that overflows.",
        )
    if _is_flat(m):
        return _flat(name, m)

    def backward(others: tuple[Host | None, ...]) -> Host:
        filled = [np.zeros(v.shape) if g is None else np.asarray(g) for g, v in zip(others, cotangents, strict=True)]
        found = subject.vjp(subject.point, filled).found
        return found.get(argument, np.full(m.analytic.shape, np.nan))

    whole = m.known.size == math.prod(map(len, m.grid))
    evidence = Evidence(
        argument, name, tuple(subject.arguments), probe.base.outputs, tuple(cotangents), m.analytic, m.numeric,
        m.tolerance, m.jacobian if whole else None, m.known, backward, answer.found, subject.options,
        tuple(subject.names),
    )  # fmt: skip
    found = diagnose(evidence)
    return found if whole or found.code != "unknown" else _of_a_part(evidence, m) or found


def _is_flat(m: Measured) -> bool:
    """Whether every derivative that was measured is 0."""
    return bool(m.known.any() and (abs(m.numeric) <= m.tolerance)[m.known].all())


def _flat(name: str, m: Measured) -> Diagnosis:
    """The cause where no factor and no term of the true gradient is left to compare with."""
    place = tuple(int(i) for i in np.unravel_index(int(np.where(m.known, abs(m.analytic), 0).argmax()), m.known.shape))
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    where = "everywhere" if m.known.all() else "at every entry looked at"
    return Diagnosis(
        "unknown",
        f"The function is flat here: the outputs do not change with {name}, so that the true gradient is 0 {where}, but"
        f" backward gives {float(m.analytic[place]):.4g}{at}.",
        f"Does forward use {name} at all, and not its sign, a rounded or a bounded value of it? Then so must backward.",
    )


def _of_a_part(evidence: Evidence, m: Measured) -> Diagnosis | None:
    """The cause that the entries that were looked at show, if it is one that is told without naming entries."""
    at = np.ix_(*m.grid)
    inputs = list(evidence.inputs)
    inputs[evidence.argument] = inputs[evidence.argument][at]
    found = diagnose(evidence._replace(
        inputs=tuple(inputs), analytic=m.analytic[at], numeric=m.numeric[at], tolerance=m.tolerance[at],
        jacobian=m.jacobian, known=m.known[at], backward=lambda g: evidence.backward(g)[at], gradients={},
    ))  # fmt: skip
    return found if found.code in ("scale", "missing-sum", "missing-term", "overwritten", "sign") else None


def failure_of(subject: Subject, argument: int, m: Measured, flaw: Diagnosis) -> Failure:
    known = bool(m.known.any())
    at = m.worst if known else ()
    values = (float(m.analytic[at]), float(m.numeric[at]), float(m.bars[at])) if known else (np.nan,) * 3
    headline = _instead_of_wrong(flaw) if known and not m.wrong else ""
    return Failure(
        argument, subject.names[argument], at, *values, m.relative_error, *flaw, order=subject.order,
        gradients=(m.analytic, m.numeric, m.tolerance), headline=headline,
    )  # fmt: skip


def _instead_of_wrong(flaw: Diagnosis) -> str:
    """What is amiss where the numbers are right."""
    if flaw.code == "mutated-input":
        return flaw.cause.partition(",")[0]
    return "something inside computes in float32" if flaw.code == "float32" else ""


def kink_of(subject: Subject, argument: int, kink: Kink) -> Failure:
    name, (below, above) = subject.names[argument], kink.sides
    at = entry(name, kink.place)
    if kink.crossing is not None:
        where = f" in module {kink.crossing.path}" if kink.crossing.path else ""
        place = f"{kink.crossing.op}{where}, entry {list(kink.crossing.place)}"
        cause = f"At {at} two pieces of the function meet ({place})"
    else:
        cause = f"At {at} the function bends"
    if not (math.isfinite(below) and math.isfinite(above)):
        cause = f"At {at} the function ends: it has no values, or no slope, on one side"
    else:
        cause += f": its slope is {below:.4g} on one side and {above:.4g} on the other"
    cause += ", so there is no derivative."
    return Failure(
        argument, name, kink.place, kink.analytic, (below + above) / 2, abs(above - below) / 2, 0.0, "kink", cause,
        "Nothing is wrong with backward as far as can be seen; move the inputs a little and check again.",
        order=subject.order,
    )  # fmt: skip


def not_finite(probe: Probe) -> Failure:
    subject, headline = probe.subject, "forward gives a value that is not finite"
    bad = next(~np.isfinite(y) for y in probe.base.outputs if not np.isfinite(y).all())
    place = [int(i) for i in np.argwhere(bad)[0]]
    return unmeasured(subject, next(iter(subject.point)), Diagnosis(
        "unknown", f"{headline} at {place}, so there is nothing to differentiate.",
        "Look for a logarithm or a division of 0, or an exponential that overflows; or check at other inputs.",
    ), headline)  # fmt: skip


def unmeasured(subject: Subject, argument: int, flaw: Diagnosis, headline: str = "") -> Failure:
    """A failure without numbers."""
    name, nan = subject.names[argument], math.nan
    return Failure(argument, name, (), nan, nan, nan, math.inf, *flaw, order=subject.order, headline=headline)
