r"""Terms: x acts on the output by several ways, and the gradient is the sum over them. Is one left out, or wrong?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinycnn.gradcheck.causes import words
from tinycnn.gradcheck.causes.groups import Grouping, groupings
from tinycnn.gradcheck.causes.trial import Trial, others, solve
from tinycnn.gradcheck.evidence import Diagnosis, Host

EACH_USE = "Where x is used twice, two gradients come back to it, and they are added: gx = …; gx += …"


def skip(trial: Trial) -> Diagnosis | None:
    """y = f(x) + x: the gradient is g, plus what comes back through f. One of the two is missing, or its sign wrong."""
    if trial.y is None or trial.x is None or trial.y.shape != trial.shape:
        return None
    hint = "For y = f(x) + x the gradient is that through f plus g itself."
    if trial.acts_on_each_alone:
        if trial.explained(p.numeric - p.g for p in trial.probes) and trial.error > 0:
            return Diagnosis(
                "missing-term",
                f"The gradient of {trial.name} lacks exactly g: the path on which {trial.name} is added to the output"
                " unchanged.", hint,
            )
        return None
    for says, gate in (("g", np.ones(trial.shape)), ("g where the output is positive", trial.y > 0)):
        found = _two_terms(
            trial, gate.astype(float), f"{says}, by the path on which {trial.name} is added to the output unchanged",
            f"what comes by other paths than that on which {trial.name} is added to the output unchanged", hint,
        )
        if found is not None:
            return found
    return None


def handed_on(trial: Trial) -> Diagnosis | None:
    """a = g: backward does nothing."""
    if trial.y is None or trial.y.shape != trial.shape or not trial.explained(p.g for p in trial.probes):
        return None
    return Diagnosis(
        "missing-term",
        f"backward hands g on as the gradient of {trial.name}, as if the output were {trial.name} itself: whatever else"
        f" {trial.name} does to the output is missing.",
        "Where the output is f(x), gx = g·f′(x); where it is f(x) + x, as with a shortcut, the gradient that comes back"
        " through f is added to g.",
    )


def product(trial: Trial) -> Diagnosis | None:
    r"""y = x·s(x): the gradient is g·s, with s = y/x, plus what comes back through s."""
    y, x = trial.y, trial.x
    if y is None or x is None or y.shape != trial.shape or (np.abs(x) < 1e-12).any():
        return None
    for s in (y / x, *((y - b) / x for b in others(trial))):
        found = _two_terms(
            trial, s, f"the direct term g·y/{trial.name}, which takes the factor of {trial.name} for a constant",
            f"the term by which {trial.name} acts through its own factor: it was taken for a constant",
            "Product rule: for y = x·s(x), gx = g·s + (the gradient that comes back through s).",
        )
        if found is not None:
            return found
    return None


def diagonal(trial: Trial) -> Diagnosis | None:
    """a[i] = g[i]·∂y[i]/∂x[i]: what x[i] does to the other outputs is left out."""
    if trial.matrix is None or trial.y is None or trial.y.shape != trial.shape or trial.acts_on_each_alone:
        return None
    own = np.diag(trial.matrix).reshape(trial.shape)
    if not trial.explained(p.g * own for p in trial.probes):
        return None
    return Diagnosis(
        "missing-term",
        f"The gradient of {trial.name} has only the effect of each entry on the output at its own place, ∂y[i]/∂x[i];"
        " but each entry acts on other outputs as well.",
        "Add Σ g[j]·∂y[j]/∂x[i] over the other outputs j.",
    )


def mirrored(trial: Trial) -> Diagnosis | None:
    """a + n = g: backward has 1 − f′(x), which is f′(−x) for a sigmoid, softplus or gelu."""
    slopes = None if trial.matrix is None else trial.matrix.diagonal()
    if slopes is None or not trial.acts_on_each_alone or (np.abs(slopes * (1 - slopes)) < 1e-9).mean() > 0.5:
        return None  # 1 − f′ of a mask of 0 and 1 is another matter
    if not trial.explained(p.g - p.numeric for p in trial.probes):
        return None
    return Diagnosis(
        "sign",
        f"The gradient of {trial.name} and the true one add up to g: backward multiplies by 1 − f′(x), where f′(x) is"
        " due.",
        "Look for a wrong sign within an exponential: 1/(1 + eˣ) is 1 − 1/(1 + e⁻ˣ).",
    )


def path_of_each_alone(trial: Trial) -> Diagnosis | None:
    """n − a = g·e, with the same e for every g: a path on which each entry acts on its own output is missing."""
    if trial.y is None or trial.y.shape != trial.shape or len(trial.probes) < 2 or trial.acts_on_each_alone:
        return None
    over = sum((p.numeric - p.analytic) * p.g for p in trial.probes)
    e = over / sum(p.g**2 for p in trial.probes)
    if not trial.explained((p.numeric - p.g * e for p in trial.probes), e.size):
        return None
    place = np.unravel_index(int(np.abs(e).argmax()), e.shape)
    surplus = e < -1e-6
    if surplus.any() and np.allclose(e, -surplus.astype(float), 0, 1e-6):
        return Diagnosis(
            "entries",
            f"In the gradient of {trial.name} there is one g too much at {surplus.sum()} of {e.size} entries, such as"
            f" {words.entry(place)}: a path is taken for open where it is closed.",
            "Multiply g by the mask of forward before it is handed on to every path that starts behind the mask.",
        )
    return Diagnosis(
        "missing-term",
        f"The gradient of {trial.name} lacks g times a number for each entry, {float(e[place]):.4g} at"
        f" {words.entry(place)}: a path on which each entry acts on the output at its own place.",
        EACH_USE,
    )


def part_by_a_factor(trial: Trial) -> Diagnosis | None:
    r"""At many of the places where Ĵ is not J it is r·J, with one r: a term has a factor, or the wrong sign."""
    right, wrong = trial.matrix, trial.analytic_matrix
    if right is None or wrong is None or len(right) < 2 or trial.acts_on_each_alone:
        return None
    alive, off = (np.abs(m) > 1e-6 * np.abs(right).max() for m in (right, right - wrong))
    if (off & (~alive | (np.abs(wrong) < 1e-6 * np.abs(right).max()))).any():
        return None  # something is there that does not belong there at all, or is not there
    ratios = np.sort((wrong[off] / right[off]).ravel())
    if ratios.size < 8:
        return None
    middles = ratios[np.linspace(0, ratios.size - 1, 25).astype(int)]
    alike = [np.count_nonzero(np.abs(ratios - r) < 1e-6 * max(abs(r), 1)) for r in middles]
    r = float(middles[int(np.argmax(alike))])
    if max(alike) < 0.3 * ratios.size or abs(r) < 1e-6:
        return None
    told = f"In the gradient of {trial.name} a term, which acts on {max(alike)} derivatives by itself,"
    if abs(r + 1) < 1e-6:
        return Diagnosis("sign", f"{told} has the wrong sign.", EACH_USE)
    why = words.named(r, trial)
    return Diagnosis("scale", f"{told} counts {words.number(r)} times." + (f" And {why}." if why else ""), EACH_USE)


def multiple_of_an_array(trial: Trial) -> Diagnosis | None:
    r"""n − a = h·c, with an array h that is known and a number c that is the same along some axes."""
    for grouping in groupings(trial, single=True):
        for says, h in _arrays(trial):
            H = grouping.spread(h)
            groups, size = H.shape
            if (size - 1) * groups * len(trial.probes) < 4 or size < 3 or (H**2).sum(1).min() == 0:
                continue
            fits = []
            for p in trial.probes:
                r = grouping.spread(p.numeric - p.analytic)
                fit = H * ((r * H).sum(1) / (H * H).sum(1))[:, None]
                fits.append(np.abs(fit - r).max() < 1e-6 * np.abs(r).max() + trial.noise)
            if all(fits) and not _is_missing(trial, grouping, says == "1"):
                return None
            if all(fits):
                what = "a number" if says == "1" else f"{says} times a number"
                return Diagnosis(
                    "missing-term",
                    f"The gradient of {trial.name} lacks {what} that is the same all along {grouping.says}: what comes"
                    + (" through a mean or sum" if says == "1" else f" by the term with {says}") + " is missing.",
                    EACH_USE,
                )
    return None


RULES = (diagonal, handed_on, skip, product, mirrored)
LATE_RULES = (path_of_each_alone, part_by_a_factor, multiple_of_an_array)


def _is_missing(trial: Trial, grouping: Grouping, constant: bool) -> bool:
    """Whether the difference is a term that is not there at all, rather than one too much or with another factor.

    Where J − Ĵ is not 0, a term that is missing leaves Ĵ at 0 in many places, and J in none. Where it is the same in
    all entries, as what comes through a mean is, or a single output gives one number for all, the latter is enough; or
    where what is left is one number in each group, but for a label.
    """
    right, wrong = trial.matrix, trial.analytic_matrix
    if right is None or wrong is None:
        return False
    small = 1e-7 * np.abs(right).max()
    off = np.abs(right - wrong) > small
    if (off & (np.abs(right) <= small)).any():
        return False
    left = grouping.spread(trial.a)
    flat = (np.abs(left - np.median(left, axis=1, keepdims=True)) > 1e-7 * trial.size).sum(1).max() <= 1
    if constant or (len(right) == 1 and (flat or len(grouping.within) == len(trial.shape))):
        return True
    gone = np.count_nonzero(off & (np.abs(wrong) <= small))
    return bool(gone > 0.3 * np.count_nonzero(off))


def _two_terms(trial: Trial, factor: Host, first: str, second: str, hint: str) -> Diagnosis | None:
    r"""a = α·g·factor + β·(n − g·factor), where the right gradient has α = β = 1."""
    firsts = [p.g * factor for p in trial.probes]
    seconds = [p.numeric - f for p, f in zip(trial.probes, firsts, strict=True)]
    c = solve([np.concatenate([t.ravel() for t in terms]) for terms in (firsts, seconds)],
              np.concatenate([p.analytic.ravel() for p in trial.probes]))
    if c is None or trial.equations < 6:
        return None
    alpha, beta = (float(round(v)) if abs(v - round(v)) < 1e-5 else float(v) for v in c)
    if (alpha == 1) == (beta == 1) or not trial.explained(
        alpha * f + beta * s for f, s in zip(firsts, seconds, strict=True)
    ):
        return None
    term, times = (first, alpha) if alpha != 1 else (second, beta)
    if times == 0:
        return Diagnosis("missing-term", f"The gradient of {trial.name} lacks {term}.", hint)
    if times == -1:
        return Diagnosis("sign", f"In the gradient of {trial.name} the sign of one term is wrong: {term}.", hint)
    why = words.named(times, trial)
    told = f"The gradient of {trial.name} has {words.number(times)} times {term}"
    return Diagnosis("scale", f"{told}. And {why}." if why else f"{told}.", hint)


def _arrays(trial: Trial) -> Iterator[tuple[str, Host]]:
    yield "1", np.ones(trial.shape)
    for position, value in enumerate(trial.evidence.inputs):
        if value is not None and np.shape(value) == trial.shape and position != trial.evidence.argument:
            yield trial.called(position), np.asarray(value, float)
    if trial.y is not None and trial.y.shape == trial.shape:
        yield "y", trial.y
    if trial.x is not None:
        yield trial.name, trial.x
        yield f"exp({trial.name})", np.exp(trial.x)
