"""Arithmetic and functions of each element: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.compare import DTYPES, arrays, compare, shapes

# Two operands ────────────────────────────────────────────────────────────────────────────────────────────────────────

BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "maximum", "minimum", "eq", "ne",
          "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",
          "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "float_power", "clamp_min",
          "clamp_max"]  # fmt: skip
numbers = st.one_of(st.booleans(), st.integers(-3, 300), st.sampled_from([-1.5, 0.5, 2.0, float("inf")]), st.none())


@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
def test_binary_operations(name: str, data: Any) -> None:
    one, two = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), one))
    y = data.draw(st.one_of(arrays(data.draw(st.sampled_from(DTYPES)), two), numbers))
    powers = name in ("pow", "float_power")  # at 0 and at negative bases the second derivative is a matter of taste
    with np.errstate(all="ignore"):
        compare(lambda lib, x, y: getattr(lib, name)(x, y), x, y, order=0 if powers else 1 if name == "div" else 2)


@given(st.data())
def test_clamp(data: Any) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    x, low, high = (data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shape)) for shape in shapes)
    few = st.one_of(st.none(), st.integers(-2, 2), st.sampled_from([-0.5, 0.5, 1e6]))
    compare(lambda lib, x, low, high: lib.clamp(x, low, high), x, data.draw(few), data.draw(few), order=2)
    if np.broadcast_shapes(x.shape, low.shape, high.shape) == x.shape:  # PyTorch's gradient fails where x is smaller
        compare(lambda lib, x, low, high: lib.clamp(x, low, high), x, low, high, order=2)


@given(st.data())
def test_masked_fill(data: Any) -> None:
    one, two = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    x, mask = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), one)), data.draw(arrays("bool", two))
    compare(lambda lib, x, m, v: x.masked_fill(m, v), x, mask, data.draw(numbers), order=2)


IN_PLACE = ["add_", "sub_", "mul_", "div_", "floor_divide_", "remainder_", "fmod_", "eq_", "gt_", "bitwise_and_",
            "logical_or_", "clamp_min_"]  # fmt: skip


@pytest.mark.parametrize("name", IN_PLACE)
@given(data=st.data())
def test_writes_in_place(name: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), (2, 3)))
    shape = data.draw(st.sampled_from([(3,), (2, 1), (2,), ()]))
    y = data.draw(st.one_of(arrays(data.draw(st.sampled_from(DTYPES)), shape), numbers))
    with np.errstate(all="ignore"):
        compare(lambda lib, x, y: getattr(x, name)(y), x, y)


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", ">=", "==", "!=", "&", "|", "^", "<<", ">>"]


@pytest.mark.parametrize("symbol", OPERATORS)
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, (3,))), number=st.sampled_from([True, 1, 2, 3, 0.5, 2.0]))
def test_operators_with_numbers_on_either_side(symbol: str, x: Any, number: Any) -> None:
    compare(eval(f"lambda lib, x, n: n {symbol} x"), x, number)
    compare(eval(f"lambda lib, x, n: x {symbol} n"), x, number)


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.data())
def test_where(one: str, two: str, data: Any) -> None:
    a, b, c = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    x, y = (data.draw(st.one_of(arrays(d, s), st.sampled_from([1, 0.5]))) for d, s in ((one, a), (two, b)))
    compare(lambda lib, c, x, y: lib.where(c, x, y), data.draw(arrays("bool", c)), x, y, order=2)


# One operand ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SMOOTH = ["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "square", "neg",
          "sin", "cos", "tanh", "erf", "sigmoid"]  # fmt: skip
OTHERS = ["abs", "sign", "floor", "ceil", "round", "trunc", "frac", "relu", "positive", "isnan", "isinf", "isfinite",
          "isposinf", "isneginf", "logical_not", "bitwise_not", "nonzero", "clone", "t"]  # fmt: skip


@pytest.mark.parametrize("name", [*SMOOTH, *OTHERS])
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, shapes)))
def test_unary_operations(name: str, x: Any) -> None:
    compare(lambda lib, x: getattr(lib, name)(x), x, order=2 if name in SMOOTH and x.dtype != "float16" else 1)


@given(st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, shapes)), st.integers(-2, 3))
def test_round_to_decimals(x: Any, decimals: int) -> None:
    compare(lambda lib, x: lib.round(x, decimals=decimals), x)
