"""nbgrader itself takes the assignments: makes the same students' version of them, and gives the points."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinycnn import exercises
from tinycnn.exercises import notebook as notebooks
from tinycnn.exercises.markers import source_of

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed: pip install 'tinycnn[instructor]'"
)
NAME = "linear"
SOLUTION = """
def forward(x, weight, bias):
    return x @ weight.T + bias


def backward(g, x, weight, bias):
    return g @ weight, g.T @ x, g.sum(axis=0)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with an assignment of all exercises, and another of one, released by nbgrader."""
    root = tmp_path_factory.mktemp("course")
    notebooks.write({str(root / "source" / "all" / f"{n}.ipynb"): exercises.assignment(n) for n in exercises.NAMES})
    notebooks.write({str(root / "source" / "one" / f"{NAME}.ipynb"): exercises.assignment(NAME)})
    nbgrader(root, "generate_assignment", "all", "--no-db")  # its database takes most of the time
    nbgrader(root, "generate_assignment", "one")
    return root


def nbgrader(root: Path, *words: str) -> None:
    own = {name: str(root / "own") for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    own["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # it calls alembic
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words], capture_output=True, text=True, cwd=root,
        env=os.environ | own, check=False,
    )
    assert done.returncode == 0, done.stderr


def released(root: Path, name: str) -> dict[str, Any]:
    return notebooks.read(str(root / "release" / "all" / f"{name}.ipynb"))


@pytest.mark.parametrize("name", exercises.NAMES)
def test_the_students_version_is_nbgraders(course: Path, name: str) -> None:
    theirs, ours = released(course, name), exercises.strip(exercises.assignment(name))
    assert [source_of(cell) for cell in theirs["cells"]] == [source_of(cell) for cell in ours["cells"]]
    for their, our in zip(theirs["cells"], ours["cells"], strict=True):
        marks = {k: v for k, v in their["metadata"].get("nbgrader", {}).items() if k not in ("checksum", "cell_type")}
        assert marks == our["metadata"].get("nbgrader", {})


def test_nbgrader_gives_the_points(course: Path) -> None:
    found = 'argument, cause = "weight", "scale"'
    hand_in(course, "ada", {"solution": SOLUTION, "bug-1-found": found, "bug-2-found": found})
    hand_in(course, "ben", {})
    hand_in(course, "cyd", {"solution": SOLUTION.replace("g.sum(axis=0)", "g[0]")})
    hand_in(course, "dan", {"solution": SOLUTION.replace("return g @", "import os; os.abort()\n    return g @")})
    nbgrader(course, "autograde", "one")
    nbgrader(course, "export", f"--to={course / 'grades.csv'}")
    rows = csv.DictReader((course / "grades.csv").read_text(encoding="utf-8").splitlines())
    points = {row["student_id"]: float(row["score"]) for row in rows}
    # The examples give 1, the parts 12, the first bug 1; the second is another, and words wait for a reader. A gradient
    # that is wrong loses the examples', its own and, with a batch of no rows, the edge cases' points. What ends the
    # process loses what needs it, half of the edge cases and so their cell too, and the notebook goes on.
    assert points == {"ada": 14.0, "ben": 0.0, "cyd": 1 + 12 - 2 - 2 - 1.0, "dan": 12 - 3 * 2 - 2.0}


def hand_in(root: Path, student: str, sources: dict[str, str]) -> None:
    """What the student was given, with these cells written."""
    notebook = released(root, NAME)
    for cell in notebook["cells"]:
        cell["source"] = sources.get(cell["id"].removeprefix(f"{NAME}-"), source_of(cell))
    folder = root / "submitted" / student / "one"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
