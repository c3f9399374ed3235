"""Assignments: the teacher's version runs, the students' lacks its solutions, and both are what nbgrader reads."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tinycnn import exercises
from tinycnn.errors import ConfigError, FormatError
from tinycnn.exercises import notebook as notebooks
from tinycnn.exercises.assignments import file_name
from tinycnn.exercises.markers import source_of

COMMITTED = Path(__file__).parents[2] / "notebooks" / "exercises"


def graded(notebook: dict[str, Any]) -> dict[str, int]:
    marked = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    return {marks["grade_id"]: marks["points"] for marks in marked if marks.get("grade")}


def code(notebook: dict[str, Any]) -> str:
    return "\n".join(source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("name", exercises.NAMES)
def test_the_teachers_version_passes_all_its_tests(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = exercises.assignment(name)
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile(source_of(cell), cell["id"], "exec"), names)
    assert capsys.readouterr().out.count("Right. ") == 2
    points = graded(notebook)
    for part in exercises.grade(name, *(names[function] for function in names["puzzle"].functions)).parts:
        assert points[notebooks.identifier(f"{name} {part.name}")] == part.possible


@pytest.mark.parametrize("name", exercises.NAMES)
def test_the_students_version_has_no_solution_and_all_else(name: str) -> None:
    teacher, student = exercises.assignment(name), exercises.strip(exercises.assignment(name))
    text = notebooks.text_of(student)
    assert not re.search("(BEGIN|END) (SOLUTION|HIDDEN)", text)
    assert "exercises.grade(" not in code(student)
    assert all(json.dumps(question.answer)[1:40] not in text for question in exercises.task(name).exercise.questions)
    assert [cell["id"] for cell in student["cells"]] == [cell["id"] for cell in teacher["cells"]]
    assert graded(student) == graded(teacher)
    names: dict[str, Any] = {}
    exec(code({"cells": student["cells"][:4]}), names)  # the functions are there, to be written
    for function in exercises.task(name).exercise.functions:
        with pytest.raises(NotImplementedError):
            names[function](*"abcdefgh"[: names[function].__code__.co_argcount])


@pytest.mark.parametrize("name", exercises.NAMES)
def test_cells_have_ids_and_metadata_as_the_formats_want_them(name: str) -> None:
    cells = exercises.assignment(name)["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in ids)
    for cell in cells:
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | (
            {"outputs", "execution_count"} if cell["cell_type"] == "code" else set()
        )
        marks = cell["metadata"].get("nbgrader")
        if marks is not None:
            assert set(marks) - {"points"} == {"grade", "grade_id", "locked", "schema_version", "solution", "task"}
            assert ("points" in marks) == marks["grade"]
            assert marks["schema_version"] == 3
            assert marks["grade_id"] == cell["id"]
    if importlib.util.find_spec("nbformat"):
        nbformat = importlib.import_module("nbformat")
        nbformat.validate(exercises.assignment(name))


@pytest.mark.parametrize("name", exercises.NAMES)
def test_the_notebooks_in_the_repository_are_what_is_generated(name: str) -> None:
    """`tinycnn make-assignment --teacher --output notebooks/exercises --force` writes them anew."""
    committed = (COMMITTED / file_name(name)).read_text(encoding="utf-8")
    assert committed == notebooks.text_of(exercises.assignment(name))


def test_a_task_shows_its_numbers_as_text_and_in_a_notebook() -> None:
    task = exercises.task("linear")
    assert "def backward(g, x, weight, bias):" in str(task)
    assert "y = [[ 8. 24.]\n         [ 9. 19.]]" in str(task)
    assert task._repr_markdown_().startswith("## Linear layer\n\nA linear layer multiplies")
    with pytest.raises(ConfigError, match="did you mean linear"):
        exercises.task("liner")


# What is taken out, by nbgrader's rules ──────────────────────────────────────────────────────────────────────────────


def stripped(source: str | list[str], kind: str = "code", **roles: bool) -> str:
    cell = {"cell_type": kind, "metadata": {"nbgrader": roles}, "source": source, "outputs": [1], "execution_count": 3}
    (made,) = exercises.strip({"cells": [cell]})["cells"]
    assert cell["outputs"] == [1]  # the original is left alone
    assert kind != "code" or (made["outputs"], made["execution_count"]) == ([], None)
    return str(made["source"])


def test_a_solution_gives_way_to_a_stub_with_its_indentation() -> None:
    source = "def f(x):\n    # before\n    ### BEGIN SOLUTION\n    y = 2\n\nz = 3\n### END SOLUTION\n    # after"
    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
    assert stripped(source, solution=True) == f"def f(x):\n    # before\n{stub}\n    # after"
    assert stripped("x = 1", solution=True) == "# YOUR CODE HERE\nraise NotImplementedError()"
    assert stripped("It is *so*.", "markdown", solution=True, grade=True) == "YOUR ANSWER HERE"
    assert stripped("x = 1") == "x = 1"
    assert stripped(["x = 1\n", "y = 2"]) == "x = 1\ny = 2"  # lines, as files hold it


def test_hidden_tests_and_mark_schemes_go_without_a_trace() -> None:
    hidden = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"
    assert stripped(hidden, grade=True) == "assert a\nassert c"
    scheme = "Task\n=== BEGIN MARK SCHEME ===\n2 points\n=== END MARK SCHEME ==="
    assert stripped(scheme, "markdown", task=True) == "Task"


@pytest.mark.parametrize(("source", "roles", "message"), [
    ("### BEGIN SOLUTION\n", {"solution": True}, "cell 1: BEGIN SOLUTION has no END SOLUTION"),
    ("### BEGIN SOLUTION\n### BEGIN SOLUTION", {"solution": True}, "cell 1: BEGIN SOLUTION stands twice"),
    ("assert a\n### END HIDDEN TESTS", {"grade": True}, "cell 1: END HIDDEN TESTS has no BEGIN HIDDEN TESTS"),
    ("### BEGIN SOLUTION\n### END SOLUTION", {"grade": True}, "whose nbgrader metadata lack solution: true"),
    ("### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS", {}, "whose nbgrader metadata lack grade: true"),
])
def test_regions_that_would_be_taken_out_wrongly_are_refused(source: str, roles: dict[str, bool], message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        stripped(source, **roles)


@pytest.mark.parametrize(("cells", "message"), [
    ([3], "cell 1 has no cell_type"),
    ([{"cell_type": "code", "source": ""}], "cell 1 has no cell_type or no metadata"),
    ([{"cell_type": "raw", "metadata": {}, "source": "x"}, {"cell_type": "raw", "metadata": {}}], "source of cell 2"),
    ([{"cell_type": "code", "metadata": {}, "source": ["x", 3]}], "the source of cell 1 is no text"),
])
def test_a_file_that_is_no_notebook_is_said_to_be_none(cells: list[Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}), encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        notebooks.read(str(path))


@pytest.mark.parametrize("name", exercises.NAMES)
def test_what_a_notebook_imports_it_imports_at_the_top(name: str) -> None:
    cells = [cell for cell in exercises.assignment(name)["cells"] if cell["cell_type"] == "code"]
    assert "import numpy as np\n" in source_of(cells[0])
    assert not re.search(r"^(import|from) ", code({"cells": cells[1:]}), re.MULTILINE)
