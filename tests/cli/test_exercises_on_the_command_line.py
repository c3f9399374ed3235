"""tinycnn grade and tinycnn make-assignment, as they are typed."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from tinycnn import exercises
from tinycnn.cli import main
from tinycnn.exercises import isolation
from tinycnn.exercises import notebook as notebooks

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
        "both.py    relu     5 of 8", "both.py    linear  12 of 12", "linear.py  linear  12 of 12",
    ]
    entries = json.loads(Path("marks.json").read_text(encoding="utf-8"))
    assert [(entry["file"], entry["points"]) for entry in entries] == [
        ("both.py", 5), ("both.py", 12), ("linear.py", 12),
    ]
    assert entries[0]["parts"][2]["explanation"] == "backward was not handed in"
    rows = list(csv.DictReader(Path("marks.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 4 + 6 + 1 + 6 + 1
    totals = [(row["file"], row["exercise"], row["points"], row["possible"]) for row in rows if row["name"] == "total"]
    assert totals == [("both.py", "relu linear", "17", "20"), ("linear.py", "linear", "12", "12")]
    assert rows[0] == {"file": "both.py", "exercise": "relu", "name": "shapes", "points": "1", "possible": "1",
                       "verdict": "right", "explanation": ""}


# Notebooks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def notebook_with(solution: str, name: str = "jan.ipynb", changed: dict[str, str] | None = None) -> str:
    """The students' assignment, with this in the place of the solution and other cells as given by their ids."""
    notebook = exercises.strip(exercises.assignment("linear"))
    for cell in notebook["cells"]:
        cell["source"] = ({"solution": solution} | (changed or {})).get(
            cell["id"].removeprefix("linear-"), cell["source"]
        )
    return hand_in(name, notebooks.text_of(notebook))


