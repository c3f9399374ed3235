"""Activations, softmax, padding and one_hot: at the places where they are easily got wrong."""

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


@pytest.mark.parametrize(("function", "values", "slopes"), [
    (F.relu, [-1.0, -0.0, 0.0, 1.0, NAN], [0, 0, 0, 1, 1]),
    (F.relu6, [-1.0, 0.0, 3.0, 6.0, 7.0], [0, 0, 1, 0, 0]),
    (F.hardtanh, [-2.0, -1.0, 0.5, 1.0, INF], [0, 0, 1, 0, 0]),
    (lambda x: F.leaky_relu(x, 0.25), [-INF, -0.0, 0.0, 1.0, NAN], [0.25, 0.25, 0.25, 1, 0.25]),
    (lambda x: F.elu(x, 0.5), [-INF, -0.0, 0.0, 1e4, NAN], [0, 0.5, 0.5, 1, 1]),
    (lambda x: F.softplus(x, 2.0, 0.0), [-0.0, 0.0, 1e-9], [0.5, 0.5, 1]),
])
def test_the_slope_at_a_kink_is_pytorchs(function, values, slopes, device):
    assert slope_at(function, *values, device=device) == slopes


def test_the_slope_of_elu_bends_at_zero_without_a_second_derivative_there(device):
    x = tinycnn.tensor([-1.0, 0.0, 2.0, 1e4, NAN], dtype="float64", device=device).requires_grad_()
    (g,) = tinycnn.autograd.grad(F.elu(x).sum(), x, create_graph=True)
    (h,) = tinycnn.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(host(h), [math.exp(-1), 0, 0, 0, 0], rtol=1e-14)


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
    F.leaky_relu, lambda x: F.elu(x, 0.7), F.relu6, F.hardtanh, lambda x: F.softplus(x, 2.0, 1.0),
    lambda x: F.softmax(x, 0), lambda x: F.log_softmax(x, 0),
])
def test_derivatives(function, device):
    assert_slopes(function, np.array([-3.0, -1.1, -0.2, 0.1, 0.7, 2.5]), device=device)


def test_softplus_is_the_identity_above_its_threshold(device):
    x = tinycnn.tensor([10.0, 20.0, 20.5], dtype="float64", device=device)
    y = host(F.softplus(x))
    assert y[2] == 20.5
    np.testing.assert_allclose(y[:2], [np.log1p(np.exp(10)), np.log1p(np.exp(20))], rtol=1e-15)
    assert host(F.softplus(x, beta=3.0, threshold=29)).tolist()[0] == 10


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu"])
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
    message = r"Exp: one of the variables needed .* modified by an inplace(.|\n)*optimizer\.step\(\).*inplace=True"
    with pytest.raises(RuntimeError, match=message):
        saved.sum().backward()


@pytest.mark.parametrize("name", ["relu", "relu6", "hardtanh"])
@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "int8"])
def test_integers_are_cut_off_and_stay_integers(name, dtype, device):
    y = getattr(F, name)(tinycnn.tensor([-3, 0, 1, 9], dtype=dtype, device=device))
    expected = {"relu": [0, 0, 1, 9], "relu6": [0, 0, 1, 6], "hardtanh": [-1, 0, 1, 1]}
    assert (y.dtype, host(y).tolist()) == (dtype, expected[name])


def test_integers_get_a_sigmoid_but_no_gelu(device):
    x = tinycnn.tensor([0, 1], device=device)
    assert F.sigmoid(x).dtype == "float32"
    for name in ("leaky_relu", "elu", "silu", "gelu", "softplus", "logsigmoid"):
        with pytest.raises(RuntimeError, match=f"{name}: the input must be floating, but got int64"):
            getattr(F, name)(x)


@pytest.mark.parametrize("function", [F.sigmoid, F.silu, F.elu, F.gelu, F.softplus, F.logsigmoid,
                                      lambda x: F.gelu(x, approximate="tanh")])  # fmt: skip
def test_half_precision_is_rounded_once(function, device):
    x = tinycnn.tensor(np.linspace(-9, 9, 61), dtype="float16", device=device)
    np.testing.assert_array_equal(host(function(x)), host(function(x.float()).half()))


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
