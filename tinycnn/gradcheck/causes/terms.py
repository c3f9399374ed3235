r"""Terms: x acts on the output by several ways, and the gradient is their sum. Is one left out, or its sign wrong?

Through a mean, a variance or a sum of exponentials every entry of a group acts on every output of it. That shows in
the Jacobian of a normalization or a softmax:

    J[o, i] = d[o]·[o = i] + Σₖ uₖ[o]·hₖ[i]        i in the group

with h = 1 for a mean, h = x for a variance, h = y for softmax, h = eʸ for log-softmax. So the gradient has a direct
term d·g, and for each k an indirect one, hₖ·Σₒ uₖ[o]·g[o]: constant within the group but for hₖ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial, solve
from tinycnn.gradcheck.evidence import Diagnosis, Host

PATHS = (
    "Follow every line of forward in which {name} stands, also through means, variances and sums, and add up one"
    " gradient for each."
)


class Grouping(NamedTuple):
    """Groups of entries: the array reshaped to `split`, and the axes within a group."""

    split: tuple[int, ...]
    within: tuple[int, ...]
    says: str

    def spread(self, array: Host) -> Host:
        """(groups, size)"""
        outside = [k for k in range(len(self.split)) if k not in self.within]
        moved = array.reshape(self.split).transpose(*outside, *self.within)
        return np.asarray(moved.reshape(-1, int(np.prod([self.split[k] for k in self.within]))))


def skip(trial: Trial) -> Diagnosis | None:
    """n − a = g: x is added to the output, and that path is missing; or a = g, and all others are."""
    y, x = trial.y, trial.x
    if y is None or y.shape != trial.shape:
        return None
    for says, gate in (("", np.ones_like(y)), (" where the output is positive", (y > 0).astype(float))):
        if trial.explained(p.numeric - gate * p.g for p in trial.probes):
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} lacks exactly g{says}: the path by which {trial.name} is added to the"
                " output unchanged.",
                "For y = f(x) + x the gradient is that through f plus g itself.",
            )
        if x is not None and trial.explained(gate * p.g for p in trial.probes):
            return Diagnosis(
                "missing-term",
                f"backward hands g on as the gradient of {trial.name}{says}, as if the rest of the function did not"
                f" depend on {trial.name}.",
                "The derivative of the function itself is missing: gx = g·f′(x), plus what comes by other ways.",
            )
    return None


def product(trial: Trial) -> Diagnosis | None:
    r"""y = x·s(x): the gradient is g·s, with s = y/x, plus what comes through s. One of the two is missing."""
    y, x = trial.y, trial.x
    if y is None or x is None or y.shape != trial.shape or (np.abs(x) < 1e-12).any():
        return None
    for s in (y / x, *((y - b) / x for b in _offsets(trial))):
        if trial.explained(p.g * s for p in trial.probes):
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} is that of the direct path alone, g·y/{trial.name}: the factor by which"
                f" {trial.name} is multiplied depends on {trial.name} as well, and was taken for a constant.",
                "Product rule: for y = x·s(x), gx = g·s + (the gradient that comes back through s).",
            )
        if trial.explained(p.numeric - p.g * s for p in trial.probes):
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} lacks the direct path, g·y/{trial.name}: only what comes back through"
                " the factor is there.",
                "Product rule: for y = x·s(x), gx = g·s + (the gradient that comes back through s).",
            )
    return None


def indirect(trial: Trial) -> Diagnosis | None:
    r"""a = c₀·g·d + Σₖ cₖ·termₖ with a c that is not 1: 0 if a term is missing, −1 if its sign is wrong."""
    for grouping, basis in _decompositions(trial):
        parts = [_parts(trial, grouping, basis, p.g, p.numeric) for p in trial.probes]
        names = [k for k in ("direct", *basis) if any(np.abs(part[k]).max() > 1e-7 * trial.size for part in parts)]
        columns = [np.concatenate([part[k].ravel() for part in parts]) for k in names]
        c = solve(columns, np.concatenate([p.analytic.ravel() for p in trial.probes]))
        if c is not None:
            fits = [sum(weight * part[k] for weight, k in zip(c, names, strict=True)) for part in parts]
            if trial.explained(map(np.asarray, fits), 2 * len(names)):
                return _term_told(trial, grouping, dict(zip(names, map(float, c), strict=True)))
        found = _over_other_groups(trial, grouping, basis, [p.analytic - part["direct"] for p, part in
                                                           zip(trial.probes, parts, strict=True)])
        if found:
            return found
    return None


RULES = (skip, product, indirect)


def _offsets(trial: Trial) -> Iterator[Host]:
    """Inputs that may be added to the output, broadcast to it."""
    for position, value in enumerate(trial.evidence.inputs):
        if value is not None and position != trial.evidence.argument and np.ndim(value) <= len(trial.shape):
            array = np.asarray(value, float)
            if array.ndim == 1 and len(trial.shape) == 4 and array.size == trial.shape[1]:
                array = array.reshape(-1, 1, 1)
            try:
                yield np.broadcast_to(array, trial.shape)
            except ValueError:
                continue


def _groupings(trial: Trial) -> Iterator[Grouping]:
    """All choices of axes, the largest groups first; channels also in groups, as group norm has them."""
    shape = trial.shape
    splits = [shape]
    if len(shape) == 4:
        splits += [(shape[0], k, shape[1] // k, *shape[2:]) for k in range(2, shape[1]) if shape[1] % k == 0]
    found = []
    for split in splits:
        for count in range(1, len(split) + 1):
            for within in itertools.combinations(range(len(split)), count):
                if all(split[k] > 1 for k in within) and (split == shape or (2 in within and 1 not in within)):
                    says = (f"{words.axes(within, len(shape))}" if split == shape
                            else f"groups of {split[2]} channels")
                    found.append(Grouping(split, within, says))
    yield from sorted(found, key=lambda g: -int(np.prod([g.split[k] for k in g.within])))


def _bases(trial: Trial) -> list[dict[str, Host]]:
    """The hₖ to try, each on the output's shape."""
    one, y, x = np.ones(trial.shape), trial.y, trial.x
    bases = [{"mean": one}]
    if y is not None:
        bases += [{"output": y}] + ([{"exp": np.exp(y)}] if y.max() < 50 else [])
    if x is not None:
        bases += [{"input": x}, {"mean": one, "variance": x}]
    return bases


