r"""How far backward is from finite differences, in first and second derivatives.

First derivatives: for random cotangents v, backward's gradient of ⟨v, f(x)⟩ in each input against vᵀ·J, where every
entry of the Jacobian J is measured. Second derivatives: the same for the function (x, v) ↦ gradients of ⟨v, f(x)⟩.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinycnn.autograd import grad
from tinycnn.autograd.agreement import random_cotangents, vjp_of
from tinycnn.autograd.numeric import as_tuple, numeric_vjp, on_host
from tinycnn.dtypes import is_floating


class Gap(NamedTuple):
    """The entry where backward, a, and the finite difference, n, are farthest apart: error = |a − n| / max(1, |n|).

    So the error is relative where the derivative is large, absolute where it is small.
    """

    error: float
    input: int
    place: tuple[int, ...]
    backward: float
    numeric: float


def derivative_gaps(
    function: Callable[..., Any], inputs: Sequence[Any], rng: np.random.Generator, step: float
) -> tuple[Gap, Gap]:
    """The largest gaps in the first and in the second derivatives of `function` at `inputs`."""
    first, cotangents = _largest_gap(function, inputs, rng, step)
    second, _ = _largest_gap(vjp_of(function, len(inputs)), (*inputs, *cotangents), rng, step)
    return first, second


def _largest_gap(
    function: Callable[..., Any], inputs: Sequence[Any], rng: np.random.Generator, step: float
) -> tuple[Gap, list[Any]]:
    """The largest gap, and the cotangents of those outputs that have a gradient."""
    outputs = as_tuple(function(*inputs))
    weights: list[Any] = [random_cotangents([y], rng)[0] if is_floating(y.dtype) else None for y in outputs]
    live = [(y, v) for y, v in zip(outputs, weights, strict=True) if y.requires_grad]
    wanted = [i for i, x in enumerate(inputs) if x.requires_grad]
    found = grad(
        [y for y, _ in live], [inputs[i] for i in wanted], [v.detach() for _, v in live], materialize_grads=True
    )
    measured = numeric_vjp(function, inputs, weights, step)
    gaps = [_gap(i, on_host(g), on_host(measured[i])) for i, g in zip(wanted, found, strict=True)]
    return max(gaps), [v for _, v in live]


def _gap(position: int, analytic: Any, numeric: Any) -> Gap:
    errors = abs(analytic - numeric) / np.maximum(1, abs(numeric))
    errors = np.where(np.isnan(errors), np.inf, errors)
    place = tuple(int(n) for n in np.unravel_index(int(errors.argmax()), errors.shape))
    return Gap(float(errors[place]), position, place, float(analytic[place]), float(numeric[place]))
