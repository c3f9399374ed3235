"""The notebooks as files: whole, clean, and the same on every machine. `pytest --nbmake notebooks` runs them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LECTURE = sorted(NOTEBOOKS.glob("*.ipynb"))
ALL = sorted(NOTEBOOKS.rglob("*.ipynb"))
ABSOLUTE = re.compile(r"""[\s"'`(=]/[A-Za-z]\w*/\w|\b[A-Z]:\\\\""")  # a path that begins at the root of a disk


def named(path: Path) -> str:
    return str(path.relative_to(NOTEBOOKS))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_the_lecture_has_eleven_notebooks_and_the_exercises_twelve() -> None:
    assert [path.name[:2] for path in LECTURE] == [f"{n:02}" for n in range(1, 12)]
    assert [path.name[:2] for path in sorted((NOTEBOOKS / "exercises").glob("*.ipynb"))] == [
        f"{n:02}" for n in range(1, 13)
    ]


@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_notebook_holds_no_outputs_and_nothing_of_the_machine_it_was_written_on(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    assert not ABSOLUTE.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ALL, ids=named)
def test_cells_have_names_of_their_own_and_code_that_parses(path: Path) -> None:
    everything = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names = [cell["id"] for cell in everything]
    assert len(set(names)) == len(names)
    for cell in cells(path, "code"):
        assert text(cell).strip()
        ast.parse("\n".join(line for line in text(cell).splitlines() if not line.lstrip().startswith(("%", "!"))))


@pytest.mark.parametrize("path", LECTURE, ids=named)
def test_a_lecture_begins_with_its_title_and_ends_with_exercises(path: Path) -> None:
    written = [text(cell) for cell in cells(path, "markdown")]
    assert written[0].startswith("# ")
    headings = re.findall(r"^## .*$", "\n".join(written), re.MULTILINE)
    assert "exercises" in headings[-1].lower()
    asked = "\n".join(written).split(headings[-1])[1]
    assert 2 <= len(re.findall(r"^\s*(?:\*\*|#+ |\d+\.)", asked, re.MULTILINE)) <= 6


@pytest.mark.parametrize("path", LECTURE, ids=named)
def test_links_to_other_notebooks_lead_somewhere(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#:]+\.ipynb)\)", text(cell)):
            assert (path.parent / target).exists(), target
