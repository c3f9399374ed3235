r"""Notebooks as plain JSON (nbformat 4.5): cells with nbgrader's metadata, and files written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from tinycnn.errors import ConfigError, FormatError
from tinycnn.exercises.markers import Cell, Notebook, source_of
from tinycnn.serialization.atomic import replacing


def notebook(cells: list[Cell]) -> Notebook:
    """A notebook of these cells, for the kernel ``python3``."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}  # nbconvert asks for these
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": language},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def prose(name: str, text: str) -> Cell:
    """Text that students cannot change."""
    return _cell("markdown", name, text, locked=True)


def program(name: str, code: str) -> Cell:
    """Code that stands there for use; students may change it."""
    return _cell("code", name, code)


def solution(name: str, code: str) -> Cell:
    """Code between markers, for students to write."""
    return _cell("code", name, code, solution=True)


def tests(name: str, code: str, points: int) -> Cell:
    """Code that earns these points if it raises nothing."""
    return _cell("code", name, code, points, grade=True, locked=True)


def answer(name: str, text: str, points: int) -> Cell:
    """Text for students to write and for somebody to read; `text` is a model of it."""
    return _cell("markdown", name, text, points, grade=True, solution=True)


def _cell(kind: str, name: str, source: str, points: int | None = None, **roles: bool) -> Cell:
    marks: dict[str, Any] = {role: roles.get(role, False) for role in ("grade", "locked", "solution", "task")}
    marks |= {"grade_id": identifier(name), "schema_version": 3} | ({} if points is None else {"points": points})
    cell: Cell = {"cell_type": kind, "id": identifier(name), "metadata": {}, "source": source.strip("\n")}
    if any(roles.values()):
        cell["metadata"]["nbgrader"] = marks
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def identifier(name: str) -> str:
    """A name as nbformat and nbgrader want the ids of cells: letters, digits, hyphens and underscores, 64 at most.

    >>> identifier("linear gradient of bias")
    'linear-gradient-of-bias'
    """
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", name)[:64]


def text_of(notebook: Notebook) -> str:
    """A notebook as the text of a file, laid out as Jupyter does it."""
    cells = [cell | {"source": source_of(cell).splitlines(keepends=True)} for cell in notebook["cells"]]
    return json.dumps(notebook | {"cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path: str) -> Notebook:
    """A notebook from a file.

    Raises
    ------
    FormatError
        If it is none, or older than nbformat 4, or a cell lacks something.
    """
    with open(path, encoding="utf-8") as file:
        try:
            found = json.load(file)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{path}: this is no notebook: {error}") from None
    if not isinstance(found, dict) or found.get("nbformat") != 4 or not isinstance(found.get("cells"), list):
        raise FormatError(f"{path}: this is no notebook of nbformat 4, as Jupyter has written them since 2015")
    for number, cell in enumerate(found["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata"), dict) or "cell_type" not in cell:
            raise FormatError(f"{path}: cell {number} has no cell_type or no metadata")
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        if not all(isinstance(line, str) for line in lines):
            raise FormatError(f"{path}: the source of cell {number} is no text")
    return found


def write(notebooks: Mapping[str, Notebook], force: bool = False) -> None:
    """Write notebooks by path; none, if one of the files is there and `force` is not given.

    Raises
    ------
    ConfigError
        If a file is there already.
    """
    there = [path for path in notebooks if os.path.lexists(path)]
    if there and not force:
        raise ConfigError(f"{there[0]} is there already, perhaps with somebody's work in it; --force replaces it")
    texts = {path: text_of(notebook) for path, notebook in notebooks.items()}
    for path, text in texts.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
