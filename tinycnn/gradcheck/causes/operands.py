r"""The other factor: the right numbers of the weight or of g at the wrong places, so that Ĵ is J in another order."""

from __future__ import annotations

import itertools

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial, subsets
from tinycnn.gradcheck.evidence import Diagnosis, Host


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
    for chosen in subsets([k for k in range(ndim) if trial.shape[k] > 1]):
        if trial.explained(np.flip(trial.pulled_back(np.flip(p.g, chosen)), chosen) for p in trial.probes):
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is what comes out when the other factor, such as the kernel, is"
                f" reversed along {words.axes(chosen, ndim)}.",
                words.TURNED,
            )
    return None


def operand_inside_transposed(trial: Trial) -> Diagnosis | None:
    r"""The ratios R = Ĵ/J satisfy R[o, i]·R[i, o] = 1 along two axes: somewhere in the chain Wᵀ stands for W.

    For J = A·W·B with diagonal A and B, and Ĵ = A·Wᵀ·B, R[o, i] = W[i, o]/W[o, i].
    """
    J, wrong, y = trial.jacobian, trial.analytic_matrix, trial.y
    if J is None or wrong is None or y is None or y.shape != trial.shape:
        return None
    R = wrong.reshape(J.shape) / J
    apart = ~np.eye(y.size, dtype=bool).reshape(J.shape) & (np.abs(J) > 1e-7 * np.abs(J).max())
    for k in range(y.ndim):
        mirrored = np.where(apart, R, 1).swapaxes(k, y.ndim + k)
        both = apart & apart.swapaxes(k, y.ndim + k)
        off = np.abs(R * mirrored - 1)[both]
        if trial.shape[k] > 1 and off.size > 4 and off.max() < 1e-5 and np.abs(np.abs(R[both]) - 1).max() > 1e-3:
            return Diagnosis(
                "transposed",
                f"On the way to the gradient of {trial.name} a matrix is multiplied by without being transposed: what"
                f" entry i does to entry j along {words.axis(k, y.ndim)} is given back as what j does to i.",
                "If h = x @ W, then gx = gh @ W.T: backward goes through every matrix the other way.",
            )
    return None


def windows_turned(trial: Trial) -> Diagnosis | None:
    """The window of each output, as far as it is not cut by a border, holds the numbers of J in reverse."""
    right, wrong, ndim = trial.matrix, trial.analytic_matrix, len(trial.shape)
    if right is None or wrong is None or ndim < 3:
        return None
    size = np.abs(right).max()
    boxes = [_box(np.abs(row).reshape(trial.shape) > 1e-7 * size) for row in right]
    extent = np.max([[b.stop - b.start for b in box] for box in boxes], axis=0)
    whole = [o for o, box in enumerate(boxes) if ([b.stop - b.start for b in box] == extent).all()]
    long = [k for k in range(2 if ndim > 3 else 1, ndim) if extent[k] > 1]
    for chosen in subsets(long):
        pairs = [[matrix[o].reshape(trial.shape)[boxes[o]] for matrix in (right, wrong)] for o in whole]
        if all(np.abs(np.flip(ours, chosen) - theirs).max() < 1e-6 * size for ours, theirs in pairs):
            return Diagnosis(
                "flipped",
                f"In the gradient of {trial.name} each window gets its kernel reversed along"
                f" {words.axes(chosen, ndim)}.",
                "What an output took through w[i, j] comes back through w[i, j], to the place from which it came.",
            )
    return None


