"""Cases of tinycnn.ops.elementwise."""

from __future__ import annotations

import math

import numpy as np

import tinycnn as torch
from tinycnn.ops import elementwise as ops

from .case import Case, distinct, integers, normal, positive, signed

erf = np.vectorize(math.erf, otypes=["float64"])
STEPS = distinct(3, 4) * 1.3 + 0.03

CASES = [
    Case(ops.Exp, torch.exp, (normal(2, 3),), np.exp),
    Case(ops.Exp, torch.exp, (integers(2, 3),), np.exp, order=0, note="of integers"),
    Case(ops.Log, torch.log, (positive(2, 3),), np.log),
    Case(ops.Log, torch.log2, (positive(2, 3),), np.log2, note="log2"),
    Case(ops.Log1p, torch.log1p, (positive(2, 3) - 0.9,), np.log1p),
    Case(ops.Log1p, torch.log1p, (np.array([1e-20, -1e-20]),), np.log1p, note="near 0", half=None),
    Case(ops.Sqrt, torch.sqrt, (positive(2, 3),), np.sqrt),
    Case(ops.Sqrt, torch.rsqrt, (positive(2, 3),), lambda x: 1 / np.sqrt(x), note="rsqrt"),
    Case(ops.Abs, torch.abs, (signed(2, 3),), np.abs),
    Case(ops.Step, torch.sign, (STEPS,), np.sign, order=1, note="sign"),
    Case(ops.Step, torch.floor, (STEPS,), np.floor, order=1, note="floor"),
    Case(ops.Step, torch.ceil, (STEPS,), np.ceil, order=1, note="ceil"),
    Case(ops.Step, torch.trunc, (STEPS,), np.trunc, order=1, note="trunc"),
    Case(ops.Step, torch.round, (np.array([-1.5, -0.5, 0.5, 1.5, 2.5, 0.3]),), np.rint, order=0, note="round"),
    Case(ops.Sin, torch.sin, (normal(2, 3),), np.sin),
    Case(ops.Cos, torch.cos, (normal(2, 3),), np.cos),
    Case(ops.Tanh, torch.tanh, (normal(2, 3),), np.tanh),
    Case(ops.Erf, torch.erf, (3 * normal(3, 4),), erf),
    Case(ops.Erf, torch.erf, (np.linspace(-6.5, 6.5, 27),), erf, note="all its ranges"),
]
