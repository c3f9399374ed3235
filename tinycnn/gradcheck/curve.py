r"""Reading a V-curve: what the error of a finite difference, drawn over its step h, says about function and gradient.

The central difference (f(x + h) − f(x − h)) / 2h misses the derivative by its truncation, h²/6·f‴ + …, and by rounding,
ε|f|/h. On two logarithmic axes they are straight lines of slopes +2 and −1 that meet in a V. Compared is what backward
gives, and its own error is the same at every h. So the shape tells what is wrong:

    V: slope +2, then −1 as h falls        the gradient is right
    only the slope −1                      right, and the function is linear or quadratic: nothing to truncate
    a flat line                            the gradient is wrong, by as much as the line is high
    a cliff                                a kink lies that far away
    the slope −1, but a million times up   something computes in float32
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Host = Any  # a numpy.ndarray of float64

SHAPES = {
    "right": "slope +2, then −1: the gradient is right",
    "linear": "rounding alone: right, and the function is linear or quadratic here",
    "wrong": "flat: the gradient is wrong",
    "kink": "a cliff: a kink lies that far away",
    "float32": "rising early: something computes in float32",
    "unclear": "a shape that tells nothing",
}
EXACT = 2.0**-60  # drawn in place of 0, which has no logarithm
_TRUSTED = (1e-7, 1e-3)  # steps at which a right gradient's error is far below that of any mistake of note
_WRONG = 1e-7  # a flat line below this is rounding
_CLIFF = 3.0  # decades
_SINGLE = 3e-9  # ε|f| / |f′| of float64 is about 1e-16, that of float32 6e-8


class Reading(NamedTuple):
    """The curve's shape, out of `SHAPES`; a sentence; and where: the height of the flat line, or h of the cliff."""

    shape: str
    sentence: str
    where: float | None = None


def read_curve(steps: Sequence[float] | Host, errors: Sequence[float] | Host) -> Reading:
    r"""Tell what the shape of the curve means.

    Parameters
    ----------
    steps : h, in any order
    errors : at each, |finite difference − what backward gives|, as a part of the derivative

    Examples
    --------
    >>> h = 10.0 ** -np.arange(1, 13)
    >>> read_curve(h, h**2 / 6 + 1e-16 / h).sentence
    'slope +2, then −1: the gradient is right (error 3e-11 at h = 1e-05)'
    >>> read_curve(h, 0.5 + h**2).sentence
    'flat: the gradient is wrong, by 50 % of its size'
    """
    h, error = _sorted(steps, errors)
    if len(h) < 6:
        return Reading("unclear", SHAPES["unclear"])
    cliff = _cliff(h, error)
    flat = _flat(h, error, *(_TRUSTED if cliff is None else (cliff / 30, cliff)))
    if flat is not None:
        return Reading("wrong", f"{SHAPES['wrong']}, by {_share(flat)} of its size", flat)
    if cliff is not None:
        return Reading("kink", f"a cliff: a kink lies about {cliff:.0e} away; below that the gradient is right", cliff)
    if _single(h, error):
        return Reading("float32", SHAPES["float32"])
    best = int(error.argmin())
    if error[best] > 1e-6:
        return Reading("unclear", SHAPES["unclear"])
    if error[h >= 1e-3].max(initial=0) <= 1e-11:
        return Reading("linear", SHAPES["linear"])
    sentence = SHAPES["right"] if _quadratic(h, error) else "small at small h: the gradient is right"
    return Reading("right", f"{sentence} (error {error[best]:.0e} at h = {h[best]:.0e})", float(h[best]))


def _sorted(steps: Any, errors: Any) -> tuple[Host, Host]:
    """Both with h rising, without what is no number, and 0 made visible."""
    h, error = np.asarray(steps, dtype=float), np.asarray(errors, dtype=float)
    order = np.argsort(h)
    order = order[np.isfinite(error[order]) & (h[order] > 0)]
    return h[order], np.maximum(np.abs(error[order]), EXACT)


def _flat(h: Host, error: Host, low: float, high: float) -> float | None:
    """The height, if the error is the same at nearly all steps between; at one of them truncation may cancel it."""
    between = error[(h >= low) & (h <= high)]
    if len(between) < 3:
        return None
    height = float(np.median(between))
    near = np.abs(np.log10(between / height)) < 0.15
    return height if height > _WRONG and near.mean() >= 0.7 else None


def _cliff(h: Host, error: Host) -> float | None:
    """The h at which the error jumps up and stays there, by far more than a slope of 2 explains."""
    best, place = _CLIFF, None
    for i in range(2, len(h) - 2):
        below, above = error[max(0, i - 2): i + 1], error[i + 1: i + 3]
        explained = 2 * np.log10(h[i + 2] / h[i])
        jump = np.log10(above.min() / below.max()) - explained
        if jump > best:
            best, place = jump, float(np.sqrt(h[i] * h[i + 1]))
    return place


def _single(h: Host, error: Host) -> bool:
    """Whether the error is c/h from 1e-2 down, with c of the size of single precision's ε."""
    early = (h >= 1e-6) & (h <= 1e-2)
    c = error[early] * h[early]
    return len(c) >= 3 and float(np.median(c)) > _SINGLE and float(error.min()) > 1e-9


def _quadratic(h: Host, error: Host) -> bool:
    """Whether the slope is about 2 where truncation is far above rounding; a kink further away disturbs it."""
    clear = (h >= 1e-3) & (error > 1e-10)
    if clear.sum() < 3:
        return False
    slope = float(np.polyfit(np.log10(h[clear]), np.log10(error[clear]), 1)[0])
    return 1.4 < slope < 2.6


def _share(part: float) -> str:
    return f"{100 * part:.3g} %" if part >= 1e-5 else f"{part:.0e}"
