r"""How axes, numbers and sizes are said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tinycnn.gradcheck.causes.trial import Trial

AXES = {2: ("rows", "columns"), 4: ("samples", "channels", "rows", "columns")}
SIZES = ("the batch has", "an array of")  # how `named` begins where a factor is a size
CONSTANTS = {2.0: "2", 3.0: "3", 4.0: "4", math.log(2): "ln 2", math.log(10): "ln 10", math.pi: "π"}

TURNED = "In backward the kernel is turned by 180°: what reached output o through w[k] came from input o + k."


def axis(k: int, ndim: int) -> str:
    """``"axis 0 (samples)"``."""
    return f"axis {k} ({AXES[ndim][k]})" if ndim in AXES else f"axis {k}"


def axes(ks: Iterable[int], ndim: int) -> str:
    """``"axes 0 and 2"``."""
    ks = list(ks)
    if len(ks) == 1:
        return axis(ks[0], ndim)
    return f"axes {', '.join(map(str, ks[:-1]))} and {ks[-1]}"


def entry(index: Iterable[Any]) -> str:
    """``"[1, 0]"``."""
    return f"[{', '.join(str(int(i)) for i in index)}]"


def some(indices: Iterable[int]) -> str:
    """``"0, 1 and 4"``, or the first few of many."""
    found = [str(int(i)) for i in indices]
    if len(found) > 6:
        return f"{', '.join(found[:5])}, … and {found[-1]}"
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def number(value: float) -> str:
    """``"1/6"``, ``"6"``, ``"-0.3679"``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    for top in range(1, 13):
        bottom = top / value
        if abs(bottom - round(bottom)) < 1e-6 * abs(bottom) and round(bottom) != 0 and abs(bottom) < 1e6:
            sign, bottom = ("-" if bottom < 0 else ""), abs(round(bottom))
            return f"{sign}{top}" if bottom == 1 else f"{sign}{top}/{bottom}"
    return f"{round(value)}" if abs(value - round(value)) < 1e-6 * abs(value) else f"{value:.4g}"


def times(value: float) -> str:
    """``"1/6 of"``, ``"twice"``, ``"2.5 times"``, to stand before "the true one"."""
    if abs(abs(value) - 0.5) < 1e-6 or abs(abs(value) - 2) < 1e-6:
        return ("−1 times " if value < 0 else "") + ("half" if abs(value) < 1 else "twice")
    return f"{number(value)} of" if 0 < value < 1 and "/" in number(value) else f"{number(value)} times"


def named(factor: float, trial: Trial) -> str | None:
    r"""What a factor is: ``"the batch has 6 rows"`` for 6 or 1/6; None if it is no size, option or known constant."""
    factor = abs(factor)
    found = [says for value, says in _candidates(trial) if _same(factor, value) or _same(factor, 1 / value)]
    if not found:
        found = [f"it is divided by {taken} in place of {due}, where {says}"
                 for value, says in _sizes_and_options(trial) if (n := round(value)) >= 3 and value == n
                 for taken, due in ((n - 1, n), (n, n - 1)) if _same(factor, due / taken)]
    if not found:
        found = [f"it is the root of {value:g}, and {says}" if root else f"it is the square of {value:g}, and {says}"
                 for value, says in _sizes_and_options(trial) for root in (True, False)
                 for power in ([math.sqrt(value)] if root else [value * value])
                 if _same(factor, power) or _same(factor, 1 / power)]
    return found[0] if found else None


def is_plain(factor: float) -> bool:
    """Whether a formula may well have this factor, whatever the sizes: a ratio of numbers up to 4, as 1/3 or 3/2."""
    return any(_same(abs(factor), top / bottom) for top in range(1, 5) for bottom in range(1, 5))


def _same(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-6 * abs(left)


def _candidates(trial: Trial) -> Iterator[tuple[float, str]]:
    """Values other than 1 with what they are, the likeliest first."""
    seen: set[float] = {1.0}
    for value, says in _all_candidates(trial):
        if value > 0 and value not in seen and math.isfinite(value):
            seen.add(value)
            yield value, says


def _sizes_and_options(trial: Trial) -> Iterator[tuple[float, str]]:
    return ((value, says) for value, says in _candidates(trial) if not says.startswith("a factor "))


def _all_candidates(trial: Trial) -> Iterator[tuple[float, str]]:
    outputs = [np.shape(trial.evidence.outputs[k]) for k in trial.live]
    others = [np.shape(x) for x in trial.evidence.inputs if x is not None]
    batch = next((s[0] for s in [*outputs, *others] if len(s) > 1), None)
    adds_up = not trial.acts_on_each_alone  # else there is no sum and no mean: a factor is a size by chance
    if batch and adds_up:
        yield batch, f"the batch has {batch} {'rows' if all(len(s) <= 2 for s in [*outputs, *others]) else 'samples'}"
    for name, value in trial.evidence.options.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield value, f"{name} is {value:g}"
            yield 1 - value, f"1 − {name} is {1 - value:g}"
    for shape in dict.fromkeys([*outputs, trial.shape, *others]) if adds_up else ():
        yield from _sizes(shape)
    for value, says in CONSTANTS.items():
        yield value, f"a factor {says} is missing or too much"


def _sizes(shape: tuple[int, ...]) -> Iterator[tuple[float, str]]:
    """Single axes, what a channel has, then products of neighbouring axes, the short ones first."""
    told = "×".join(map(str, shape))
    for axis in reversed(range(len(shape))):
        what = AXES[len(shape)][axis] if len(shape) in AXES else f"entries along axis {axis}"
        yield shape[axis], f"an array of {told} has {shape[axis]} {what}"
    if len(shape) > 2:  # N and H, W together, which a bias is added to and a statistic is taken of
        sizes, product = (shape[0], *shape[2:]), math.prod((shape[0], *shape[2:]))
        yield product, f"an array of {told} has {'·'.join(map(str, sizes))} = {product} entries a channel"
    for length in range(2, len(shape) + 1):
        for start in reversed(range(len(shape) - length + 1)):
            sizes, product = shape[start:start + length], math.prod(shape[start:start + length])
            ks = ", ".join(map(str, range(start, start + length)))
            yield product, f"an array of {told} has {'·'.join(map(str, sizes))} = {product} entries in axes {ks}"
