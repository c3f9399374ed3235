"""Cases of tinycnn.ops.activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, DTypeError
from tinycnn.nn import functional as F
from tinycnn.ops import activations as ops

from .case import Case, integers, normal, signed

erf = np.vectorize(math.erf, otypes=["float64"])
EXTREMES = np.array([-1e4, -90.0, -20.0, 0.3, 20.0, 90.0, 1e4])
X, G = normal(3, 4), normal(3, 4, seed=1)


def density(x: Any) -> Any:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def back(op: Any, g: Any, x: Any) -> Any:
    """The way back through a smooth activation, with the slope that its forward computes."""
    slope = op.apply_all(x.detach().requires_grad_())[1].detach()
    return ops.SmoothBackward.apply(g, x, slope, derivative=op.derivative)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def bent(x: Any) -> Any:
    """Of the tanh approximation of GELU what the tangent is taken of, and its slope."""
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3), math.sqrt(2 / math.pi) * (1 + 0.134145 * x**2)


CASES = [
    Case(
        ops.ReLU, torch.relu, (signed(2, 3),), lambda x: x * (x > 0),
        errors=(
            (DTypeError, r"relu: boolean inputs are not supported; x\.float\(\)", lambda t: F.relu(t([True]))),
            (ArgumentError, "relu: input must be a Tensor, not list", lambda t: F.relu([1.0])),
        ),
    ),
    Case(ops.ReLU, lambda x: F.relu(x * 1, inplace=True), (signed(2, 3),), lambda x: x * (x > 0), note="in place"),
    Case(ops.ReLU, F.relu, (integers(2, 3) - 2,), lambda x: np.maximum(x, 0), order=0, note="of integers"),
    Case(ops.ReLUBackward, ops.ReLUBackward.apply, (normal(2, 3), signed(2, 3)), lambda g, y: g * (y > 0),
         batch=(0, 1)),
    Case(
        ops.Hardtanh, lambda x: F.hardtanh(x, -0.7, 1.1), (signed(3, 4),), lambda x: np.clip(x, -0.7, 1.1),
        errors=(
            (DomainError, r"hardtanh: min_val cannot be greater than max_val, but 2\.0 > 1\.0",
             lambda t: F.hardtanh(t(X), 2)),
            (DTypeError, "hardtanh: uint8 has no numbers below 0, but a limit is -1",
             lambda t: F.hardtanh(t(np.array([1], "uint8")))),
        ),
    ),
    Case(ops.Hardtanh, F.relu6, (4 * signed(3, 4) + 3,), lambda x: np.clip(x, 0, 6), note="as relu6"),
    Case(ops.Hardtanh, F.relu6, (integers(2, 6, high=12) - 3,), lambda x: np.clip(x, 0, 6), order=0,
         note="as relu6 of integers"),
    Case(
        ops.LeakyReLU, lambda x: F.leaky_relu(x, 0.2), (signed(2, 3),), lambda x: np.where(x > 0, x, 0.2 * x),
        errors=(
            (DTypeError, r"leaky_relu: the input must be floating, but got int64; x\.float\(\)",
             lambda t: F.leaky_relu(t([1]))),
            (ArgumentError, "leaky_relu: negative_slope must be a number, not str", lambda t: F.leaky_relu(t(X), "a")),
        ),
    ),
    Case(ops.LeakyReLU, lambda x: F.leaky_relu(x * 1, 0.2, inplace=True), (signed(2, 3),),
         lambda x: np.where(x > 0, x, 0.2 * x), note="in place"),
    Case(ops.ELU, lambda x: F.elu(x, 1.5), (signed(2, 3),), lambda x: np.where(x > 0, x, 1.5 * (np.exp(x) - 1))),
    Case(ops.ELU, F.elu, (EXTREMES,), lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), note="far out"),
    Case(ops.Sigmoid, torch.sigmoid, (normal(2, 3),), lambda x: 1 / (1 + np.exp(-x))),
    Case(ops.Sigmoid, torch.sigmoid, (EXTREMES,), lambda x: np.exp(-np.logaddexp(0, -x)), note="far out"),
    Case(ops.Softplus, F.softplus, (normal(2, 3),), lambda x: np.log(1 + np.exp(x))),
    Case(ops.Softplus, lambda x: F.softplus(x, threshold=30.0), (EXTREMES,), lambda x: np.logaddexp(0, x),
         note="far out"),
    Case(ops.Softplus, lambda x: F.softplus(x, 3.0, 1.5), (normal(2, 3),),
         lambda x: np.where(3 * x > 1.5, x, np.log(1 + np.exp(3 * x)) / 3), note="steeper, with a threshold"),
    Case(ops.Softplus, F.logsigmoid, (normal(2, 3),), lambda x: -np.log(1 + np.exp(-x)), note="in logsigmoid"),
    Case(ops.Softplus, F.logsigmoid, (EXTREMES,), lambda x: -np.logaddexp(0, -x), note="in logsigmoid, far out"),
    Case(
        ops.SiLU, F.silu, (X,), lambda x: x / (1 + np.exp(-x)),
        errors=((DTypeError, "silu: the input must be floating, but got int64", lambda t: F.silu(t([1]))),),
    ),
    Case(ops.SiLU, lambda x: F.silu(x * 1, inplace=True), (X,), lambda x: x / (1 + np.exp(-x)), note="in place"),
    Case(
        ops.GELU, F.gelu, (X,), lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
        errors=((DomainError, "gelu: approximate must be 'none' or 'tanh', not 'erf'",
                 lambda t: F.gelu(t(X), approximate="erf")),),
    ),
    Case(ops.TanhGELU, lambda x: F.gelu(x, approximate="tanh"), (X,),
         lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    Case(ops.SmoothBackward, lambda g, x: back(ops.SiLU, g, x), (G, X),
         lambda g, x: g * sigmoid(x) * (1 + x * sigmoid(-x)), batch=(0, 1), note="of SiLU"),
    Case(ops.SmoothBackward, lambda g, x: back(ops.GELU, g, x), (G, X),
         lambda g, x: g * ((1 + erf(x / math.sqrt(2))) / 2 + x * density(x)), batch=(0, 1), note="of GELU"),
    Case(ops.SmoothBackward, lambda g, x: back(ops.TanhGELU, g, x), (G, X),
         lambda g, x: g * 0.5 * (1 + np.tanh(bent(x)[0]) + x * bent(x)[1] / np.cosh(bent(x)[0]) ** 2), batch=(0, 1),
         note="of the tanh approximation"),
]  # fmt: skip
