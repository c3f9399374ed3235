"""`check` called in ways it is not meant to be, or with functions that are not right to begin with: what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.gradcheck.test_check import AFFINE, affine, affine_backward, normal
from tinycnn import nn
from tinycnn.gradcheck import check, check_model
from tinycnn.nn import functional as F


def tanh(x: Any) -> Any:
    return np.tanh(x)


def tanh_backward(g: Any, x: Any) -> Any:
    return g * (1 - np.tanh(x) ** 2)


# Inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_gradient_of_integers_is_not_checked_and_that_is_said() -> None:
    x, _, bias = AFFINE
    report = check(affine, [x, np.ones((2, 3), int), bias], backward=affine_backward)
    assert report.passed
    assert [e.name for e in report.examined] == ["x", "bias"]
    assert report.notes == (
        "weight is int64, so that its gradient was not checked: make it float (weight.astype(float)) if it should have"
        " one.",
    )
    without = check(affine, [x, np.ones((2, 3), int), bias], backward=lambda g, x, w, b: (g @ w, None, g.sum(0)))
    assert without.passed
    assert not without.notes


@pytest.mark.parametrize("numbers", [0.5, [0.5, 1, -2.0], [[0.5, 1.0]]])
def test_numbers_and_lists_of_them_are_inputs(numbers: Any) -> None:
    report = check(tanh, numbers, backward=tanh_backward)
    assert report.passed
    assert [e.name for e in report.examined] == ["x"]
    assert check(tinycnn.tanh, numbers).passed


def test_a_list_for_a_function_of_several_is_several_inputs() -> None:
    assert len(check(lambda x, y: x * y, [0.5, 2.0]).examined) == 2
    assert len(check(lambda *xs: xs[0] * xs[1], [0.5, 2.0]).examined) == 2


def test_integers_are_made_floating_as_is_usual_for_their_kind() -> None:
    with pytest.raises(ValueError, match=r"pass 2.0 for 2, or x.astype\(float\) for integers"):
        check(tanh, np.arange(3), backward=tanh_backward)
    with pytest.raises(ValueError, match=r"pass 2.0 for 2, or x.double\(\) for integers"):
        check(tinycnn.tanh, tinycnn.tensor([1, 2]))


# Functions ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_numpy_function_without_its_backward_is_asked_for_it() -> None:
    with pytest.raises(ValueError, match="tanh computes with NumPy") as raised:
        check(tanh, normal(3))
    assert "pass backward=..., and on the command line name both, file.py:forward,backward" in str(raised.value)
    assert "detach" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_an_error_in_forward_comes_through_with_a_note() -> None:
    def broken(x: Any) -> Any:
        raise KeyError("cache")

    with pytest.raises(KeyError) as raised:
        check(broken, normal(3, 4), backward=tanh_backward)
    assert raised.value.__notes__ == ["check: raised by broken, the forward, for shape (3, 4)"]
    with pytest.raises(KeyError) as raised:
        check(broken, normal(3, 4))
    assert raised.value.__notes__ == ["check: raised by the forward of broken"]


@pytest.mark.parametrize("cache", [(normal(2), normal(3)), {"x": 1}, None])
def test_a_cache_beside_the_output_is_refused(cache: Any) -> None:
    with pytest.raises(TypeError, match="must return an array of numbers, not tuple of ndarray and ") as raised:
        check(lambda x: (np.tanh(x), cache), normal(3), backward=tanh_backward)
    assert "return the output alone, without a cache" in str(raised.value)


def test_a_tuple_of_cotangents_is_explained_where_backward_stumbles_over_it() -> None:
    with pytest.raises(AttributeError) as raised:
        check(lambda x: (np.tanh(x), x), normal(3), backward=lambda g, x: g.copy())
    assert raised.value.__notes__ == [
        "check: raised by backward, called as backward(g, *inputs) for g of shape (3,), (3,), a tuple since forward"
        " returns 2 arrays"
    ]


def test_arrays_have_no_graph_to_leave() -> None:
    report = check(affine, AFFINE, backward=lambda g, x, w, b: (g @ w, g.T @ x, None))
    assert report.hint == "Return a gradient for every floating input, in order."


def test_an_axis_kept_by_keepdims() -> None:
    report = check(affine, AFFINE, backward=lambda g, x, w, b: (g @ w, g.T @ x, g.sum(0, keepdims=True)))
    assert (report.cause_code, report.argument_name) == ("wrong-shape", "bias")
    assert "sum without keepdims=True" in report.hint


# What the report says first ──────────────────────────────────────────────────────────────────────────────────────────


def test_where_nothing_is_wrong_nothing_is_called_wrong() -> None:
    report = check(lambda x: np.maximum(x, 0), np.zeros((5, 6)), backward=lambda g, x: g * (x > 0))
    assert report.verdict == "kink"
    assert "27 more kinks: " in str(report)
    assert "wrong: " not in str(report)


def test_a_right_gradient_of_a_function_that_changes_its_input() -> None:
    def shifted(x: Any) -> Any:
        x += 1
        return x * 2

    told = str(check(shifted, normal(3), backward=lambda g, x: 2 * g))
    assert told.splitlines()[0] == "FAIL  shifted: forward changes x in place"
    assert "right, but forward changes x in place" in told
    assert "WRONG" not in told
    assert "worst at" not in told


def test_a_forward_that_is_not_finite_is_not_blamed_on_the_gradient() -> None:
    with np.errstate(all="ignore"):
        report = check(lambda x: x / 0, normal(2), backward=lambda g, x: g, name="quotient")
    assert str(report).splitlines()[0] == "FAIL  quotient: forward gives a value that is not finite"


def test_two_functions_called_forward_and_backward() -> None:
    def forward(x: Any) -> Any:
        return np.tanh(x)

    def backward(g: Any, x: Any) -> Any:
        return g

    assert str(check(forward, normal(3), backward=backward)).startswith(
        "FAIL  forward and backward: the gradient of x is wrong"
    )
    assert check(forward, normal(3), backward=backward, name="tanh").name == "tanh"


def test_a_flat_function_has_no_factor_and_no_term_that_were_wrong() -> None:
    report = check(lambda x: np.sign(x) + 2, normal(3, 4), backward=lambda g, x: g * np.tanh(x), names=["x"])
    assert report.cause_code == "unknown"
    assert report.cause.startswith("The function is flat here: the outputs do not change with x, so that the true grad")
    assert "0 everywhere, but backward gives " in report.cause


# Models ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

NET = nn.Sequential(nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("model", "target", "loss", "told"),
    [
        (NET, nn.CrossEntropyLoss(), tinycnn.tensor([0, 1]), r"target, loss\), but CrossEntropyLoss stands third"),
        (NET, F.cross_entropy, tinycnn.tensor([0, 1]), "but cross_entropy stands third"),
        (NET, tinycnn.tensor([0, 1]), nn.CrossEntropyLoss, "but it is the class CrossEntropyLoss"),
        (nn.Linear, None, None, r"takes a Module, not the class: Linear\(\)"),
    ],
)
def test_arguments_of_check_model_in_the_wrong_place(model: Any, target: Any, loss: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        check_model(model, tinycnn.randn(2, 4), target, loss)


def test_check_of_a_class_of_modules() -> None:
    with pytest.raises(TypeError, match=r"check: takes a Module, not the class: ReLU\(…\) makes one"):
        check(nn.ReLU, tinycnn.randn(2, 3))


def test_labels_that_are_floats_are_no_values() -> None:
    with pytest.raises(ValueError, match="needs the shape of the output") as raised:
        check_model(NET, tinycnn.randn(2, 4), np.array([0.0, 1.0]))
    assert "labels are integers: target.long(), or target.astype(int) of an array" in str(raised.value)
    with pytest.raises(TypeError, match=r"convert labels with .long\(\)"):
        check_model(NET, tinycnn.randn(2, 4), tinycnn.tensor([0.0, 1.0]), nn.CrossEntropyLoss())
