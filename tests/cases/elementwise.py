"""Cases of tinycnn.ops.elementwise."""

from __future__ import annotations

import math

import numpy as np

import tinycnn as torch
from tinycnn.errors import DTypeError
from tinycnn.ops import elementwise as ops
from tinycnn.ops.arithmetic import Pow

from .case import Case, distinct, integers, normal, positive, signed

erf = np.vectorize(math.erf, otypes=["float64"])
STEPS = distinct(3, 4) * 1.3 + 0.03

CASES = [
    Case(ops.Exp, torch.exp, (normal(2, 3),), np.exp),
    Case(ops.Exp, torch.exp, (integers(2, 3),), np.exp, order=0, note="of integers"),
    Case(ops.Log, torch.log, (positive(2, 3),), np.log),
    Case(ops.Expm1, torch.expm1, (normal(2, 3),), np.expm1),
    Case(ops.Expm1, torch.expm1, (np.array([1e-20, -1e-20]),), np.expm1, note="near 0", half=None),
    Case(Pow, torch.exp2, (normal(2, 3),), np.exp2, note="exp2"),
    Case(ops.LogTo, torch.log2, (positive(2, 3),), np.log2, note="log2"),
    Case(ops.LogTo, torch.log10, (positive(2, 3),), np.log10, note="log10"),
    Case(ops.Log1p, torch.log1p, (positive(2, 3) - 0.9,), np.log1p),
    Case(ops.Log1p, torch.log1p, (np.array([1e-20, -1e-20]),), np.log1p, note="near 0", half=None),
    Case(ops.Sqrt, torch.sqrt, (positive(2, 3),), np.sqrt),
    Case(ops.Rsqrt, torch.rsqrt, (positive(2, 3),), lambda x: 1 / np.sqrt(x)),
    Case(
        ops.Abs, torch.abs, (signed(2, 3),), np.abs,
        errors=((DTypeError, "abs: a boolean has no magnitude", lambda t: t([True]).abs()),),
    ),
    Case(ops.Sign, torch.sign, (STEPS,), np.sign, order=1),
    Case(
        ops.Step, torch.floor, (STEPS,), np.floor, order=1, note="floor",
        errors=((DTypeError, "floor: a boolean has no fraction", lambda t: t([True]).floor()),),
    ),
    Case(ops.Step, torch.ceil, (STEPS,), np.ceil, order=1, note="ceil"),
    Case(ops.Step, torch.trunc, (STEPS,), np.trunc, order=1, note="trunc"),
    Case(ops.Step, torch.round, (np.array([-1.5, -0.5, 0.5, 1.5, 2.5, 0.3]),), np.rint, order=0, note="round"),
    Case(ops.Step, lambda x: x.round(decimals=1) + x.round(decimals=-1), (STEPS * 10,),
         lambda x: np.round(x, 1) + np.round(x, -1), order=1, note="round to decimals"),
    Case(ops.Step, torch.frac, (STEPS,), lambda x: x - np.trunc(x), note="frac"),
    Case(ops.Sin, torch.sin, (normal(2, 3),), np.sin),
    Case(ops.Cos, torch.cos, (normal(2, 3),), np.cos),
    Case(ops.Tanh, torch.tanh, (normal(2, 3),), np.tanh),
    Case(ops.Erf, torch.erf, (3 * normal(3, 4),), erf),
    Case(ops.Erf, torch.erf, (np.linspace(-6.5, 6.5, 27),), erf, note="all its ranges"),
]  # fmt: skip
