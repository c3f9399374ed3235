"""Cases of tinycnn.ops.normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import ShapeError
from tinycnn.nn import functional as F
from tinycnn.ops import normalization as ops
from tinycnn.ops.arithmetic import Pow

from .case import Case, normal, positive

EPS = 1e-3
X = 2 * normal(3, 2, 1, 2) + 1
BATCH, LAYER = (0, 2, 3), (1, 2, 3)


def normalized(x: Any, weight: Any, bias: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    y = (x - mean) / np.sqrt(var + EPS)
    return (y if weight is None else y * weight) + (0 if bias is None else bias), mean, var


def backward(g: Any, x: Any, weight: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """x̄ by the Jacobian of each normalised group, ∂yᵢ/∂xⱼ = r·(δᵢⱼ − 1/n − x̂ᵢ·x̂ⱼ/n), written out; and ȳ·x̂."""
    normal_x, _, var = normalized(x, None, None, axes)
    gw = g * (1 if weight is None else weight)
    kept = tuple(a for a in range(4) if a not in axes)
    gx = np.empty_like(x)
    for group in np.ndindex(*(x.shape[a] for a in kept)):
        place: list[Any] = [slice(None)] * 4
        for axis, i in zip(kept, group, strict=True):
            place[axis] = i
        at = tuple(place)
        flat = normal_x[at].ravel()
        jacobian = np.eye(flat.size) - 1 / flat.size - np.outer(flat, flat) / flat.size
        r = 1 / np.sqrt(var[tuple(p if isinstance(p, int) else 0 for p in place)] + EPS)
        gx[at] = r * (jacobian @ gw[at].ravel()).reshape(gx[at].shape)
    return gx, g * normal_x


def _backward(g: Any, x: Any, weight: Any, *, axes: tuple[int, ...]) -> Any:
    mean = x.detach().mean(axes, keepdim=True)
    var = x.detach().var(axes, correction=0, keepdim=True)
    return ops.NormalizeBackward.apply_all(g, x, weight, mean, var, axes=axes, eps=EPS)


def _evaluated(x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> Any:
    per_channel = [v[:, None, None] for v in (mean, np.sqrt(var + EPS), weight, bias)]
    return (x - per_channel[0]) / per_channel[1] * per_channel[2] + per_channel[3]


CASES = [
    Case(ops.Normalize, lambda x, w, b: ops.Normalize.apply_all(x, w, b, axes=BATCH, eps=EPS),
         (X, positive(1, 2, 1, 1), normal(1, 2, 1, 1)), lambda x, w, b: normalized(x, w, b, BATCH), note="batch norm",
         half=1e-2, batch=()),
    Case(ops.Normalize, lambda x, w, b: ops.Normalize.apply_all(x, w, b, axes=LAYER, eps=EPS),
         (X, positive(2, 1, 2), normal(2, 1, 2)), lambda x, w, b: normalized(x, w, b, LAYER), note="layer norm",
         half=1e-2),
    Case(ops.Normalize, lambda x: ops.Normalize.apply_all(x, None, None, axes=(2, 3), eps=EPS), (X,),
         lambda x: normalized(x, None, None, (2, 3)), note="instance norm", half=1e-2),
    Case(ops.NormalizeBackward, lambda g, x, w: _backward(g, x, w, axes=BATCH),
         (normal(3, 2, 1, 2, seed=1), X, positive(1, 2, 1, 1)), lambda g, x, w: backward(g, x, w, BATCH),
         note="batch norm", half=1e-2, batch=()),
    Case(ops.NormalizeBackward, lambda g, x: _backward(g, x, None, axes=LAYER), (normal(3, 2, 1, 2, seed=1), X),
         lambda g, x: backward(g, x, None, LAYER), note="layer norm, no weight", half=1e-2, batch=(0, 1)),
    Case(
        ops.Normalize, lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=EPS), (X, positive(2), normal(2)),
        lambda x, w, b: normalized(x, w[:, None, None], b[:, None, None], BATCH)[0], note="in batch_norm", half=1e-2,
        batch=(),
        errors=(
            (ShapeError, r"batch_norm: expected more than 1 value per channel when training\n  input N C …  = \(1, 2"
                         r", 1, 1\)\n  hint .*drop_last=True.*model\.eval\(\)",
             lambda t: F.batch_norm(t(np.zeros((1, 2, 1, 1))), None, None, training=True)),
            (ShapeError, r"batch_norm: weight should contain 2 elements, one a channel, not 3\n",
             lambda t: F.batch_norm(t(X), None, None, t(normal(3)), training=True)),
            (ShapeError, r"batch_norm: expected at least 2 dimensions", lambda t: F.batch_norm(t([1.0]), None, None)),
        ),
    ),
    Case(Pow, lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, eps=EPS),
         (X, normal(2), positive(2, seed=1), positive(2), normal(2)), _evaluated, note="in batch_norm, evaluated"),
    Case(
        ops.Normalize, lambda x, w, b: F.layer_norm(x, (1, 2), w, b, EPS), (X, positive(1, 2), normal(1, 2)),
        lambda x, w, b: normalized(x, w, b, (2, 3))[0], note="in layer_norm", half=1e-2,
        errors=((ShapeError, r"layer_norm: given normalized_shape=\(3,\), expected an input whose shape ends so\n",
                 lambda t: F.layer_norm(t(X), (3,))),),
    ),
]  # fmt: skip
