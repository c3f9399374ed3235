r"""Regions: a is right but for some entries. Which: a border, where x < 0, where a mask is 0, ties? Or all of them?"""

from __future__ import annotations

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial
from tinycnn.gradcheck.evidence import Diagnosis, Host


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


def ties(trial: Trial) -> Diagnosis | None:
    """Wrong only where x is 0 or two entries are equal: there the function has a kink."""
    x, wrong = trial.x, trial.wrong
    if x is None or not wrong.any() or wrong.all():
        return None
    values, counts = np.unique(x, return_counts=True)
    tied = np.isin(x, values[counts > 1])
    for says, special in ((f"{trial.name} is exactly 0", x == 0), (f"entries of {trial.name} are equal", tied)):
        if special[wrong].all() and not special.all():
            return Diagnosis(
                "kink",
                f"The gradient of {trial.name} differs only where {says}. There the function has a kink, and no"
                " derivative; every slope between those of the two sides is a subgradient.",
                "Move the inputs a little, or choose the convention that is asked for: relu′(0) = 0, the first of"
                " equal maxima.",
            )
    return None


def labels(trial: Trial) -> Diagnosis | None:
    """The error, or all there is of a, sits at the entries that an array of integers picks, one a row."""
    for position, value in enumerate(trial.evidence.inputs):
        if value is None or not np.issubdtype(np.asarray(value).dtype, np.integer) or len(trial.shape) < 2:
            continue
        index = np.asarray(value)
        if index.shape != (trial.shape[0], *trial.shape[2:]) or not ((index >= 0) & (index < trial.shape[1])).all():
            continue
        picked = np.zeros(trial.shape, bool)
        np.put_along_axis(picked, index[:, None], True, 1)
        told = f"the entries that {trial.called(position)} picks"
        others_lost = not np.any(np.abs(trial.a[~picked]) > 1e-9 * trial.size) and trial.wrong[~picked].any()
        if trial.equations >= 4 and others_lost:
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} is 0 but for {told}; the other classes act on the output too,"
                " through the normaliser.",
                "The gradient of log softmax is [c = t] − p: the probabilities belong to every class.",
            )
        off = trial.a - trial.n
        flat = [np.ptp(off[at]) < 1e-6 * trial.error + trial.noise for at in (picked, ~picked)]
        if trial.wrong.all() and all(flat) and trial.equations >= 6:
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} is off by {words.number(float(off[picked].mean()))} at each of {told},"
                f" and by {words.number(float(off[~picked].mean()))} at all others: the distribution that backward"
                " compares with is another than in forward.",
                "Does backward know all that forward does with the labels, such as smoothing?",
            )
        if not np.any(np.abs(trial.n[~picked]) > 1e-9 * trial.size):
            continue  # the other classes do not act: the labels tell nothing
        if (trial.wrong <= picked).all() and trial.wrong.sum() >= min(2, picked.sum()) and picked.mean() <= 0.5:
            off = (trial.a - trial.n)[picked]
            even = np.ptp(off) < 1e-6 * np.abs(off).max()
            return Diagnosis(
                "missing-term" if trial.wrong.sum() == picked.sum() else "entries",
                f"The gradient of {trial.name} is wrong at {told}, one a row, and right at all others"
                + (f"; there it is off by {words.number(float(off.flat[0]))}." if even else "."),
                "At the label the gradient has a term that the other classes do not have: p − 1 and not p.",
            )
    return None


def border(trial: Trial) -> Diagnosis | None:
    """The wrong entries are rows or columns at a border of the image."""
    wrong = trial.wrong
    if wrong.ndim < 3 or not wrong.any() or wrong.mean() > 0.75 or not trial.known.all():
        return None
    edges = []
    inside = np.ones(trial.shape, bool)
    for k in range(2 if wrong.ndim > 3 else 1, wrong.ndim):
        others = tuple(j for j in range(wrong.ndim) if j != k)
        lines, share = wrong.any(others), wrong.mean(others)
        bad = share > 0.9
        n_first = int(np.argmin(bad)) if not bad.all() else 0
        n_last = int(np.argmin(bad[::-1])) if not bad.all() else 0
        if lines.all() and not (n_first or n_last):
            continue
        for count, side in ((n_first, "first"), (n_last, "last")):
            if count:
                what = words.AXES[4][k] if wrong.ndim == 4 else f"entries along axis {k}"
                edges.append((f"the {side} {f'{count} ' if count > 1 else ''}{what}", side))
                cut = [slice(None)] * wrong.ndim
                cut[k] = slice(0, count) if side == "first" else slice(trial.shape[k] - count, None)
                inside[tuple(cut)] = False
    if not edges or (wrong & inside).any():
        return None
    told = " and ".join(says for says, _ in edges)
    last = all(side == "last" for _, side in edges) and _covered(trial)
    return Diagnosis(
        "stride-remainder" if last else "entries",
        f"The gradient of {trial.name} is wrong in {told} only, and right everywhere else.",
        "Check which rows and columns no window reaches when the stride leaves a remainder: their gradient is 0, and"
        " they still count." if last else "Look at what backward does with the padding: it is cut off on both sides.",
    )


