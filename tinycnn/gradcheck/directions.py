r"""Large arguments by the derivative along random directions, and the search for the entry that is wrong.

Along u with entries ±1, ⟨u, a⟩ of a gradient a must be the slope of f(x + t·u) at t = 0. One wrong entry shows in every
such direction, whatever the number of entries. The slope is extrapolated after Richardson from three central
differences: of D(h), D(h/2), D(h/4) the terms in h² and h⁴ are taken out, so that h may be large and rounding small.

To find the entry, the direction is halved: the half that misses more goes on. 262,144 entries take 18 halvings.
"""

from __future__ import annotations

import math

import numpy as np

from tinycnn.autograd.winners import Crossing
from tinycnn.gradcheck.differences import EPSILON, Index, Probe, Slope, Ways, corner
from tinycnn.gradcheck.subject import Host

REACH = 2e-3  # the length of the largest step, over all entries together
CLOSER = (1.0, 0.1, 0.01, 1e-3, 1e-4)  # what it is shortened to, while kinks lie on the way


def slope_along(probe: Probe, ways: Ways, linear: bool = False) -> Slope:
    """The derivative along a direction.

    Where the function is known to be `linear` in the argument there is nothing to truncate: one difference with a step
    of 1 gives ⟨A·u, v⟩, which is ⟨u, Aᵀ·v⟩ up to rounding.
    """
    if linear:
        value, crossed = _difference(probe, ways, 1.0)
        return Slope(value, _rounding(probe, 1.0), crossing=crossed)
    slope = _smooth(probe, ways)
    if slope.crossing is None and math.isfinite(slope.value):
        return slope
    found = corner(probe, ways, _step(ways, len(CLOSER) - 2))
    if found.bent:
        return slope._replace(bent=True, sides=found.sides)
    with probe.ignoring(ways, _step(ways, len(CLOSER) - 2)):  # such as a ReLU whose result is nobody's maximum
        within = _smooth(probe, ways)
    if math.isfinite(within.value):
        return within._replace(bar=within.bar + found.jump)
    return Slope(sum(found.sides) / 2, found.jump + _rounding(probe, _step(ways, len(CLOSER) - 1)))


def _smooth(probe: Probe, ways: Ways) -> Slope:
    """The derivative at the first reach within which no kink lies; the last one tried, if there is none."""
    for level in range(probe.closer, len(CLOSER)):
        slope = extrapolated(probe, ways, level)
        if slope.crossing is None and math.isfinite(slope.value):
            probe.closer = level  # kinks as near as these are near everywhere in a network
            break
    return slope


def extrapolated(probe: Probe, ways: Ways, level: int) -> Slope:
    """The derivative from three differences at one reach; given up as soon as a kink lies on the way."""
    h, slopes = _step(ways, level), []
    for part in (1, 2, 4):
        value, crossed = _difference(probe, ways, h / part)
        if crossed is not None or not math.isfinite(value):
            return Slope(math.nan, math.inf, crossing=crossed)
        slopes.append(value)
    one, two, four = slopes
    coarse, fine = (4 * two - one) / 3, (4 * four - two) / 3
    value = (16 * fine - coarse) / 15
    return Slope(value, abs(value - fine) + _rounding(probe, h / 4))


def second_try(probe: Probe, ways: Ways, slope: Slope, analytic: float, length: float) -> Slope:
    """The derivative where backward says otherwise, in case there are kinks that no op told of."""
    off = abs(analytic - slope.value)
    for level in range(1, len(CLOSER) - 1):
        nearer = extrapolated(probe, ways, level)
        tolerance = 10 * nearer.bar + 1e-7 * length
        if 3 * tolerance > off:
            break  # rounding would hide what was seen before
        if abs(analytic - nearer.value) <= tolerance:
            return nearer
    found = corner(probe, ways, _step(ways, len(CLOSER) - 2))
    return slope._replace(bent=True, sides=found.sides) if found.bent else slope


def is_linear(probe: Probe, argument: int, rng: np.random.Generator) -> bool:
    """Whether the outputs change in proportion to the argument, along two random ways that lead far off."""
    x = probe.subject.point[argument]
    for _ in range(2):
        way = rng.standard_normal(x.shape) * (1 + abs(x))
        (plus, _), (minus, _), (far, _) = (probe.at({argument: x + by * way}) for by in (1, -1, 2))
        for y, p, m, f in zip(probe.base.outputs, plus, minus, far, strict=True):
            slack = 1e-12 * max(float(abs(z).max(initial=0)) for z in (y, p, m, f))
            if not (np.all(abs((p - y) + (m - y)) <= slack) and np.all(abs((f - y) - 2 * (p - y)) <= slack)):
                return False
    return True


def worst_entry(probe: Probe, argument: int, analytic: Host, direction: Host, missed: float, linear: bool) -> Index:
    """The entry where backward misses most, by halving a direction along which it misses as much as `missed`."""
    places = np.flatnonzero(direction)
    while places.size > 1:
        half, rest = places[: places.size // 2], places[places.size // 2 :]
        part = np.zeros(direction.size)
        part[half] = direction.reshape(-1)[half]
        part = part.reshape(direction.shape)
        slope = slope_along(probe, {argument: part}, linear)
        share = float((part * analytic).sum()) - _middle(slope)
        places, missed = (half, share) if not abs(share) < abs(missed - share) else (rest, missed - share)
    return tuple(int(i) for i in np.unravel_index(int(places[0]), direction.shape))


def grid_around(index: Index, shape: tuple[int, ...], most: int) -> tuple[list[int], ...]:
    """At most so many entries to measure beside the worst, a grid through it with the borders: indices of each axis."""
    chosen = [[i] for i in index]
    grown = True
    while grown:
        grown = False
        for axis, size in enumerate(shape):
            have = chosen[axis]
            if len(have) < size and math.prod(map(len, chosen)) // len(have) * (len(have) + 1) <= most:
                chosen[axis] = [*have, _next(have, index[axis], size)]
                grown = True
    return tuple(sorted(c) for c in chosen)


def _middle(slope: Slope) -> float:
    """The slope, at a kink the mean of both sides, which a central difference gives there."""
    return sum(slope.sides) / 2 if slope.bent else slope.value


def _next(have: list[int], place: int, size: int) -> int:
    """The border, if it is not there yet, else what is nearest."""
    return min((i for i in range(size) if i not in have), key=lambda i: (i not in (0, size - 1), abs(i - place)))


def _step(ways: Ways, level: int) -> float:
    return REACH * CLOSER[level] / max(math.sqrt(sum(float((way**2).sum()) for way in ways.values())), 1e-300)


def _difference(probe: Probe, ways: Ways, h: float) -> tuple[float, Crossing | None]:
    (above, first), (below, second) = (probe.along(ways, by) for by in (h, -h))
    with np.errstate(all="ignore"):
        return probe.weighted([(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]), first or second


def _rounding(probe: Probe, h: float) -> float:
    return 8 * EPSILON * float(sum(share.sum() for share in probe.shares)) / h
