r"""The textbook kernels, for any array module: the definition of each, and the oracle of every tuned one.

A kernel takes the array module ``xp`` first, so that one text serves NumPy and CuPy. Those that slide windows over
images stand in `windows`, functions of each element in `activations`, the error function in `error_function`.
"""

from __future__ import annotations

from typing import Any

from tinycnn.backend.activations import (
    gelu,
    gelu_and_slope,
    relu,
    relu_backward,
    sigmoid,
    silu,
    silu_and_slope,
    tanh_gelu,
    tanh_gelu_and_slope,
)
from tinycnn.backend.error_function import erf
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.windows import (
    conv2d,
    conv2d_backward,
    conv2d_input,
    conv2d_weight,
    fold,
    max_pool2d,
    maxima2d,
    pick,
    spread2d,
    sum_pool2d,
    unfold,
    unpick,
)

__all__ = [
    "conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight", "cross_entropy", "cross_entropy_backward", "erf",
    "fold", "gelu", "gelu_and_slope", "log_softmax", "matmul", "max_pool2d", "maxima2d", "normalize",
    "normalize_backward", "pick", "relu", "relu_backward", "scatter_add", "sigmoid", "silu", "silu_and_slope",
    "softmax", "spread2d", "standardize", "standardize_backward", "sum_pool2d", "tanh_gelu", "tanh_gelu_and_slope",
    "total", "unfold", "unpick",
]

KERNELS = (*__all__,)
Array = Any


@half_in_single
def total(xp: Any, x: Array, axes: tuple[int, ...]) -> Array:
    """Σ x over `axes`, in x's own dtype."""
    return x.sum(axis=axes, dtype=x.dtype)


@half_in_single
def matmul(xp: Any, x: Array, y: Array) -> Array:
    """The product of matrices, or of stacks of as many."""
    return xp.matmul(x, y)


# Normalisation and softmax ───────────────────────────────────────────────────────────────────────────────────────────


@half_in_single
def normalize(
    xp: Any, x: Array, weight: Array | None, bias: Array | None, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    r"""y = (x − μ)·r·γ + β with r = 1/√(σ² + ε), over `axes`; also μ and σ² (biased), their axes kept as 1."""
    mean = x.mean(axis=axes, keepdims=True)
    centred = x - mean  # two passes: E[x²] − E[x]² would cancel
    drift = centred.mean(axis=axes, keepdims=True)  # what the rounding of a long sum of large numbers took
    mean += drift
    centred -= drift
    var = xp.square(centred).mean(axis=axes, keepdims=True)
    y = centred / xp.sqrt(var + eps)
    if weight is not None:
        y *= weight
    if bias is not None:
        y += bias
    return y, mean, var


@half_in_single
def normalize_backward(
    xp: Any, g: Array, x: Array, weight: Array | None, mean: Array, var: Array, axes: tuple[int, ...], eps: float,
    shape: tuple[int, ...] | None, overwrite: bool = False,
) -> tuple[Array, ...]:  # fmt: skip
    r"""X̄ = r·(ĝ − E[ĝ] − x̂·E[ĝ·x̂]) with ĝ = g·γ; and, if γ and β have a shape, γ̄ = Σ g·x̂ and β̄ = Σ g.

    To `overwrite` g is allowed, not asked.
    """
    r = 1 / xp.sqrt(var + eps)
    normal = (x - mean) * r
    g_normal = g * normal
    gw, gwx = (g, g_normal) if weight is None else (g * weight, g_normal * weight)
    gx = r * (gw - gw.mean(axis=axes, keepdims=True) - normal * gwx.mean(axis=axes, keepdims=True))
    if shape is None:
        return (gx,)
    same = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return gx, *(total(xp, t, same).reshape(shape) for t in (g_normal, g))


@half_in_single
def standardize(
    xp: Any, x: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array, eps: float
) -> Array:
    r"""y = (x − μ)·r·γ + β with r = 1/√(σ² + ε), all but x vectors, a number for each entry of x's second axis."""
    shape = (-1,) + (1,) * (x.ndim - 2)
    scale = 1 / xp.sqrt(var + eps)
    y = (x - mean.reshape(shape)) * (scale if weight is None else scale * weight).reshape(shape)
    if bias is not None:
        y += bias.reshape(shape)
    return y


@half_in_single
def standardize_backward(
    xp: Any, g: Array, x: Array | None, weight: Array | None, mean: Array, var: Array, eps: float,
    overwrite: bool = False,
) -> tuple[Array, ...]:  # fmt: skip
    r"""X̄ = g·r·γ; and, if x is given, γ̄ = Σ g·x̂ and β̄ = Σ g. To `overwrite` g is allowed, not asked."""
    pixels = tuple(range(2, g.ndim))
    shape, r = (-1,) + (1,) * len(pixels), 1 / xp.sqrt(var + eps)
    gx = g * (r if weight is None else r * weight).reshape(shape)
    if x is None:
        return (gx,)
    normal = (x - mean.reshape(shape)) * r.reshape(shape)
    return gx, *(total(xp, t, (0, *pixels)) for t in (g * normal, g))


@half_in_single
def softmax(xp: Any, x: Array, axis: int) -> Array:
    """e^(x − max) / Σ e^(x − max): the shift changes nothing in exact arithmetic, and nothing can overflow."""
    e = xp.exp(x - x.max(axis=axis, keepdims=True))
    e /= e.sum(axis=axis, keepdims=True)
    return e


@half_in_single
def log_softmax(xp: Any, x: Array, axis: int) -> Array:
    """x − max − log Σ e^(x − max)."""
    shifted = x - x.max(axis=axis, keepdims=True)
    shifted -= xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


@half_in_single
def cross_entropy(xp: Any, x: Array, labels: Array, divisor: float) -> tuple[Array, Array]:
    """−Σₙ ln softmax(x)[n, tₙ] / divisor, the classes being x's second axis; and ln softmax(x), for the way back."""
    logp = log_softmax(xp, x, 1)
    rows = logp.ndim == 2  # of which numbers are picked at half the price
    picked = logp[xp.arange(len(logp)), labels] if rows else xp.take_along_axis(logp, labels[:, None], 1)
    return -(picked.sum(dtype=x.dtype) / divisor), logp


@half_in_single
def cross_entropy_backward(xp: Any, g: Array, logp: Array, labels: Array, divisor: float) -> Array:
    """(softmax(x) − one-hot t)·g / divisor: predicted less true probabilities."""
    gx = xp.exp(logp)
    gx -= xp.arange(logp.shape[1]).reshape((-1,) + (1,) * (logp.ndim - 2)) == labels[:, None]
    gx *= g / divisor
    return gx


# Scatter ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@half_in_single
def scatter_add(xp: Any, shape: tuple[int, ...], index: Any, src: Array) -> Array:
    """Zeros of `shape`, to which `src` is added at ``[index]``; entries that `index` names twice get both."""
    short = src.dtype.kind != "f" and src.dtype.itemsize < 4  # such integers CuPy cannot add at a place
    out = xp.zeros(shape, dtype="int32" if short else src.dtype)
    xp.add.at(out, index, src.astype(out.dtype, copy=False))
    return out.astype(src.dtype, copy=False)
