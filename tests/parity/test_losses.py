"""Losses beside PyTorch's own, over arguments that Hypothesis draws: values, gradients, dtypes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity.compare import compare_functional, dtypes, flag, normal, seeds, small

pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

reductions = st.sampled_from(["mean", "sum", "none"])


@given(
    name=st.sampled_from(["nll_loss", "cross_entropy"]), n=st.integers(0, 4), c=st.integers(1, 4),
    more=st.lists(small, max_size=2), batched=flag, weighted=flag, reduction=reductions,
    ignore=st.sampled_from([-100, -1, 1, 255]), smoothing=st.sampled_from([0.0, 0.1, 1.0]), wrong=st.integers(0, 40),
    dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_losses_of_labels(name, n, c, more, batched, weighted, reduction, ignore, smoothing, wrong, dtype, seed):
    rng = np.random.default_rng(seed)
    shape, labels = ((n, c, *more), (n, *more)) if batched else ((c,), ())
    (x,) = normal(seed, shape, dtype=dtype)
    target = np.where(rng.random(labels) < 0.3, ignore, rng.integers(0, c, labels))
    if wrong == 0:
        target = target + c
    options = {"weight": rng.random(c).astype(dtype)} if weighted else {}
    more_options = {"label_smoothing": smoothing} if name == "cross_entropy" else {}

    def call(f, x, t, weight=None):
        return getattr(f, name)(x, t, weight, ignore_index=ignore, reduction=reduction, **more_options)

    compare_functional(call, x, np.asarray(target), **options, scale=3)


@given(n=st.integers(1, 4), c=st.integers(1, 4), more=st.lists(small, max_size=2), batched=flag, weighted=flag,
       reduction=reductions, smoothing=st.sampled_from([0.0, 0.3]), dtype=dtypes, seed=seeds)  # fmt: skip
def test_cross_entropy_of_distributions(n, c, more, batched, weighted, reduction, smoothing, dtype, seed):
    shape = (n, c, *more) if batched else (c,)
    x, p, w = normal(seed, shape, shape, (c,), dtype=dtype)

    def call(f, x, p, weight=None):
        return f.cross_entropy(x, p, weight, reduction=reduction, label_smoothing=smoothing)

    compare_functional(call, x, abs(p), **({"weight": abs(w)} if weighted else {}), scale=3)


wrong = st.sampled_from([1.5, -0.5, np.nan])
probabilities = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-30]), st.floats(0, 1), wrong)


@given(values=st.lists(st.tuples(probabilities, probabilities, st.floats(0, 2)), min_size=1, max_size=4), weighted=flag,
       reduction=reductions, dtype=st.sampled_from(["float64", "float32"]))  # fmt: skip
def test_binary_cross_entropy(values, weighted, reduction, dtype):
    x, t, w = (np.array(column, dtype=dtype) for column in zip(*values, strict=True))

    def call(f, x, target=None, weight=None):
        return f.binary_cross_entropy(x, target, weight, reduction=reduction)

    compare_functional(call, x, target=t, **({"weight": w} if weighted else {}), scale=10)  # its 1e-12 is a float32


logits = st.one_of(st.sampled_from([0.0, -0.0, 1e4, -1e4]), st.floats(-100, 100))


@given(values=st.lists(st.tuples(logits, st.floats(0, 1), st.floats(0, 2), st.floats(0, 3)), min_size=1, max_size=4),
       weighted=flag, positive=flag, reduction=reductions, dtype=dtypes)  # fmt: skip
def test_binary_cross_entropy_with_logits(values, weighted, positive, reduction, dtype):
    x, t, w, p = (np.array(column, dtype=dtype) for column in zip(*values, strict=True))

    def call(f, x, t, weight=None, pos_weight=None):
        return f.binary_cross_entropy_with_logits(x, t, weight, reduction=reduction, pos_weight=pos_weight)

    compare_functional(call, x, t, **({"weight": w} if weighted else {}), **({"pos_weight": p} if positive else {}))


@given(name=st.sampled_from(["mse_loss", "l1_loss"]), shape=st.lists(st.integers(0, 3), max_size=3),
       other=st.sampled_from(["same", "row", "column", "wrong"]), reduction=reductions, weighted=flag, dtype=dtypes,
       seed=seeds)  # fmt: skip
def test_losses_of_numbers(name, shape, other, reduction, weighted, dtype, seed):
    target = {"row": shape[1:], "column": [*shape, 1], "wrong": [s + 2 for s in shape]}.get(other, shape)
    x, t, w = normal(seed, shape, target, shape, dtype=dtype)
    weight = {"weight": abs(w)} if weighted and other in ("same", "row") else {}
    compare_functional(lambda f, x, t, **o: getattr(f, name)(x, t, reduction=reduction, **o), x, t, **weight)


@given(name=st.sampled_from(["nll_loss", "cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits",
                             "mse_loss", "l1_loss"]),
       size_average=st.sampled_from([None, True, False]), reduce=st.sampled_from([None, True, False]))  # fmt: skip
def test_the_old_way_to_say_reduction(name, size_average, reduce):
    x = np.array([[0.1, 0.7], [0.5, 0.2]])
    target = np.array([1, 0]) if name in ("nll_loss", "cross_entropy") else x[::-1]

    def call(f, x, target=None):
        return getattr(f, name)(x, target, size_average=size_average, reduce=reduce)

    compare_functional(call, x, target=target)


@given(name=st.sampled_from(["nll_loss", "cross_entropy"]), dtype=st.sampled_from(["float32", "int64", "int32"]),
       labels=st.sampled_from(["int64", "int32", "int16", "int8", "uint8", "bool", "float32"]),
       pixels=flag)  # fmt: skip
def test_dtypes_of_labels(name, dtype, labels, pixels):
    x, t = np.ones((2, 3, 2) if pixels else (2, 3), dtype), np.ones((2, 2) if pixels else 2, labels)
    compare_functional(lambda f, x, target: getattr(f, name)(x, target), x, target=t)


kinds = st.sampled_from(["float64", "float32", "float16", "int64", "uint8", "bool"])


@given(name=st.sampled_from(["mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"]),
       one=kinds, two=kinds, reduction=reductions)  # fmt: skip
def test_dtypes_of_pairs(name, one, two, reduction):
    x, t = (np.array(a) if np.dtype(d).kind != "f" else np.array(a) / 2 + 0.25
            for a, d in (([0, 1, 1], one), ([1, 0, 1], two)))
    x, t = x.astype(one), t.astype(two)
    mixed = 1 if one == two else 100  # PyTorch rounds in between
    compare_functional(lambda f, x, t: getattr(f, name)(x, t, reduction=reduction), x, t, scale=mixed)
