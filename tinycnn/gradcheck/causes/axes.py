r"""Sums over axes that forward does not repeat along: a = Σ n, spread out again."""

from __future__ import annotations

import itertools

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial
from tinycnn.gradcheck.evidence import Diagnosis


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


RULES = (summed_too_far,)
