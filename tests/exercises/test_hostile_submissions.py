"""Whatever a student hands in, each part ends with a clear word and the others are graded."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import exercises
from tinycnn.exercises import isolation
from tinycnn.exercises.catalogue import solution
from tinycnn.exercises.isolation import Limits, in_a_fork

Function = Callable[..., Any]
forks = pytest.mark.skipif(not isolation.can_fork(), reason="no fork here")


def endless(*arguments: Any) -> Any:
    while True:
        pass


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
    ("an error", raises, "line 52, in raises: return y[:, :, 7]"),
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


@forks
@pytest.mark.parametrize(("backward", "explanation"), [
    (endless, "backward did not come back within 0.3 s: is there a loop that never ends?"),
    (lambda *arguments: os.abort(), "backward crashed (signal 6: aborted)"),
    (lambda *arguments: os._exit(3), "backward ended the whole process with status 3, such as by os._exit()"),
    (lambda *arguments: os.closerange(3, 256), "backward ended the whole process"),
    (lambda *arguments: np.ones((10**6, 10**6)), "backward asked for more than 2 GB of memory (Unable to "),
])
def test_what_stops_a_part_stops_no_other(backward: Function, explanation: str) -> None:
    grade = exercises.grade(
        "linear", solution("linear").forward, backward, parts=["shapes", "forward", "gradient of bias"], seconds=0.3
    )
    assert grade["gradient of bias"].verdict == "stopped"
    assert explanation in grade["gradient of bias"].explanation
    assert (grade["shapes"].points, grade["forward"].points) == (1, 3)


@forks
def test_memory_that_grows_bit_by_bit_is_limited_too() -> None:
    def hoard() -> None:
        held = []
        while True:
            held.append(bytearray(10**7))

    answer = in_a_fork(hoard, Limits(seconds=20, gigabytes=0.2))
    if sys.platform == "linux":
        assert answer.ended == "asked for more than 0.2 GB of memory"


def test_prints_and_warnings_are_kept_apart(capfd: pytest.CaptureFixture[str]) -> None:
    def forward(x: Any) -> Any:
        print("here is x:", x.shape)
        print("and this is an error", file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        return 1 / (1 + np.exp(-x))

    grade = exercises.grade("sigmoid", forward)
    assert grade["forward"].points == 3
    assert "here is x: (3, 4)\nand this is an error\n" in grade["forward"].printed
    assert capfd.readouterr() == ("", "")


@forks
def test_even_the_descriptors_of_the_terminal_are_not_written_to(capfd: pytest.CaptureFixture[str]) -> None:
    exercises.grade("sigmoid", lambda x: os.write(1, b"leak") * x)
    assert capfd.readouterr().out == ""


@forks
def test_processes_that_are_left_behind_are_ended(tmp_path: Path) -> None:
    note = tmp_path / "alive"

    def forward(x: Any) -> Any:
        if not os.fork():
            time.sleep(1.0)
            note.write_text("still here")
            os._exit(0)
        return 1 / (1 + np.exp(-x))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert exercises.grade("sigmoid", forward, parts=["forward"]).full
    time.sleep(1.3)
    assert not note.exists()


@forks
def test_what_does_not_come_back_is_waited_for_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"

    def backward(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        with calls.open("a") as file:
            file.write("called\n")
        endless()

    grade = exercises.grade("linear", solution("linear").forward, backward, seconds=0.3)
    assert [mark.verdict for mark in grade.parts] == ["right"] * 2 + ["stopped"] * 3 + ["right"]
    assert calls.read_text() == "called\n"


def test_a_slow_backward_is_not_called_endless_because_the_checker_calls_it_often() -> None:
    puzzle = exercises.puzzles("relu")[0]

    def backward(g: Any, x: Any) -> Any:
        time.sleep(0.1)
        return puzzle.backward(g, x)

    (mark,) = exercises.grade("relu", puzzle.forward, backward, parts=["gradient of x"], seconds=4).parts
    assert mark.verdict == "wrong"


@pytest.mark.parametrize("error", [ValueError, MemoryError])
def test_an_error_neither_floods_a_terminal_nor_commands_it(error: type[Exception]) -> None:
    def forward(x: Any) -> Any:
        raise error("\x1b[2J" + "z" * 10**6)

    said = str(exercises.grade("relu", forward))
    assert "·[2Jzzz" in said
    assert len(said) < 3000


def test_of_what_is_printed_the_beginning_is_kept() -> None:
    def forward(x: Any) -> Any:
        for _ in range(1000):
            print("noise " * 100)
        return np.maximum(x, 0)

    mark = exercises.grade("relu", forward, parts=["forward"])["forward"]
    assert (mark.verdict, len(mark.printed)) == ("right", 2000)


@forks
@pytest.mark.parametrize("said", [b"{}", b"[1]", b'{"value": 3, "ended": "", "printed": ""}', b"x" * 10**7,
                                  b'{"value": {}, "ended": "", "printed": ""}'])
def test_nonsense_in_the_place_of_an_answer_earns_nothing_and_ends_nothing(said: bytes) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def forward(x: Any) -> Any:
        for descriptor in range(3, 200):
            with contextlib.suppress(OSError):
                os.write(descriptor, said + b"\n")
        os._exit(0)

    grade = exercises.grade("relu", forward, solution("relu").backward)
    assert [mark.points for mark in grade.parts] == [0, 0, 2, 2]
    with pytest.raises(BlockingIOError):  # nobody has written there: files of ours are closed to the child
        os.read(reading, 1)
    os.close(reading)
    os.close(writing)


@forks
def test_where_processes_are_refused_there_are_no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **options: Any) -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    tried = (isolation.can_fork, isolation.can_run_programs)
    monkeypatch.setattr(os, "fork", refused)
    monkeypatch.setattr(subprocess, "run", refused)
    for cached in tried:
        cached.cache_clear()
    grade = exercises.grade("relu", solution("relu").forward, solution("relu").backward)
    for cached in tried:
        cached.cache_clear()
    assert grade.full
    assert grade.notes == (isolation.NO_LIMITS,)


def test_a_submission_that_grades_itself_is_not_graded_within() -> None:
    def forward(x: Any) -> Any:
        print(exercises.grade("sigmoid", forward), exercises.try_examples("sigmoid", forward))
        return 1 / (1 + np.exp(-x))

    grade = exercises.grade("sigmoid", forward)
    assert grade["forward"].points == 3
    assert grade["forward"].printed.count("not graded again while it is graded") == 2 * 2  # twice for each case


def test_a_changed_input_is_a_copy_of_ours() -> None:
    def forward(x: Any) -> Any:
        x *= 0
        return x

    grades = [exercises.grade("relu", forward), exercises.grade("relu", solution("relu").forward)]
    assert [grade["forward"].points for grade in grades] == [0, 3]


SCRIPT = """
import os
import numpy as np
from tinycnn import exercises

def mine(x): return np.maximum(x, 0)
def its_gradient(g, x): os.abort()

print(exercises.grade("relu", mine, its_gradient))
print(exercises.try_examples("relu", mine, its_gradient))
"""


def test_functions_of_a_file_have_processes_without_fork_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "homework.py"
    script.write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(isolation, "can_fork", lambda: False)
    exec(compile(SCRIPT, str(script), "exec"), {"__name__": "__main__"})
    out = capsys.readouterr().out
    assert "relu: 6 of 8 points" in out
    assert "relu, the examples: 1 of 2 points" in out
    assert "without limits" not in out
    assert f"note: {isolation.NO_MEMORY_LIMIT}" in out
    assert "crashed (signal 6" in out or sys.platform == "win32"
