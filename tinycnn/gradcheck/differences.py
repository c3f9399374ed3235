r"""Every entry of an argument by central differences, each with a bar that says how far it may be from the truth.

    D(h) = (f(x + h) − f(x − h)) / 2h = f′(x) + h²/6·f‴(x) + …

With f = Σ ⟨v, output⟩ for a random cotangent v, the truncation h²/6·f‴ is a third of what D(h) and D(2h) are apart, and
rounding adds 8ε·Σ|v·y|/h. Where the points of a difference lie on different pieces of a piecewise function, where it is
steep, or leaves its domain, the step is made smaller; where no step helps, the two sides are looked at by themselves:
if their slopes differ, the point is a kink, and there is no derivative to compare with.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.autograd.winners import Crossing, crossing, differences
from tinycnn.errors import ShapeError, explain
from tinycnn.gradcheck.subject import Host, Point, Subject

EPSILON = float(np.finfo(np.float64).eps)
STEP = 1e-5  # where truncation and rounding of a central difference in float64 are both about 1e-10
SHRINK = (1.0, 0.1, 0.01, 0.001)  # what the step is tried at, one after the other
LARGEST_JACOBIAN = 4_000_000  # numbers: 32 MB

Index = tuple[int, ...]
Ways = Mapping[int, Host]  # for each argument that moves, how


class Slope(NamedTuple):
    """The derivative of Σ⟨v, output⟩ in one entry or along one direction.

    `column` holds the slopes of all outputs; `crossing` says where the points lay on different pieces; `bent` whether
    there is no derivative, in which case `sides` are the slopes below and above.
    """

    value: float
    bar: float
    column: tuple[Host, ...] = ()
    crossing: Crossing | None = None
    bent: bool = False
    sides: tuple[float, float] = (math.nan, math.nan)


class Probe:
    """A subject near its point, weighted with cotangents; counts how often it was called."""

    def __init__(self, subject: Subject, cotangents: Sequence[Host], step: float | None = None) -> None:
        self.subject, self.cotangents = subject, cotangents
        self.step, self.given = STEP if step is None else step, step is not None
        self.base = subject.forward(subject.point)
        self.shares = [abs(v * y) for v, y in zip(cotangents, self.base.outputs, strict=True)]
        self.evaluations = 1
        self.ignored: dict[int, Any] = {}  # pieces that may change, for each note of the ops
        self.closer = 0  # which of the reaches of `tinycnn.gradcheck.directions` met no kink, last time

    def at(self, moved: Point) -> tuple[tuple[Host, ...], Crossing | None]:
        """The outputs where some arrays are others, and where a piece differs from that at the point itself."""
        self.evaluations += 1
        values = self.subject.forward({**self.subject.point, **moved})
        shapes = [[y.shape for y in outputs] for outputs in (self.base.outputs, values.outputs)]
        if shapes[0] != shapes[1]:
            raise ShapeError(
                explain(
                    "check: the function's outputs changed their shape when an input was moved a little",
                    {"at the point": shapes[0], "a step away": shapes[1]},
                    "where the shape depends on values, as in x[x > 0], there is no derivative",
                )
            )
        return values.outputs, crossing(self.base.notes, values.notes, self.ignored)

    def along(self, ways: Ways, by: float) -> tuple[tuple[Host, ...], Crossing | None]:
        """The same where arguments are moved some way."""
        return self.at(self._along(ways, by))

    def _along(self, ways: Ways, by: float) -> Point:
        return {i: self.subject.point[i] + by * way for i, way in ways.items()}

    @contextlib.contextmanager
    def ignoring(self, ways: Ways, h: float) -> Iterator[None]:
        """Let pieces change that change as near as this, where that has been found to matter no more than rounding."""
        for by in (h, -h):
            self.evaluations += 1
            values = self.subject.forward({**self.subject.point, **self._along(ways, by)})
            for number, apart in differences(self.base.notes, values.notes).items():
                self.ignored[number] = self.ignored.get(number, False) | apart
        try:
            yield
        finally:
            self.ignored = {}

    def moved(self, argument: int, index: Index, by: float) -> tuple[Host, float]:
        """The argument with one entry moved, and how far that is after rounding."""
        array = self.subject.point[argument].copy(order="K")
        before = float(array[index])
        array[index] = before + by
        return array, float(array[index]) - before

    def weighted(self, outputs: Sequence[Host]) -> float:
        """Σ ⟨v, output⟩"""
        return float(sum((v * y).sum() for v, y in zip(self.cotangents, outputs, strict=True)))

    def rounding(self, column: Sequence[Host], h: float) -> float:
        """8ε·Σ|v·y|/h over the outputs that move, and the largest of the others, which may have moved unseen."""
        moving = sum(share[c != 0].sum() for share, c in zip(self.shares, column, strict=True))
        return 8 * EPSILON * float(moving + max((s.max(initial=0) for s in self.shares), default=0)) / h


def slope_at(probe: Probe, argument: int, index: Index, backward: float, largest: float) -> Slope:
    """The derivative in one entry, with as small a step as it takes.

    Where the first difference hits upon what `backward` says, to 1e-9 of the `largest` entry, there is nothing more to
    find out: neither is by chance what the other is. That saves half of the work for a backward that is right.
    """
    unit = max(1.0, abs(float(probe.subject.point[argument][index])))
    tried: list[Slope] = []
    for h in [probe.step * unit * shrink for shrink in ((1.0,) if probe.given else SHRINK)]:
        slope, rough = _central(probe, argument, index, h, (backward, 1e-9 * largest))
        if slope.crossing is None and math.isfinite(slope.value) and not rough:
            return slope
        tried.append(slope)
    for h in () if probe.given else _smaller(abs(float(probe.subject.point[argument][index]))):
        slope, rough = _central(probe, argument, index, h, (backward, 1e-9 * largest))
        if slope.crossing is None and slope.bar < 1e-3 * max(abs(slope.value), largest) and not rough:
            return slope
    smooth = [slope for slope in tried if slope.crossing is None and math.isfinite(slope.value)]
    if smooth:
        return min(smooth, key=lambda slope: slope.bar)
    found = corner(probe, _unit(probe, argument, index), 1e-6 * unit)
    if found.bent:
        return tried[-1]._replace(bent=True, sides=found.sides)
    flattest = min(tried, key=lambda slope: slope.bar)  # the pieces meet smoothly, as far as can be seen
    return flattest._replace(bar=flattest.bar + found.jump)


def _smaller(size: float) -> tuple[float, ...]:
    """Steps for an entry of unusual size: a part of it where it is small, a part of 1 where it is large."""
    if size == 0:
        return ()
    return (1e-3 * size, 1e-5 * size) if size < 1e-3 else (1e-3, 1e-5) if size > 1e4 else ()


def second_look(probe: Probe, argument: int, index: Index, slope: Slope, analytic: float) -> Slope:
    """The derivative in an entry where backward says otherwise, in case a kink is near that no op told of."""
    size = abs(float(probe.subject.point[argument][index]))
    unit = max(1.0, size)
    for h in _smaller(size):  # of a wave that is shorter than the step, a difference shows nothing
        other, rough = _central(probe, argument, index, h)
        hit = abs(other.value - analytic) <= 10 * other.bar < 1e-3 * abs(analytic)
        if hit and other.crossing is None and not rough:
            return other
    way = _unit(probe, argument, index)
    found = corner(probe, way, 1e-6 * unit)
    if found.bent:
        sides = found.sides
        bar = probe.rounding(slope.column, 1e-7 * unit) if slope.column else 0.0
        slack = 100 * bar + 1e-3 * max(map(abs, sides))
        between = min(sides) - slack <= analytic <= max(sides) + slack
        return slope._replace(bent=between, sides=sides)
    nearer, _ = _central(probe, argument, index, 1e-7 * unit)
    if abs(nearer.value - slope.value) > 10 * nearer.bar + 1e-6 * abs(nearer.value):  # a larger step met a corner
        return nearer
    return slope


class Corner(NamedTuple):
    """The slopes below and above a point, how far they are apart, and whether that is a corner and no mere curve."""

    sides: tuple[float, float]
    jump: float
    bent: bool


def corner(probe: Probe, ways: Ways, h: float) -> Corner:
    """Whether the slopes below and above differ; where the function merely curves, they meet as h is made smaller."""
    wide, near = (_sides(probe, ways, step) for step in (h, h / 10))
    below, above, bar = near
    if not (math.isfinite(below) and math.isfinite(above)):
        return Corner((below, above), math.inf, True)
    jump = abs(above - below)
    bent = jump > 20 * bar + 1e-3 * max(abs(below), abs(above)) and not jump < 0.3 * abs(wide[1] - wide[0])
    return Corner((below, above), jump, bent)


def _central(
    probe: Probe, argument: int, index: Index, h: float, expected: tuple[float, float] = (math.nan, 0.0)
) -> tuple[Slope, bool]:
    """D(h) with its bar, and whether the truncation is too large to judge by.

    D(2h) is left out if D(h) is as `expected`, a value and how far it may be off besides rounding.
    """
    with np.errstate(all="ignore"):
        column, crossed = _column(probe, argument, index, h)
        near, rounding = probe.weighted(column), probe.rounding(column, h)
        off = abs(near - expected[0])
        if crossed is None and off <= rounding + expected[1]:
            return Slope(near, rounding + off, column), False
        further, beyond = _column(probe, argument, index, 2 * h)
        truncation = abs(near - probe.weighted(further)) / 3
        scale = float(sum(abs(v * c).sum() for v, c in zip(probe.cotangents, column, strict=True)))
    bar, rough = truncation + rounding, truncation > 1e-4 * scale + rounding
    return Slope(near, bar if math.isfinite(bar) else math.inf, column, crossed or beyond), rough


def _column(probe: Probe, argument: int, index: Index, h: float) -> tuple[tuple[Host, ...], Crossing | None]:
    """The central difference of every output."""
    (high, up), (low, down) = (probe.moved(argument, index, by) for by in (h, -h))
    (above, first), (below, second) = (probe.at({argument: array}) for array in (high, low))
    return tuple((a - b) / (up - down) for a, b in zip(above, below, strict=True)), first or second


def _sides(probe: Probe, ways: Ways, h: float) -> tuple[float, float, float]:
    """The slopes below and above, and the bar of either."""
    slopes, bar = [], 0.0
    with np.errstate(all="ignore"):
        for step in (-h, h):
            outputs, _ = probe.along(ways, step)
            column = tuple((y - b) / step for y, b in zip(outputs, probe.base.outputs, strict=True))
            slopes.append(probe.weighted(column))
            bar = max(bar, probe.rounding(column, h))
    return slopes[0], slopes[1], bar


def _unit(probe: Probe, argument: int, index: Index) -> Ways:
    unit = np.zeros(probe.subject.point[argument].shape)
    unit[index] = 1
    return {argument: unit}
