"""Normalizations, and what else acts on the whole of a group: attention to channels, residual sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradcheck.planted.bug import Pair, bug, normal, positive, signed

Array = Any
EPS = 1e-5


def standardized(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """x̂ and σ."""
    sigma = np.sqrt(x.var(axes, keepdims=True) + EPS)
    return (x - x.mean(axes, keepdims=True)) / sigma, sigma


def batch_norm_2d(x: Array, weight: Array, bias: Array) -> Array:
    z, _ = standardized(x, (0, 2, 3))
    return z * weight[:, None, None] + bias[:, None, None]


def batch_norm_2d_backward(g: Array, x: Array, weight: Array, bias: Array) -> Array:
    axes = (0, 2, 3)
    z, sigma = standardized(x, axes)
    gz = g * weight[:, None, None]
    mean, product = gz.mean(axes, keepdims=True), (gz * z).mean(axes, keepdims=True)
    return (gz - mean - z * product) / sigma, (g * z).sum(axes), g.sum(axes)


def group_norm(x: Array, weight: Array, groups: int = 2) -> Array:
    z, _ = standardized(x.reshape(len(x), groups, -1), (2,))
    return z.reshape(x.shape) * weight[:, None, None]


def group_norm_backward(g: Array, x: Array, weight: Array, groups: int = 2) -> Array:
    rows = (len(x), groups, -1)
    z, sigma = standardized(x.reshape(rows), (2,))
    gz = (g * weight[:, None, None]).reshape(rows)
    gx = (gz - gz.mean(2, keepdims=True) - z * (gz * z).mean(2, keepdims=True)) / sigma
    return gx.reshape(x.shape), (g * z.reshape(x.shape)).sum((0, 2, 3))


def instance_norm(x: Array) -> Array:
    return standardized(x, (2, 3))[0]


def instance_norm_backward(g: Array, x: Array) -> Array:
    axes = (2, 3)
    z, sigma = standardized(x, axes)
    return (g - g.mean(axes, keepdims=True) - z * (g * z).mean(axes, keepdims=True)) / sigma


def window_sum(a: Array, r: int = 1) -> Array:
    """Σ over the r channels on each side."""
    padded = np.pad(a, ((0, 0), (r, r), (0, 0), (0, 0)))
    return sum(padded[:, k:k + a.shape[1]] for k in range(2 * r + 1))


def local_response_norm(x: Array, alpha: float = 0.3, beta: float = 0.75) -> Array:
    return x * (1 + alpha * window_sum(x**2)) ** -beta


def local_response_norm_backward(g: Array, x: Array, alpha: float = 0.3, beta: float = 0.75) -> Array:
    d = 1 + alpha * window_sum(x**2)
    return g * d**-beta - 2 * alpha * beta * x * window_sum(g * x * d ** (-beta - 1))


def rms_norm(x: Array, eps: float = 1e-3) -> Array:
    return x / np.sqrt((x**2).mean(1, keepdims=True) + eps)


def rms_norm_backward(g: Array, x: Array, eps: float = 1e-3) -> Array:
    r = np.sqrt((x**2).mean(1, keepdims=True) + eps)
    y = x / r
    return (g - y * (g * y).mean(1, keepdims=True)) / r


def response_norm(x: Array, weight: Array) -> Array:
    """ConvNeXt V2's: y = γ·x·n + x, with n the norm of a channel over the mean of these norms."""
    norm = np.sqrt((x**2).sum((2, 3), keepdims=True))
    return weight[:, None, None] * x * norm / norm.mean(1, keepdims=True) + x


def response_norm_backward(g: Array, x: Array, weight: Array) -> Array:
    norm = np.sqrt((x**2).sum((2, 3), keepdims=True))
    mean = norm.mean(1, keepdims=True)
    gw = g * weight[:, None, None]
    gn = (gw * x).sum((2, 3), keepdims=True)                        # of norm / mean
    gnorm = gn / mean - (gn * norm).mean(1, keepdims=True) / mean**2
    return gw * norm / mean + x / norm * gnorm + g, (g * x * norm / mean).sum((0, 2, 3))


def gated(x: Array, w: Array) -> Array:
    """Squeeze and excitation with one layer: each channel times a number made of all channels' means."""
    return x * (1 / (1 + np.exp(-x.mean((2, 3)) @ w)))[:, :, None, None]


