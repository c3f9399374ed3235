"""tinycnn grade and tinycnn make-assignment, as they are typed."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tinycnn.cli import main
from tinycnn.exercises import isolation

LINEAR = """
def forward(x, weight, bias):
    return x @ weight.T + bias

def backward(g, x, weight, bias):
    return g @ weight, g.T @ x, g.sum(axis=0)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def hand_in(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_full_marks_are_0_and_less_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", hand_in("linear.py", LINEAR)]) == 0
    assert capsys.readouterr().out.startswith("linear.py\nlinear: 12 of 12 points\n  shapes  ")
    assert main(["grade", hand_in("linear.py", LINEAR.replace("g.sum(axis=0)", "g[0]"))]) == 1
    assert "where the sum over all 4 is due" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("name", "text", "options"), [
    ("linear.py", LINEAR, ""),
    ("linear_ada.py", LINEAR, ""),
    ("ada.py", f'EXERCISE = "linear"\n{LINEAR}', ""),
    ("ada.py", LINEAR, "--exercise linear"),
    ("ada.py", LINEAR.replace("def ", "def linear_"), ""),
    ("conv2d.py", LINEAR, "--exercise linear"),
    ("linear.py", "\ufeff# a file from Windows begins with a mark\n" + LINEAR, ""),
])
def test_a_file_says_which_exercise_it_is(
    name: str, text: str, options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", hand_in(name, text), *options.split()]) == 0
    assert "linear: 12 of 12 points" in capsys.readouterr().out


def test_several_files_end_in_a_table_and_go_into_files(capsys: pytest.CaptureFixture[str]) -> None:
    both = LINEAR.replace("def ", "def linear_") + "\ndef relu_forward(x): return x * (x > 0)\n"
    assert main(["grade", hand_in("both.py", both), hand_in("linear.py", LINEAR), "--json", "marks.json",
                 "--csv", "marks.csv"]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "both.py    relu     6 of 8", "both.py    linear  12 of 12", "linear.py  linear  12 of 12",
    ]
    entries = json.loads(Path("marks.json").read_text(encoding="utf-8"))
    assert [(entry["file"], entry["points"]) for entry in entries] == [
        ("both.py", 6), ("both.py", 12), ("linear.py", 12),
    ]
    assert entries[0]["parts"][2]["explanation"] == "backward was not handed in"
    rows = list(csv.DictReader(Path("marks.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 4 + 6 + 6
    assert rows[0] == {"file": "both.py", "exercise": "relu", "name": "shapes", "points": "1", "possible": "1",
                       "verdict": "right", "explanation": ""}


HOSTILE = [
    ("while True: pass", "the file did not come back within 2 s: is there a loop that never ends?"),
    ("import sys\nsys.exit(0)", "the file ends the program, such as by sys.exit(), instead of coming back\n"),
    ("import os\nos._exit(0)", "the file ended the whole process, such as by os._exit()"),
    ("import os\nos.abort()", "the file crashed (signal 6"),
    ("x = 1 / 0", "the file raises ZeroDivisionError: division by zero\n        line 1: x = 1 / 0\n"),
    ("def forward(x:", "the file raises SyntaxError: '(' was never closed"),
    ("import nonsense", "the file raises ModuleNotFoundError: No module named 'nonsense'"),
    ("def frward(x): return x", "the file defines no function forward"),
    ("x = '\\0'\n\0", "the file raises "),
]


@pytest.mark.parametrize("fork", [True, False])
@pytest.mark.parametrize(("text", "explanation"), HOSTILE, ids=[text[:12] for text, _ in HOSTILE])
def test_a_file_is_run_where_it_can_do_no_harm(
    text: str, explanation: str, fork: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if fork and not isolation.can_fork():
        pytest.skip("no fork here")
    monkeypatch.setattr(isolation, "can_fork", lambda: fork)
    assert main(["grade", hand_in("relu.py", text), "--seconds", "2"]) == 1
    out = capsys.readouterr().out
    assert explanation in out
    assert "relu: 0 of 8 points" in out


def test_without_fork_each_part_is_a_program_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "can_fork", lambda: False)
    text = "import os\nimport numpy as np\nprint('noise')\nos.write(1, b'noise')\n" \
           "def forward(x): return np.maximum(x, 0)\ndef backward(g, x): os.abort()\n"
    assert main(["grade", hand_in("relu.py", text)]) == 1
    out = capsys.readouterr().out
    assert "relu: 6 of 8 points" in out
    assert "backward crashed (signal 6" in out or sys.platform == "win32"
    assert "noise" not in out
    assert "without limits" not in out


@pytest.mark.parametrize(("words", "message"), [
    ("nowhere.py", "there is no file nowhere.py"),
    ("ada.py", "ada.py: which exercise is it? Say so with --exercise NAME"),
    ("ada.py --exercise conv", "did you mean conv2d?"),
    ("said.py", "there is none called 'conv3d'"),
    ("mine.ipynb", "mine.ipynb is a notebook: nbgrader grades those"),
    ("ada.py --exercise relu --csv nowhere/marks.csv", "there is no folder for nowhere/marks.csv"),
    ("ada.py --exercise relu --seconds 0", "seconds and gigabytes should be above 0, and seed not below"),
    ("ada.py --exercise relu --seed -1", "seconds and gigabytes should be above 0, and seed not below"),
])
def test_what_cannot_be_graded_is_misuse(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in("ada.py", "def forward(x): return x")
    hand_in("said.py", 'EXERCISE = "conv3d"')
    hand_in("mine.ipynb", "{}")
    assert main(["grade", *words.split()]) == 2
    assert message in capsys.readouterr().err


# make-assignment ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_assignments_are_written_for_students_and_for_teachers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make-assignment", "linear", "sgd"]) == 0
    assert capsys.readouterr().out.split() == ["assignments/05_linear.ipynb", "assignments/12_sgd.ipynb"]
    student = Path("assignments/05_linear.ipynb").read_text(encoding="utf-8")
    assert "YOUR CODE HERE" in student
    assert "BEGIN SOLUTION" not in student
    assert main(["make-assignment", "--teacher", "linear", "--output", "source/week 1"]) == 0
    assert "BEGIN SOLUTION" in Path("source/week 1/05_linear.ipynb").read_text(encoding="utf-8")
    assert main(["make-assignment", "source/week 1/05_linear.ipynb", "--output", "out"]) == 0
    assert Path("out/05_linear.ipynb").read_text(encoding="utf-8") == student


def test_all_of_them_are_written_if_none_is_named() -> None:
    assert main(["make-assignment"]) == 0
    assert len(list(Path("assignments").iterdir())) == 12


def test_what_is_there_already_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["make-assignment", "sgd"]) == 0
    path = Path("assignments/12_sgd.ipynb")
    path.write_text("a teacher's work", encoding="utf-8")
    assert main(["make-assignment", "linear", "sgd"]) == 2
    assert "assignments/12_sgd.ipynb is there already" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "a teacher's work"
    assert not Path("assignments/05_linear.ipynb").exists()
    assert main(["make-assignment", "sgd", "--force"]) == 0
    assert path.read_text(encoding="utf-8").startswith("{")


@pytest.mark.parametrize(("words", "code", "message"), [
    ("convd", 2, "did you mean conv2d?"),
    ("broken.ipynb", 1, "broken.ipynb: this is no notebook"),
    ("old.ipynb", 1, "old.ipynb: this is no notebook of nbformat 4"),
    ("nowhere.ipynb", 1, "nowhere.ipynb: No such file"),
    ("broken.ipynb --teacher", 2, "is a teacher's version already"),
    ("mine.ipynb --output .", 2, "would be replaced by its students' version"),
    ("mine.ipynb", 1, "mine.ipynb, cell 1: BEGIN SOLUTION has no END SOLUTION"),
    ("linear linear", 2, "two notebooks would be called assignments"),
])
def test_mistakes_are_said_in_a_line(words: str, code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in("broken.ipynb", "[1,")
    hand_in("old.ipynb", '{"nbformat": 3, "worksheets": []}')
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"solution": True}}, "source": "### BEGIN SOLUTION"}
    hand_in("mine.ipynb", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
    assert main(["make-assignment", *words.split()]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not Path("assignments").exists()
