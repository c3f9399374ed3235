r"""A `Trial`: the wrong gradient before its judges, with the questions that a rule may ask of it.

A rule proposes what backward may have computed instead of n = gᵀ·J, for each cotangent g. The proposal is
put to the test under three of them, the one the checker drew and two fresh ones: an explanation that fits all
of them to a millionth of the error is no accident.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from tinycnn.gradcheck.evidence import Diagnosis, Evidence, Host

CLOSE = 1e-6  # of the error |a − n|: so much of it an explanation may leave over
FRESH = 2  # cotangents beside the checker's own
MATRIX_CELLS = 1_000_000  # of the analytic Jacobian: larger ones are not asked for
MATRIX_ROWS = 300


class Probe(NamedTuple):
    """One cotangent g, what backward makes of it, a, and what it should have made, n."""

    g: Host  # of the output's shape; of several outputs, all in one row
    analytic: Host
    numeric: Host


Rule = Callable[["Trial"], Diagnosis | None]


class Trial:
    r"""The evidence, in the form in which rules look at it.

    Attributes
    ----------
    name : of the argument
    shape : of the argument
    x : its value; None if that is not known
    y : the output with a gradient; None if there are several
    jacobian : J of that output, of shape (\*y.shape, \*x.shape); None if it was too large to measure
    probes : one or several cotangents with both gradients
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.name = evidence.name
        self.shape: tuple[int, ...] = evidence.analytic.shape
        self.known = np.broadcast_to(np.asarray(evidence.known, bool), self.shape)
        tolerance = np.broadcast_to(np.asarray(evidence.tolerance, float), self.shape)
        self.tolerance: Host = np.where(self.known, tolerance, 0.0)
        self.live = [k for k, g in enumerate(evidence.cotangents) if g is not None]
        alone = len(self.live) == 1
        self.y: Host | None = np.asarray(evidence.outputs[self.live[0]], float) if alone else None
        self.jacobian: Host | None = evidence.jacobian[self.live[0]] if alone and evidence.jacobian else None
        self.probes = self._probes()

    # What rules look at first -------------------------------------------------------------------------------------

    @property
    def a(self) -> Host:
        return self.evidence.analytic

    @property
    def n(self) -> Host:
        return self.evidence.numeric

    @property
    def g(self) -> Host | None:
        """The checker's cotangent; None if there are several."""
        return self.evidence.cotangents[self.live[0]] if len(self.live) == 1 else None

    def called(self, position: int) -> str:
        """The name of another input."""
        names = self.evidence.names
        return names[position] if position < len(names) else f"input {position}"

    @cached_property
    def x(self) -> Host | None:
        position = self.evidence.argument
        value = self.evidence.inputs[position] if position < len(self.evidence.inputs) else None
        return np.asarray(value, float) if value is not None and np.shape(value) == self.shape else None

    @cached_property
    def size(self) -> float:
        """The largest entry of n."""
        return float(np.abs(self.n[self.known]).max(initial=0))

    @cached_property
    def error(self) -> float:
        """The largest |a − n|."""
        return float(np.abs(self.a - self.n)[self.known].max(initial=0))

    @cached_property
    def noise(self) -> float:
        """What finite differences leave open, for any cotangent."""
        return 3 * float(self.tolerance.max(initial=0))

    @cached_property
    def wrong(self) -> Host:
        """Which entries are wrong."""
        return self.known & (np.abs(self.a - self.n) > 3 * self.tolerance)

    @cached_property
    def equations(self) -> int:
        """How many independent numbers an explanation has to get right."""
        entries = np.count_nonzero(self.known & ((np.abs(self.n) + np.abs(self.a)) > 1e-9 * self.size))
        outputs = sum(np.size(self.evidence.outputs[k]) for k in self.live)
        return int(entries) * min(len(self.probes), max(outputs, 1))

    # Putting a proposal to the test ---------------------------------------------------------------------------------

    def explained(self, proposed: Iterable[Host], unknowns: int = 0) -> bool:
        """Whether backward gives what is proposed, for each probe; `unknowns`: how many numbers it was fitted with."""
        both = zip(self.probes, proposed, strict=True)
        return self.equations >= unknowns + 2 and all(self.agrees(p, gradient, p.analytic) for p, gradient in both)

    def agrees(self, probe: Probe, left: Host, right: Host) -> bool:
        """Whether two arrays are equal, measured by how wrong this gradient is."""
        if np.shape(left) != self.shape:
            return False
        error = float(np.abs(probe.analytic - probe.numeric)[self.known].max(initial=0))
        gap = float(np.abs(left - right)[self.known].max(initial=0))
        return gap <= CLOSE * error + self.noise

    # Asking further -------------------------------------------------------------------------------------------------

    def backward(self, g: Host) -> Host | None:
        """What backward makes of another cotangent; None if it fails."""
        shapes = [np.shape(self.evidence.outputs[k]) for k in self.live]
        parts = np.split(np.ravel(g), np.cumsum([math.prod(shape) for shape in shapes])[:-1])
        cotangents: list[Host | None] = [None] * len(self.evidence.cotangents)
        for k, part, shape in zip(self.live, parts, shapes, strict=True):
            cotangents[k] = np.array(part, float).reshape(shape)
        return self._asked(tuple(cotangents))

    def pulled_back(self, g: Host) -> Host:
        """gᵀ·J, for a cotangent of the one output; needs the Jacobian."""
        assert self.jacobian is not None
        return np.tensordot(g, self.jacobian, np.ndim(g))

    @cached_property
    def matrix(self) -> Host | None:
        """J as a matrix with a row for each output entry; None if it is not known."""
        return None if self.jacobian is None else self.jacobian.reshape(-1, max(math.prod(self.shape), 1))

    @cached_property
    def acts_on_each_alone(self) -> bool:
        """Whether each output depends on the entry of x at its own place only, as for relu."""
        J = self.matrix
        if J is None or self.y is None or self.y.shape != self.shape or J.size > 4 * MATRIX_CELLS:
            return False
        return bool(np.abs(J - np.diag(np.diag(J))).max() < 1e-7 * np.abs(J).max())

    @cached_property
    def analytic_matrix(self) -> Host | None:
        """The same of backward, a row for each unit cotangent; None if that would be large."""
        if self.y is None or not 0 < self.y.size <= MATRIX_ROWS or self.y.size * math.prod(self.shape) > MATRIX_CELLS:
            return None
        rows = [self.backward(unit.reshape(self.y.shape)) for unit in np.eye(self.y.size)]
        known = [row.ravel() for row in rows if row is not None]
        return np.stack(known) if len(known) == len(rows) else None

    @property
    def small(self) -> bool:
        """Whether a few dozen products with J cost nothing."""
        return self.matrix is not None and self.matrix.size <= 4 * MATRIX_CELLS

    def _probes(self) -> tuple[Probe, ...]:
        evidence = self.evidence
        parts = [np.asarray(g, float).ravel() for g in evidence.cotangents if g is not None]
        together: Host = np.concatenate(parts) if parts else np.zeros(0)
        first = Probe(np.asarray(together if self.g is None else self.g), evidence.analytic, evidence.numeric)
        if evidence.jacobian is None or not self.live:
            return (first,)
        jacobians = [np.reshape(evidence.jacobian[k], (-1, *self.shape)) for k in self.live]
        jacobian = jacobians[0] if len(jacobians) == 1 else np.concatenate(jacobians)
        fresh = []
        rng = np.random.default_rng(20261126)  # a seed that nobody else draws inputs from
        for _ in range(FRESH):
            g = rng.standard_normal(np.shape(first.g))
            a = self.backward(g)
            if a is None:
                return (first,)
            fresh.append(Probe(g, a, np.tensordot(np.ravel(g), jacobian, 1)))
        return (first, *fresh)

    def _asked(self, cotangents: tuple[Any, ...]) -> Host | None:
        # Whatever a student's backward raises for other cotangents, the diagnosis goes on without them.
        try:
            found = np.array(self.evidence.backward(cotangents), float)
        except Exception:
            return None
        return found if found.shape == self.shape and np.isfinite(found).all() else None


