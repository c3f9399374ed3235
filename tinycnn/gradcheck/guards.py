r"""What is asked before anything is measured: that the function repeats itself, and that backward is linear."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinycnn.gradcheck.differences import Probe, Ways
from tinycnn.gradcheck.evidence import Diagnosis
from tinycnn.gradcheck.subject import Gradients, Host, Subject

SAME = 1e-13  # of the largest: sums of several threads, or of a GPU, come out in any order
SINGLE = 2e-10  # between the rounding of float64, 1e-16 or somewhat more after cancellation, and that of float32, 6e-8


def same(ours: Sequence[Host], theirs: Sequence[Host]) -> bool:
    """Whether two answers are one, up to the order of summation."""
    return all(
        a.shape == b.shape and np.allclose(a, b, 0, SAME * float(abs(a[np.isfinite(a)]).max(initial=0)), equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )


def repeats(probe: Probe) -> bool:
    """Whether forward gives the same values again."""
    outputs, _ = probe.at({})
    return same(probe.base.outputs, outputs)


def flaws_of_backward(subject: Subject, cotangents: Sequence[Host], first: Gradients) -> dict[int, Diagnosis]:
    """What is wrong with backward's answer, by argument, whatever the derivative is."""
    flaws: dict[int, Diagnosis] = {}
    again, zero, double = (
        subject.vjp(subject.point, [factor * v for v in cotangents]) for factor in (1.0, 0.0, -2.0)
    )
    for i, g in first.found.items():
        name, largest = subject.names[i], float(abs(g).max(initial=0))
        repeated, nothing, twice = (answer.found.get(i) for answer in (again, zero, double))
        if repeated is None or nothing is None or twice is None or not np.isfinite(g).all():
            continue
        if not same([g], [repeated]):
            flaws[i] = Diagnosis(
                "nondeterministic",
                f"Asked twice with the same inputs and the same cotangent, backward gives two gradients of {name}.",
                "Does backward draw random numbers, or change something that it kept from forward?",
            )
        elif abs(nothing).max(initial=0) > 1e-12 * largest:
            whole = same([g], [nothing])
            flaws[i] = Diagnosis(
                "ignores-upstream",
                f"For a cotangent g of 0 the gradient of {name} must be 0, but "
                + ("it is the same as for any other: g is not used." if whole else "it is not: a part of it lacks g."),
                "By the chain rule every term of a gradient is multiplied with g, the gradient that comes from above.",
            )
        elif not same([-2 * g], [twice]) and abs(twice + 2 * g).max(initial=0) > 1e-12 * largest:
            flaws[i] = Diagnosis(
                "ignores-upstream" if same([g], [twice]) else "unknown",
                f"For −2 times the cotangent g the gradient of {name} must be −2 times as large, but it is not: g"
                " enters otherwise than as a factor.",
                "By the chain rule every term of a gradient is multiplied with g once: look for g * g, a norm or a mask"
                " made of g, such as g > 0 where x > 0 is due.",
            )
    return flaws


def single(subject: Subject) -> bool:
    """Whether an output came back in single or half precision."""
    return any(np.dtype(kind).itemsize < 8 for kind in subject.dtypes())


def computes_in_single(probe: Probe, rng: np.random.Generator) -> bool:
    """Whether the values carry the rounding of float32: by their dtype, or by the noise of very small differences.

    Slopes from steps of 1e-8 to 3e-7 agree to six digits in float64; in float32 they are nothing but noise. A function
    that bends within such steps, as one of very small or large inputs may, is asked again with others.
    """
    if single(probe.subject):
        return True
    point = probe.subject.point
    signs = {i: rng.choice([-1.0, 1.0], x.shape) for i, x in point.items()}
    slopes = _slopes(probe, {i: signs[i] * np.maximum(1, abs(x)) for i, x in point.items()})
    if slopes is None or not _is_noise(probe, slopes):
        return False
    units = {i: _unit(float(abs(x).max(initial=0))) for i, x in point.items()}
    if all(unit == 1 for unit in units.values()):
        return True
    slopes = _slopes(probe, {i: signs[i] * units[i] for i in point})
    return slopes is None or not any(slopes) or _is_noise(probe, slopes)


def _unit(largest: float) -> float:
    """Another length by which to move an argument of unusual size."""
    return largest if 0 < largest < 1e-3 else math.sqrt(largest) if largest > 1e3 else 1.0


def _slopes(probe: Probe, way: Ways) -> list[float] | None:
    """Slopes along a way from four very small steps; None if a corner lies on them."""
    slopes = []
    for h in (1e-8, 3e-8, 1e-7, 3e-7):
        (above, first), (below, second) = (probe.along(way, by) for by in (h, -h))
        if first or second:
            return None
        with np.errstate(all="ignore"):
            slopes.append(probe.weighted([(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]))
    return slopes


def _is_noise(probe: Probe, slopes: Sequence[float]) -> bool:
    size = float(np.sqrt(sum(((v * y) ** 2).sum() for v, y in zip(probe.cotangents, probe.base.outputs, strict=True))))
    return bool(max(slopes) - min(slopes) > 1e-2 * max(map(abs, slopes)) + SINGLE * size / 1e-8)
