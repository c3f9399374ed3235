"""Cases of tinycnn.ops.choice."""

from __future__ import annotations

import numpy as np

import tinycnn as torch
from tinycnn.errors import ArgumentError, DomainError, DTypeError, ShapeError
from tinycnn.ops import choice as ops

from .case import Case, distinct, normal, positive, signed

PAIR = (signed(2, 3), signed(2, 3, seed=1))
DISTINCT = (distinct(3, 4), distinct(3, 4, seed=1) + 0.1)
BOUNDED = (distinct(3, 4), -positive(3, 4), positive(3, 4))
CHOICE = normal(2, 3, seed=2) > 0

CASES = [
    Case(
        ops.Maximum, torch.maximum, DISTINCT, np.maximum, batch=(0, 1),
        errors=((ArgumentError, "maximum: other must be a Tensor, not float",
                 lambda t: torch.maximum(t([1.0]), 2.0)),),
    ),
    Case(ops.Minimum, torch.minimum, DISTINCT, np.minimum, batch=(0, 1)),
    Case(
        ops.Clamp, lambda x: torch.clamp(x, -1, 0.75), (distinct(3, 4),), lambda x: np.clip(x, -1, 0.75),
        errors=(
            (DomainError, "clamp: at least one of min and max must be given", lambda t: t([1.0]).clamp()),
            (DomainError, "clamp: the number 300 cannot be converted to uint8 without overflow",
             lambda t: t(np.uint8([1])).clamp(max=300)),
            (ArgumentError, "clamp: min and max must both be numbers or both be Tensors",
             lambda t: t([1.0]).clamp(0, t([2.0]))),
            (DTypeError, "clamp: booleans have no bounds", lambda t: t([True]).clamp(False, True)),
        ),
    ),
    Case(ops.Clamp, lambda x: x.clamp_min(-1) + x.clamp_max(0.75), (distinct(3, 4),),
         lambda x: np.maximum(x, -1) + np.minimum(x, 0.75), note="one side"),
    Case(ops.Clamp, torch.clamp, BOUNDED, lambda x, low, high: np.clip(x, low, high), batch=(0, 1, 2), note="Tensors"),
    Case(ops.Clamp, lambda x, high, low: x.clamp(low, high), BOUNDED, lambda x, high, low: high,
         batch=(0, 1, 2), note="crossed"),
    Case(ops.Clamp, torch.clamp_min, DISTINCT, np.maximum, batch=(0, 1), note="min, a Tensor"),
    Case(ops.Clamp, lambda x, high: x.clamp(max=high), DISTINCT, np.minimum, batch=(0, 1), note="max, a Tensor"),
    Case(
        ops.Where, torch.where, (CHOICE, *PAIR), np.where, batch=(0, 1, 2),
        errors=(
            (DTypeError, "where: expected a boolean condition, but got int64; compare",
             lambda t: torch.where(t([1]), t([1.0]), t([2.0]))),
            (ArgumentError, "where: takes a condition alone, or with both", lambda t: torch.where(t([True]), 1)),
            (ArgumentError, "where: the condition must be a Tensor, not bool", lambda t: torch.where(True, t(1), 2)),
        ),
    ),
    Case(ops.Where, torch.where, (CHOICE, signed(3), signed(2, 1)), np.where, batch=(), note="broadcast"),
    Case(ops.Where, lambda c, x: torch.where(c, x, 0) + torch.where(c, 1.5, x), (CHOICE, signed(2, 3)),
         lambda c, x: np.where(c, x, 0) + np.where(c, 1.5, x), batch=(0, 1), note="numbers"),
    Case(
        ops.Where, lambda x, c: x.masked_fill(c, -2), (signed(2, 3), CHOICE),
        lambda x, c: np.where(c, -2.0, x), batch=(0, 1), note="masked_fill",
        errors=(
            (DTypeError, "masked_fill: expected a boolean mask, but got uint8",
             lambda t: t([1.0]).masked_fill(t(np.uint8([1])), 2)),
            (ShapeError, r"masked_fill: value must have no dimensions, but its shape is \(1,\); where takes",
             lambda t: t([1.0]).masked_fill(t([True]), t([2.0]))),
            (DomainError, "masked_fill: the number 100000.0 cannot be converted to float16",
             lambda t: t(np.float16([1])).masked_fill(t([True]), 1e5)),
        ),
    ),
    Case(ops.Where, lambda x, c, v: torch.masked_fill(x, c, v), (signed(2, 3), CHOICE, np.array(1.5)),
         lambda x, c, v: np.where(c, v, x), batch=(0, 1), note="masked_fill with a Tensor"),
]  # fmt: skip
