r"""The right numbers at the wrong places: transposed, reversed, shifted, exchanged with another argument."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial
from tinycnn.gradcheck.evidence import Diagnosis, Host

TURNED = "In backward the kernel is turned by 180°: what reached output o through w[k] came from input o + k."


def exchanged(trial: Trial) -> Diagnosis | None:
    """a is the gradient of another argument: the tuple that backward returns is in the wrong order."""
    for other, gradient in trial.evidence.gradients.items():
        if other == trial.evidence.argument or np.shape(gradient) != trial.shape or trial.equations < 3:
            continue
        if np.ptp(trial.n) > 0 and trial.agrees(trial.probes[0], np.asarray(gradient, float), trial.n):
            return Diagnosis(
                "transposed",
                f"The gradient of {trial.name} is what backward returns as that of {trial.called(other)}: the two are"
                " exchanged.",
                "backward returns one gradient for each input, in the order of forward's arguments.",
            )
    return None


def transposed(trial: Trial) -> Diagnosis | None:
    """a is n with its axes in another order, or the numbers of that transpose poured into n's shape."""
    if not _same_numbers(trial):
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
    if not _same_numbers(trial):
        return None
    ndim = len(trial.shape)
    long = [k for k in range(ndim) if trial.shape[k] > 1]
    for chosen in _subsets(long):
        if trial.explained(np.flip(p.numeric, chosen) for p in trial.probes):
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is the true one reversed along {words.axes(chosen, ndim)}.",
                TURNED,
            )
    for k in long:
        for by in range(1, trial.shape[k]) if trial.shape[k] <= 64 else ():
            if trial.explained(np.roll(p.numeric, by, k) for p in trial.probes):
                by = by if by <= trial.shape[k] // 2 else by - trial.shape[k]
                return Diagnosis(
                    "flipped",
                    f"The gradient of {trial.name} is the true one shifted by {by} along {words.axis(k, ndim)}.",
                    "Compare the first index that backward writes to with the first that forward reads.",
                )
    return None


def operand_transposed(trial: Trial) -> Diagnosis | None:
    r"""Ĵ is J with an axis of the output and one of the input exchanged: W for Wᵀ, where W is square."""
    if trial.jacobian is None or trial.y is None or not trial.small:
        return None
    out, ndim = trial.y.ndim, trial.y.ndim + len(trial.shape)
    pairs = [(o, i) for o in range(out) for i in range(out, ndim) if trial.jacobian.shape[o] > 1
             and trial.jacobian.shape[o] == trial.jacobian.shape[i]]
    whole = [[(k, out + k) for k in range(out)]] if trial.y.shape == trial.shape and out > 1 else []
    for swaps in [*([pair] for pair in pairs), *whole]:
        order = list(range(ndim))
        for o, i in swaps:
            order[o], order[i] = i, o
        other = trial.jacobian.transpose(order)
        if trial.explained(np.tensordot(p.g, other, out) for p in trial.probes):
            where = " and ".join(f"{words.axis(i - out, len(trial.shape))} of {trial.name} and {words.axis(o, out)} of"
                                 " the output" for o, i in swaps[:1])
            return Diagnosis(
                "transposed",
                f"The gradient of {trial.name} is what comes out when a matrix is multiplied by without being"
                f" transposed: {where} are exchanged.",
                "If y = x @ W, then gx = g @ W.T: backward goes through every matrix the other way.",
            )
    return None


def operand_flipped(trial: Trial) -> Diagnosis | None:
    r"""a(g) = R n(R g), where R reverses axes of the input and of the output: a kernel that was not turned."""
    if trial.jacobian is None or trial.y is None or not trial.small:
        return None
    out, ndim = trial.y.ndim, len(trial.shape)
    if out != ndim:
        return None
    for chosen in _subsets([k for k in range(ndim) if trial.shape[k] > 1]):
        if trial.explained(np.flip(trial.pulled_back(np.flip(p.g, chosen)), chosen) for p in trial.probes):
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is what comes out when the other factor, such as the kernel, is"
                f" reversed along {words.axes(chosen, ndim)}.",
                TURNED,
            )
    return None


def upstream_transposed(trial: Trial) -> Diagnosis | None:
    """a(g) = n(gᵀ): g is read with two axes exchanged. If the argument has fewer axes, its sum runs along the wrong."""
    if trial.jacobian is None or trial.y is None or not trial.small:
        return None
    shape = trial.y.shape
    for i, j in itertools.combinations(range(len(shape)), 2):
        if shape[i] != shape[j] or shape[i] < 2:
            continue
        if trial.explained(trial.pulled_back(p.g.swapaxes(i, j)) for p in trial.probes):
            both = f"{words.axis(i, len(shape))} and {words.axis(j, len(shape))}"
            if np.count_nonzero(np.array(trial.shape) > 1) < len(shape):
                return Diagnosis(
                    "wrong-axis",
                    f"The gradient of {trial.name} is summed over the wrong axis of g: {both} are exchanged, which have"
                    " the same size here.",
                    "Sum over the axes along which forward repeats the argument, and check with sizes that differ.",
                )
            return Diagnosis(
                "transposed", f"The gradient of {trial.name} is right if {both} of g are exchanged first.",
                "Write the shape behind every line of backward, and check with sizes that differ.",
            )
    return None


RULES = (exchanged, transposed, flipped, operand_transposed, operand_flipped, upstream_transposed)


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


def _same_numbers(trial: Trial) -> bool:
    """Whether a and n hold the same numbers, in whatever order."""
    left, right = np.sort(trial.a, None), np.sort(trial.n, None)
    return bool(trial.known.all() and (np.abs(left - right) <= 1e-6 * trial.size + 3 * trial.tolerance.max()).all())


def _subsets(ks: list[int]) -> Iterator[tuple[int, ...]]:
    return (c for count in range(1, len(ks) + 1) for c in itertools.combinations(ks, count))


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


def _holds_the_same(probe: tuple[Host, Host, Host], trial: Trial) -> bool:
    _, a, n = probe
    gap = np.abs(np.sort(a, None) - np.sort(n, None))
    return bool(trial.known.all() and (gap <= 1e-6 * np.abs(n).max() + 3 * trial.tolerance.max()).all())
