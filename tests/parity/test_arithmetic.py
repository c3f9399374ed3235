"""Arithmetic and functions of each element: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.comparing import DTYPES, arrays, compare, shapes

# Two operands ────────────────────────────────────────────────────────────────────────────────────────────────────────

BINARY = ["add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "minimum", "eq", "ne", "lt", "le",
          "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",
          "bitwise_xor"]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
def test_binary_operations(name: str, data: Any) -> None:
    one, two = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), one))
    y = data.draw(st.one_of(
        arrays(data.draw(st.sampled_from(DTYPES)), two), st.booleans(), st.integers(0, 5),
        st.sampled_from([-1.5, 0.5, 2.0]),
    ))  # fmt: skip
    if name in ("remainder", "floor_divide") and np.asarray(y).dtype.kind != "f" and not np.asarray(y).all():
        return  # integers divided by zero: PyTorch's answer depends on the kernel
    if name in ("maximum", "minimum", "logical_and", "logical_or", "logical_xor") and not isinstance(y, np.ndarray):
        return  # PyTorch takes only tensors
    if name == "pow" and x.dtype.kind in "iu" and np.min(y, initial=0) < 0:
        return  # integers to negative powers: 0 in PyTorch, refused here
    with np.errstate(all="ignore"):
        compare(lambda lib, x, y: getattr(lib, name)(x, y), x, y)


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", ">=", "==", "!="]


@pytest.mark.parametrize("symbol", OPERATORS)
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, (3,))), number=st.sampled_from([True, 1, 2, 3, 0.5, 2.0]))
def test_operators_with_numbers_on_either_side(symbol: str, x: Any, number: Any) -> None:
    if symbol not in ("/", "//", "%", "**") or (x > 0).all():
        compare(eval(f"lambda lib, x, n: n {symbol} x"), x, number)
    compare(eval(f"lambda lib, x, n: x {symbol} n"), x, number)


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.data())
def test_where(one: str, two: str, data: Any) -> None:
    a, b, c = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)).input_shapes
    x, y = (data.draw(st.one_of(arrays(d, s), st.sampled_from([1, 0.5]))) for d, s in ((one, a), (two, b)))
    compare(lambda lib, c, x, y: lib.where(c, x, y), data.draw(arrays("bool", c)), x, y)


# One operand ─────────────────────────────────────────────────────────────────────────────────────────────────────────

UNARY = ["exp", "log", "log1p", "log2", "sqrt", "rsqrt", "square", "abs", "neg", "sin", "cos", "tanh", "sigmoid",
    "relu",
         "erf", "sign", "floor", "ceil", "round", "trunc", "isnan", "isinf", "isfinite", "logical_not", "bitwise_not",
         "nonzero", "clone", "t"]  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@given(x=st.sampled_from(DTYPES).flatmap(lambda d: arrays(d, shapes)))
def test_unary_operations(name: str, x: Any) -> None:
    if name in ("square", "relu") and x.dtype == "bool":
        return  # 1 and 0 in int64, and refused, in PyTorch
    compare(lambda lib, x: getattr(lib, name)(x), x)
