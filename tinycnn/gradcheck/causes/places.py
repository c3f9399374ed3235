r"""The right numbers at the wrong places: transposed, reversed, shifted, exchanged with another argument."""

from __future__ import annotations

import itertools

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Probe, Trial, subsets
from tinycnn.gradcheck.evidence import Diagnosis


def exchanged(trial: Trial) -> Diagnosis | None:
    """a is the gradient of another argument: the tuple that backward returns is in the wrong order."""
    for other, gradient in trial.evidence.gradients.items():
        if other == trial.evidence.argument or np.shape(gradient) != trial.shape or not trial.equations:
            continue
        varied = trial.n.size == 1 or np.ptp(trial.n[trial.known]) > 0
        if varied and trial.agrees(trial.probes[0], np.asarray(gradient, float), trial.n):
            return Diagnosis(
                "transposed",
                f"The gradient of {trial.name} is what backward returns as that of {trial.called(other)}: the two are"
                " exchanged.",
                "backward returns one gradient for each input, in the order of forward's arguments.",
            )
    return None


def transposed(trial: Trial) -> Diagnosis | None:
    """a is n with its axes in another order, or the numbers of that transpose poured into n's shape."""
    if not _holds_the_same(trial.probes[0], trial):
        return None
    ndim = len(trial.shape)
    for order in itertools.permutations(range(ndim)) if 1 < ndim <= 5 else ():
        if order == tuple(range(ndim)):
            continue
        if trial.explained(p.numeric.transpose(order) for p in trial.probes):
            return _axes_exchanged(trial, order, "")
        if trial.explained(p.numeric.transpose(order).reshape(trial.shape) for p in trial.probes):
            return _axes_exchanged(trial, order, ", and the result reshaped where a transpose is due")
        back = tuple(int(i) for i in np.argsort(order))
        mixed = tuple(trial.shape[k] for k in order)
        if trial.explained(p.numeric.reshape(mixed).transpose(back) for p in trial.probes):
            return _axes_exchanged(trial, order, ", and the result reshaped where a transpose is due")
    return None


def flipped(trial: Trial) -> Diagnosis | None:
    """a is n reversed along some axes, or shifted along one."""
    if not _holds_the_same(trial.probes[0], trial):
        return None
    ndim = len(trial.shape)
    long = [k for k in range(ndim) if trial.shape[k] > 1]
    for chosen in subsets(long):
        if trial.explained(np.flip(p.numeric, chosen) for p in trial.probes):
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is the true one reversed along {words.axes(chosen, ndim)}.",
                words.TURNED if ndim > 2 else "Compare the order of the indices in backward with that in forward.",
            )
    return None


def shifted(trial: Trial) -> Diagnosis | None:
    """a is n moved by one or two places along one of the axes or along the last two; what moves in may be anything."""
    ndim = len(trial.shape)
    moves: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((k,), (by,)) for k in range(ndim) for by in (1, -1, 2, -2)]
    if ndim > 2:
        moves += [((ndim - 2, ndim - 1), (i, j)) for i in (1, -1, 2, -2) for j in (1, -1, 2, -2)]
    for ks, by in moves:
        to, of = [slice(None)] * ndim, [slice(None)] * ndim
        for k, step in zip(ks, by, strict=True):
            to[k], of[k] = slice(max(step, 0), min(step, 0) or None), slice(max(-step, 0), min(-step, 0) or None)
        kept = trial.n[tuple(of)]
        if any(2 * abs(step) >= trial.shape[k] for k, step in zip(ks, by, strict=True)):
            continue  # half of it and more moved out
        if np.count_nonzero(kept) < max(4, np.count_nonzero(trial.n) / 4) or np.ptp(kept) < 1e-6 * trial.size:
            continue
        gaps = [np.abs(p.analytic[tuple(to)] - p.numeric[tuple(of)]).max() for p in trial.probes]
        limit = 1e-6 * trial.error + trial.noise
        if trial.known.all() and max(gaps) < limit:
            along = " and ".join(f"by {step} along {words.axis(k, ndim)}" for k, step in zip(ks, by, strict=True))
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is the true one shifted {along}.",
                "Compare the first index that backward writes to with the first that forward reads: padding is cut off"
                " on both sides.",
            )
    return None


def misplaced(trial: Trial) -> Diagnosis | None:
    """a holds the numbers of n, but at other entries, as if an index were wrong."""
    if not all(_holds_the_same(p, trial) for p in trial.probes) or np.count_nonzero(trial.n) < 3:
        return None
    return Diagnosis(
        "entries",
        f"The gradient of {trial.name} holds the right numbers, but {np.count_nonzero(trial.wrong)} of"
        f" {trial.wrong.size} entries have those of other places.",
        "Look at the index by which backward puts g back: it is the one by which forward took the value.",
    )


def _holds_the_same(probe: Probe, trial: Trial) -> bool:
    """Whether a and n hold the same numbers, in whatever order."""
    _, a, n = probe
    gap = np.abs(np.sort(a, None) - np.sort(n, None))
    return bool(trial.known.all() and (gap <= 1e-6 * np.abs(n).max() + trial.noise).all())


RULES = (exchanged, transposed, flipped, shifted)
LATE_RULES = (misplaced,)


def _axes_exchanged(trial: Trial, order: tuple[int, ...], poured: str) -> Diagnosis:
    ndim = len(trial.shape)
    moved = [k for k in range(ndim) if order[k] != k]
    flat = [k for k in moved if trial.shape[k] > 1 and all(np.ptp(p.numeric, k).max() < 1e-6 * np.abs(p.numeric).max()
                                                           for p in trial.probes)]
    if flat and not poured:
        wrong = next((k for k in moved if k not in flat), flat[0])
        return Diagnosis(
            "wrong-axis",
            f"The gradient of {trial.name} ought to be the same all along {words.axis(flat[0], ndim)}; it is so along"
            f" {words.axis(wrong, ndim)}.",
            "Repeat g along the axis over which forward sums, with keepdims=True or g[:, None].",
        )
    return Diagnosis(
        "transposed",
        f"The gradient of {trial.name} is the true one with {words.axes(moved, ndim)} exchanged{poured}.",
        "Write the shape behind every line of backward; a reshape keeps the order of the numbers, a transpose changes"
        " it.",
    )
