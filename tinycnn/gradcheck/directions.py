r"""Large arguments by the derivative along random directions, and the search for the entry that is wrong.

Along u with entries ±1, ⟨u, a⟩ of a gradient a must be the slope of f(x + t·u) at t = 0. One wrong entry shows in every
such direction, whatever the number of entries. The slope is extrapolated after Richardson from three central
differences: of D(h), D(h/2), D(h/4) the terms in h² and h⁴ are taken out, so that h may be large and rounding small.

To find the entry, the direction is halved: the half that misses more goes on. 262,144 entries take 18 halvings.
"""

from __future__ import annotations

import math

import numpy as np

from tinycnn.gradcheck.differences import EPSILON, Index, Probe, Slope, _bends
from tinycnn.gradcheck.subject import Host

REACH = 2e-3  # the length of the largest step, over all entries together
CLOSER = (1.0, 0.1, 0.01, 1e-3, 1e-4)  # what it is shortened to, while kinks lie on the way


def slope_along(probe: Probe, argument: int, direction: Host, linear: bool = False) -> Slope:
    """The derivative along a direction with entries ±1, or 0 where nothing moves.

    Where the function is known to be `linear` in the argument there is nothing to truncate: one difference with a step
    of 1 gives ⟨A·u, v⟩, which is ⟨u, Aᵀ·v⟩ up to rounding.
    """
    count = max(int(np.count_nonzero(direction)), 1)
    if linear:
        value, crossed = _difference(probe, argument, direction, 1.0)
        return Slope(value, _rounding(probe, 1.0), crossing=crossed)
    tried: list[Slope] = []
    for closer in CLOSER:
        h = REACH * closer / math.sqrt(count)
        made = [_difference(probe, argument, direction, h / part) for part in (1, 2, 4)]
        one, two, four = (value for value, _ in made)
        coarse, fine = (4 * two - one) / 3, (4 * four - two) / 3
        value = (16 * fine - coarse) / 15
        bar = abs(value - fine) + _rounding(probe, h / 4)
        crossed = next((c for _, c in made if c is not None), None)
        slope = Slope(value, bar, crossing=crossed)
        if crossed is None and math.isfinite(value):
            return slope
        tried.append(slope)
    below, above = _sides(probe, argument, direction, h)
    if _bends(below, above, _rounding(probe, h)):
        return tried[-1]._replace(bent=True, sides=(below, above))
    return min(tried, key=lambda slope: slope.bar if math.isfinite(slope.bar) else math.inf)


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
        share = float((part * analytic).sum()) - slope_along(probe, argument, part, linear).value
        places, missed = (half, share) if not abs(share) < abs(missed - share) else (rest, missed - share)
    return tuple(int(i) for i in np.unravel_index(int(places[0]), direction.shape))


def box_around(index: Index, shape: tuple[int, ...], most: int) -> list[Index]:
    """At most so many entries to measure beside the worst: a grid through it, with the borders of each axis."""
    chosen = [[i] for i in index]
    while True:
        grown = False
        for axis, size in enumerate(shape):
            have = chosen[axis]
            if len(have) < size and math.prod(len(c) for c in chosen) // len(have) * (len(have) + 1) <= most:
                order = sorted(range(size), key=lambda i, axis=axis: (i not in (0, shape[axis] - 1), abs(i - index[axis])))
                chosen[axis] = [*have, next(i for i in order if i not in have)]
                grown = True
        if not grown:
            grid = np.meshgrid(*[sorted(c) for c in chosen], indexing="ij")
            return [tuple(map(int, entry)) for entry in zip(*[g.ravel() for g in grid], strict=True)]


def _difference(probe: Probe, argument: int, direction: Host, h: float) -> tuple[float, object]:
    x = probe.subject.point[argument]
    (above, first), (below, second) = (probe.at({argument: x + by * direction}) for by in (h, -h))
    with np.errstate(all="ignore"):
        return probe.weighted([(a - b) / (2 * h) for a, b in zip(above, below, strict=True)]), first or second


def _sides(probe: Probe, argument: int, direction: Host, h: float) -> tuple[float, float]:
    x, base = probe.subject.point[argument], probe.base.outputs
    (above, _), (below, _) = (probe.at({argument: x + by * direction}) for by in (h, -h))
    with np.errstate(all="ignore"):
        return (
            probe.weighted([(b - y) / h for b, y in zip(base, below, strict=True)]),
            probe.weighted([(y - b) / h for b, y in zip(base, above, strict=True)]),
        )


def _rounding(probe: Probe, h: float) -> float:
    return 8 * EPSILON * float(sum(abs(v * y).sum() for v, y in zip(probe.cotangents, probe.base.outputs, strict=True))) / h
