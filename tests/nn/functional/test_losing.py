"""Losses: their definitions written out, derivatives against differences, and the traps by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

INF, NAN = float("inf"), float("nan")


def tensor(values, device, dtype=None):
    return tinycnn.tensor(values, dtype=dtype, device=device)


def with_gradient(loss, values, *args, device, dtype="float64", **options):
    """The loss of the values, and the gradient of its sum in them."""
    x = tensor(values, device, dtype).requires_grad_()
    y = loss(x, *args, **options)
    y.sum().backward()
    return host(y).tolist(), host(x.grad).tolist()


# Labels ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(n=st.integers(1, 3), c=st.integers(1, 4), more=st.lists(st.integers(1, 2), max_size=2), weighted=st.booleans(),
       ignored=st.booleans(), smoothing=st.sampled_from([0.0, 0.2]),
       reduction=st.sampled_from(["mean", "sum", "none"]))  # fmt: skip
def test_cross_entropy_is_what_its_definition_says(n, c, more, weighted, ignored, smoothing, reduction):
    rng = np.random.default_rng([n, c, *more])
    x, labels = rng.standard_normal((n, c, *more)), rng.integers(0, c, (n, *more))
    weights = rng.uniform(0.5, 2, c) if weighted else np.ones(c)
    labels.flat[0] = ignore = -7 if ignored else labels.flat[0]
    logp = x - np.log(np.exp(x).sum(1, keepdims=True))
    losses, counts = np.zeros(labels.shape), np.zeros(labels.shape)
    for place in np.ndindex(labels.shape):
        t, row = labels[place], logp[(place[0], slice(None), *place[1:])]
        if t != -7:
            losses[place] = -(1 - smoothing) * weights[t] * row[t] - smoothing / c * (weights * row).sum()
            counts[place] = weights[t]
    expected = {"none": losses, "sum": losses.sum(), "mean": losses.sum() / counts.sum() if counts.any() else NAN}

    def loss(x):
        return F.cross_entropy(x, tinycnn.from_numpy(labels), tinycnn.from_numpy(weights) if weighted else None,
                               ignore_index=ignore if ignored else -100, label_smoothing=smoothing, reduction=reduction)

    np.testing.assert_allclose(loss(tinycnn.from_numpy(x)).numpy(), expected[reduction], atol=1e-12)
    if counts.any():
        assert_slopes(loss, x)


@given(n=st.integers(1, 3), c=st.integers(1, 4), batched=st.booleans(), weighted=st.booleans(),
       smoothing=st.sampled_from([0.0, 0.2]))  # fmt: skip
def test_cross_entropy_of_distributions_is_differentiable_in_both(n, c, batched, weighted, smoothing):
    rng = np.random.default_rng([n, c])
    shape = (n, c) if batched else (c,)
    x, p, w = rng.standard_normal(shape), rng.dirichlet(np.ones(c), shape[:-1]), rng.uniform(0.5, 2, c)
    q = (1 - smoothing) * p + smoothing / c
    terms = -q * (x - np.log(np.exp(x).sum(-1, keepdims=True))) * (w if weighted else 1)

    def loss(x, p):
        return F.cross_entropy(x, p, tinycnn.from_numpy(w) if weighted else None, label_smoothing=smoothing)

    expected = terms.sum() / (n if batched else 1)
    np.testing.assert_allclose(loss(tinycnn.from_numpy(x), tinycnn.from_numpy(p)).numpy(), expected, atol=1e-12)
    assert_slopes(loss, x, p)


def test_labels_and_their_one_hot_rows_are_the_same_target(device):
    x, t = tensor([[1.0, 2.0, 0.5], [0.1, -1.0, 3.0]], device), tensor([2, 0], device)
    rows = F.one_hot(t, 3).float()
    for options in ({}, {"label_smoothing": 0.3}, {"reduction": "none"}):
        assert F.cross_entropy(x, t, **options).allclose(F.cross_entropy(x, rows, **options))
    assert F.cross_entropy(x, t).allclose(F.nll_loss(F.log_softmax(x, 1), t))
    assert F.cross_entropy(x[0], t[0]).allclose(F.cross_entropy(x[:1], t[:1]))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_sure_and_wrong_answer_costs_its_logit_and_does_not_overflow(dtype, device):
    loss, gradient = with_gradient(F.cross_entropy, [[1e4, 0.0]], tensor([1], device), device=device, dtype=dtype)
    assert (loss, gradient) == (10000, [[1, -1]])
    loss, gradient = with_gradient(F.cross_entropy, [[1e4, 0.0]], tensor([0], device), device=device, dtype=dtype)
    assert (loss, gradient) == (0, [[0, 0]])


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_with_all_targets_ignored_the_mean_is_nan_and_the_sum_zero(name, device):
    t = tensor([-100, -100], device)
    loss = getattr(F, name)
    assert math.isnan(with_gradient(loss, [[1.0, 2.0], [3.0, 4.0]], t, device=device)[0])
    assert with_gradient(loss, [[1.0, 2.0], [3.0, 4.0]], t, reduction="sum", device=device) == (0, [[0, 0], [0, 0]])
    assert with_gradient(loss, [[1.0, 2.0], [3.0, 4.0]], t, reduction="none", device=device)[0] == [0, 0]


def test_ignored_targets_count_neither_in_the_sum_nor_in_the_mean(device):
    x, t = [[0.0, 0.0], [9.0, 9.0], [0.0, 0.0]], tensor([0, 7, 1], device)
    loss, gradient = with_gradient(F.cross_entropy, x, t, ignore_index=7, device=device)
    assert loss == pytest.approx(math.log(2))
    np.testing.assert_allclose(gradient, [[-0.25, 0.25], [0, 0], [0.25, -0.25]])
    infinite = [[-INF, 0.0], [0.0, 0.0]]
    loss, gradient = with_gradient(F.nll_loss, infinite, tensor([-100, 1], device), device=device)
    assert (loss, gradient) == (0, [[0, 0], [0, -1]])


def test_a_weighted_mean_divides_by_the_weights_of_the_labels(device):
    w = tensor([1.0, 3.0], device, "float64")
    loss, gradient = with_gradient(F.nll_loss, [[-1.0, 0.0], [0.0, -2.0]], tensor([0, 1], device), w, device=device)
    assert (loss, gradient) == (7 / 4, [[-1 / 4, 0], [0, -3 / 4]])


@pytest.mark.parametrize(("labels", "worst"), [([0, 3], 3), ([-1, 0], -1), ([-100, 5], 5)])
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_labels_are_range_checked_on_every_device(name, labels, worst, device):
    message = f"{name}: target {worst} is out of bounds: with 3 classes, labels run from 0 to 2"
    with pytest.raises(IndexError, match=message):
        getattr(F, name)(tinycnn.zeros(2, 3, device=device), tensor(labels, device))


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_labels_of_the_types_pytorch_takes(dtype, device):
    t = tensor([1, 0], device).to(dtype)
    assert F.cross_entropy(tinycnn.zeros(2, 2, device=device), t).item() == pytest.approx(math.log(2))


def test_the_mean_of_many_losses_in_half_precision(device):
    x = tinycnn.zeros(600, 300, dtype="float16", device=device)
    assert F.mse_loss(x + 20, x).item() == 400  # the sum would be 72 million
    t = tinycnn.zeros(600, dtype="int64", device=device)
    t[0] = -100
    logits = tensor([[0.0, 200.0]], device, "float16").expand(600, 2)
    assert F.cross_entropy(logits, t).item() == 200


# Yes or no ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_binary_cross_entropy_takes_no_logarithm_below_minus_100(device):
    t = tensor([1.0, 0.0, 0.0, 1.0], device, "float64")
    loss, gradient = with_gradient(F.binary_cross_entropy, [0.0, 1.0, 0.0, 1.0], t, reduction="none", device=device)
    assert loss == [100, 100, 0, 0]
    assert gradient == pytest.approx([-1.000000003995803e12, 1.000000003995803e12, 0, 0], rel=1e-15)  # PyTorch's


@given(x=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4), reduction=st.sampled_from(["mean", "sum", "none"]))
def test_binary_cross_entropy_is_differentiable_in_input_target_and_weight(x, reduction):
    x = np.array(x)
    t, w = x[::-1].copy(), x + 0.5

    def loss(x, t, w):
        return F.binary_cross_entropy(x, t, w, reduction=reduction)

    losses = -w * (t * np.log(x) + (1 - t) * np.log(1 - x))
    expected = losses if reduction == "none" else getattr(losses, reduction)()
    np.testing.assert_allclose(loss(*map(tinycnn.from_numpy, (x, t, w))).numpy(), expected, rtol=1e-12)
    assert_slopes(loss, x, t, w)


def test_the_gradient_of_a_logit_is_the_probability_less_the_target_also_at_zero(device):
    x, t = [0.0, -0.0, 1e4, -1e4, 1e4, -1e4, 2.0], [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.25]
    loss, gradient = with_gradient(
        F.binary_cross_entropy_with_logits, x, tensor(t, device, "float64"), reduction="none", device=device
    )
    sigmoid = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(loss, [math.log(2), math.log(2), 1e4, 1e4, 0, 0, math.log(1 + math.exp(-2)) + 1.5])
    np.testing.assert_allclose(gradient, [0.5, -0.5, 1, -1, 0, 0, sigmoid - 0.25], rtol=1e-14)


@given(x=st.lists(st.floats(-5, 5), min_size=1, max_size=4), positive=st.floats(0.1, 3))
def test_positives_can_count_more(x, positive):
    x = np.array(x)
    t, p = 1 / (1 + np.exp(-x[::-1])), np.full(len(x), positive)

    def loss(x, t, p):
        return F.binary_cross_entropy_with_logits(x, t, pos_weight=p)

    expected = (p * t * np.log1p(np.exp(-x)) + (1 - t) * np.log1p(np.exp(x))).mean()
    np.testing.assert_allclose(loss(*map(tinycnn.from_numpy, (x, t, p))).numpy(), expected, rtol=1e-12)
    assert_slopes(loss, x, t, p)


@pytest.mark.parametrize(("x", "t", "which"), [
    ([1.5], [1.0], "input"), ([NAN], [1.0], "input"), ([0.5], [-0.5], "target"), ([2.0], [2.0], "input"),
])
def test_what_is_no_probability_is_refused(x, t, which, device):
    with pytest.raises(RuntimeError, match=f"all elements of {which} should be between 0 and 1") as caught:
        F.binary_cross_entropy(tensor(x, device), tensor(t, device))
    assert ("with_logits" in str(caught.value)) == (which == "input")


# Numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "function"), [("mse_loss", np.square), ("l1_loss", np.abs)])
def test_losses_of_numbers(name, function, device):
    x, t, w = np.random.default_rng(0).uniform(0.5, 2, (3, 2, 3)) * [[[1]], [[-1]], [[1]]]
    losses = function(x - t)
    for reduction in ("mean", "sum", "none"):
        expected = losses if reduction == "none" else getattr(losses, reduction)()
        y = getattr(F, name)(tensor(x, device), tensor(t, device), reduction=reduction)
        np.testing.assert_allclose(host(y), expected, rtol=1e-12)
    y = getattr(F, name)(tensor(x, device), tensor(t, device), weight=tensor(w, device))
    np.testing.assert_allclose(host(y), (w * losses).sum() / w.sum(), rtol=1e-12)
    assert_slopes(lambda x, t, w: getattr(F, name)(x, t, weight=w), x, t, w, device=device)


def test_the_slope_of_an_absolute_error_of_zero_is_zero(device):
    assert with_gradient(F.l1_loss, [1.0, 2.0], tensor([1.0, 0.0], device, "float64"), device=device) == (1, [0, 0.5])


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
def test_broadcasting_is_warned_of(name, device):
    """N×1 outputs against N labels: an N×N table of differences that trains towards the mean."""
    outputs, labels = tinycnn.zeros(4, 1, device=device), tensor([0.0, 1.0, 2.0, 3.0], device)
    message = rf"{name}: using a target size \(4,\) that is different to the input size \(4, 1\)"
    with pytest.warns(UserWarning, match=message):
        loss = getattr(F, name)(outputs, labels, reduction="none")
    assert loss.shape == (4, 4)


@pytest.mark.parametrize(("size_average", "reduce", "said"), [
    (True, None, "mean"), (False, None, "sum"), (None, False, "none"), (False, True, "sum"),
])
@pytest.mark.parametrize("name", [
    "nll_loss", "cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
])
def test_reduction_can_be_said_as_of_old(name, size_average, reduce, said):
    x = tinycnn.tensor([[0.1, 0.7], [0.5, 0.2]])
    t = tinycnn.tensor([1, 0]) if name in ("nll_loss", "cross_entropy") else x * 0.5
    with pytest.warns(UserWarning, match=f"please use reduction='{said}' instead"):
        loss = getattr(F, name)(x, t, size_average=size_average, reduce=reduce)
    assert loss.equal(getattr(F, name)(x, t, reduction=said))
