"""Activations, softmax, dropout, padding and one_hot: at the places where they are easily got wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

INF, NAN = float("inf"), float("nan")


def slope_at(function, *values, device="cpu", dtype="float64"):
    x = tinycnn.tensor(values, dtype=dtype, device=device).requires_grad_()
    function(x).sum().backward()
    return host(x.grad).tolist()


def test_the_slope_of_relu_at_zero_is_zero(device):
    assert slope_at(F.relu, -1.0, -0.0, 0.0, 1.0, device=device) == [0, 0, 0, 1]


@pytest.mark.parametrize(("function", "at_zero"), [
    (F.sigmoid, 0.25), (F.tanh, 1), (F.gelu, 0.5), (F.silu, 0.5), (F.softplus, 0.5), (F.logsigmoid, 0.5),
    (lambda x: F.gelu(x, approximate="tanh"), 0.5),
])
def test_slopes_from_the_far_left_to_the_far_right(function, at_zero, device):
    far = slope_at(function, -1e4, 0.0, 1e4, device=device)
    assert far[1] == pytest.approx(at_zero)
    assert all(math.isfinite(slope) for slope in far)
    for dtype in ("float32", "float16"):
        assert all(map(math.isfinite, slope_at(function, -1e4, -60, 0.0, 60, 1e4, dtype=dtype, device=device)))


@pytest.mark.parametrize("function", [
    F.sigmoid, F.tanh, F.gelu, F.silu, F.softplus, F.logsigmoid, lambda x: F.gelu(x, approximate="tanh"),
    lambda x: F.softplus(x, 2.0, 1.0), lambda x: F.softmax(x, 0), lambda x: F.log_softmax(x, 0),
])
def test_derivatives(function, device):
    assert_slopes(function, np.array([-3.0, -1.1, -0.2, 0.1, 0.7, 2.5]), device=device)


def test_softplus_is_the_identity_above_its_threshold(device):
    x = tinycnn.tensor([10.0, 20.0, 20.5], dtype="float64", device=device)
    y = host(F.softplus(x))
    assert y[2] == 20.5
    np.testing.assert_allclose(y[:2], [np.log1p(np.exp(10)), np.log1p(np.exp(20))], rtol=1e-15)
    assert host(F.softplus(x, beta=3.0, threshold=29)).tolist()[0] == 10


@pytest.mark.parametrize("name", ["relu", "silu"])
def test_in_place_the_graph_is_told(name):
    x = tinycnn.tensor([-1.0, 2.0], requires_grad=True)
    y = x * 3
    assert getattr(F, name)(y, inplace=True) is y
    y.sum().backward()
    expected = x.detach().requires_grad_()
    getattr(F, name)(expected * 3).sum().backward()
    assert x.grad.allclose(expected.grad)
    with pytest.raises(RuntimeError, match=f"{name}_: a leaf Variable that requires grad"):
        getattr(F, name)(x, inplace=True)
    saved = tinycnn.exp(x)
    getattr(F, name)(saved, inplace=True)
    with pytest.raises(RuntimeError, match=r"Exp: one of the variables needed .* modified by an inplace"):
        saved.sum().backward()


def test_a_row_of_nothing_but_minus_infinity_has_no_softmax(device):
    x = tinycnn.tensor([[-INF, -INF], [-INF, 0.0]], device=device)
    np.testing.assert_array_equal(host(F.softmax(x, 1)), [[NAN, NAN], [0, 1]])
    np.testing.assert_array_equal(host(F.log_softmax(x, 1)), [[NAN, NAN], [-INF, 0]])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_softmax_of_large_logits(dtype, device):
    x = tinycnn.tensor([[1e4, 1e4 - 8, -1e4]], dtype=dtype, device=device)
    y = F.softmax(x, 1)
    assert y.dtype == dtype
    np.testing.assert_allclose(host(y), [[0.9996646, 3.353501e-4, 0]], rtol=1e-3)
    np.testing.assert_allclose(host(F.log_softmax(x, 1)), [[-3.354e-4, -8.0003354, -20000]], rtol=1e-3)


def test_softmax_in_another_dtype():
    assert F.softmax(tinycnn.tensor([1, 1]), 0, dtype=tinycnn.float32).tolist() == [0.5, 0.5]
    assert F.log_softmax(tinycnn.zeros(2, dtype="float16"), 0, dtype="float64").dtype == "float64"
    with pytest.raises(RuntimeError, match=r"softmax: the input must be floating, but got int64; say dtype="):
        F.softmax(tinycnn.tensor([1, 2]), 0)


@pytest.mark.parametrize(("rank", "guess"), [(0, 0), (1, 0), (2, 1), (3, 0), (4, 1)])
def test_softmax_without_a_dimension_guesses_as_pytorch_and_says_so(rank, guess):
    x = tinycnn.arange(2.0**rank).reshape((2,) * rank)
    for function in (F.softmax, F.log_softmax):
        with pytest.warns(UserWarning, match="Implicit dimension choice for"):
            assert function(x).equal(function(x, guess))


# Dropout ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_dropout_keeps_the_expectation(device):
    tinycnn.manual_seed(0)
    y = host(F.dropout(tinycnn.ones(200, 200, device=device), 0.25))
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.02
    assert abs((y == 0).mean() - 0.25) < 0.02


def test_the_gradient_passes_the_same_mask_also_where_the_input_was_zero(device):
    """The mask is stored: which outputs are 0 does not tell it."""
    tinycnn.manual_seed(0)
    x = tinycnn.zeros(1000, device=device).requires_grad_()
    y = F.dropout(x + 0, 0.5)
    y.sum().backward()
    assert 400 < int((x.grad == 2).sum()) < 600
    tinycnn.manual_seed(0)
    assert host(F.dropout(tinycnn.ones(1000, device=device), 0.5)).tolist() == host(x.grad).tolist()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dropout_of_nothing_and_of_everything(dtype, device):
    x = tinycnn.tensor([1.0, -2.0], dtype=dtype, device=device).requires_grad_()
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.9, training=False) is x
    y = F.dropout(x, 1.0)
    assert (y.dtype, host(y).tolist()) == (dtype, [0, 0])
    y.sum().backward()
    assert host(x.grad).tolist() == [0, 0]


def test_dropout_in_place():
    tinycnn.manual_seed(0)
    x = tinycnn.ones(100, requires_grad=True)
    y = x * 1
    assert F.dropout(y, 0.5, inplace=True) is y
    y.sum().backward()
    assert x.grad.equal(y.detach())


def test_dropout2d_drops_whole_channels_of_one_image_too():
    tinycnn.manual_seed(0)
    y = F.dropout2d(tinycnn.ones(50, 3, 3), 0.5).numpy().reshape(50, 9)
    assert (y == y[:, :1]).all()
    assert 10 < (y[:, 0] == 0).sum() < 40


# Padding and one_hot ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_pad_counts_from_the_last_dimension_and_cuts_where_it_is_negative(device):
    x = tinycnn.tensor([[1.0, 2.0], [3.0, 4.0]], device=device)
    assert host(F.pad(x, (1, 0))).tolist() == [[0, 1, 2], [0, 3, 4]]
    assert host(F.pad(x, (0, 1, -1, 1), value=9)).tolist() == [[3, 4, 9], [9, 9, 9]]
    assert host(F.pad(x > 2, (0, 1), value=1)).tolist() == [[False, False, True], [True, True, True]]
    assert_slopes(lambda x: F.pad(x, (1, -1, 0, 2), value=3.0), np.arange(6.0).reshape(2, 3), device=device)


def test_one_hot(device):
    labels = tinycnn.tensor([[2, 0]], device=device)
    assert host(F.one_hot(labels)).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert F.one_hot(labels, 5).shape == (1, 2, 5)
    assert F.one_hot(labels, 5).dtype == "int64"
    assert F.one_hot(labels[:, :0], 5).shape == (1, 0, 5)
