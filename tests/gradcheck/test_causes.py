"""The rules name what was done to a gradient, over drawn shapes, and name nothing where nothing fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.gradcheck.planted.evidence import evidence
from tinycnn.gradcheck.causes import diagnose
from tinycnn.gradcheck.evidence import Evidence
from tinycnn.gradcheck.vocabulary import CAUSES

seeds = st.integers(0, 10**6)
sizes = st.integers(2, 6)
shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def linear(x, weight, bias):
    return x @ weight.T + bias


def right(g, x, weight, bias):
    return g @ weight, g.T @ x, g.sum(0)


def diagnosed(forward, backward, inputs, argument, **options):
    return diagnose(evidence(forward, backward, inputs, argument, options))


def changed(argument, change):
    """The right backward of `linear` with one gradient changed."""
    def backward(g, x, weight, bias):
        found = list(right(g, x, weight, bias))
        found[argument] = change(found[argument], g, x, weight)
        return tuple(found)
    return backward


def of_map(J, x, backward, seed):
    """The evidence about y = J·x, where J has the shape (*y.shape, *x.shape)."""
    shape = J.shape[:J.ndim - x.ndim]
    g = np.random.default_rng([seed, 1]).standard_normal(shape)
    n = np.tensordot(g, J, g.ndim)
    return Evidence(
        0, "x", (x,), (np.tensordot(J, x, x.ndim),), (g,), backward(g), n, np.full(n.shape, 1e-9), (J,),
        np.full(n.shape, True), lambda cotangents: backward(cotangents[0]), {},
    )


CHANGES = {
    "sign": (1, lambda a, g, x, w: -a, "sign", "wrong sign"),
    "averaged": (1, lambda a, g, x, w: a / len(x), "scale", "averaged where the sum is due"),
    "bias averaged": (2, lambda a, g, x, w: g.mean(0), "scale", "the batch has"),
    "twice": (0, lambda a, g, x, w: 2 * a, "scale", "twice the true one"),
    "reversed": (1, lambda a, g, x, w: a[::-1], "flipped", "axis 0"),
    "poured": (1, lambda a, g, x, w: (x.T @ g).reshape(w.shape), "transposed", "reshaped"),
    "first row": (1, lambda a, g, x, w: np.outer(g[0], x[0]), "missing-sum", "index 0"),
    "last row": (2, lambda a, g, x, w: g[-1], "missing-sum", "= for +="),
    "one row lost": (1, lambda a, g, x, w: g[1:].T @ x[1:], "missing-sum", "index 0"),
    "zero": (1, lambda a, g, x, w: 0 * a, "missing-term", "0 everywhere"),
    "one entry doubled": (0, lambda a, g, x, w: a * (1 + (np.arange(a.size) == 1)).reshape(a.shape), "entries",
                          "at [0, 1]"),
    "NaN": (0, lambda a, g, x, w: np.where(a == a.max(), np.nan, a), "entries", "NaN"),
}


@pytest.mark.parametrize("name", CHANGES)
@given(seed=seeds, different=st.permutations([3, 5, 6, 7]))
@settings(max_examples=12, deadline=None)
def test_what_was_done_to_a_linear_layer_is_named(name, seed, different):
    n, d, o, _ = different
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(s) for s in ((n, d), (o, d), (o,))]
    argument, change, code, words = CHANGES[name]
    found = diagnosed(linear, changed(argument, change), inputs, argument)
    assert found.code == code, found
    assert words in found.cause, found
    assert ("x", "weight", "bias")[argument] in found.cause
    assert found.hint


@given(seed=seeds, n=sizes, c=sizes)
@settings(max_examples=20, deadline=None)
def test_softmax_without_its_sum_and_with_the_wrong_one(seed, n, c):
    assume(n > 2 and c > 2)
    x = np.random.default_rng(seed).standard_normal((n, c))

    def softmax(x):
        return np.exp(x) / np.exp(x).sum(1, keepdims=True)

    def over(axis, factor=1.0):
        def backward(g, x):
            y = softmax(x)
            return y * (g - factor * (g * y).sum(axis, keepdims=True))
        return backward

    assert diagnosed(softmax, over(1, 0), [x], 0).code == "missing-term"
    assert diagnosed(softmax, over(1, -1), [x], 0).code == "sign"
    assert diagnosed(softmax, over(0), [x], 0).code == "wrong-axis"
    assert diagnosed(softmax, over((0, 1)), [x], 0).code == "wrong-axis"


@given(seed=seeds, n=st.integers(5, 8), c=st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_norm_says_which_of_its_terms_is_missing(seed, n, c):
    x = np.random.default_rng(seed).standard_normal((n, c))

    def norm(x):
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)

    def backward(g, x, mean, variance):
        y = norm(x)
        return (g - mean * g.mean(0) - variance * y * (g * y).mean(0)) / np.sqrt(x.var(0) + 1e-5)

    for mean, variance, words in ((0, 1, "through the mean"), (1, 0, "through the variance"), (0, 0, "and the term")):
        found = diagnosed(norm, lambda g, x, m=mean, v=variance: backward(g, x, m, v), [x], 0)
        assert found.code == "missing-term"
        assert words in found.cause
        assert ("mean" in found.cause.replace("meant", "")) == (mean == 0)
    found = diagnosed(norm, lambda g, x: backward(g, x, 1, n), [x], 0)
    assert found.code == "scale"
    assert f"counts {n} times" in found.cause


# Where nothing fits, nothing is named ─────────────────────────────────────────────────────────────────────────────────


@given(seed=seeds, x=shapes, y=shapes)
@settings(max_examples=150, deadline=None)
def test_a_gradient_of_random_numbers_has_no_name(seed, x, y):
    """An arbitrary linear backward: whatever the shapes, also of one entry, none of the mistakes explains it."""
    rng = np.random.default_rng(seed)
    J, wrong = rng.standard_normal((*y, *x)), rng.standard_normal((*y, *x))
    found = diagnose(of_map(J, rng.standard_normal(x), lambda g: np.tensordot(g, wrong, g.ndim), seed))
    assert found.code == "unknown", found


@given(seed=seeds, x=shapes, amount=st.sampled_from([1e-5, 1e-3, 0.1, 10.0]))
@settings(max_examples=60, deadline=None)
def test_noise_upon_a_gradient_has_no_name(seed, x, amount):
    rng = np.random.default_rng(seed)
    J = rng.standard_normal((5, *x))
    noise = amount * rng.standard_normal(J.shape)
    found = diagnose(of_map(J, rng.standard_normal(x), lambda g: np.tensordot(g, J + noise, 1), seed))
    assert found.code == "unknown", found


@given(seed=seeds, x=shapes.filter(lambda shape: np.prod(shape) >= 3))
@settings(max_examples=60, deadline=None)
def test_random_slopes_have_no_name(seed, x):
    """Of a function that acts on each entry alone; the answer gives the two slopes where they differ most."""
    rng = np.random.default_rng(seed)
    slopes, wrong = rng.standard_normal(x), rng.standard_normal(x)
    J = np.diag(slopes.ravel()).reshape(*x, *x)
    found = diagnose(of_map(J, rng.standard_normal(x), lambda g: g * wrong, seed))
    assert found.code == "unknown", found
    assert "its slope is" in found.cause


@given(seed=seeds, n=st.integers(2, 5))
@settings(max_examples=30, deadline=None)
def test_a_symmetric_matrix_is_not_called_transposed(seed, n):
    """Three times what it should be, with a W that equals Wᵀ: a factor explains it, and the order of axes does not."""
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((4, n)), rng.standard_normal((n, n))
    found = diagnosed(lambda x, w: x @ w, lambda g, x, w: (3 * g @ w, x.T @ g), [x, w + w.T], 0)
    assert found.code == "scale"


# Whatever the evidence is, there is an answer ─────────────────────────────────────────────────────────────────────────

numbers = st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, np.inf, np.nan])


@given(seed=seeds, x=st.lists(st.integers(0, 3), max_size=4).map(tuple), y=st.lists(st.integers(0, 3), max_size=4),
       special=numbers, with_jacobian=st.booleans(), trouble=st.sampled_from(["raises", "shape", "none", "fine"]))
@settings(max_examples=200, deadline=None)
def test_it_never_raises(seed, x, y, special, with_jacobian, trouble):
    rng = np.random.default_rng(seed)
    a, n = (np.where(rng.random(x) < 0.5, special, rng.standard_normal(x)) for _ in range(2))
    g = rng.standard_normal(y)

    def backward(cotangents):
        if trouble == "raises":
            raise ZeroDivisionError
        return {"shape": np.zeros(7), "none": None, "fine": a}[trouble]

    found = diagnose(Evidence(
        0, "x", (a, None, rng.integers(0, 3, 3)), (g, g), (g, None), a, n, np.full(x, 1e-8),
        (rng.standard_normal((*y, *x)), rng.standard_normal((*y, *x))) if with_jacobian else None,
        rng.random(x) < 0.8, backward, {1: np.zeros(x)}, {"stride": 2, "mode": "same"},
    ))
    assert found.code in CAUSES
    assert found.cause.endswith((".", "?"))
    assert found.hint


@pytest.mark.parametrize("change", ["sign", "averaged", "reversed", "poured", "one entry doubled"])
def test_without_a_jacobian_the_entries_alone_tell(change):
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(s) for s in ((5, 3), (7, 3), (7,))]
    argument, edit, code, _ = CHANGES[change]
    full = evidence(linear, changed(argument, edit), inputs, argument)
    assert diagnose(full._replace(jacobian=None)).code == code


def test_of_two_outputs_one_may_be_forgotten():
    rng = np.random.default_rng(0)
    x, J, K = rng.standard_normal(4), rng.standard_normal((3, 4)), rng.standard_normal((2, 4))
    g, h = rng.standard_normal(3), rng.standard_normal(2)
    found = diagnose(Evidence(
        0, "x", (x,), (J @ x, K @ x), (g, h), g @ J, g @ J + h @ K, np.full(4, 1e-9), (J, K), np.full(4, True),
        lambda cotangents: cotangents[0] @ J, {},
    ))
    assert found.code == "missing-term"
    assert "output 1" in found.cause


def test_ties_and_zeros_are_kinks():
    x = np.array([0.0, 1.0, -2.0, 3.0, 0.0])
    found = diagnose(of_map(np.diag([0.5, 1, 0, 1, 0.5]), x, lambda g: g * (x > 0), 0))
    assert found.code == "kink"
    assert "exactly 0" in found.cause
