"""batch_norm and layer_norm: closed forms, derivatives against differences, and the traps by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn import nn
from tinycnn.nn import functional as F


@given(n=st.integers(2, 4), c=st.integers(1, 3), more=st.lists(st.integers(1, 3), max_size=3), weight=st.booleans())
def test_batch_norm_of_any_rank(n, c, more, weight):
    rng = np.random.default_rng([n, c, *more])
    x, gamma, beta = 3 * rng.standard_normal((n, c, *more)) + 2, rng.standard_normal(c), rng.standard_normal(c)
    axes, channels = (0, *range(2, x.ndim)), (1, c, *[1] * len(more))
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 0.1)

    def layer(x, *affine):
        return F.batch_norm(x, None, None, *affine, training=True, eps=0.1)

    if not weight:
        np.testing.assert_allclose(layer(tinycnn.from_numpy(x)).numpy(), expected, atol=1e-12)
        assert_slopes(layer, x)
        return
    y = layer(*map(tinycnn.from_numpy, (x, gamma, beta))).numpy()
    np.testing.assert_allclose(y, expected * gamma.reshape(channels) + beta.reshape(channels), atol=1e-12)
    assert_slopes(layer, x, gamma, beta)


@given(lead=st.lists(st.integers(1, 3), max_size=2), features=st.lists(st.integers(1, 3), min_size=1, max_size=2))
def test_layer_norm_over_the_last_dimensions(lead, features):
    rng = np.random.default_rng([*lead, *features])
    x, gamma, beta = (rng.standard_normal(shape) for shape in ((*lead, *features), features, features))
    axes = tuple(range(-len(features), 0))
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 0.1) * gamma + beta

    def layer(x, gamma, beta):
        return F.layer_norm(x, features, gamma, beta, 0.1)

    np.testing.assert_allclose(layer(*map(tinycnn.from_numpy, (x, gamma, beta))).numpy(), expected, atol=1e-12)
    assert_slopes(layer, x, gamma, beta)


def test_evaluation_normalises_by_the_running_statistics(device):
    x, gamma, beta = np.array([[1.0, 2.0], [3.0, 6.0]]), np.array([2.0, 1.0]), np.array([0.5, 0.0])
    mean, var = (tinycnn.tensor(v, dtype="float64", device=device) for v in ([1, 2], [4, 16]))

    def layer(x, gamma, beta):
        return F.batch_norm(x, mean, var, gamma, beta, eps=0.0)

    y = layer(*(tinycnn.tensor(a, device=device) for a in (x, gamma, beta)))
    assert host(y).tolist() == [[0.5, 0], [2.5, 1]]
    assert_slopes(layer, x, gamma, beta, device=device)


def test_the_running_variance_is_unbiased(device):
    """Of [0, 2] the variance is 1 within the batch and 2 as an estimate: 0.9·1 + 0.1·2 = 1.1."""
    mean, var = tinycnn.zeros(1, device=device), tinycnn.ones(1, device=device)
    y = F.batch_norm(tinycnn.tensor([[0.0], [2.0]], device=device), mean, var, training=True, eps=1e-12)
    assert host(y).tolist() == [[-1], [1]]
    assert (mean.item(), var.item()) == (pytest.approx(0.1), pytest.approx(1.1))


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1)])
def test_one_value_a_channel_cannot_be_normalised_by_itself(shape, device):
    x = tinycnn.ones(shape, device=device)
    with pytest.raises(ValueError, match="expected more than 1 value per channel when training"):
        F.batch_norm(x, None, None, training=True)
    zeros, ones = tinycnn.zeros(3, device=device), tinycnn.ones(3, device=device)
    assert host(F.batch_norm(x, zeros, ones, eps=0.0)).ravel().tolist() == [1, 1, 1]


def test_evaluation_without_statistics_is_refused():
    with pytest.raises(RuntimeError, match="running_mean and running_var must be defined in evaluation mode"):
        F.batch_norm(tinycnn.ones(4, 3), None, None)


def test_large_numbers_that_differ_little_keep_their_differences(device):
    """σ² as E[x²] − E[x]² would cancel here: 4e4² has no digits left for 1.25."""
    x = tinycnn.tensor([[4e4, 4e4 + 1, 4e4 + 2, 4e4 + 3]], device=device)
    np.testing.assert_allclose(host(F.layer_norm(x, (4,))), [[-1.3416, -0.4472, 0.4472, 1.3416]], atol=1e-4)
    y = F.batch_norm(x.T, None, None, training=True)
    np.testing.assert_allclose(host(y)[:, 0], [-1.3416, -0.4472, 0.4472, 1.3416], atol=1e-4)


@pytest.mark.parametrize(("spread", "mean"), [(1, 1000), (1e-3, 1), (100, 4e4)])
def test_a_mean_far_from_zero_costs_no_digits(spread, mean, device):
    """The mean of 784 large numbers is off in its last digits; what is left of it is seen once it is subtracted."""
    x = (np.random.default_rng(0).standard_normal((16, 2, 7, 7)) * spread + mean).astype("float32")
    for layer in (lambda x: F.batch_norm(x, None, None, training=True, eps=1e-12),
                  lambda x: F.group_norm(x, 1, eps=1e-12), lambda x: F.instance_norm(x, eps=1e-12)):  # fmt: skip
        single = host(layer(tinycnn.tensor(x, device=device)))
        double = host(layer(tinycnn.tensor(x, dtype="float64", device=device)))
        np.testing.assert_allclose(single, double, rtol=0, atol=1e-6)


def test_shifting_or_stretching_the_input_changes_nothing(device):
    x = tinycnn.tensor(np.random.default_rng(0).standard_normal((5, 3)), device=device).requires_grad_()
    y = F.batch_norm(x, None, None, training=True, eps=1e-15)
    cotangent = tinycnn.tensor(np.random.default_rng(1).standard_normal((5, 3)), device=device)
    (g,) = tinycnn.autograd.grad(y, x, cotangent)
    np.testing.assert_allclose(host(g).sum(0), 0, atol=1e-12)
    np.testing.assert_allclose((host(g) * host(x)).sum(0), 0, atol=1e-12)


@pytest.mark.parametrize("layer", [nn.BatchNorm1d, nn.InstanceNorm1d, lambda n, eps: nn.GroupNorm(1, n, eps),
                                   lambda n, eps: nn.LayerNorm((n, 2), eps)])  # fmt: skip
def test_an_epsilon_of_numpys_keeps_the_dtype(layer, device):
    """NumPy's float64 carries float32 arrays along with it, where Python's float does not."""
    x = tinycnn.randn(4, 3, 2, device=device, requires_grad=True)
    y, expected = layer(3, eps=np.float64(0.5)).to(device)(x), layer(3, eps=0.5).to(device)(x)
    assert (y.dtype, y.tolist()) == ("float32", expected.tolist())
    (gradient,) = tinycnn.autograd.grad((y * y).sum(), x)
    assert gradient.dtype == "float32"


def test_half_precision_with_parameters_in_single(device):
    half = tinycnn.tensor([[200.0, 1.0], [240.0, 3.0], [280.0, 5.0]], dtype="float16", device=device)
    gamma, beta = tinycnn.ones(2, device=device).requires_grad_(), tinycnn.zeros(2, device=device).requires_grad_()
    mean, var = tinycnn.zeros(2, device=device), tinycnn.ones(2, device=device)
    for y in (F.batch_norm(half, mean, var, gamma, beta, training=True), F.layer_norm(half, (2,), gamma, beta)):
        assert y.dtype == "float16"
        (y * y).sum().backward()
    assert (gamma.grad.dtype, mean.dtype) == ("float32", "float32")
    np.testing.assert_allclose(host(var), [0.9 + 160, 0.9 + 0.4], rtol=1e-6)  # 240² would be beyond half precision
    assert F.batch_norm(half, mean, var, gamma, beta).dtype == "float16"


def test_an_empty_batch_comes_back_empty_and_teaches_nothing(device):
    mean, var = tinycnn.zeros(2, device=device), tinycnn.ones(2, device=device)
    gamma = tinycnn.ones(2, device=device).requires_grad_()
    x = tinycnn.ones(0, 2, 3, device=device)
    rows = x.reshape(0, 3, 2)
    for y in (F.batch_norm(x, mean, var, gamma, gamma, training=True), F.layer_norm(rows, (2,), gamma, gamma)):
        assert len(y) == 0
        y.sum().backward()
    assert (host(mean).tolist(), host(var).tolist(), host(gamma.grad).tolist()) == ([0, 0], [1, 1], [0, 0])


def test_statistics_are_no_part_of_the_graph_but_follow_the_batch_at_once():
    x, mean, var = tinycnn.randn(4, 2, requires_grad=True), tinycnn.zeros(2), tinycnn.ones(2)
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    assert mean.grad_fn is None
    assert not var.requires_grad
    assert mean.allclose(x.detach().mean(0))


def test_a_graph_that_kept_the_statistics_notices_that_they_moved():
    mean, var, w = tinycnn.zeros(2), tinycnn.ones(2), tinycnn.ones(2, requires_grad=True)
    for kept in (mean, var):
        y = w * kept
        F.batch_norm(tinycnn.randn(4, 2), mean, var, training=True)
        with pytest.raises(RuntimeError, match=r"Mul: one of the variables needed .* modified by an inplace"):
            y.sum().backward()
