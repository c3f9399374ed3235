"""`Evidence` of a NumPy pair, by plain central differences: what the rules are tested with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinycnn.gradcheck.evidence import Evidence

Array = Any
STEP = 1e-5


def jacobian(function: Callable[[Array], Array], x: Array) -> Array:
    """Every derivative, of shape (*y.shape, *x.shape)."""
    columns = []
    for k in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead.flat[k] += STEP
        behind.flat[k] -= STEP
        columns.append((np.asarray(function(ahead)) - function(behind)) / (2 * STEP))
    return np.stack(columns, -1).reshape(*np.shape(columns[0]), *x.shape)


def evidence(
    forward: Callable[..., Any], backward: Callable[..., Any], inputs: Sequence[Any], argument: int,
    options: Mapping[str, Any] = {}, seed: int = 0,
) -> Evidence:
    """The evidence about one argument, wrong or not."""
    floating = [i for i, x in enumerate(inputs) if np.issubdtype(np.asarray(x).dtype, np.floating)]
    y = np.asarray(forward(*inputs, **options))
    g = np.random.default_rng([seed, 7]).standard_normal(y.shape)

    def gradients(cotangent: Array) -> dict[int, Array]:
        found = backward(cotangent, *inputs, **options)
        return dict(zip(floating, found if isinstance(found, tuple) else (found,), strict=True))

    J = jacobian(lambda x: forward(*inputs[:argument], x, *inputs[argument + 1:], **options), inputs[argument])
    n = np.tensordot(g, J, g.ndim)
    analytic = gradients(g)
    return Evidence(
        argument, list(inspect.signature(forward).parameters)[argument], tuple(inputs), (y,), (g,),
        np.asarray(analytic[argument]), n, np.full(n.shape, 1e-8 * max(1.0, float(np.abs(n).max()))), (J,),
        np.full(n.shape, True), lambda cotangents: gradients(cotangents[0])[argument],
        analytic, options, tuple(inspect.signature(forward).parameters),
    )
