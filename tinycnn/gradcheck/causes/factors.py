r"""Factors: a = r·n for a number r, for one a channel, or for one that is another array, as the weight or 1 − y."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial, broadcasts
from tinycnn.gradcheck.evidence import Diagnosis, Host

SUM_OR_MEAN = "Sum where forward sums, and divide where forward divides: a mean in forward is a division in backward."


def sign(trial: Trial) -> Diagnosis | None:
    """a = −n"""
    if not trial.equations or not all(trial.agrees(p, -p.numeric, p.analytic) for p in trial.probes):
        return None
    return Diagnosis(
        "sign",
        f"The gradient of {trial.name} has the wrong sign throughout: it is −1 times the true one.",
        "Look for a minus too much or too little: d(a − b)/db = −1, d(1/x)/dx = −1/x², and a loss −log p.",
    )


def scale(trial: Trial) -> Diagnosis | None:
    """a = r·n with one r for all entries and all g."""
    r = _ratio(trial.a, trial.n, trial.known)
    if r is None or not trial.equations or not all(trial.agrees(p, r * p.numeric, p.analytic) for p in trial.probes):
        return None
    why = words.named(r, trial)
    if why is None and trial.equations < 3:
        return None  # one number is always a multiple of another
    reading = doubt = ""
    if why and why.startswith(words.SIZES) and r > 0:
        reading = ": averaged where the sum is due" if r < 1 else ": summed where the mean is due"
    if reading and words.is_plain(r):
        doubt = f", unless a constant factor of {words.number(max(r, 1 / r))} is "
        doubt += "missing" if r < 1 else "too much"
    constant = f"Somewhere in the chain that leads to {trial.name} one constant factor is missing or too much."
    return Diagnosis(
        "scale",
        f"The gradient of {trial.name} is {words.times(r)} the true one"
        + (f", and {why}{reading}{doubt}" if why else " in every entry") + ("; its sign is wrong." if r < 0 else "."),
        " ".join([SUM_OR_MEAN] * bool(reading) + [constant] * (not reading or bool(doubt))),
    )


def factor_array(trial: Trial) -> Diagnosis | None:
    r"""n = a·q or a = n·q, with an array q that is known: an input, the output, 1 − y, …"""
    for says, q, pattern in _quantities(trial, trial.shape):
        for missing, told in ((q, says), (1 / q, f"1/({says})" if " " in says else f"1/{says}")):
            if np.isfinite(missing).all() and trial.explained(p.numeric / missing for p in trial.probes):
                return Diagnosis(
                    "scale",
                    f"The factor {told} is missing from the gradient of {trial.name}: multiplied by it{pattern}, it"
                    " is right.",
                    "Write the derivative of this line of forward out once more, factor by factor.",
                )
    return None


def factor_of_upstream(trial: Trial) -> Diagnosis | None:
    r"""n(g) = a(g·q): g has to be multiplied by an array q before all else, as by the weight of a layer norm."""
    if trial.y is None or len(trial.probes) < 2:
        return None
    for says, q, pattern in _quantities(trial, trial.y.shape):
        if not np.isfinite(q).all() or not np.any(np.abs(q) > 1e-12):
            continue
        mended = [trial.backward(p.g * q) for p in trial.probes]
        if all(m is not None and trial.agrees(p, m, p.numeric) for p, m in zip(trial.probes, mended, strict=True)):
            mask = bool(np.isin(q, (0, 1)).all())
            return Diagnosis(
                "missing-term" if mask else "scale",
                f"The gradient of {trial.name} is right if g is first multiplied by {says}{pattern}: that factor is"
                " missing.",
                f"Forward multiplies by {says} at the end, so backward multiplies g by it at the beginning.",
            )
    return None


def factor_along_axes(trial: Trial) -> Diagnosis | None:
    r"""a = n·s, with a factor s that is the same for all g and for all entries along some axes: one a channel."""
    if trial.matrix is None or len(trial.probes) < 2 or not trial.small:
        return None
    ndim = len(trial.shape)
    for kept in (k for count in range(1, ndim) for k in itertools.combinations(range(ndim), count)):
        free = tuple(k for k in range(ndim) if k not in kept)
        if not all(trial.shape[k] > 1 for k in kept) or np.prod([trial.shape[k] for k in free]) < 3:
            continue  # numbers that add up to 0, as those of two classes do, are always multiples of others
        over = sum((p.numeric * p.analytic).sum(free, keepdims=True) for p in trial.probes)
        under = sum((p.numeric**2).sum(free, keepdims=True) for p in trial.probes)
        s = np.where((under == 0) & (over == 0), 1.0, over / under)  # an index that is never used has no gradient
        if np.isfinite(s).all() and trial.explained((p.numeric * s for p in trial.probes), s.size):
            if (np.minimum(np.abs(s), np.abs(s - 1)) < 1e-6).all():
                return _left_out(trial, kept, np.argwhere(np.squeeze(np.abs(s), free) < 0.5))
            few = ", ".join(words.number(float(v)) for v in np.ravel(s)[:4]) + (", …" if s.size > 4 else "")
            return Diagnosis(
                "scale",
                f"Along {words.axes(kept, ndim)} each index has a factor of its own, by which the gradient of"
                f" {trial.name} differs from the true one: {few}.",
                "Look for a factor that is constant within each of them, such as 1/σ, or the length of a row.",
            )
    return None


def _left_out(trial: Trial, kept: tuple[int, ...], lost: Host) -> Diagnosis:
    """0 at some indices, and right at the others: no factor that anybody forgot."""
    where = words.axes(kept, len(trial.shape))
    told = words.some(lost[:, 0]) if len(kept) == 1 else ", ".join(map(words.entry, lost[:4])) + ", …" * (len(lost) > 4)
    return Diagnosis(
        "entries",
        f"The gradient of {trial.name} is 0 at index {told} along {where}, and right everywhere else.",
        "Look at the indices over which backward runs, and whether something is set to 0 or cut off afterwards.",
    )


def factor_of_each_output(trial: Trial) -> Diagnosis | None:
    r"""Row by row of the Jacobian Ĵ[o] = w[o]·J[o]: each output's share has a factor, such as another divisor."""
    right, wrong = trial.matrix, trial.analytic_matrix
    if right is None or wrong is None or trial.y is None or right.shape[0] < 2:
        return None
    w = (right * wrong).sum(1) / (right**2).sum(1)
    alive = np.abs(right) > 1e-9 * np.abs(right).max()
    acting, kept = alive.any(1), np.abs(w) > 1e-6
    lost = acting & ~kept
    only_lost = bool(lost.any() and kept[acting].any() and (np.abs(w[kept & acting] - 1) < 1e-6).all())
    if only_lost and not alive[kept].any(0)[alive[lost].any(0)].all():
        return None  # those outputs alone act on some entries: no sum is cut short
    if not only_lost and (np.count_nonzero(alive, axis=1) < 2).mean() > 0.2:
        return None  # one number is always a multiple of another
    w = np.where(acting, w, 1.0)
    if not np.isfinite(w).all():
        return None
    if not trial.explained(((p.g.ravel() * w) @ right).reshape(trial.shape) for p in trial.probes):
        return None
    off = np.abs(w - 1) > 1e-6
    place = np.unravel_index(int(np.abs(w - 1).argmax()), trial.y.shape)
    if only_lost:
        return Diagnosis(
            "missing-sum",
            f"The gradient of {trial.name} lacks the shares of {lost.sum()} of the {acting.sum()} outputs that it acts"
            f" on, such as {words.entry(place)}; those of the others are there.",
            "Compare the indices over which backward sums with those over which forward runs.",
        )
    return Diagnosis(
        "scale",
        f"In the gradient of {trial.name} the shares of {np.count_nonzero(off)} of the {w.size} outputs are wrong by a"
        f" factor: that of output {words.entry(place)} counts {words.number(float(w[np.abs(w - 1).argmax()]))} times.",
        "Look at what backward divides by at these outputs: forward divides by the same number.",
    )


