"""Whatever loops, crashes or floods ends its own part with a clear word, and the others are graded."""

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

from tinycnn import exercises
from tinycnn.exercises import isolation
from tinycnn.exercises.catalogue import solution
from tinycnn.exercises.isolation import Limits, in_a_fork

Function = Callable[..., Any]
forks = pytest.mark.skipif(not isolation.can_fork(), reason="no fork here")


def endless(*arguments: Any) -> Any:
    while True:
        pass


@forks
@pytest.mark.parametrize(("backward", "explanation"), [
    (endless, "backward did not come back within 0.3 s: is there a loop that never ends?"),
    (lambda *arguments: os.abort(), "backward crashed (signal 6: aborted)"),
    (lambda *arguments: os._exit(3), "backward ended the whole process with status 3, such as by os._exit()"),
    (lambda *arguments: os.closerange(3, 256), "backward ended the whole process"),
    (lambda *arguments: np.ones((10**6, 10**6)), "backward asked for more than 2 GB of memory (Unable to "),
])
def test_what_stops_a_part_stops_no_other(backward: Function, explanation: str) -> None:
    parts = ["shapes", "forward", "gradient of bias"]
    seconds = 0.3 if backward is endless else 20  # all others end by themselves, however slow the machine
    grade = exercises.grade("linear", solution("linear").forward, backward, parts=parts, seconds=seconds)
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
    told = "      it printed:\n        here is x: (3, 4)\n        and this is an error\n"
    assert told in str(grade)
    assert "it printed: \n  here is x" in grade._repr_html_()
    assert told.replace("(3, 4)", "(2, 2)") in str(exercises.try_examples("sigmoid", forward))
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
    assert [mark.verdict for mark in grade.parts] == ["right"] * 2 + ["stopped"] * 3 + ["in part"]
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
    shown = str(exercises.grade("relu", forward, parts=["forward"])).splitlines()[2:]
    assert len(shown) == 5  # "it printed:", three lines and three dots
    assert shown[1].strip().endswith("…")
    assert max(map(len, shown)) <= 100


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
    assert [mark.points for mark in grade.parts] == [0, 0, 2, 1]
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


SCRIPT = """
import os
import numpy as np
from tinycnn import exercises

def mine(x): return np.maximum(x, 0)
def its_gradient(g, x): os.abort()

print(exercises.grade("relu", mine, its_gradient, seconds=20))
print(exercises.try_examples("relu", mine, its_gradient, seconds=20))
"""


def test_functions_of_a_file_have_processes_without_fork_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "homework.py"
    script.write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(isolation, "can_fork", lambda: False)
    exec(compile(SCRIPT, str(script), "exec"), {"__name__": "__main__"})
    out = capsys.readouterr().out
    assert "relu: 5 of 8 points" in out
    assert "relu, the examples: 1 of 2 points" in out
    assert "without limits" not in out
    assert f"note: {isolation.NO_MEMORY_LIMIT}" in out
    assert "crashed (signal 6" in out or sys.platform == "win32"