@pytest.mark.parametrize("fork", [True, False])
def test_an_assignment_is_graded_as_it_is_handed_in_with_its_puzzles_unsolved(
    fork: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fork:
        monkeypatch.setattr(isolation, "can_fork", lambda: False)
    assert main(["grade", notebook_with(LINEAR)]) == 0
    assert "linear: 12 of 12 points" in capsys.readouterr().out
    wrong = LINEAR.replace("g.sum(axis=0)", "1 / 0")
    assert main(["grade", notebook_with(f"%matplotlib inline\n!ls\n{wrong}")]) == 1
    out = capsys.readouterr().out
    assert "linear: 5 of 12 points" in out
    assert "line 8, in backward: return g @ weight, g.T @ x, 1 / 0" in out


@pytest.mark.parametrize(("solution", "changed", "said"), [
    ("def forward(x, weight, bias):\n    return x @ weight.T + bias", {}, "linear: 5 of 12"),
    (LINEAR, {"imports": "import nonsense"}, "code cell 1 raises ModuleNotFoundError: No module named 'nonsense'"),
    ("def forward(x:", {}, "code cell 2 raises SyntaxError: '(' was never closed"),
    ("", {}, "the file defines no function forward"),
    ("", {"imports": LINEAR}, "linear: 12 of 12"),
    (LINEAR, {"bug-1-found": "def forward(x): return 0"}, "linear: 12 of 12"),
    (LINEAR, {"try-examples": "1 / 0"}, "linear: 12 of 12"),
    (LINEAR, {"imports": "import numpy as np\ndisplay(np)\nforward = None"}, "linear: 12 of 12"),
    ("def linear_forward(x, weight, bias):\n    return x @ weight.T + bias", {}, "linear: 5 of 12"),
])
def test_of_a_notebook_the_cells_count_up_to_its_functions(
    solution: str, changed: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["grade", notebook_with(solution, changed=changed)])
    assert said in capsys.readouterr().out


def test_a_notebook_of_ones_own_is_graded_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    forward, backward = LINEAR.split("def backward")
    sources = ["import numpy as np", forward, "print(forward(*3 * [np.eye(2)]))", f"def backward{backward}", "1 / 0"]
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    assert main(["grade", hand_in("05_Linear-jan.ipynb", text)]) == 0
    assert main(["grade", hand_in("jan.ipynb", text), "--exercise", "linear"]) == 0
    assert capsys.readouterr().out.count("linear: 12 of 12 points") == 2


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
    seconds = "2" if "while" in text else "20"  # to start Python takes its time, too
    assert main(["grade", hand_in("relu.py", text), "--seconds", seconds]) == 1
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
    assert "relu: 5 of 8 points" in out
    assert "backward crashed (signal 6" in out or sys.platform == "win32"
    assert out.count("noise") == out.count("it printed: noise") == 2  # and as above; the descriptor's is not ours
    assert "without limits" not in out


@pytest.mark.parametrize(("words", "message"), [
    ("nowhere.py", "there is no file nowhere.py"),
    ("ada.py", "ada.py: which exercise is it? Say so with --exercise NAME"),
    ("conv2d", "there is no file conv2d; it is an exercise, which --exercise conv2d would name"),
    ("ada.py --exercise conv", "did you mean conv2d?"),
    ("said.py", "there is none called 'conv3d'"),
    ("mine.ipynb", "mine.ipynb: this is no notebook of nbformat 4"),
    ("ada.py --exercise relu --csv nowhere/marks.csv", "there is no folder for nowhere/marks.csv"),
    ("ada.py nowhere.py", "EXERCISE = \"conv2d\"; there is no file nowhere.py"),
    ("ada.py --exercise relu --json .", ". is a folder, where a file is to be written"),
    ("ada.py --exercise relu --seconds 0", "seconds and gigabytes should be above 0, and seed not below"),
    ("ada.py --exercise relu --seed -1", "seconds and gigabytes should be above 0, and seed not below"),
])
def test_what_cannot_be_graded_is_misuse(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    hand_in("ada.py", "def forward(x): return x")
    hand_in("said.py", 'EXERCISE = "conv3d"')
    hand_in("mine.ipynb", "{}")
    assert main(["grade", *words.split()]) == 2
    assert message in capsys.readouterr().err


def test_what_cannot_be_graded_does_not_stop_the_class(capsys: pytest.CaptureFixture[str]) -> None:
    files = [hand_in("ada.py", "x = 1"), hand_in("linear.py", LINEAR), "nowhere.py",
             hand_in("odd.py", 'EXERCISE = "conv3d"'), hand_in("bad.ipynb", "{}")]
    assert main(["grade", *files, "--json", "marks.json", "--csv", "marks.csv"]) == 1
    out = capsys.readouterr().out
    assert "ada.py\nnot graded: ada.py: which exercise is it?" in out
    assert "nowhere.py\nnot graded: there is no file nowhere.py\n" in out
    assert "odd.py\nnot graded: odd.py: exercises: there is none called 'conv3d'" in out
    assert [line.split(maxsplit=1)[1] for line in out.splitlines()[-5:]] == [
        "not graded", "linear  12 of 12", "not graded", "not graded", "not graded",
    ]
    entries = json.loads(Path("marks.json").read_text(encoding="utf-8"))
    assert [(entry["points"], entry["parts"][0]["verdict"]) for entry in entries] == [
        (0, "not graded"), (12, "right"), (0, "not graded"), (0, "not graded"), (0, "not graded"),
    ]
    rows = list(csv.DictReader(Path("marks.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["file"] for row in rows if row["name"] == "total"] == files
    assert rows[-1]["explanation"].startswith("bad.ipynb: this is no notebook")


def test_of_a_folder_the_files_and_notebooks_are_graded(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("handed in", "nothing"):
        Path(folder).mkdir()
    hand_in("handed in/linear.py", LINEAR)
    notebook_with(LINEAR, "handed in/ben.ipynb")
    hand_in("handed in/read.me", "")
    assert main(["grade", "handed in"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines[-2:]] == [
        str(Path("handed in/ben.ipynb")), str(Path("handed in/linear.py")),
    ]
    assert main(["grade", "nothing", "handed in"]) == 1
    assert "not graded: there is no Python file and no notebook in nothing" in capsys.readouterr().out


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
    ("nowhere.ipynb", 2, "there is no file nowhere.ipynb"),
    ("linear --output mine.ipynb", 2, "--output is a folder, but mine.ipynb is a file"),
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
