r"""Groups: through a mean, a variance or a sum of exponentials all entries of a group act on all outputs of it.

That shows in the Jacobian of a normalization or a softmax:

    J[o, i] = d[o]·[o = i] + Σₖ uₖ[o]·hₖ[i]        i in the group

with h = 1 for a mean, h = x − μ for a variance, h = y for softmax, h = eʸ for log-softmax. So the gradient has a direct
term d·g, and for each k an indirect one, hₖ·Σₒ uₖ[o]·g[o]: constant within the group but for hₖ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.trial import Trial, others, solve
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

    def lies_in(self, larger: Grouping) -> bool:
        """Whether its groups are parts of those of another."""
        return self.split == larger.split and set(self.within) < set(larger.within)


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
        rest = [p.analytic - part["direct"] for p, part in zip(trial.probes, parts, strict=True)]
        slope = parts[0]["direct"] / trial.probes[0].g
        found = _over_other_groups(trial, grouping, basis, rest, slope)
        for name in basis if len(basis) > 1 and found is None else ():
            one = [r - sum(part[k] for k in basis if k != name) for r, part in zip(rest, parts, strict=True)]
            if all(np.abs(r - part[name]).max() < 1e-3 * np.abs(r).max() for r, part in zip(one, parts, strict=True)):
                continue  # this one is right, or all but
            alone = {name: _centred(grouping, basis)[name]}
            found = found or _over_other_groups(trial, grouping, alone, one, slope, whole=False)
        if found:
            return found
    return None


RULES = (indirect,)


def groupings(trial: Trial, single: bool = False) -> Iterator[Grouping]:
    """All choices of axes, the largest groups first; channels also in groups, as group norm has them."""
    shape = trial.shape
    splits = [shape]
    if len(shape) == 4 and not single:
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
    found: list[tuple[Grouping, tuple[str, ...]]] = []
    for grouping in groupings(trial):
        for basis in _bases(trial):
            if any(names == tuple(basis) and grouping.lies_in(larger) for larger, names in found):
                continue
            if all(_misfit(trial, grouping, basis, rows) < 1e-6 * size for rows in (some_rows, np.arange(y.size))):
                found.append((grouping, tuple(basis)))
                yield grouping, basis


def _misfit(trial: Trial, grouping: Grouping, basis: dict[str, Host], rows: Host) -> float:
    """How far J is from the form, off the diagonal; infinite where groups are too small to tell."""
    entries = grouping.spread(np.arange(np.prod(trial.shape)))
    if entries.shape[1] < len(basis) + 2:
        return float("inf")
    assert trial.matrix is not None
    H = _columns(grouping, basis)
    u, J = _coefficients(trial.matrix[rows], rows, entries, H)
    gap = np.abs(J - np.einsum("ogk,gsk->ogs", u, H))
    gap[entries[None] == rows[:, None, None]] = 0
    return float(gap.max())


def _coefficients(rows_of_J: Host, rows: Host, entries: Host, H: Host) -> tuple[Host, Host]:
    """uₖ[o] for each group, by least squares over the entries other than o; and J by groups."""
    J = rows_of_J[:, entries]                                           # rows, groups, size
    counts = (entries[None] != rows[:, None, None]).astype(float)       # all but the diagonal
    left = np.einsum("ogs,gsk,gsl->ogkl", counts, H, H)
    right = np.einsum("ogs,gsk->ogk", counts * J, H)
    return np.einsum("ogkl,ogl->ogk", np.linalg.pinv(left, rcond=1e-12), right), J


def _columns(grouping: Grouping, basis: dict[str, Host]) -> Host:
    """The hₖ by groups, each divided by its largest entry: (groups, size, k)."""
    H = np.stack([grouping.spread(h) for h in _centred(grouping, basis).values()], axis=2)
    return np.asarray(H / np.maximum(np.abs(H).max((0, 1)), 1e-300))


def _parts(trial: Trial, grouping: Grouping, basis: dict[str, Host], g: Host, n: Host) -> dict[str, Host]:
    """The direct term and the indirect ones, which together are n."""
    assert trial.matrix is not None
    entries = grouping.spread(np.arange(np.prod(trial.shape)))
    H = _columns(grouping, basis)
    u, _ = _coefficients(trial.matrix, np.arange(len(trial.matrix)), entries, H)
    by_group = H * np.einsum("o,ogk->gk", g.ravel(), u)[:, None, :]     # groups, size, k
    parts = {}
    for k, name in enumerate(basis):
        flat = np.empty(n.size)
        flat[entries] = by_group[:, :, k]
        parts[name] = flat.reshape(trial.shape)
    return {"direct": n - sum(parts.values()), **parts}


def _over_other_groups(
    trial: Trial, grouping: Grouping, basis: dict[str, Host], rest: list[Host], slope: Host, whole: bool = True
) -> Diagnosis | None:
    r"""a − direct = m·Σₖ hₖ·(constant within other groups): the mean or sum runs over the wrong axes.

    m is 1, or the slope d of the direct term, 1/σ for a norm, from which a weight may have to be taken out.
    """
    if not all(np.abs(r).max() > 1e-7 * trial.size for r in rest):
        return None
    centred = _centred(grouping, basis)
    for m in (np.ones(trial.shape), slope, *(slope / w for w in others(trial))):
        scaled = [r / m for r in rest]
        if not all(np.isfinite(r).all() for r in scaled):
            continue
        hs = {name: h * m if name == "variance" else h for name, h in centred.items()}
        close = 1e-5 * min(1.0, 10 * trial.error / trial.size)
        within = _constant_within(grouping, hs, scaled, 1e-3)  # it is right, or all but
        for other in groupings(trial):
            if other == grouping or (within and not set(grouping.within) < set(other.within)):
                continue
            if _constant_within(other, hs, scaled, close) or (
                whole and len(hs) == 1 and not within and _product_of_constants(grouping, other, hs, scaled)
            ):
                return Diagnosis(
                    "wrong-axis",
                    f"The direct term of the gradient of {trial.name} is right, but {_what(basis)} runs over"
                    f" {other.says} instead of {grouping.says}.",
                    "A sum or mean in backward runs over the same axes as the one in forward that it belongs to.",
                )
    return None


def _centred(grouping: Grouping, basis: dict[str, Host]) -> dict[str, Host]:
    """The hₖ; that of a variance is x − μ, with the mean of each group."""
    if "variance" not in basis:
        return basis
    x = basis["variance"]
    means = x.reshape(grouping.split).mean(grouping.within, keepdims=True)
    return {**basis, "variance": (x.reshape(grouping.split) - means).reshape(x.shape)}


def _constant_within(grouping: Grouping, hs: dict[str, Host], rest: list[Host], close: float) -> bool:
    """Whether the rest is Σₖ hₖ·(constant within the groups)."""
    H = np.stack([grouping.spread(h) for h in hs.values()], axis=2)      # groups, size, k
    groups, size, count = H.shape
    if (size - count) * groups * len(rest) < 6 or size <= count:
        return False
    project = H @ np.linalg.pinv(H, rcond=1e-10)
    spread = ((r, grouping.spread(r)[:, :, None]) for r in rest)
    return all(np.abs(project @ target - target).max() < close * np.abs(r).max() for r, target in spread)


def _product_of_constants(grouping: Grouping, other: Grouping, basis: dict[str, Host], rest: list[Host]) -> bool:
    """Whether rest/h is a product of two factors, one constant along one axis and one along another: of rank 1."""
    if len(grouping.within) != 1 or len(other.within) != 1 or grouping.split != other.split:
        return False
    k, l = grouping.within[0], other.within[0]
    if k == l or min(grouping.split[k], grouping.split[l]) < 3:
        return False
    for r in rest:
        q = np.moveaxis((r / next(iter(basis.values()))).reshape(grouping.split), (k, l), (-2, -1))
        singular = np.linalg.svd(q, compute_uv=False)
        if not (singular[..., 1] < 1e-5 * singular[..., 0]).all():
            return False
    return True


def _what(names: Iterable[str]) -> str:
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
