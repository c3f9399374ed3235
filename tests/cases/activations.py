"""Cases of tinycnn.ops.activations."""

from __future__ import annotations

import math

import numpy as np

import tinycnn as torch
from tinycnn.nn import functional as F
from tinycnn.ops import activations as ops

from .case import Case, normal, signed

erf = np.vectorize(math.erf, otypes=["float64"])
EXTREMES = np.array([-1e4, -90.0, -20.0, 0.3, 20.0, 90.0, 1e4])

CASES = [
    Case(ops.Sigmoid, torch.sigmoid, (normal(2, 3),), lambda x: 1 / (1 + np.exp(-x))),
    Case(ops.Sigmoid, torch.sigmoid, (EXTREMES,), lambda x: np.exp(-np.logaddexp(0, -x)), note="far out"),
    Case(ops.Softplus, F.softplus, (normal(2, 3),), lambda x: np.log(1 + np.exp(x))),
    Case(ops.Softplus, F.softplus, (EXTREMES,), lambda x: np.logaddexp(0, x), note="far out"),
    Case(ops.ReLU, torch.relu, (signed(2, 3),), lambda x: x * (x > 0)),
    Case(ops.GELU, F.gelu, (normal(3, 4),), lambda x: x * (1 + erf(x / math.sqrt(2))) / 2),
]