def gated_backward(g: Array, x: Array, w: Array) -> Array:
    squeezed = x.mean((2, 3))
    gate = 1 / (1 + np.exp(-squeezed @ w))
    glogit = (g * x).sum((2, 3)) * gate * (1 - gate)
    gsqueezed = glogit @ w.T
    through_gate = gsqueezed[:, :, None, None] / (x.shape[2] * x.shape[3])
    return g * gate[:, :, None, None] + through_gate, squeezed.T @ glogit


def residual(x: Array, w: Array) -> Array:
    return np.tanh(x @ w) + x


def residual_backward(g: Array, x: Array, w: Array) -> Array:
    h = np.tanh(x @ w)
    gh = g * (1 - h**2)
    return gh @ w.T + g, x.T @ gh


def softmax_rows(x: Array) -> Array:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def softmax_rows_backward(g: Array, x: Array) -> Array:
    e = np.exp(x - x.max(1, keepdims=True))
    y = e / e.sum(1, keepdims=True)
    return y * (g - (g * y).sum(1, keepdims=True))


def two_uses(x: Array) -> Array:
    return np.sin(x) + x @ np.ones((4, 4)) * x


def two_uses_backward(g: Array, x: Array) -> Array:
    gx = g * np.cos(x)
    gx += g * (x @ np.ones((4, 4)))
    gx += (g * x) @ np.ones((4, 4))
    return gx


