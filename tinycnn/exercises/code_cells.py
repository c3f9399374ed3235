r"""The code of a notebook that was handed in: the cells up to where its functions are, without tests and puzzles."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from tinycnn.exercises import notebook as notebooks
from tinycnn.exercises.markers import Cell, Notebook, source_of


class CodeCell(NamedTuple):
    """A cell's name for messages, such as ``"code cell 2"``, and what Python runs of it."""

    name: str
    source: str


def code_cells(path: str, functions: Collection[str]) -> list[CodeCell]:
    """The cells to run, in order, for functions of these names to be there.

    They end with the last cell that defines one of them, before the first puzzle. Where nbgrader's cells for solutions
    define them, they end before the next test. If no cell defines any, they end before the first test.

    Raises
    ------
    FormatError
        If the file is no notebook.
    """
    cells = [cell for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "code"]
    cells = cells[:_first(cells, lambda cell: "exercises.puzzles(" in source_of(cell))]
    return [CodeCell(f"code cell {number}", without_magics(source_of(cell)))
            for number, cell in enumerate(cells[:_end(cells, functions)], 1) if not _is_test(cell)]


def assigned(path: str) -> str | None:
    """The name that the ids of nbgrader's solution cells begin with, ``"conv2d"`` for ``conv2d-solution``."""
    notebook: Notebook = notebooks.read(path)
    ids = (str(_marks(cell).get("grade_id", "")) for cell in notebook["cells"] if _marks(cell).get("solution"))
    return next((grade_id.removesuffix("-solution") for grade_id in ids if grade_id.endswith("-solution")), None)


def without_magics(source: str) -> str:
    r"""The code without IPython's commands, whose lines stay empty; what is Python as it stands is left alone.

    >>> without_magics("%matplotlib inline\nx = 1")
    '\nx = 1'
    >>> without_magics("x = (7\n% 4)")
    'x = (7\n% 4)'
    """
    if source.lstrip().startswith("%%"):  # for the whole cell, such as %%bash
        return ""
    return source if _parses(source) else re.sub(r"^[ \t]*[%!].*$", "", source, flags=re.MULTILINE)


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _end(cells: list[Cell], functions: Collection[str]) -> int:
    names = "|".join(map(re.escape, functions))
    definition = re.compile(rf"^(?:def\s+(?:{names})\b|(?:{names})\s*=)", re.MULTILINE)  # in code with mistakes too
    defining = [i for i, cell in enumerate(cells) if definition.search(source_of(cell)) and not _is_test(cell)]
    solved = [i for i in defining if _marks(cells[i]).get("solution")]
    start = solved[-1] if solved else len(cells) if defining else 0
    tests = _first(cells, _is_test, start)
    return max((i + 1 for i in defining if i < tests), default=tests)


def _first(cells: list[Cell], is_it: Callable[[Cell], bool], start: int = 0) -> int:
    """Where the first of them stands, from `start` on; behind the last if there is none."""
    return next((i for i in range(start, len(cells)) if is_it(cells[i])), len(cells))


def _is_test(cell: Cell) -> bool:
    marks = _marks(cell)
    return bool(marks.get("grade")) and not marks.get("solution")


def _marks(cell: Cell) -> dict[str, object]:
    marks = cell["metadata"].get("nbgrader")
    return marks if isinstance(marks, dict) else {}