def _decompositions(trial: Trial) -> Iterator[tuple[Grouping, dict[str, Host]]]:
    """The groupings and bases in which the Jacobian has the form above, and is not diagonal."""
    J, y = trial.matrix, trial.y
    if J is None or y is None or y.shape != trial.shape or y.size > 2000 or y.size < 3 or not trial.known.all():
        return
    size = np.abs(J).max()
    if trial.acts_on_each_alone:
        return
    some_rows = np.unique(np.linspace(0, y.size - 1, 4).astype(int))
    for grouping in _groupings(trial):
        for basis in _bases(trial):
            if all(_misfit(trial, grouping, basis, rows) < 1e-6 * size for rows in (some_rows, np.arange(y.size))):
                yield grouping, basis


def _misfit(trial: Trial, grouping: Grouping, basis: dict[str, Host], rows: Host) -> float:
    """How far J is from the form, off the diagonal; infinite where groups are too small to tell."""
    entries = grouping.spread(np.arange(np.prod(trial.shape)))
    if entries.shape[1] < len(basis) + 2:
        return float("inf")
    assert trial.matrix is not None
    u, H, J = _coefficients(trial.matrix[rows], rows, entries, list(basis.values()))
    gap = np.abs(J - np.einsum("ogk,gsk->ogs", u, H))
    gap[entries[None] == rows[:, None, None]] = 0
    return float(gap.max())


def _coefficients(rows_of_J: Host, rows: Host, entries: Host, basis: list[Host]) -> tuple[Host, Host, Host]:
    """uₖ[o] for each group, by least squares over the entries other than o; the hₖ and J, by groups."""
    J = rows_of_J[:, entries]                                           # rows, groups, size
    H = np.stack([np.ravel(h)[entries] for h in basis], axis=2)         # groups, size, k
    H = H / np.maximum(np.abs(H).max((0, 1)), 1e-300)
    counts = (entries[None] != rows[:, None, None]).astype(float)       # all but the diagonal
    left = np.einsum("ogs,gsk,gsl->ogkl", counts, H, H)
    right = np.einsum("ogs,gsk->ogk", counts * J, H)
    return np.einsum("ogkl,ogl->ogk", np.linalg.pinv(left, rcond=1e-12), right), H, J


