r"""Sums over axes that forward does not repeat along: a = Σ n, spread out again."""

from __future__ import annotations

import itertools

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial
from tinycnn.gradcheck.evidence import Diagnosis, Host


def summed_too_far(trial: Trial) -> Diagnosis | None:
    """a is the sum or the mean of n along some of its own axes, the same for all entries there."""
    long = [k for k in range(len(trial.shape)) if trial.shape[k] > 1]
    for count in range(1, len(long) + 1):
        for over in itertools.combinations(long, count):
            size = int(np.prod([trial.shape[k] for k in over]))
            for verb, factor in (("summed", 1.0), ("averaged", 1 / size)):
                sums = (p.numeric.sum(over, keepdims=True) * factor for p in trial.probes)
                differ = all(np.ptp(p.numeric, over).max() > 1e-6 * np.abs(p.numeric).max() for p in trial.probes)
                if differ and trial.explained(np.broadcast_to(total, trial.shape) for total in sums):
                    return Diagnosis(
                        "wrong-axis",
                        f"The gradient of {trial.name} is {verb} over {words.axes(over, len(trial.shape))} of"
                        f" {trial.name}, along which its entries have gradients of their own.",
                        "Sum only over the axes along which forward repeats the argument.",
                    )
    return None


def upstream_along_another_axis(trial: Trial) -> Diagnosis | None:
    """Each entry acts on one output alone, a = g·d; but g is laid along another axis than that of this output."""
    J, y = trial.jacobian, trial.y
    if J is None or y is None or not 0 < y.ndim < len(trial.shape):
        return None
    size = np.abs(J).max()
    if (np.count_nonzero(np.abs(J) > 1e-7 * size, axis=tuple(range(y.ndim))) > 1).any():
        return None
    d = J.sum(tuple(range(y.ndim)))
    owner = [np.broadcast_to(np.tensordot(p.g, np.abs(J) > 1e-7 * size, y.ndim), trial.shape) for p in trial.probes]
    found = _mean_over_another_axis(trial, d, owner)
    if found is not None:
        return found
    for ks in itertools.combinations(range(len(trial.shape)), y.ndim):
        if tuple(trial.shape[k] for k in ks) != y.shape:
            continue
        laid = [p.g.reshape([trial.shape[k] if k in ks else 1 for k in range(len(trial.shape))]) for p in trial.probes]
        if trial.explained(g * d for g in laid):
            return Diagnosis(
                "wrong-axis",
                f"In the gradient of {trial.name} g is laid along {words.axes(ks, len(trial.shape))} of {trial.name},"
                " which has the same size here as the right one.",
                "Forward takes an axis away; put it back with g[:, None] or keepdims=True before multiplying.",
            )
    return None


def _mean_over_another_axis(trial: Trial, d: Host, owner: list[Host]) -> Diagnosis | None:
    """a = g·e, and e − d is a sum of something for each row and something for each column: two means exchanged."""
    e = trial.backward(np.ones_like(trial.y))
    if e is None or e.ndim != 2 or min(e.shape) < 3 or not trial.explained(g * e for g in owner):
        return None
    off = e - d
    rows, columns = off.mean(1, keepdims=True), off.mean(0, keepdims=True)
    left = np.abs(off - rows - columns + off.mean()).max()
    if left > 1e-6 * np.abs(off).max() or min(np.ptp(rows), np.ptp(columns)) < 1e-3 * np.abs(off).max():
        return None
    return Diagnosis(
        "wrong-axis",
        f"The slope by which g is multiplied in the gradient of {trial.name} is off by a number for each row plus one"
        " for each column, as if a mean were taken over the wrong axis.",
        "Compare the axis of each sum, mean and norm in backward with that of forward; keepdims=True keeps it visible.",
    )


RULES = (summed_too_far, upstream_along_another_axis)