def factors_elsewhere(trial: Trial) -> Diagnosis | None:
    """Ĵ holds the numbers of J at other places: the same ones if a matrix is poured into another shape."""
    right, wrong = trial.matrix, trial.analytic_matrix
    if right is None or wrong is None:
        return None
    size = np.abs(right).max()
    gap = np.abs(np.sort(right, None) - np.sort(wrong, None)).max()
    if gap > 1e-6 * size:
        return None
    if _poured(trial):
        return Diagnosis(
            "transposed",
            f"The gradient of {trial.name} is made with a matrix that is reshaped where it should be transposed.",
            "A reshape keeps the order of the numbers, a transpose changes it.",
        )
    if (along := _summed_over_another_axis(trial)) is not None:
        return Diagnosis(
            "wrong-axis",
            f"The gradient of {trial.name} is summed over the wrong axes: its entries are laid along"
            f" {words.axis(along, len(trial.y.shape if trial.y is not None else ()))} of the output, which has the same"
            " size here as the right one.",
            "Sum over the axes along which forward repeats the argument, and check with sizes that differ.",
        )
    same = ((np.abs(right) > 1e-7 * size) == (np.abs(wrong) > 1e-7 * size)).all()
    if same:
        return Diagnosis(
            "entries",
            f"backward multiplies g by the factors that forward has, but in another order: for the gradient of"
            f" {trial.name} each g meets the factor of another place.",
            "Compare the index of each factor in backward with its index in forward.",
        )
    return Diagnosis(
        "entries",
        f"backward multiplies g by the right factors, but adds the products to other entries of the gradient of"
        f" {trial.name} than those that forward took them from.",
        "Compare the indices that backward writes to with those that forward reads from.",
    )


def _poured(trial: Trial) -> bool:
    r"""Whether Ĵ is J with the matrix between some axis of the output and one of the input transposed by a reshape."""
    J, wrong, y = trial.jacobian, trial.analytic_matrix, trial.y
    if J is None or wrong is None or y is None:
        return False
    for o, i in itertools.product(range(y.ndim), range(y.ndim, J.ndim)):
        ours, theirs = (np.moveaxis(a, (o, i), (-2, -1)) for a in (J, wrong.reshape(J.shape)))
        for poured in (ours.swapaxes(-1, -2).reshape(ours.shape), _swapped_after(ours)):
            if np.abs(poured - theirs).max() < 1e-6 * np.abs(J).max():
                return True
    return False


def _swapped_after(a: Host) -> Host:
    """The numbers poured into the transposed shape, and transposed back."""
    return np.asarray(a.reshape(*a.shape[:-2], a.shape[-1], a.shape[-2]).swapaxes(-1, -2))


def _summed_over_another_axis(trial: Trial) -> int | None:
    """The axis of the output along which the entries are laid, where each output acts on one of them by a factor."""
    right, wrong, y = trial.matrix, trial.analytic_matrix, trial.y
    if right is None or wrong is None or y is None or sum(size > 1 for size in trial.shape) != 1 or y.ndim < 2:
        return None
    size = np.abs(right).max()
    alive, moved = np.abs(right) > 1e-7 * size, np.abs(wrong) > 1e-7 * size
    if (alive.sum(1) != 1).any() or (moved.sum(1) != 1).any():
        return None
    if np.abs(right.sum(1) - wrong.sum(1)).max() > 1e-6 * size:
        return None
    places = np.indices(y.shape).reshape(y.ndim, -1)
    return next((k for k in range(y.ndim) if (moved.argmax(1) == places[k]).all()), None)


def upstream_flipped(trial: Trial) -> Diagnosis | None:
    """a(g) = n(R·g): g is read backwards along some axes."""
    if trial.jacobian is None or trial.y is None or not trial.small:
        return None
    for chosen in subsets([k for k in range(trial.y.ndim) if trial.y.shape[k] > 1]):
        if trial.explained(trial.pulled_back(np.flip(p.g, chosen)) for p in trial.probes):
            return Diagnosis(
                "flipped",
                f"The gradient of {trial.name} is what comes out when g is reversed along"
                f" {words.axes(chosen, trial.y.ndim)}, or what g is multiplied by.",
                "Compare the index of each g in backward with the index of the output that forward wrote.",
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
            if np.count_nonzero(np.array(trial.shape) > 1) < np.count_nonzero(np.array(shape) > 1):
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


RULES = (operand_flipped, operand_transposed, upstream_transposed, upstream_flipped)
LATE_RULES = (operand_inside_transposed, windows_turned, factors_elsewhere)


def _box(alive: Host) -> tuple[slice, ...]:
    """The smallest box that holds all entries that are true."""
    places = np.argwhere(alive) if alive.any() else np.zeros((1, alive.ndim), int)
    return tuple(slice(int(lo), int(hi) + 1) for lo, hi in zip(places.min(0), places.max(0), strict=True))
