"""Grading: what is right gets its points, what is wrong loses its own and no others, and says why."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tinycnn import exercises, gradcheck
from tinycnn.errors import ConfigError
from tinycnn.exercises import right
from tinycnn.exercises.catalogue import find, solution

BUGS = [(name, number) for name in exercises.NAMES for number in range(len(find(name).bugs))]


def solved(name: str) -> list[Any]:
    return [getattr(solution(name), function) for function in find(name).functions]


@pytest.mark.parametrize("name", exercises.NAMES)
def test_the_worked_solution_gets_every_point(name: str) -> None:
    for seed in range(3):
        grade = exercises.grade(name, *solved(name), seed=seed)
        assert grade.full, grade
    trial = exercises.try_examples(name, *solved(name))
    assert trial.full, trial
    assert trial.points == len(trial.parts) > 0


@pytest.mark.parametrize("name", exercises.NAMES)
def test_an_exercise_has_what_students_and_teachers_need(name: str) -> None:
    exercise = find(name)
    assert exercise.visible
    assert len(exercise.bugs) >= 3
    assert len(exercise.questions) >= 2
    assert all(len(bug.story) > 80 for bug in exercise.bugs)
    assert all(bug.cause in gradcheck.CAUSES for bug in exercise.bugs)
    assert all(f"`{function}`" in exercise.task for function in exercise.functions)
    assert sum(part.points for part in exercise.parts) >= 8


@pytest.mark.parametrize(("name", "number"), BUGS)
def test_a_bug_loses_the_points_of_its_argument(name: str, number: int) -> None:
    puzzle, bug = exercises.puzzles(name)[number], find(name).bugs[number]
    lost = {mark.name for mark in puzzle.grade().parts if mark.points == 0}
    if bug.argument is None:  # backward may share what is wrong in forward
        assert lost
        assert lost & {"shapes", "forward", "edge cases", "momentum", "weight decay"}
        return
    assert lost & {f"gradient of {bug.argument}", "edge cases"}
    spoilt = {failure.argument_name for failure in puzzle.check().failures} | {bug.argument}
    assert lost <= {"edge cases", *(f"gradient of {argument}" for argument in spoilt)}


def test_explanations_are_the_checkers() -> None:
    averaged = exercises.puzzles("linear")[0].grade()["gradient of weight"]
    assert "1/4 of the true one" in averaged.explanation
    assert "averaged where the sum is due" in averaged.explanation
    assert "x of shape (4, 3), weight of shape (5, 3)" in averaged.explanation
    unsummed = exercises.puzzles("linear")[2].grade()["gradient of bias"]
    assert "where the sum over all 4 is due" in unsummed.explanation


def test_a_wrong_forward_costs_its_own_points_alone() -> None:
    _, backward = solved("linear")
    grade = exercises.grade("linear", lambda x, weight, bias: x @ weight.T, backward)
    assert {mark.name: mark.points for mark in grade.parts if mark.verdict != "right"} == {
        "forward": 0, "edge cases": 1,
    }
    assert grade["edge cases"].explanation == "the gradients alone were looked at, as forward was not right before"
    assert "the result of forward is wrong in 20 of 20 entries" in grade["forward"].explanation
    halved = exercises.grade("linear", lambda x, weight, bias: (x @ weight.T + bias) / 2, backward, parts=["forward"])
    assert "everywhere 0.5 times the right number" in str(halved)


def test_forward_alone_may_be_handed_in() -> None:
    grade = exercises.grade("linear", solved("linear")[0])
    assert (grade.points, grade.possible) == (5, 12)
    assert grade["gradient of x"].verdict == "missing"
    assert grade["gradient of x"].explanation == "backward was not handed in"
    assert (grade["edge cases"].points, grade["edge cases"].verdict) == (1, "in part")
    assert grade["edge cases"].explanation == "forward alone was looked at, as no gradient was right before"


def test_edge_cases_wait_for_something_that_is_right() -> None:
    grade = exercises.grade("sigmoid", lambda x: x)
    assert grade["edge cases"].verdict == "waiting"
    _, backward = solved("softmax")
    naive = exercises.grade("softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), backward)
    assert [mark.name for mark in naive.parts if not mark.points] == ["edge cases"]
    assert "nan" in naive["edge cases"].explanation


def test_one_part_may_be_graded_alone() -> None:
    grade = exercises.grade("linear", *solved("linear"), parts=["edge cases", "shapes"])
    assert [mark.name for mark in grade.parts] == ["shapes", "edge cases"]
    assert grade.full
    assert [mark.name for mark in exercises.grade("linear", *solved("linear"), parts="forward").parts] == ["forward"]


def test_functions_that_do_not_fit_the_exercise_are_refused() -> None:
    forward, backward = solved("linear")
    with pytest.raises(ConfigError, match=r"no.* called 'conv'(.|\n)*did you mean conv2d"):
        exercises.grade("conv", forward)
    with pytest.raises(ConfigError, match="the name of the exercise comes first"):
        exercises.grade(forward, backward)
    with pytest.raises(ConfigError, match="what is graded are 2 functions, forward and backward"):
        exercises.grade("linear")
    with pytest.raises(ConfigError, match="what is graded is one function, step"):
        exercises.grade("sgd", forward, backward)
    with pytest.raises(ConfigError, match="backward should be a function, not int"):
        exercises.grade("linear", forward, 3)  # type: ignore[arg-type]  # a student may do so
    with pytest.raises(ConfigError, match="no part is called 'backward'; there are shapes, forward, gradient of x"):
        exercises.grade("linear", forward, parts=["backward"])
    with pytest.raises(ConfigError, match="no part is called 'speed'"):
        exercises.grade("linear", forward, parts=["shapes"])["speed"]


@pytest.mark.parametrize(("word", "meant"), [
    ("pool", "max_pool2d"), ("SGD", "sgd"), ("cross_entropy", "log_softmax_nll"), ("Conv2D", "conv2d"),
    ("norm", "batch_norm or layer_norm"), ("maxpool", "max_pool2d"), ("sigmiod", "sigmoid"),
    ("softmax2", "softmax"), ("ResNet", "residual_block"),
])
def test_an_exercise_that_is_called_otherwise_is_suggested(word: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean {meant}\?"):
        exercises.task(word)


@pytest.mark.parametrize("word", ["xyz", "", None, 3, np.arange(2)])
def test_for_a_word_that_means_nothing_nothing_is_suggested(word: Any) -> None:
    with pytest.raises(ConfigError, match="there is none called") as caught:
        exercises.task(word)
    assert "did you mean" not in str(caught.value)


def test_a_grade_prints_as_a_table_and_is_escaped_in_html() -> None:
    def forward(x: Any) -> Any:
        raise ValueError("<b>bold</b>")

    grade = exercises.grade("relu", forward)
    assert str(grade).splitlines()[:3] == [
        "relu: 0 of 8 points",
        "  shapes         0 of 1  wrong",
        "      forward raises ValueError: <b>bold</b>",
    ]
    assert "as above" in str(grade)
    html = grade._repr_html_()
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html
    assert html.count("<tr>") == 5


def test_no_line_of_a_grade_is_longer_than_a_terminal_is_wide() -> None:
    for name in ("softmax", "conv2d"):
        for puzzle in exercises.puzzles(name):
            assert max(map(len, str(puzzle.grade()).splitlines())) <= 100


BIASED = (
    ("linear", lambda x, weight, bias: (x @ weight.T + bias).astype(np.float32) * 1.0, "float32, where float64 is due"),
    ("linear", lambda x, weight, bias: (x.astype(np.float32) @ weight.T.astype(np.float32) + bias), "the first digits"),
    ("linear", lambda x, weight, bias: x @ weight.T, "off by a number for each entry of axis 1: is a bias missing"),
    ("linear", lambda x, weight: x @ weight.T, "forward should be forward(x, weight, bias), but too many positional"),
    ("conv2d", lambda x, weight, bias, step=1: x, "padding=0), but got an unexpected keyword argument 'stride'"),
)


@pytest.mark.parametrize(("name", "forward", "explanation"), BIASED)
def test_what_is_said_of_a_wrong_forward(name: str, forward: Any, explanation: str) -> None:
    assert explanation in exercises.grade(name, forward, parts=["forward"])["forward"].explanation


@pytest.mark.parametrize(("backward", "part", "explanation"), [
    (lambda g, x, weight, bias: (g.T @ x, g @ weight, g.sum(0)), "x", "where (4, 3) is due: the order is gx, gw"),
    (lambda g, x, weight, bias: (g @ weight, g.sum(0), g.T @ x), "bias", "where (5,) is due: the order is gx, gw"),
    (lambda g, x, weight, bias: (g @ weight, x.T @ g, g.sum(0)), "weight", "are the axes exchanged?"),
    (lambda g, x, weight, bias: (g, g.T @ x, g.sum(0, keepdims=True)), "bias", "taken with keepdims=True?"),
    (lambda g, x, weight, bias: (g, g.T @ x, g), "bias", "is a sum over some of the axes missing?"),
])
def test_what_is_said_of_gradients_of_the_wrong_shape(backward: Any, part: str, explanation: str) -> None:
    name = f"gradient of {part}"
    assert explanation in exercises.grade("linear", solved("linear")[0], backward, parts=[name])[name].explanation


def test_numbers_that_differ_are_seen_to_differ() -> None:
    said = exercises.grade("linear", lambda x, weight, bias: (x @ weight.T + bias) * (1 + 1e-7))["forward"].explanation
    got, wanted = re.findall(r"-?\d+\.\d+", said)[:2]
    assert got != wanted


def test_neither_ours_nor_the_checkers_cotangent_is_an_argument() -> None:
    """Equal numbers hide a backward that takes the one for the other."""
    for name in exercises.NAMES:
        for seed in range(3):
            drawn = {float(a) for part in find(name).parts for number, case in enumerate(part.cases)
                     for array in right.drawn(case, seed, number) for a in array.flat[:50] if a % 1}
            for g in (right.cotangent((50,), seed), np.random.default_rng([seed, 1]).standard_normal(50)):
                assert not drawn & set(g.tolist())

    def backward(g: Any, x: Any) -> Any:
        s = solved("sigmoid")[0](x)
        return x * s * (1 - s)

    assert exercises.grade("sigmoid", solved("sigmoid")[0], backward)["gradient of x"].points == 0


def test_a_grade_is_the_same_each_time() -> None:
    puzzle = exercises.puzzles("batch_norm")[0]
    assert puzzle.grade() == puzzle.grade()


def test_the_state_of_the_caller_is_left_alone() -> None:
    seen: list[int] = []

    def forward(x: Any) -> Any:
        seen.append(1)
        return 1 / (1 + np.exp(-x))

    exercises.grade("sigmoid", forward)
    assert seen == []  # the child has a copy