def solve(columns: list[Host], target: Host) -> Host | None:
    """The numbers c with Σ cₖ·columnₖ = target, by least squares; None if they are not determined."""
    left = np.stack([np.ravel(c) for c in columns], axis=1)
    scale = np.linalg.norm(left, axis=0)
    if left.shape[0] < left.shape[1] or not (scale > 0).all():
        return None
    found, _, rank, _ = np.linalg.lstsq(left / scale, np.ravel(target), rcond=1e-10)
    return None if rank < left.shape[1] else np.asarray(found / scale)


def subsets(ks: list[int]) -> Iterator[tuple[int, ...]]:
    """All choices of one or several, the small ones first."""
    return (chosen for count in range(1, len(ks) + 1) for chosen in itertools.combinations(ks, count))


def broadcasts(array: Host, shape: tuple[int, ...]) -> Iterator[tuple[Host, str]]:
    """An array broadcast to a shape; a vector also along axis 1, as a channel's weight is."""
    try:
        yield np.broadcast_to(array, shape), ""
        return
    except ValueError:
        pass
    if array.ndim == 1 and len(shape) > 2 and array.size == shape[1]:
        yield np.broadcast_to(array.reshape(-1, *(1,) * (len(shape) - 2)), shape), " along the channels"
    if 0 < array.ndim < len(shape) and array.shape == shape[:array.ndim]:
        yield np.broadcast_to(array.reshape(*array.shape, *(1,) * (len(shape) - array.ndim)), shape), ""


def others(trial: Trial) -> Iterator[Host]:
    """The other inputs, broadcast to the argument's shape, as a weight or a bias is."""
    for position, value in enumerate(trial.evidence.inputs):
        if value is not None and position != trial.evidence.argument:
            for array, _ in broadcasts(np.asarray(value, float), trial.shape):
                yield array
