r"""Reports made by hand, to see how they look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinycnn.gradcheck.report import Examined, Failure, Report

STEPS = 10.0 ** -np.arange(1, 12.01, 0.25)


def failure(
    analytic: Any, numeric: Any, name: str = "weight", argument: int = 1, code: str = "scale", **other: Any
) -> Failure:
    """Of an argument with these two gradients."""
    a, n = np.asarray(analytic, dtype=float), np.asarray(numeric, dtype=float)
    gap = np.nan_to_num(abs(a - n), nan=-1)
    worst = tuple(int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
    error = float(np.linalg.norm(gap) / max(np.linalg.norm(a), np.linalg.norm(np.nan_to_num(n))))
    given = {"cause": "Twice what is due.", "hint": "Count the rows.", "gradients": (a, n, 1e-9 + 0 * a), **other}
    return Failure(argument, name, worst, float(a[worst]), float(n[worst]), 3e-10, error, code, **given)


def report(*failures: Failure, verdict: str = "fail", curve: Any = None, notes: Sequence[str] = ()) -> Report:
    """Of a function of x and what failed."""
    looked = [Examined(0, "x", (4, 3), "adjoint", 1e-16)]
    looked += [
        Examined(f.argument, f.argument_name, np.shape(f.gradients[0]) if f.gradients else (), "every entry",
                 f.relative_error, f.order)
        for f in failures
    ]
    measure = None if curve is None else lambda: (STEPS, curve)
    return Report("linear", verdict, failures, tuple(looked), tuple(notes), 40, measure)


def curve_of(function: Callable[[Any], Any], x: Any, vjp: Callable[[Any], Any], seed: int = 0) -> Any:
    """The relative error of the derivative along a random direction of ±1 for each of `STEPS`."""
    rng = np.random.default_rng(seed)
    v, u = rng.standard_normal(np.shape(function(x))), rng.choice([-1.0, 1.0], np.shape(x))
    analytic = float((vjp(v) * u).sum())
    numeric = np.array([(v * (function(x + h * u) - function(x - h * u))).sum() / (2 * h) for h in STEPS])
    return abs(numeric - analytic) / max(abs(analytic), abs(float(np.median(numeric))))
