"""Cases of tinycnn.ops.arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.errors import DomainError, DTypeError, GraphError, ShapeError
from tinycnn.ops import arithmetic as ops
from tinycnn.ops.comparison import Compare, Examine

from .case import Case, integers, normal, positive, signed

PAIR = (signed(2, 3), signed(2, 3, seed=1))
BROADCAST = (signed(2, 3, 1), signed(4))  # each is repeated along dimensions that the other has
FLOORED = (np.array([[-3.7, -0.6, 2.3], [5.2, 0.4, -2.2]]), np.array([[1.5, 0.8, -1.1], [2.0, -1.3, 0.7]]))
MASK = normal(2, 3, seed=2) > 0


def _integer_power(x: Any, y: Any) -> Any:
    """xʸ rounded towards zero; 0 to a negative power is 0."""
    return np.trunc(np.where(x == 0, np.where(y == 0, 1, 0), np.where(x == 0, 1, x).astype(float) ** y)).astype("int64")


ARITHMETIC = [
    Case(
        ops.Add, torch.add, PAIR, np.add, batch=(0, 1),
        errors=(
            (ShapeError, r"add: shapes do not broadcast: 3 and 4 meet at dimension -1\n"
                         r"  input  = \(2, 3\)\n  other  = \(4,\)\n  hint ",
                         lambda t: t(np.ones((2, 3))) + t(np.ones(4))),
            (TypeError, "add: takes Tensors, numbers and NumPy arrays, not str", lambda t: t([1.0]) + "1"),
            (TypeError, "add: expected a Tensor among its operands, got", lambda t: torch.add(1, 2)),
            (DomainError, "add: the number 73786976294838206464 does not fit into 64 bits", lambda t: t([1]) + 2**66),
            (DTypeError, "add: a boolean alpha is for booleans, but the result is int64",
             lambda t: torch.add(t([1]), t([1]), alpha=True)),
            (DTypeError, "add: alpha is 0.5, but to scale integers it must be an integer",
             lambda t: torch.add(t([1]), t([1]), alpha=0.5)),
        ),
    ),
    Case(ops.Add, lambda x, y: torch.add(x, y, alpha=3), BROADCAST, lambda x, y: x + 3 * y, note="broadcast, alpha"),
    Case(ops.Add, lambda x: x + x, (normal(2, 3),), lambda x: x + x, note="to itself"),
    Case(
        ops.Sub, torch.sub, PAIR, np.subtract, batch=(0, 1),
        errors=((DTypeError, r"sub: subtraction of booleans .* use \^", lambda t: t([True]) - t([False])),),
    ),
    Case(ops.Sub, lambda x: 2 - x, (normal(2, 3),), lambda x: 2 - x, note="from a number"),
    Case(ops.Mul, torch.mul, PAIR, np.multiply, batch=(0, 1)),
    Case(ops.Mul, torch.mul, BROADCAST, np.multiply, note="broadcast"),
    Case(ops.Mul, lambda x: x * x * 3, (normal(2, 3),), lambda x: 3 * x * x, note="by itself"),
    Case(
        ops.Div, torch.div, PAIR, np.divide, batch=(0, 1),
        errors=((DomainError, "rounding_mode must be None, 'trunc' or 'floor', not 'up'",
                 lambda t: torch.div(t([1.0]), 2, rounding_mode="up")),),
    ),
    Case(ops.Div, torch.div, BROADCAST, np.divide, note="broadcast"),
    Case(ops.Div, lambda x: 2 / x + x / 4, (signed(2, 3),), lambda x: 2 / x + x / 4, note="of and by numbers"),
    Case(
        ops.FloorDivide, torch.floor_divide, FLOORED, np.floor_divide, order=0, batch=(0, 1),
        errors=(
            (DomainError, "floor_divide: integer division by zero; floating numbers give inf",
             lambda t: t([1]) // t([0])),
            (DTypeError, "remainder: booleans are not divided", lambda t: t([True]) % t([True])),
            (GraphError, "floor_divide: has no derivative; that of div.* is 0 everywhere",
             lambda t: (t([1.0]).requires_grad_() // 2).sum().backward()),
        ),
    ),
    Case(ops.RoundedDiv, lambda x, y: torch.div(x, y, rounding_mode="floor"), FLOORED, np.floor_divide, order=1,
         batch=(0, 1), note="floor"),
    Case(ops.RoundedDiv, lambda x, y: torch.div(x, y, rounding_mode="trunc"), FLOORED, lambda x, y: np.trunc(x / y),
         order=1, batch=(0, 1), note="trunc"),
    Case(ops.RoundedDiv, lambda i: torch.div(i - 7, 3, rounding_mode="trunc"), (integers(12, high=15),),
         lambda i: np.trunc((i - 7) / 3), order=0, note="trunc of integers"),
    Case(ops.Remainder, torch.remainder, FLOORED, np.remainder, batch=(0, 1)),
    Case(ops.Remainder, torch.fmod, FLOORED, np.fmod, batch=(0, 1), note="fmod"),
    Case(
        ops.Pow, torch.pow, (positive(2, 3), signed(2, 3)), np.power, batch=(0, 1),
        errors=((DTypeError, "integers to negative integer powers", lambda t: t([2]) ** -1),),
    ),
    Case(ops.Pow, lambda x: x**3, (signed(2, 3),), lambda x: x**3, note="a number"),
    Case(ops.Pow, lambda x: x**0.5, (positive(2, 3),), np.sqrt, note="a fraction"),
    Case(ops.Pow, lambda x: x**0, (signed(2, 3),), np.ones_like, order=1, note="zero"),
    Case(ops.Pow, lambda x: 2**x, (normal(2, 3),), np.exp2, note="of a number"),
    Case(ops.IntegerPow, torch.pow, (integers(3, 4, high=7) - 3, integers(3, 4, high=7, seed=1) - 3), _integer_power,
         order=0, batch=(0, 1), looks=(0, 0)),
    Case(ops.Mul, lambda x: x.square() + x.reciprocal(), (signed(2, 3),), lambda x: x * x + 1 / x, note="square"),
    Case(
        ops.Neg, torch.neg, (normal(2, 3),), np.negative,
        errors=((DTypeError, "neg: a boolean has no negative; use ~", lambda t: -t([True])),),
    ),
]  # fmt: skip

TIED = (integers(3, 4, high=3) - 1.0, integers(3, 4, high=3, seed=1) - 1.0)
BITS = (integers(2, 3, high=8), integers(2, 3, high=8, seed=1))
ODD = np.array([0.0, np.inf, -np.inf, np.nan, 2.0])
COMPARISONS = [
    Case(Compare, call, inputs, oracle, order=0, batch=(0, 1), note=oracle.__name__)
    for call, oracle, inputs in (
        (torch.eq, np.equal, TIED), (torch.ne, np.not_equal, TIED), (torch.lt, np.less, TIED),
        (torch.le, np.less_equal, TIED), (torch.gt, np.greater, TIED), (torch.ge, np.greater_equal, TIED),
        (torch.logical_and, np.logical_and, TIED), (torch.logical_or, np.logical_or, TIED),
        (torch.logical_xor, np.logical_xor, TIED), (torch.bitwise_and, np.bitwise_and, BITS),
        (torch.bitwise_or, np.bitwise_or, BITS), (torch.bitwise_xor, np.bitwise_xor, BITS),
    )
] + [
    Case(Compare, torch.bitwise_left_shift, BITS, np.left_shift, order=0, batch=(0, 1), note="left_shift"),
    Case(Compare, lambda x, y: (x - 4) >> y, BITS, lambda x, y: (x - 4) >> y, order=0, batch=(0, 1),
         note="right_shift"),
    Case(Examine, torch.logical_not, TIED[:1], np.logical_not, order=0, note="logical_not"),
    *(Case(Examine, call, (ODD,), oracle, order=0, note=oracle.__name__)
      for call, oracle in ((torch.isnan, np.isnan), (torch.isinf, np.isinf), (torch.isfinite, np.isfinite))),
    Case(Compare, lambda x: (x.isposinf(), x.isneginf()), (ODD,), lambda x: (np.isposinf(x), np.isneginf(x)), order=0,
         note="isposinf"),
    Case(
        Examine, torch.bitwise_not, BITS[:1], np.bitwise_not, order=0,
        errors=((DTypeError, "only integers and booleans have bits to invert", lambda t: ~t([1.0])),),
    ),
    Case(Examine, lambda c: ~c, (MASK,), np.logical_not, order=0, note="of booleans"),
]  # fmt: skip

CASES = ARITHMETIC + COMPARISONS
