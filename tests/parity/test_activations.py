"""Activations beside PyTorch's own, over arguments that Hypothesis draws: values, gradients, dtypes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare_functional, dtypes, flag, normal, seeds

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

special = st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 88.0, -88.0, 20.0, 1e-6])
numbers = st.lists(st.one_of(special, st.floats(-30, 30)), max_size=6)


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "leaky_relu", "elu", "sigmoid", "tanh", "gelu", "silu",
                                  "softplus", "logsigmoid"])  # fmt: skip
@given(values=numbers, inplace=flag, dtype=dtypes)
def test_activations(name, values, inplace, dtype):
    if name in ("relu6", "hardtanh"):
        values = [v for v in values if v == v]  # at NaN PyTorch's gradient depends on the place in memory
    if name == "gelu":
        values = [v for v in values if abs(v) < np.inf]  # and here its value, ∞ or NaN
    x = np.array(values, dtype=dtype)
    if inplace and name in ("relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu"):
        compare_functional(lambda f, x: getattr(f, name)(x * 1, inplace=True), x)
    else:
        compare_functional(lambda f, x: getattr(f, name)(x), x)


@given(values=st.lists(st.floats(-200, 200), max_size=6), beta=st.sampled_from([0.5, 1, 3, -1]),
       threshold=st.sampled_from([1, 20]), dtype=dtypes)  # fmt: skip
def test_activations_with_options(values, beta, threshold, dtype):
    x = np.array(values, dtype=dtype)
    compare_functional(lambda f, x: f.softplus(x, beta, threshold), x)
    compare_functional(lambda f, x: f.gelu(x, approximate="tanh"), x)
    compare_functional(lambda f, x: f.leaky_relu(x, beta), x)
    compare_functional(lambda f, x: f.elu(x, beta), x)
    compare_functional(lambda f, x: f.hardtanh(x, beta, threshold), x)


@given(
    name=st.sampled_from(["softmax", "log_softmax"]), shape=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    dim=st.integers(-5, 4), rows=st.lists(special, max_size=4), dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_softmax(name, shape, dim, rows, dtype, seed):
    (x,) = normal(seed, shape, dtype=dtype)
    if x.size:
        x.flat[: len(rows)] = rows[: x.size]
    compare_functional(lambda f, x: getattr(f, name)(x, dim), x)


@given(name=st.sampled_from(["relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu", "sigmoid", "gelu", "softmax"]),
       values=st.lists(st.integers(0, 9), max_size=4),
       dtype=st.sampled_from(["int64", "int32", "int16", "int8", "uint8", "bool"]))  # fmt: skip
def test_integers(name, values, dtype):
    options = {"dim": 0} if name == "softmax" else {}
    assume(values or not options)  # PyTorch looks at no dtype where there is nothing
    compare_functional(lambda f, x: getattr(f, name)(x, **options), np.array(values, dtype))
