r"""What is wrong with a gradient: rules that each recompute it with one mistake, and say which one it was.

Such a rule speaks only if its mistake gives what backward gave, to a millionth of the error and under several
cotangents, so that its cause is a proof and no guess. A few rules, most of them in `regions`, recompute nothing: they
say which entries or terms are wrong, and no more. Where none fits, the answer is "unknown", with what is known of the
error. That backward is linear in the cotangent at all is looked at before, in `guards`.
"""

from __future__ import annotations

import numpy as np

from tinycnn.gradcheck.causes import axes, factors, groups, operands, places, regions, shares, terms, words
from tinycnn.gradcheck.causes.trial import Rule, Trial
from tinycnn.gradcheck.evidence import Diagnosis, Evidence

__all__ = ["diagnose"]

# The simplest explanation first. Those that name a place come last: wherever a mistake acts, it acts somewhere.
RULES: tuple[Rule, ...] = (
    *regions.FIRST_RULES,
    *factors.EARLY_RULES,
    *regions.EARLY_RULES,
    *places.RULES,
    *operands.RULES,
    *terms.RULES,
    *groups.RULES,
    *axes.RULES,
    *shares.RULES,
    *factors.RULES,
    *regions.RULES,
    *factors.LATE_RULES,
    *operands.LATE_RULES,
    *places.LATE_RULES,
    *terms.LATE_RULES,
    *regions.LATE_RULES,
)


def diagnose(evidence: Evidence) -> Diagnosis:
    r"""The cause of a wrong gradient, out of `vocabulary.CAUSES`, in words, with a hint where to look.

    Never raises, and takes a fraction of a second for some thousand entries. Without the Jacobian, for large
    arguments, fewer causes can be told apart.

    Examples
    --------
    A bias whose gradient is averaged over the rows of the batch where their sum is due:

    >>> g, J = np.arange(10.0).reshape(5, 2), np.stack([np.eye(2)] * 5)     # y[n, k] = b[k]
    >>> n = g.sum(0)
    >>> wrong = lambda cotangents: cotangents[0].mean(0)
    >>> found = diagnose(Evidence(0, "bias", (np.zeros(2),), (np.zeros((5, 2)),), (g,), wrong((g,)), n,
    ...                           np.full(2, 1e-9), (J,), np.full(2, True), wrong, {}))
    >>> found.code
    'scale'
    >>> found.cause
    'The gradient of bias is 1/5 of the true one, and the batch has 5 rows: averaged where the sum is due.'
    """
    with np.errstate(all="ignore"):
        try:
            trial = Trial(evidence)
            barely = trial.error < 30 * trial.tolerance.max(initial=0)
        except Exception:  # whatever the evidence is, the report of the failure must not be lost
            return Diagnosis("unknown", f"The gradient of {evidence.name} differs from finite differences.", UNKNOWN)
        for rule in () if barely else RULES:
            try:
                found = rule(trial)
            except Exception:  # as above: a rule that stumbles over an odd shape has nothing to say
                continue
            if found is not None:
                return found
        return _unknown(trial)


UNKNOWN = "Check each line of backward against the same line of forward, the last line first."


def _unknown(trial: Trial) -> Diagnosis:
    """No rule fits: then what is known of the error."""
    wrong, total = int(trial.wrong.sum()), int(trial.known.sum())
    place = np.unravel_index(int(np.abs(np.where(trial.known, trial.a - trial.n, 0)).argmax()), trial.shape)
    looked_at = "" if trial.known.all() else " looked at"
    told = (f"The gradient of {trial.name} is wrong at {wrong} of {total} entries{looked_at}, most at"
            f" {words.entry(place)}: {float(trial.a[place]):.4g} instead of {float(trial.n[place]):.4g}.")
    J, x = trial.matrix, trial.x
    row = trial.backward(np.ones_like(x)) if x is not None and trial.acts_on_each_alone else None
    if J is not None and x is not None and row is not None:
        slope = float(J.diagonal()[np.ravel_multi_index(place, trial.shape)])
        told += (f" The function acts on each entry alone: at {trial.name} = {float(x[place]):.4g} its slope is"
                 f" {slope:.4g}, and backward multiplies g by {float(row[place]):.4g}.")
        return Diagnosis("unknown", told, "Differentiate the function on paper, and try the formula at this x.")
    return Diagnosis("unknown", told, UNKNOWN)