def factor_of_each_side(trial: Trial) -> Diagnosis | None:
    """On x < 0 and on x > 0 the gradient is wrong by one factor each: the two branches of the function."""
    x = trial.x
    if x is None or not trial.acts_on_each_alone:
        return None
    below = (x < 0) & trial.known
    above = (x > 0) & trial.known
    r, s = (_ratio(trial.a, trial.n, side) for side in (below, above))
    if r is None or s is None or min(below.sum(), above.sum()) < 3:
        return None
    if not trial.explained(p.numeric * np.where(x < 0, r, s) for p in trial.probes):
        return None
    exchanged = abs(r * s - 1) < 1e-6
    return Diagnosis(
        "entries" if exchanged else "scale",
        f"The gradient of {trial.name} is {words.number(r)} times the true one where {trial.name} is negative and"
        f" {words.number(s)} times where it is positive" + (": the two branches are exchanged." if exchanged else "."),
        "The function has one formula for each sign; differentiate each, under the condition that forward has.",
    )


def factor_over_another_axis(trial: Trial) -> Diagnosis | None:
    r"""a = n·s, s[i, j] = u[i]/v[j] for every g: divided by a sum or norm that runs over the wrong axis."""
    if trial.matrix is None or len(trial.probes) < 2 or len(trial.shape) != 2 or min(trial.shape) < 3:
        return None
    s = trial.a / trial.n
    if not np.isfinite(s).all() or not trial.explained((p.numeric * s for p in trial.probes), s.size):
        return None
    singular = np.linalg.svd(s, compute_uv=False)
    if singular[1] > 1e-6 * singular[0]:
        return None
    return Diagnosis(
        "wrong-axis",
        f"The gradient of {trial.name} is wrong by a factor for each row times one for each column, as if it were"
        " divided by a sum or norm over the wrong axis.",
        "Compare the axis of each sum, mean and norm in backward with that of forward; keepdims=True keeps it visible.",
    )


