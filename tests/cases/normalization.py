"""Cases of tinycnn.ops.normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import ArgumentError, DomainError, DTypeError, GraphError, RankError, ShapeError
from tinycnn.nn import functional as F
from tinycnn.ops import normalization as ops
from tinycnn.ops.pooling import SumPool2d

from .case import Case, normal, positive

EPS = 1e-3
X = 2 * normal(3, 2, 1, 2) + 1
GROUPED = 2 * normal(3, 4, 1, 2) + 1
BATCH, LAYER = (0, 2, 3), (1, 2, 3)


def normalized(x: Any, weight: Any, bias: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    y = (x - mean) / np.sqrt(var + EPS)
    return (y if weight is None else y * weight) + (0 if bias is None else bias), mean, var


def backward(g: Any, x: Any, weight: Any, axes: tuple[int, ...], summed: Any = None) -> tuple[Any, ...]:
    """x̄ by the Jacobian of each normalised group, ∂yᵢ/∂xⱼ = r·(δᵢⱼ − 1/n − x̂ᵢ·x̂ⱼ/n), written out; and γ̄ and β̄."""
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
    return (gx,) if summed is None else (gx, *(t.sum(summed, keepdims=True) for t in (g * normal_x, g)))


def _backward(g: Any, x: Any, weight: Any, *, axes: tuple[int, ...]) -> Any:
    mean = x.detach().mean(axes, keepdim=True)
    var = x.detach().var(axes, correction=0, keepdim=True)
    shape = None if weight is None else weight.shape
    return ops.NormalizeBackward.apply_all(g, x, weight, mean, var, axes=axes, eps=EPS, shape=shape, own=shape)


def evaluated(x: Any, weight: Any, bias: Any, mean: float, var: float) -> Any:
    return (x - mean) / np.sqrt(var + EPS) * weight[:, None, None] + bias[:, None, None]


def evaluated_backward(g: Any, x: Any, weight: Any, mean: Any, var: Any) -> tuple[Any, ...]:
    """x̄, γ̄ and β̄ channel by channel: y is a straight line in x, of slope γ/√(σ² + ε)."""
    slopes = [w / np.sqrt(v + EPS) for w, v in zip(weight, var, strict=True)]
    gx = np.stack([g[:, c] * slope for c, slope in enumerate(slopes)], 1)
    normal_x = [(x[:, c] - mean[c]) / np.sqrt(var[c] + EPS) for c in range(len(mean))]
    return gx, np.array([(g[:, c] * z).sum() for c, z in enumerate(normal_x)]), g.sum(BATCH)


def grouped(x: Any, groups: int) -> Any:
    """Image by image, group by group."""
    return np.stack([
        np.concatenate([normalized(part, None, None, (0, 1, 2))[0] for part in np.split(image, groups)])
        for image in x
    ]) if len(x) else x


def windows(x: Any, before: int, after: int) -> Any:
    """The squares of the channels from c − before to c + after, added up."""
    squares = np.pad(x**2, [(0, 0), (before, after)] + [(0, 0)] * (x.ndim - 2))
    return sum(squares[:, i : i + x.shape[1]] for i in range(before + after + 1))


CASES = [
    Case(ops.Normalize, lambda x, w, b: ops.Normalize.apply_all(x, w, b, axes=BATCH, eps=EPS, shape=w.shape),
         (X, positive(1, 2, 1, 1), normal(1, 2, 1, 1)), lambda x, w, b: normalized(x, w, b, BATCH), note="batch norm",
         half=1e-2, batch=()),
    Case(ops.Normalize, lambda x, w, b: ops.Normalize.apply_all(x, w, b, axes=LAYER, eps=EPS, shape=(1, *w.shape)),
         (X, positive(2, 1, 2), normal(2, 1, 2)), lambda x, w, b: normalized(x, w, b, LAYER), note="layer norm",
         half=1e-2),
    Case(ops.Normalize, lambda x: ops.Normalize.apply_all(x, None, None, axes=(2, 3), eps=EPS, shape=None), (X,),
         lambda x: normalized(x, None, None, (2, 3)), note="instance norm", half=1e-2),
    Case(ops.NormalizeBackward, lambda g, x, w: _backward(g, x, w, axes=BATCH),
         (normal(3, 2, 1, 2, seed=1), X, positive(1, 2, 1, 1)), lambda g, x, w: backward(g, x, w, BATCH, BATCH),
         note="batch norm", half=1e-2, batch=()),
    Case(ops.NormalizeBackward, lambda g, x: _backward(g, x, None, axes=LAYER), (normal(3, 2, 1, 2, seed=1), X),
         lambda g, x: backward(g, x, None, LAYER), note="layer norm, no weight", half=1e-2, batch=(0, 1)),
    Case(
        ops.Normalize, lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=EPS), (X, positive(2), normal(2)),
        lambda x, w, b: normalized(x, w[:, None, None], b[:, None, None], BATCH)[0], note="in batch_norm", half=1e-2,
        batch=(),
        errors=(
            (ShapeError, r"batch_norm: expected more than 1 value per channel when training\n  input N C …  = \(1, 2"
                         r", 1, 1\)\n  hint .*one example, without pixels.*drop_last=True.*model\.eval\(\)",
             lambda t: F.batch_norm(t(np.zeros((1, 2, 1, 1))), None, None, training=True)),
            (DomainError, "batch_norm: eps must be positive, or 0 in evaluation, but it is 0",
             lambda t: F.batch_norm(t(X), None, None, training=True, eps=0)),
            (DomainError, "batch_norm: running_mean and running_var must either both be None or neither be None",
             lambda t: F.batch_norm(t(X), t(normal(2)), None, training=True)),
            (GraphError, "batch_norm: running_var must not require grad: it is a buffer",
             lambda t: F.batch_norm(t(X), t(normal(2)), t(positive(2)).requires_grad_())),
            (ShapeError, r"batch_norm: weight should contain 2 elements, one a channel, not 3\n",
             lambda t: F.batch_norm(t(X), None, None, t(normal(3)), training=True)),
            (ShapeError, r"batch_norm: expected at least 2 dimensions", lambda t: F.batch_norm(t([1.0]), None, None)),
        ),
    ),
    Case(ops.Standardize, lambda x, w, b: F.batch_norm(x, x.new_zeros(2) + 0.3, x.new_ones(2) * 0.7, w, b, eps=EPS),
         (X, positive(2), normal(2)), lambda x, w, b: evaluated(x, w, b, 0.3, 0.7), note="in batch_norm, evaluated"),
    Case(ops.Standardize, lambda x, w, b, mean, var: ops.Standardize.apply(x, w, b, mean, var, eps=EPS),
         (X, positive(2), normal(2), normal(2, seed=2), positive(2, seed=3)),
         lambda x, w, b, mean, var: evaluated(x, w, b, mean[:, None, None], var[:, None, None]),
         note="by statistics that have gradients"),
    Case(ops.StandardizeBackward,
         lambda g, x, w, mean, var: ops.StandardizeBackward.apply_all(g, x, w, mean, var, eps=EPS),
         (normal(3, 2, 1, 2, seed=1), X, positive(2), normal(2, seed=2), positive(2, seed=3)),
         evaluated_backward, batch=(0, 1)),
    Case(ops.StandardizeBackward,
         lambda g, mean, var: ops.StandardizeBackward.apply_all(g, None, None, mean, var, eps=EPS),
         (normal(3, 2, 1, 2, seed=1), normal(2, seed=2), positive(2, seed=3)),
         lambda g, mean, var: evaluated_backward(g, g, np.ones(2), mean, var)[0], note="no weight", batch=(0,)),
    Case(
        ops.Normalize, lambda x, w, b: F.instance_norm(x, None, None, w, b, eps=EPS), (X, positive(2), normal(2)),
        lambda x, w, b: normalized(x, w[:, None, None], b[:, None, None], (2, 3))[0], note="in instance_norm",
        half=1e-2,
        errors=(
            (ShapeError, r"instance_norm: expected more than 1 spatial element .*\n  input N C …  = \(4, 3\)\n"
                         "  hint .*one value per channel and image.*larger image, or group norm",
             lambda t: F.instance_norm(t(normal(4, 3)))),
            (DomainError, "instance_norm: running_mean and running_var must be defined in evaluation mode",
             lambda t: F.instance_norm(t(X), use_input_stats=False)),
            (RankError, "instance_norm: expected at least 2 dimensions", lambda t: F.instance_norm(t([1.0]))),
        ),
    ),
    Case(ops.Standardize,
         lambda x, w, b: F.instance_norm(x, x.new_zeros(2) + 0.3, x.new_ones(2) * 0.7, w, b, False, eps=EPS),
         (X, positive(2), normal(2)), lambda x, w, b: evaluated(x, w, b, 0.3, 0.7), note="in instance_norm, evaluated"),
    Case(
        ops.Normalize, lambda x, w, b: F.group_norm(x, 2, w, b, EPS), (GROUPED, positive(4), normal(4)),
        lambda x, w, b: grouped(x, 2) * w[:, None, None] + b[:, None, None], note="in group_norm", half=1e-2,
        errors=(
            (ShapeError, r"group_norm: 4 channels do not part into 3 groups of one size\n  input N C …  = \(3, 4",
             lambda t: F.group_norm(t(GROUPED), 3)),
            (DomainError, "group_norm: num_groups must be greater than 0, but it is -2",
             lambda t: F.group_norm(t(GROUPED), -2)),
            (ArgumentError, r"group_norm: num_groups must be an integer, not float 2\.0",
             lambda t: F.group_norm(t(GROUPED), 2.0)),
            (ShapeError, r"group_norm: expected more than 1 value .*\n.*\n.*\n  hint .*take fewer groups",
             lambda t: F.group_norm(t(normal(1, 2)), 2)),
            (RankError, "group_norm: expected at least 2 dimensions", lambda t: F.group_norm(t([1.0, 2.0]), 1)),
        ),
    ),
    Case(
        SumPool2d, lambda x: F.local_response_norm(x, 3, 0.5, 0.75, 2.0), (GROUPED,),
        lambda x: x / (2 + 0.5 / 3 * windows(x, 1, 1)) ** 0.75, note="in local_response_norm",
        errors=(
            (RankError, r"local_response_norm: expected at least 3 dimensions, N C L or more, but got \(4, 3\)",
             lambda t: F.local_response_norm(t(normal(4, 3)), 2)),
            (DomainError, "local_response_norm: size must be at least 1, but it is 0",
             lambda t: F.local_response_norm(t(X), 0)),
        ),
    ),
    Case(SumPool2d, lambda x: F.local_response_norm(x, 2), (normal(2, 3, 4),),
         lambda x: x / (1 + 1e-4 / 2 * windows(x, 1, 0)) ** 0.75, note="in local_response_norm of N C L, an even size"),
    Case(
        ops.Normalize, lambda x, w, b: F.layer_norm(x, (1, 2), w, b, EPS), (X, positive(1, 2), normal(1, 2)),
        lambda x, w, b: normalized(x, w, b, (2, 3))[0], note="in layer_norm", half=1e-2,
        errors=(
            (ShapeError, r"layer_norm: given normalized_shape=\(3,\), expected an input whose shape ends so\n",
             lambda t: F.layer_norm(t(X), (3,))),
            (ArgumentError, "layer_norm: normalized_shape must be a tuple of integers, not int 2",
             lambda t: F.layer_norm(t(X), 2)),
            (ShapeError, r"layer_norm: expected weight of shape \(2,\), but got \(1, 2\)",
             lambda t: F.layer_norm(t(X), (2,), t(normal(1, 2)))),
            (DTypeError, "layer_norm: expected input and weight to have one floating dtype\n  input   = float64, shape",
             lambda t: F.layer_norm(t(X), (2,), t(normal(2)).float())),
        ),
    ),
]  # fmt: skip
