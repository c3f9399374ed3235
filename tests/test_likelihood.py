"""The lecture's likelihood, log-likelihood and cross-entropy: its numbers, its identities, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import tinycnn
from tinycnn.errors import ShapeError
from tinycnn.likelihood import (
    cross_entropy,
    display_likelihood,
    likelihood,
    log_likelihood,
    negative_log_likelihood,
)

FUNCTIONS = [likelihood, log_likelihood, negative_log_likelihood, cross_entropy, display_likelihood]
LABELS = np.array([0, 1, 0, 1, 1])
FIRST = np.array([0.1, 0.8, 0.2, 0.7, 0.9])


@pytest.mark.parametrize(
    ("y_true", "y_pred", "line"),
    [
        (LABELS, FIRST, "Total Likelihood: 0.362880\n"),
        (LABELS, [0.1, 0.9, 0.2, 0.7, 0.9], "Total Likelihood: 0.408240\n"),
        (np.repeat(LABELS, 10, axis=0), np.repeat(FIRST, 10, axis=0), "Total Likelihood: 0.000040\n"),
        (np.tile(LABELS, 10), np.tile(FIRST, 10), "Total Likelihood: 0.000040\n"),
    ],
)
def test_the_lectures_lines(y_true, y_pred, line, capsys):
    assert display_likelihood(y_true, y_pred) is None
    assert capsys.readouterr().out == line


def test_a_row_of_three_classes_is_one_data_point():
    assert likelihood([[0, 1, 0]], [[0.1, 0.7664, 0.1336]]) == pytest.approx(0.7664)
    assert round(cross_entropy([[0, 1, 0]], [[0.1, 0.7664, 0.1336]]), 3) == 0.266  # Figure 5
    # the same numbers in one dimension are three binary data points
    assert likelihood([0, 1, 0], [0.1, 0.7664, 0.1336]) == pytest.approx(0.9 * 0.7664 * 0.8664)


def test_all_are_summed_over_the_data_points_not_averaged():
    y, p = [[1, 0], [0, 1], [1, 0]], [[0.5, 0.5], [0.75, 0.25], [0.125, 0.875]]
    assert likelihood(y, p) == pytest.approx(0.5 * 0.25 * 0.125)
    assert log_likelihood(y, p) == pytest.approx(-6 * math.log(2))
    assert negative_log_likelihood(y, p) == pytest.approx(6 * math.log(2))
    assert cross_entropy(y, p) == pytest.approx(6 * math.log(2))
    assert cross_entropy(y, p, unit="bits") == pytest.approx(6)


def test_a_soft_label_is_the_exponent_of_its_class():
    y, p = [[0.25, 0.75]], [[0.5, 0.5]]
    assert likelihood(y, p) == pytest.approx(0.5)
    y, p = [[0.5, 0.25, 0.25]], [[0.25, 0.25, 0.5]]
    assert likelihood(y, p) == pytest.approx(0.25**0.5 * 0.25**0.25 * 0.5**0.25)
    assert cross_entropy(y, p, unit="bits") == pytest.approx(0.5 * 2 + 0.25 * 2 + 0.25 * 1)


def test_where_the_product_underflows_the_logarithm_does_not():
    heads, fair = np.ones(2000), np.full(2000, 0.5)
    assert likelihood(heads, fair) == 0.0
    assert log_likelihood(heads, fair) == pytest.approx(-2000 * math.log(2), rel=1e-14)
    assert cross_entropy(heads, fair, unit="bits") == pytest.approx(2000, rel=1e-14)


def test_zero_times_log_zero_is_zero_and_an_impossible_label_costs_infinity():
    assert likelihood([[1, 0]], [[1.0, 0.0]]) == 1.0
    for certain in (([[1, 0]], [[1.0, 0.0]]), ([1, 0], [1.0, 0.0])):
        assert cross_entropy(*certain) == 0.0
        assert str(negative_log_likelihood(*certain)) == "0.0"  # not -0.0
    for impossible in (([[0, 1]], [[1.0, 0.0]]), ([1, 0], [1.0, 1.0])):
        assert likelihood(*impossible) == 0.0
        assert log_likelihood(*impossible) == -math.inf  # and without a warning, which would be an error here
        assert cross_entropy(*impossible) == math.inf


def test_no_data_points_have_likelihood_one():
    assert likelihood([], []) == 1.0
    assert cross_entropy(np.zeros((0, 3)), np.zeros((0, 3))) == 0.0


@pytest.mark.parametrize("kind", ["list", "float32", "float64", "tensor", "graph"])
def test_lists_arrays_and_tensors_give_the_same_python_float(kind):
    convert = {
        "list": list,
        "float32": lambda a: np.asarray(a, np.float32),
        "float64": np.asarray,
        "tensor": lambda a: tinycnn.tensor(np.asarray(a, np.float64)),
        "graph": lambda a: tinycnn.tensor(np.asarray(a, np.float64), requires_grad=True) * 1.0,
    }[kind]
    y, p = convert(LABELS.tolist()), convert(FIRST.tolist())
    for function, value in (
        (likelihood, 0.36288),
        (log_likelihood, math.log(0.36288)),
        (negative_log_likelihood, -math.log(0.36288)),
        (cross_entropy, -math.log(0.36288)),
    ):
        result = function(y, p)
        assert type(result) is float
        assert result == pytest.approx(value, rel=1e-6 if kind == "float32" else 1e-14)


def test_tensors_of_any_device(device):
    y = tinycnn.tensor(np.eye(3)[[2, 0]], device=device)
    p = tinycnn.tensor([[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]], device=device, requires_grad=True)
    assert likelihood(y, p) == 0.25
    assert likelihood(y.array, p.detach().array) == 0.25  # the backend's own arrays too
    assert cross_entropy(y.cpu().numpy(), p, unit="bits") == 2.0  # one of each


def test_the_inputs_stay_as_they_are():
    y, p = LABELS.copy(), FIRST.copy()
    cross_entropy(y, p)
    assert (y == LABELS).all()
    assert (p == FIRST).all()


@given(
    logits=arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-20, 20)),
    data=st.data(),
)
def test_cross_entropy_is_minus_the_log_of_the_likelihood_and_least_at_the_truth(logits, data):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    n, k = p.shape
    classes = data.draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n))
    one_hot = np.eye(k)[classes]
    by_hand = math.prod(p[i, j] for i, j in enumerate(classes))
    assert likelihood(one_hot, p) == pytest.approx(by_hand, rel=1e-12)
    assert cross_entropy(one_hot, p) == pytest.approx(-sum(math.log(p[i, j]) for i, j in enumerate(classes)), abs=1e-12)
    assert cross_entropy(p, p) <= cross_entropy(p, np.full_like(p, 1 / k)) + 1e-12  # Gibbs' inequality


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), max_size=8))
def test_binary_labels_are_distributions_over_two_classes(points):
    y, p = np.array([y for y, _ in points]), np.array([p for _, p in points])
    rows_y, rows_p = np.stack((1 - y, y), axis=1), np.stack((1 - p, p), axis=1)
    for function in (likelihood, log_likelihood, cross_entropy):
        assert function(y, p) == function(rows_y, rows_p)


def test_rows_may_miss_one_by_what_their_dtype_loses():
    off = np.array([[0.25, 0.75 + 2e-5]])
    y = [[0, 1]]
    with pytest.raises(ValueError, match="every row must sum to 1"):
        likelihood(y, off)
    assert likelihood(y, off.astype(np.float32)) == pytest.approx(0.75002)
    assert likelihood(y, [[0.25, 0.75 + 5e-7]]) == pytest.approx(0.75)
    assert likelihood(y, np.array([[0.1, 0.9]], np.float16)) == pytest.approx(0.9, abs=1e-3)


REFUSED = {
    "a logit": ([1, 0], [2.5, 0.5], r"probabilities lie in \[0, 1\]\n +y_pred\[0\].*2\.5\n.*softmax"),
    "a negative": ([1, 0], [0.5, -1e-9], r"probabilities lie in \[0, 1\]\n +y_pred\[1\]"),
    "NaN": ([1, 0], [math.nan, 0.5], r"y_pred\[0\].*nan\n.*NaN: look where"),
    "NaN label": ([math.nan, 0], [0.5, 0.5], r"labels are 0 or 1\n +y_true\[0\]"),
    "infinity": ([1], [math.inf], r"probabilities lie in \[0, 1\]"),
    "row above 1": ([[0, 1]], [[0.2, 0.9]], r"row must sum to 1\n +sum of y_pred\[0\].*1\.1"),
    "second row": ([[0, 1], [1, 0]], [[0.2, 0.8], [0.2, 0.7]], r"sum of y_pred\[1\]"),
    "label row": ([[0, 0]], [[0.2, 0.8]], r"sum of y_true\[0\].*0\.0"),
    "negative in a row": ([[0, 1, 0]], [[0.5, 0.7, -0.2]], r"y_pred\[0, 2\].*-0\.2"),
    "one column": ([[0.0], [1.0]], [[0.1], [0.8]], r"one column is no distribution.*reshape\(-1\)"),
    "class indices": ([2, 0], [0.5, 0.5], r"labels are 0 or 1\n +y_true\[0\].*2\.0"),
    "swapped": ([0.1, 0.8], [0, 1], r"the labels come first: \(y_true, y_pred\)"),
    "one flat distribution": ([0.25, 0.75], [0.5, 0.5], r"one row, in two pairs of brackets"),
}


@pytest.mark.parametrize(("y_true", "y_pred", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_bad_values_are_refused(function, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        function(y_true, y_pred)


MISFITS = {
    "lengths": ([0, 1], [0.5], r"same shape.*\n +y_true += \(2,\)\n +y_pred += \(1,\)\n.*one prediction"),
    "indices for rows": ([2, 0], [[0.2, 0.3, 0.5], [0.5, 0.2, 0.3]], r"one-hot: numpy\.eye\(K\)\[y_true\]"),
    "column": ([0, 1], [[0.1], [0.9]], "class indices"),
    "classes": ([[0, 1]], [[0.2, 0.3, 0.5]], "same shape"),
    "flat rows": ([[0, 1]], [0.2, 0.8], r"reshape\(-1\) for binary labels"),
    "scalars": (1, 0.5, r"y_true += \(\)"),
    "three dimensions": ([[[0, 1]]], [[[0.5, 0.5]]], r"\(1, 1, 2\)"),
    "ragged": ([[0, 1], [1]], [[0.5, 0.5], [1.0]], "y_true has rows of different lengths"),
}


@pytest.mark.parametrize(("y_true", "y_pred", "message"), MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_shapes_that_do_not_fit_are_refused(function, y_true, y_pred, message):
    with pytest.raises(ShapeError, match=message):
        function(y_true, y_pred)


@pytest.mark.parametrize("y_pred", [["0.5", "0.5"], [None, 0.5], [0.5 + 0j, 0.5]])
def test_what_is_no_number_is_refused(y_pred):
    with pytest.raises(TypeError, match="y_pred must hold real numbers"):
        likelihood([0, 1], y_pred)


def test_the_unit_is_nats_or_bits():
    with pytest.raises(ValueError, match="'nats' or 'bits', not 'digits'"):
        cross_entropy([1], [0.5], unit="digits")
