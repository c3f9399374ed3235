r"""A teacher's notebook becomes the students': solutions and hidden tests are taken out, by nbgrader's rules."""

from __future__ import annotations

import copy
from typing import Any

from tinycnn.errors import FormatError

Cell = dict[str, Any]
Notebook = dict[str, Any]

CODE_STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = ("YOUR ANSWER HERE",)


def strip(notebook: Notebook) -> Notebook:
    r"""A copy without solutions, hidden tests, mark schemes and outputs.

    What stands between lines with ``BEGIN SOLUTION`` and ``END SOLUTION`` gives way to a stub with the indentation of
    the first; a solution cell without them becomes a stub as a whole. What stands between ``BEGIN HIDDEN TESTS`` and
    ``END HIDDEN TESTS``, or ``BEGIN MARK SCHEME`` and ``END MARK SCHEME``, goes without a trace. These are the rules of
    nbgrader's ``generate_assignment``, and its tests hold us to them.

    Raises
    ------
    FormatError
        If a region does not end, begins twice, or lies in a cell that is not marked for it: nbgrader refuses it too.
        Or if it does not begin, which nbgrader lets pass: hidden tests would go to the students.
    """
    stripped = copy.deepcopy(notebook)
    for number, cell in enumerate(stripped["cells"]):
        _strip_cell(cell, f"cell {number + 1}")
    return stripped


def source_of(cell: Cell) -> str:
    """A cell's text, which files hold as one string or as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _strip_cell(cell: Cell, place: str) -> None:
    stub = CODE_STUB if cell["cell_type"] == "code" else TEXT_STUB
    text, solved = _without_regions(source_of(cell), "SOLUTION", stub, place)
    text, tested = _without_regions(text, "HIDDEN TESTS", (), place)
    text, schemed = _without_regions(text, "MARK SCHEME", (), place)
    marked = cell["metadata"].get("nbgrader") or {}
    for kind, role, found in (
        ("SOLUTION", "solution", solved), ("HIDDEN TESTS", "grade", tested), ("MARK SCHEME", "task", schemed),
    ):  # fmt: skip
        if found and not marked.get(role):
            raise FormatError(f"{place}: there is a {kind} region in a cell whose nbgrader metadata lack {role}: true")
    cell["source"] = "\n".join(stub) if marked.get("solution") and not solved else text
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None


def _without_regions(source: str, kind: str, stub: tuple[str, ...], place: str) -> tuple[str, bool]:
    """The text without regions of this kind, and whether there were any."""
    kept, inside, found = [], False, False
    for line in source.split("\n"):
        if f"BEGIN {kind}" in line:
            if inside:
                raise FormatError(f"{place}: BEGIN {kind} stands twice without END {kind} between")
            inside = found = True
            indent = line[: len(line) - len(line.lstrip())]
            kept += [indent + part for part in stub]
        elif f"END {kind}" in line:
            if not inside:
                raise FormatError(f"{place}: END {kind} has no BEGIN {kind}, and nothing would be taken out")
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise FormatError(f"{place}: BEGIN {kind} has no END {kind}")
    return "\n".join(kept), found
