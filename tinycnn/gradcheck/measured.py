r"""One argument after it was looked at: what backward gives, what differences give, and where the two disagree."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.autograd.winners import Crossing
from tinycnn.gradcheck.differences import LARGEST_JACOBIAN, Index, Probe, Slope, second_look, slope_at
from tinycnn.gradcheck.directions import grid_around, is_linear, second_try, slope_along, worst_entry
from tinycnn.gradcheck.subject import Host
from tinycnn.hub.bar import through

DIRECTIONS = 3
SPLITS = 40  # how often a direction with kinks on it is halved
SAMPLE = 300  # entries of a large argument that are measured, once one of them is known to be wrong


class Kink(NamedTuple):
    """An entry at which there is no derivative: what backward gives there, and the slopes on both sides."""

    place: Index
    analytic: float
    sides: tuple[float, float]
    crossing: Crossing | None


class Measured(NamedTuple):
    """Both gradients of one argument, entry by entry.

    `numeric` is NaN where it is not `known`; `wrong` says whether any known entry is farther off than its tolerance, or
    any direction was; `relative_error` is ‖a − n‖ / max(‖a‖, ‖n‖). `grid` holds the indices of each axis that were
    looked at, all but for large arguments, and `jacobian` the derivatives of the outputs in these entries.
    """

    method: str
    analytic: Host
    numeric: Host
    bars: Host
    tolerance: Host
    known: Host
    jacobian: tuple[Host, ...] | None
    kinks: tuple[Kink, ...]
    relative_error: float
    wrong: bool
    zero: bool
    grid: tuple[Sequence[int], ...] = ()

    @property
    def worst(self) -> Index:
        """The entry that is off by most tolerances."""
        with np.errstate(all="ignore"):
            off = np.where(self.known, abs(self.analytic - self.numeric) / self.tolerance, -1.0)
        off = np.where(self.known & ~np.isfinite(self.analytic), np.inf, off)
        return tuple(int(i) for i in np.unravel_index(int(np.nan_to_num(off, nan=np.inf).argmax()), off.shape))


def every_entry(probe: Probe, argument: int, analytic: Host) -> Measured:
    """Each entry by itself."""
    return entries(probe, argument, analytic, tuple(range(size) for size in analytic.shape), "every entry")


def entries(probe: Probe, argument: int, analytic: Host, grid: tuple[Sequence[int], ...], method: str) -> Measured:
    """The entries of a grid, given by the indices of each axis."""
    places, extent = list(itertools.product(*grid)), tuple(map(len, grid))
    keeps = sum(y.size for y in probe.base.outputs) * len(places) <= LARGEST_JACOBIAN
    jacobian = tuple(np.zeros((*y.shape, *extent)) for y in probe.base.outputs) if keeps else None
    told = through(places, sys.stderr, desc=f"{probe.subject.name}: {probe.subject.names[argument]}", delay=2)
    most = float(abs(analytic[np.isfinite(analytic)]).max(initial=0))
    slopes: dict[Any, Slope] = {
        place: slope_at(probe, argument, place, float(analytic[place]), most) for place in told
    }  # fmt: skip
    largest = max((abs(s.value) for s in slopes.values() if math.isfinite(s.value) and not s.bent), default=0.0)
    kinks = []
    numeric, bars, tolerance = (np.full(analytic.shape, np.nan) for _ in range(3))
    known = np.zeros(analytic.shape, bool)
    for (place, slope), cell in zip(slopes.items(), np.ndindex(extent), strict=True):
        a = float(analytic[place])
        if not slope.bent and not _agree(a, slope.value, _tolerance(slope.bar, largest)) and not probe.given:
            slope = second_look(probe, argument, place, slope, a)
        if slope.bent:
            kinks.append(Kink(place, a, slope.sides, slope.crossing))
        numeric[place], bars[place] = slope.value, slope.bar
        tolerance[place] = _tolerance(slope.bar, largest)
        known[place] = not slope.bent
        for j, column in zip(jacobian or (), slope.column, strict=False):
            j[..., *cell] = column
    with np.errstate(all="ignore"):
        wrong = known & ~(abs(analytic - numeric) <= tolerance)
    zero = largest <= 10 * float(np.nanmax(bars, initial=0)) and not wrong.any() and not kinks
    relative = 0.0 if zero else _relative(analytic[known], numeric[known])
    return Measured(
        method, analytic, numeric, bars, tolerance, known, jacobian, tuple(kinks), relative, bool(wrong.any()), zero,
        grid,
    )


def along_directions(
    probe: Probe, argument: int, analytic: Host, rng: np.random.Generator, sample: int = SAMPLE
) -> Measured:
    """Random directions; if one shows that an entry is wrong, the worst entry and a grid of those around it."""
    linear = not probe.given and is_linear(probe, argument, rng)
    seen = Seen([], [], [])
    for _ in range(DIRECTIONS):
        probe.closer = max(0, probe.closer - 1)  # the kinks that were met last may be farther away from here
        _look_along(probe, argument, analytic, rng.choice([-1.0, 1.0], analytic.shape), linear, seen)
        if seen.kinks:
            break  # the others meet the same ones
    method = "adjoint" if linear else f"{DIRECTIONS} directions"
    size = max(float(np.sqrt((analytic**2).sum())), _rms([slope.value for _, slope, _ in seen.right + seen.wrong]))
    missed = _rms([off for _, _, off in seen.right + seen.wrong])
    if not seen.wrong:
        unknown, nothing = np.full(analytic.shape, np.nan), np.zeros(analytic.shape, bool)
        zero = not seen.kinks and size <= 10 * max(slope.bar for _, slope, _ in seen.right)
        relative = 0.0 if zero or not size else missed / size
        kinks = tuple(seen.kinks)
        return Measured(method, analytic, unknown, unknown, unknown, nothing, None, kinks, relative, False, zero)
    direction, _, off = max(seen.wrong, key=lambda part: np.nan_to_num(abs(part[2]), nan=np.inf))
    index = worst_entry(probe, argument, analytic, direction, off, linear)
    found = entries(probe, argument, analytic, grid_around(index, analytic.shape, sample), method)
    return found._replace(relative_error=missed / size if size else math.inf, wrong=True, zero=False)


class Seen(NamedTuple):
    """Directions that were right, and that were wrong, each with its slope and by how much it was missed; and kinks."""

    right: list[tuple[Host, Slope, float]]
    wrong: list[tuple[Host, Slope, float]]
    kinks: list[Kink]


def _look_along(probe: Probe, argument: int, analytic: Host, direction: Host, linear: bool, seen: Seen) -> None:
    """Compare along a direction; where kinks lie on it, along its parts, until those with a kink are single entries."""
    parts, splits = [direction], SPLITS
    while parts:
        part = parts.pop()
        expected, length = float((part * analytic).sum()), float(np.sqrt((analytic[part != 0] ** 2).sum()))
        slope = slope_along(probe, {argument: part}, linear)
        if not slope.bent and not _agree(expected, slope.value, _tolerance(slope.bar, max(length, abs(slope.value)))):
            slope = second_try(probe, {argument: part}, slope, expected, length)
        places = np.flatnonzero(part)
        if not slope.bent:
            agrees = _agree(expected, slope.value, _tolerance(slope.bar, max(length, abs(slope.value))))
            (seen.right if agrees else seen.wrong).append((part, slope, expected - slope.value))
        elif places.size == 1:
            index = tuple(int(i) for i in np.unravel_index(int(places[0]), part.shape))
            a = float(analytic[index])
            at = slope_at(probe, argument, index, a, abs(a))
            at = at if at.bent else second_look(probe, argument, index, at, a)
            if at.bent:
                seen.kinks.append(Kink(index, a, at.sides, at.crossing or slope.crossing))
            else:
                seen.wrong.append((part, at, expected - float(part[index]) * at.value))
        elif splits:
            splits -= 1
            half = part.copy()
            half.reshape(-1)[places[places.size // 2 :]] = 0
            parts += [half, part - half]
        else:
            seen.kinks.append(Kink((), expected, slope.sides, slope.crossing))


def _agree(analytic: float, numeric: float, tolerance: float) -> bool:
    return abs(analytic - numeric) <= tolerance


def _tolerance(bar: float, largest: float) -> float:
    return 10 * bar + 1e-7 * largest


def _relative(analytic: Host, numeric: Host) -> float:
    with np.errstate(all="ignore"):
        size = max(float(np.sqrt((analytic**2).sum())), float(np.sqrt((numeric**2).sum())))
        apart = float(np.sqrt(((analytic - numeric) ** 2).sum()))
    if not math.isfinite(apart):
        return math.inf
    return apart / size if size else 0.0


def _rms(values: list[Any]) -> float:
    return math.sqrt(sum(v * v for v in values) / len(values)) if values else 0.0