def other_factor(trial: Trial) -> Diagnosis | None:
    r"""Each output depends on one entry: Ĵ = q̂ and J = q. If q̂ is a known array, it was taken for q, as x for x̂."""
    right, wrong, y = trial.matrix, trial.analytic_matrix, trial.y
    if right is None or wrong is None or y is None or trial.acts_on_each_alone or trial.shape == y.shape:
        return None
    alive = np.abs(right) > 1e-7 * np.abs(right).max()
    if (alive.sum(1) > 1).any() or ((np.abs(wrong) > 1e-7 * np.abs(wrong).max()) & ~alive).any():
        return None
    q, taken = right.sum(1).reshape(y.shape), wrong.sum(1).reshape(y.shape)
    for says, array, _ in _quantities(trial, y.shape):
        if np.abs(taken - array).max() < 1e-6 * np.abs(array).max() < np.abs(q - array).max() * 1e-3:
            place = np.unravel_index(int(np.abs(q - taken).argmax()), y.shape)
            return Diagnosis(
                "scale",
                f"For the gradient of {trial.name} backward multiplies g by {says}; but that is not what forward"
                f" multiplies {trial.name} by: for output {words.entry(place)} it is {float(q[place]):.4g}, not"
                f" {float(taken[place]):.4g}.",
                f"The derivative of w·q in w is q, the very array that stands beside {trial.name} in forward.",
            )
    return None


EARLY_RULES = (sign, scale)
RULES = (factor_array, factor_of_upstream, other_factor)
LATE_RULES = (factor_along_axes, factor_of_each_side, factor_over_another_axis, factor_of_each_output)


def _ratio(a: Host, n: Host, known: Host) -> float | None:
    """The r of a = r·n, by least squares."""
    under = float((n[known] ** 2).sum())
    return float((a[known] * n[known]).sum() / under) if under > 0 and np.any(a) else None


def _quantities(trial: Trial, shape: tuple[int, ...]) -> Iterator[tuple[str, Host, str]]:
    """Arrays that broadcast to a shape, with what they are: inputs, outputs, and what is often made of them."""
    for position, value in enumerate(trial.evidence.inputs):
        if value is None or np.ndim(value) > len(shape) or np.size(value) < 2 or not np.any(value):
            continue
        array = np.asarray(value, float)
        says = trial.name if position == trial.evidence.argument else trial.called(position)
        for spread, where in broadcasts(array, shape):
            yield says, spread, where
            if np.isin(array, (0, 1)).all():
                continue
            yield f"{says}²", spread**2, where
    if np.prod(shape) < 2:
        return
    if trial.x is not None and trial.shape == shape:
        s = 1 / (1 + np.exp(-trial.x))
        yield from ((f"exp({trial.name})", np.exp(trial.x), ""), (f"σ({trial.name})", s, ""))
        yield f"σ({trial.name})·(1 − σ({trial.name}))", s * (1 - s), ""
    if trial.y is not None and trial.y.shape == shape:
        y = trial.y
        yield from (("y", y, ""), ("1 − y", 1 - y, ""), ("1 + y", 1 + y, ""), ("1 − y²", 1 - y * y, ""))
        yield from (("y·(1 − y)", y * (1 - y), ""), ("y²", y * y, ""))
