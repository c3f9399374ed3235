r"""All parameters of a network along one direction: if that is right, none of them is wrong.

Each is moved by random signs, divided by the length of its gradient, so that each contributes ±1 or so to the slope and
an error of 1e-6 of any of them shows. It takes as many evaluations for a hundred parameters as for one. Where the
answer is not clear, because something is wrong or kinks lie too near, either half is looked at, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tinycnn.gradcheck.differences import Probe
from tinycnn.gradcheck.directions import slope_along
from tinycnn.gradcheck.subject import Host

DIRECTIONS = 3
SHARP = 1e-6  # of the length of any one gradient; what is less sure than that is looked at more closely
FAINT = 1e-2  # of the longest gradient: shorter ones count as if they were as long as this
NOTHING = 1e-8  # of the longest gradient: shorter ones are 0 but for rounding


def all_at_once(probe: Probe, gradients: Mapping[int, Host], rng: np.random.Generator) -> float | None:
    """The relative error along three directions; None if they are not surely right."""
    longest = max(map(_length, gradients.values()), default=0.0)
    if not 0 < longest < math.inf:
        return None
    shares = {i: 1 / max(_length(g), FAINT * longest) for i, g in gradients.items()}
    size = math.sqrt(sum((shares[i] * _length(g)) ** 2 for i, g in gradients.items()))
    missed = []
    for _ in range(DIRECTIONS):
        ways = {i: share * rng.choice([-1.0, 1.0], gradients[i].shape) for i, share in shares.items()}
        slope = slope_along(probe, ways)
        off = abs(sum(float((way * gradients[i]).sum()) for i, way in ways.items()) - slope.value)
        tolerance = 10 * slope.bar + SHARP / 3
        if slope.bent or not off <= tolerance <= SHARP:
            probe.closer = 0
            return None
        missed.append(off / size)
    return math.sqrt(sum(m * m for m in missed) / len(missed))


def method(count: int, total: int) -> str:
    """How a group of so many was looked at."""
    return f"{DIRECTIONS} directions of {'all' if count == total else count}"


def is_nothing(gradient: Host, gradients: Mapping[int, Host]) -> bool:
    """Whether a gradient is 0 beside the others."""
    return _length(gradient) <= NOTHING * max(map(_length, gradients.values()))


def _length(gradient: Host) -> float:
    return float(np.sqrt((gradient**2).sum()))
