"""What is said of functions that return, raise or change what they should not, with and without processes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import exercises
from tinycnn.exercises import isolation
from tinycnn.exercises.catalogue import solution

Function = Callable[..., Any]
forks = pytest.mark.skipif(not isolation.can_fork(), reason="no fork here")


def recursive(*arguments: Any) -> Any:
    return recursive(*arguments)


def exits(*arguments: Any) -> Any:
    sys.exit(0)


def asks(*arguments: Any) -> Any:
    return input("number? ")


def changes(x: Any) -> Any:
    x[x < 0] = 0
    return x


def raises(x: Any) -> Any:
    y = x + 1
    return y[:, :, 7]


WRONG: list[tuple[str, Function, str]] = [
    ("None", lambda x: None, "forward returns None: is a return missing?"),
    ("a list", lambda x: [[0.0]], "the result of forward is a list, where a numpy.ndarray is due"),
    ("text", lambda x: "0", "the result of forward is a str"),
    ("integers", lambda x: (x > 0).astype(int), "is of dtype int64, where float64 is due"),
    ("booleans", lambda x: x > 0, "is of dtype bool, where float64 is due"),
    ("complex numbers", lambda x: x + 0j, "is of dtype complex128, where float64 is due"),
    ("objects", lambda x: x.astype(object), "is of dtype object, where float64 is due"),
    ("single precision", lambda x: np.maximum(x, 0).astype(np.float32), "is of dtype float32, where float64 is due"),
    ("transposed", lambda x: np.maximum(x, 0).T, "has the shape (4, 3), where (3, 4) is due: are the axes exchanged?"),
    ("a sum", lambda x: x.sum(), "a single number, so something sums over too much"),
    ("too few arguments", lambda: 0, "forward should be forward(x), but too many positional arguments"),
    ("an input that is changed", changes, "forward changes x, which belongs to whoever called it"),
    ("an error", raises, "line 40, in raises: return y[:, :, 7]"),
    ("no end of itself", recursive, "forward calls itself without end (RecursionError)"),
    ("the end of the program", exits, "forward ends the program, such as by sys.exit(), instead of coming back"),
    ("a question", asks, "forward waits for input, and there is nobody to type (EOFError)"),
    ("a Tensor", lambda x: tinycnn.relu(tinycnn.from_numpy(x)), "is a Tensor of shape (3, 4)"),
]


@pytest.mark.parametrize(("forward", "explanation"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
@pytest.mark.parametrize("fork", [pytest.param(True, marks=forks), False])
def test_what_forward_should_not_return(
    forward: Function, explanation: str, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fork:
        monkeypatch.setattr(isolation, "can_fork", lambda: False)
    grade = exercises.grade("relu", forward, solution("relu").backward)
    assert grade["shapes"].points == 0
    assert explanation in grade["shapes"].explanation
    assert grade["gradient of x"].points == 2
    assert grade.notes == (() if fork else (isolation.NO_LIMITS,))


@pytest.mark.parametrize(("backward", "explanation"), [
    (lambda g, x, weight, bias: None, "backward returns None"),
    (lambda g, x, weight, bias: (g @ weight, g.T @ x), "2 values, where 3 arrays are due: gx, gweight, gbias"),
    (lambda g, x, weight, bias: g @ weight, "backward returns an array of shape (4, 3), where 3 arrays are due"),
    (lambda g, x, weight, bias: (g @ weight * np.nan, 0, 0), "the gradient of x is nan at [0, 0], where"),
    (lambda g, x, weight, bias: (None, None, None), "the gradient of x is None"),
    (lambda g, x: g, "backward should be backward(g, x, weight, bias), but too many positional arguments"),
])
def test_what_backward_should_not_return(backward: Function, explanation: str) -> None:
    grade = exercises.grade("linear", solution("linear").forward, backward)
    assert explanation in grade["gradient of x"].explanation
    assert (grade["shapes"].points, grade["forward"].points) == (1, 3)


def test_a_tuple_of_one_gradient_counts_as_the_gradient_also_of_a_number() -> None:
    grade = exercises.grade("relu", solution("relu").forward, lambda g, x: (g * (x > 0),))
    assert grade.full, grade


def test_a_backward_that_changes_what_it_is_given_loses_a_gradient() -> None:
    def backward(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        gradients = g @ weight, g.T @ x, g.sum(axis=0)
        weight += 1
        return gradients

    grade = exercises.grade("linear", solution("linear").forward, backward)
    assert [mark.name for mark in grade.parts if not mark.points] == ["gradient of weight"]
    assert "backward changes weight, which belongs to whoever called it" in grade["gradient of weight"].explanation

    def in_place(g: Any, x: Any) -> Any:
        g[x <= 0] = 0
        return g

    grade = exercises.grade("relu", solution("relu").forward, in_place)
    assert "backward changes g" in grade["gradient of x"].explanation


def test_a_changed_input_is_a_copy_of_ours() -> None:
    def forward(x: Any) -> Any:
        x *= 0
        return x

    grades = [exercises.grade("relu", forward), exercises.grade("relu", solution("relu").forward)]
    assert [grade["forward"].points for grade in grades] == [0, 3]