def _parts(trial: Trial, grouping: Grouping, basis: dict[str, Host], g: Host, n: Host) -> dict[str, Host]:
    """The direct term and the indirect ones, which together are n."""
    assert trial.matrix is not None
    entries = grouping.spread(np.arange(np.prod(trial.shape)))
    u, H, _ = _coefficients(trial.matrix, np.arange(len(trial.matrix)), entries, list(basis.values()))
    by_group = H * np.einsum("o,ogk->gk", g.ravel(), u)[:, None, :]     # groups, size, k
    parts = {}
    for k, name in enumerate(basis):
        flat = np.empty(n.size)
        flat[entries] = by_group[:, :, k]
        parts[name] = flat.reshape(trial.shape)
    return {"direct": n - sum(parts.values()), **parts}


def _over_other_groups(
    trial: Trial, grouping: Grouping, basis: dict[str, Host], rest: list[Host]
) -> Diagnosis | None:
    """a − direct = Σₖ hₖ·(constant within other groups): the mean or sum runs over the wrong axes."""
    if not all(np.abs(r).max() > 1e-7 * trial.size for r in rest):
        return None
    for other in _groupings(trial):
        H = [other.spread(h) for h in basis.values()]
        groups, size = H[0].shape
        if other == grouping or (size - len(H)) * groups * len(rest) < 6 or size <= len(H):
            continue
        left = np.stack(H, axis=2)                                     # groups, size, k
        fits = []
        for r in rest:
            target = other.spread(r)[:, :, None]
            fit = left @ (np.linalg.pinv(left, rcond=1e-10) @ target)
            fits.append(np.abs(fit - target).max() < 1e-5 * np.abs(r).max())
        if all(fits):
            return Diagnosis(
                "wrong-axis",
                f"The direct term of the gradient of {trial.name} is right, but {_what(basis)} runs over"
                f" {other.says} instead of {grouping.says}.",
                "A sum or mean in backward runs over the same axes as the one in forward that it belongs to.",
            )
    return None


def _what(names: dict[str, Host] | list[str]) -> str:
    told = {
        "direct": "the direct term, in which the mean and all that is common to a group are held fixed,",
        "mean": "the term that comes through the mean",
        "variance": "the term that comes through the variance, a multiple of x − μ,",
        "input": "the term that comes through the norm, a multiple of x,",
        "output": "the term y·Σ(…), in which all outputs of a group act together,",
        "exp": "the term eʸ·Σg, in which all outputs of a group act together,",
    }
    return " and ".join(told[name] for name in names)


def _term_told(trial: Trial, grouping: Grouping, c: dict[str, float]) -> Diagnosis | None:
    off = {k: v for k, v in c.items() if abs(v - 1) > 1e-5}
    if not off:
        return None
    what, hint = _what(list(off)), PATHS.format(name=trial.name)
    if all(abs(v) < 1e-5 for v in off.values()):
        are = "are" if len(off) > 1 else "is"
        return Diagnosis("missing-term", f"In the gradient of {trial.name} {what} {are} missing. It is constant along"
                         f" {grouping.says}" + (", but for that factor." if set(off) - {"mean"} else "."), hint)
    if all(abs(v + 1) < 1e-5 for v in off.values()):
        return Diagnosis("sign", f"In the gradient of {trial.name} {what} has the wrong sign; the rest is right.",
                         "Everybody's share is subtracted: write the derivative out once more and follow the minus.")
    r = next(iter(off.values()))
    why = words.named(r, trial)
    return Diagnosis(
        "scale",
        f"In the gradient of {trial.name} {what} counts {words.number(r)} times; the rest is right."
        + (f" And {why}." if why else ""),
        "Where forward has a mean, backward divides by the same number; where it has a sum, it does not.",
    )
