r"""Whether backward listens to g at all: a must be linear in the cotangent, a(αg + βh) = α·a(g) + β·a(h)."""

from __future__ import annotations

import numpy as np

from tinycnn.gradcheck.causes.trial import Trial
from tinycnn.gradcheck.evidence import Diagnosis

LISTEN = "Look for g in your backward: by the chain rule every path to this gradient starts with a product with it."


def not_a_number(trial: Trial) -> Diagnosis | None:
    """a has entries that are NaN or infinite."""
    bad = ~np.isfinite(trial.a)
    if not bad.any():
        return None
    return Diagnosis(
        "entries",
        f"{np.count_nonzero(bad)} of the {bad.size} entries of the gradient of {trial.name} are NaN or infinite.",
        "Look for 0/0, log 0, a division by a number that may be 0, and exp of a large number.",
    )


def all_zero(trial: Trial) -> Diagnosis | None:
    """a = 0, whatever g is: every way by which the argument acts on the output is left out."""
    if any(np.any(p.analytic) for p in trial.probes):
        return None
    return Diagnosis(
        "missing-term",
        f"The gradient of {trial.name} is 0 everywhere, but the output depends on {trial.name}: the largest derivative"
        f" is {trial.size:.4g}.",
        f"Is the gradient of {trial.name} computed at all, added to the array of zeros that is returned, and multiplied"
        " by no mask that is 0 throughout?",
    )


def constant(trial: Trial) -> Diagnosis | None:
    """a(g) = a(h) for all g, h."""
    first, *others = trial.probes
    if not others or not all(trial.agrees(p, p.analytic, first.analytic) for p in others):
        return None
    ones = trial.pulled_back(np.ones_like(trial.y)) if trial.jacobian is not None and trial.y is not None else None
    tells = ""
    if ones is not None and trial.agrees(first, ones, first.analytic):
        single = trial.y is not None and trial.y.size == 1
        tells = " It is right for g = 1 only." if single else " It is the gradient of the sum of the outputs, g = 1."
    return Diagnosis(
        "ignores-upstream",
        f"The gradient of {trial.name} stays the same whatever g is.{tells}",
        LISTEN,
    )


def affine(trial: Trial) -> Diagnosis | None:
    """a(0) ≠ 0: a part of the gradient is there even if nothing comes from above."""
    nothing = trial.backward(np.zeros_like(trial.probes[0].g))
    if nothing is None or not np.any(np.abs(nothing) > trial.noise + 1e-9 * trial.size):
        return None
    place = np.unravel_index(int(np.abs(nothing).argmax()), nothing.shape)
    right = all(trial.agrees(p, p.analytic - nothing, p.numeric) for p in trial.probes)
    rest = " The rest of it is right." if right else ""
    return Diagnosis(
        "ignores-upstream",
        f"For g = 0 the gradient of {trial.name} must be 0, but is {float(nothing[place]):.4g} at"
        f" {[int(i) for i in place]}: a part of it is not multiplied by g.{rest}",
        LISTEN,
    )


def not_linear(trial: Trial) -> Diagnosis | None:
    """a(2g) ≠ 2·a(g), as if g were squared, or only its sign used."""
    first = trial.probes[0]
    twice = trial.backward(2 * first.g)
    if twice is None or np.allclose(twice, 2 * first.analytic, 1e-6, 1e-6 * max(trial.size, 1e-300)):
        return None
    if np.allclose(twice, first.analytic, 1e-6, 1e-6 * trial.size):
        found = "does not change: only the sign or the direction of g is used"
    elif np.allclose(twice, 4 * first.analytic, 1e-6, 1e-6 * trial.size):
        found = "is multiplied by 4: g is used twice in one product"
    else:
        found = "is not doubled"
    return Diagnosis(
        "unknown",
        f"A gradient is linear in g, but when g is doubled that of {trial.name} {found}.",
        "In backward g only ever stands once in a product, and inside no function such as exp or abs.",
    )


RULES = (not_a_number, all_zero, constant, affine, not_linear)