PAIRS = (
    Pair("batch norm", batch_norm_2d, batch_norm_2d_backward, (normal(3, 2, 2, 2), positive(2), normal(2)), (
        bug("the term of the mean is forgotten", "gz - mean - z", "gz - z", "x", "missing-term"),
        bug("the term of the variance is forgotten", " - z * product", "", "x", "missing-term"),
        bug("the statistics are taken for constants", "(gz - mean - z * product)", "gz", "x", "missing-term"),
        bug("the weight is forgotten", "gz = g * weight[:, None, None]", "gz = g", "x", "scale"),
        bug("not divided by σ", "(gz - mean - z * product) / sigma", "(gz - mean - z * product)", "x", "scale"),
        bug("the means run over the batch alone", "gz.mean(axes, keepdims=True), (gz * z).mean(axes, keepdims=True)",
            "gz.mean(0, keepdims=True), (gz * z).mean(0, keepdims=True)", "x", "wrong-axis"),
        bug("the sign of the variance's term", "- z * product", "+ z * product", "x", "sign"),
        bug("x for x̂ in the gradient of the weight", "(g * z).sum(axes)", "(g * x).sum(axes)", "weight",
            "scale", "missing-term"),
        bug("sum for mean in the term of the mean", "gz.mean(axes, keepdims=True), ", "gz.sum(axes, keepdims=True), ",
            "x", "scale"),
        bug("the gradients of weight and bias exchanged", "(g * z).sum(axes), g.sum(axes)",
            "g.sum(axes), (g * z).sum(axes)", "weight bias", "transposed"),
    )),
    Pair("group norm", group_norm, group_norm_backward, (normal(2, 4, 2, 2), positive(4)), (
        bug("the term of the mean is forgotten", " - gz.mean(2, keepdims=True)", "", "x", "missing-term"),
        bug("the term of the variance is forgotten", " - z * (gz * z).mean(2, keepdims=True)", "", "x", "missing-term"),
        bug("the weight's gradient averaged", ".sum((0, 2, 3))", ".mean((0, 2, 3))", "weight", "scale"),
        bug("the means run over all groups", "gz - gz.mean(2, keepdims=True) - z * (gz * z).mean(2, keepdims=True)",
            "gz - gz.mean((1, 2), keepdims=True) - z * (gz * z).mean((1, 2), keepdims=True)", "x", "wrong-axis"),
    ), {"groups": 2}),
    Pair("instance norm", instance_norm, instance_norm_backward, (normal(2, 3, 3, 2),), (
        bug("the term of the variance is forgotten", " - z * (g * z).mean(axes, keepdims=True)", "", "x",
            "missing-term"),
        bug("means over the batch as well", "g - g.mean(axes, keepdims=True) - z * (g * z).mean(axes, keepdims=True)",
            "g - g.mean((0, 2, 3), keepdims=True) - z * (g * z).mean((0, 2, 3), keepdims=True)", "x", "wrong-axis"),
        bug("divided by the variance, not by σ", "/ sigma", "/ sigma**2", "x", "scale"),
    )),
    Pair("local response norm", local_response_norm, local_response_norm_backward, (signed(2, 5, 2, 2),), (
        bug("the neighbours' term is forgotten", " - 2 * alpha * beta * x * window_sum(g * x * d ** (-beta - 1))", "",
            "x", "missing-term"),
        bug("the factor 2 of the square is forgotten", "2 * alpha * beta", "alpha * beta", "x", "scale"),
        bug("the sign of the neighbours' term", "- 2 * alpha", "+ 2 * alpha", "x", "sign"),
    )),
    Pair("local response norm, α = 10⁻⁴", local_response_norm, local_response_norm_backward, (signed(2, 5, 2, 2),), (
        bug("the neighbours' term is forgotten", " - 2 * alpha * beta * x * window_sum(g * x * d ** (-beta - 1))", "",
            "x", "missing-term"),
        bug("the factor 2 of the square is forgotten", "2 * alpha * beta", "alpha * beta", "x", "scale"),
        bug("the sign of the neighbours' term", "- 2 * alpha", "+ 2 * alpha", "x", "sign"),
    ), {"alpha": 1e-4}),
    Pair("root mean square norm", rms_norm, rms_norm_backward, (normal(3, 6),), (
        bug("ε is forgotten where g is divided", ") / r", ") / np.sqrt((x**2).mean(1, keepdims=True))", "x", "scale"),
        bug("the term that comes through the norm is forgotten", " - y * (g * y).mean(1, keepdims=True)", "", "x",
            "missing-term"),
        bug("sum for mean in the term of the norm", "(g * y).mean", "(g * y).sum", "x", "scale"),
    )),
    Pair("global response norm", response_norm, response_norm_backward, (normal(2, 3, 3, 2), normal(3)), (
        bug("the input added at the end is forgotten", "gnorm + g,", "gnorm,", "x", "missing-term"),
        bug("the norm is taken for a constant", " + x / norm * gnorm", "", "x", "missing-term"),
        bug("the mean of the norms is taken for a constant", " - (gn * norm).mean(1, keepdims=True) / mean**2", "", "x",
            "missing-term"),
        bug("the weight's gradient without the sum over images", "(g * x * norm / mean).sum((0, 2, 3))",
            "(g * x * norm / mean)[0].sum((1, 2))", "weight", "missing-sum"),
    )),
    Pair("squeeze and excitation", gated, gated_backward, (signed(2, 3, 2, 2), normal(3, 3)), (
        bug("the path through the gate is forgotten", " + through_gate", "", "x", "missing-term"),
        bug("the direct path is forgotten", "g * gate[:, :, None, None] + through_gate",
            "np.broadcast_to(through_gate, x.shape)", "x", "missing-term"),
        bug("the mean's 1/(H·W) is forgotten", " / (x.shape[2] * x.shape[3])", "", "x", "scale"),
        bug("the matrix is not transposed", "glogit @ w.T", "glogit @ w", "x", "transposed"),
        bug("the sigmoid's derivative lacks 1 − s", "gate * (1 - gate)", "gate", "x w", "scale", "missing-term"),
        bug("the matrix' gradient transposed", "squeezed.T @ glogit", "glogit.T @ squeezed", "w", "transposed"),
    )),
    Pair("residual", residual, residual_backward, (normal(4, 3), normal(3, 3)), (
        bug("the skip path is forgotten", "gh @ w.T + g", "gh @ w.T", "x", "missing-term", "overwritten"),
        bug("only the skip path", "gh @ w.T + g", "g", "x", "missing-term"),
        bug("the skip path counts with a minus", "gh @ w.T + g", "gh @ w.T - g", "x", "sign"),
        bug("the derivative of tanh is left out", "gh = g * (1 - h**2)", "gh = g", "x w", "scale", "missing-term"),
    )),
    Pair("softmax", softmax_rows, softmax_rows_backward, (normal(4, 5),), (
        bug("the sum over classes is forgotten", " - (g * y).sum(1, keepdims=True)", "", "x", "missing-term"),
        bug("the sum runs over the batch", "(g * y).sum(1, keepdims=True)", "(g * y).sum(0)", "x", "wrong-axis"),
        bug("mean for sum", "(g * y).sum(1, keepdims=True)", "(g * y).mean(1, keepdims=True)", "x", "scale"),
        bug("y for the diagonal y·(1 − y) alone", "y * (g - (g * y).sum(1, keepdims=True))", "g * y * (1 - y)", "x",
            "missing-term"),
    )),
    Pair("two uses", two_uses, two_uses_backward, (normal(3, 4),), (
        bug("the second use overwrites the first", "gx += g * (x", "gx = g * (x", "x", "overwritten", "missing-term"),
    )),
)