def _covered(trial: Trial) -> bool:
    """Whether windows may run over the argument, as over an image but not over a kernel."""
    y = trial.y
    return y is None or y.ndim != len(trial.shape) or all(
        i >= o for i, o in zip(trial.shape[2:], y.shape[2:], strict=True)
    )


def beyond_a_threshold(trial: Trial) -> Diagnosis | None:
    """The wrong entries are exactly those with x < t, x > t or |x| > t: one branch of the function is wrong."""
    x, wrong = trial.x, trial.wrong
    relevant = trial.known & ((np.abs(trial.a) > 1e-9 * trial.size) | (np.abs(trial.n) > 1e-9 * trial.size) | ~wrong)
    bad = wrong & relevant
    good = relevant & ~wrong
    enough = 3 if trial.acts_on_each_alone else 6
    if x is None or min(bad.sum(), good.sum()) < enough:
        return None
    for values, names in ((x, ("below", "above")), (np.abs(x), ("in size below", "in size above"))):
        if values[bad].max() < values[good].min():
            where, at = names[0], _threshold(values[bad].max(), values[good].min())
        elif values[bad].min() > values[good].max():
            where, at = names[1], _threshold(values[good].max(), values[bad].min())
        else:
            continue
        error = np.abs(trial.a - trial.n)[bad] / np.maximum(np.abs(trial.a), np.abs(trial.n))[bad]
        if error.min() < 1e-4 * error.max():
            continue  # it grows out of nothing: no branch, but a term that is small there
        return _branch(trial, bad, f"where {trial.name} is {where} {at}")
    return None


def masked(trial: Trial) -> Diagnosis | None:
    """Entries that do not act on the output have a gradient, or the other way round."""
    large = 1e-9 * max(trial.size, float(np.abs(trial.a).max(initial=0)))
    zero_n, zero_a = (np.abs(trial.n) <= large) & trial.known, (np.abs(trial.a) <= large) & trial.known
    if not zero_n.any() or zero_n.all():
        return None
    if (zero_a == (trial.known & ~zero_n)).all() and trial.wrong.sum() >= 3:
        return Diagnosis(
            "entries",
            f"The gradient of {trial.name} is 0 where it should not be, and not 0 where it should be: the mask is the"
            " wrong way round.",
            "Use the same condition in forward and in backward.",
        )
    if trial.wrong.any() and (trial.wrong <= zero_n).all():
        return Diagnosis(
            "entries",
            f"{trial.wrong.sum()} entries of {trial.name} that do not act on the output, where the gradient is 0, have"
            " one; the others are right.",
            "Multiply by the mask of forward: what was dropped, clipped or not the largest gets no gradient.",
        )
    return None


def few(trial: Trial) -> Diagnosis | None:
    """No more than half of the entries are wrong."""
    wrong = trial.wrong
    count, total = int(wrong.sum()), int(trial.known.sum())
    right = trial.known & ~wrong & (np.abs(trial.n) > 1e-9 * trial.size)
    lost = not np.any(np.abs(trial.a[wrong]) > 1e-9 * trial.size)
    if not count or right.sum() < 1 or (not lost and (count > total / 2 or right.sum() < 2)):
        return None
    places = ", ".join(words.entry(place) for place in np.argwhere(wrong)[:4]) + (", …" if count > 4 else "")
    return Diagnosis(
        "entries",
        f"{count} of the {total} entries of the gradient of {trial.name} {'is' if count == 1 else 'are'} wrong, at"
        f" {places}, and the others are right.",
        "What do these entries have in common that the others do not: their place, their sign, being the largest?",
    )


def _threshold(low: float, high: float) -> str:
    """A round number between two values."""
    for digits in range(4):
        middle = round((low + high) / 2, digits)
        if low < middle < high or low <= 0 <= high:
            return f"{0.0 if low <= 0 <= high else middle:g}"
    return f"{(low + high) / 2:.4g}"


def _branch(trial: Trial, bad: Host, where: str) -> Diagnosis:
    a, n = trial.a[bad], trial.n[bad]
    hint = "The function has a formula of its own there; differentiate that one too."
    if not np.any(np.abs(a) > 1e-9 * trial.size):
        told = f"The gradient of {trial.name} is 0 {where}, and should not be; elsewhere it is right."
        return Diagnosis("missing-term", told, hint)
    r = float(a @ n / (n @ n)) if np.any(n) else 0.0
    if r and np.abs(a - r * n).max() < 1e-6 * np.abs(a).max():
        if abs(r + 1) < 1e-6:
            told = f"The gradient of {trial.name} has the wrong sign {where}, and is right elsewhere."
            return Diagnosis("sign", told, hint)
        why = words.named(r, trial)
        told = f"The gradient of {trial.name} is {words.number(r)} times the true one {where}, and right elsewhere"
        return Diagnosis("scale", f"{told}; {why}." if why else f"{told}.", hint)
    handed_on = trial.g is not None and trial.g.shape == trial.shape and np.allclose(a, trial.g[bad], 1e-6)
    told = f"The gradient of {trial.name} is wrong {where}, and right elsewhere"
    return Diagnosis("entries", f"{told}: there g is handed on unchanged." if handed_on else f"{told}.", hint)


FIRST_RULES = (not_a_number, all_zero)
EARLY_RULES = (ties, labels, beyond_a_threshold)
RULES = (border, masked)
LATE_RULES = (few,)
