"""Normalisation beside PyTorch's own, over arguments that Hypothesis draws: values, gradients, dtypes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare_functional, dtypes, flag, normal, seeds, small

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


@given(
    n=st.integers(0, 4), c=small, more=st.lists(small, max_size=3), training=flag, tracked=flag, weight=flag, bias=flag,
    momentum=st.sampled_from([0.0, 0.1, 1.0]), eps=st.sampled_from([1e-5, 0.1]), wide=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_batch_norm(n, c, more, training, tracked, weight, bias, momentum, eps, wide, dtype, seed):
    (x,) = normal(seed, (n, c, *more), dtype=dtype)
    own = "float32" if wide and dtype == "float16" else dtype  # mixed precision
    gamma, beta, mean, var = normal(seed + 1, (c,) if weight else None, (c,) if bias else None, (c,), (c,), dtype=own)
    assume(n != 0 or training)  # PyTorch gives γ no gradient then, and has no reason
    statistics = {"mean": mean, "var": abs(var) + 0.5} if tracked else {}

    def call(f, x, gamma, beta, mean=None, var=None):
        return f.batch_norm(2 * x + 3, mean, var, gamma, beta, training, momentum, eps)

    compare_functional(call, x, gamma, beta, **statistics, scale=100 if n * np.prod(more) < 4 else 5)


@given(
    shape=st.lists(st.integers(0, 4), min_size=1, max_size=3), dims=small, weight=flag, bias=flag, dtype=dtypes,
    seed=seeds,
)  # fmt: skip
def test_layer_norm(shape, dims, weight, bias, dtype, seed):
    features = shape[-dims:]
    assume(0 not in features)
    arrays = normal(seed, shape, features if weight else None, features if bias else None, dtype=dtype)
    compare_functional(lambda f, x, w, b: f.layer_norm(2 * x + 3, features, w, b, 0.01), *arrays, scale=10)


@given(
    n=st.integers(0, 3), c=small, more=st.lists(small, min_size=1, max_size=3), own=flag, tracked=flag, weight=flag,
    bias=flag, momentum=st.sampled_from([0.0, 0.1, 1.0]), dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_instance_norm(n, c, more, own, tracked, weight, bias, momentum, dtype, seed):
    assume(n)  # PyTorch's running statistics become NaN then, or it raises
    (x,) = normal(seed, (n, c, *more), dtype=dtype)
    gamma, beta, mean, var = normal(seed + 1, (c,) if weight else None, (c,) if bias else None, (c,), (c,), dtype=dtype)
    statistics = {"mean": mean, "var": abs(var) + 0.5} if tracked else {}

    def call(f, x, gamma, beta, mean=None, var=None):
        return f.instance_norm(2 * x + 3, mean, var, gamma, beta, own, momentum, 0.1)

    compare_functional(call, x, gamma, beta, **statistics, scale=100 if np.prod(more) < 4 else 5)


@given(
    n=st.integers(0, 3), c=small, groups=small, off=st.integers(0, 9), more=st.lists(small, max_size=3), affine=flag,
    wide=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_group_norm(n, c, groups, off, more, affine, wide, dtype, seed):
    channels = c * groups + (off == 0)
    (x,) = normal(seed, (n, channels, *more), dtype=dtype)
    own = "float32" if wide and dtype == "float16" else dtype  # mixed precision
    arrays = normal(seed + 1, *[(channels,) if affine else None] * 2, dtype=own)
    scale = 100 if n * np.prod([c, *more]) < 4 else 10
    compare_functional(lambda f, x, w, b: f.group_norm(2 * x + 3, groups, w, b, 0.1), x, *arrays, scale=scale)


@given(
    shape=st.lists(st.integers(0, 4), min_size=2, max_size=5), size=st.integers(0, 6),
    alpha=st.sampled_from([1e-4, 0.5, 2]), beta=st.sampled_from([0.5, 0.75, 1]), k=st.sampled_from([1.0, 2, 0.5]),
    dtype=st.sampled_from(["float64", "float32"]), seed=seeds,
)  # fmt: skip
def test_local_response_norm(shape, size, alpha, beta, k, dtype, seed):
    assume(np.prod(shape) or size)
    compare_functional(lambda f, x: f.local_response_norm(x, size, alpha, beta, k), *normal(seed, shape, dtype=dtype))
