r"""What is handed in: functions, or a file that defines them, which nobody imports before it is graded."""

from __future__ import annotations

import ast
import linecache
import os
import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tinycnn.errors import ConfigError
from tinycnn.exercises.catalogue import NAMES, find
from tinycnn.exercises.code_cells import assigned, code_cells
from tinycnn.exercises.exercise import Exercise
from tinycnn.exercises.mistake import Mistake, told

Functions = Mapping[str, Callable[..., Any]]
NOTEBOOK = ".ipynb"


class Written(NamedTuple):
    """Functions that are there already, by name: "forward", "backward"."""

    functions: Functions

    def load(self) -> Functions:
        """The functions that were handed in."""
        return self.functions


class File(NamedTuple):
    """A Python file or a notebook that defines them; `names` says for each what it may be called there."""

    path: str
    names: Mapping[str, Sequence[str]]

    def load(self) -> Functions:
        """Run the file and take out its functions: to be done where it can do no harm.

        Raises
        ------
        Mistake
            If the file cannot be run, or none of the functions is in it.
        """
        module = types.ModuleType("submission")
        module.__file__ = self.path
        sys.modules["submission"] = module
        sys.path.insert(0, os.path.dirname(os.path.abspath(self.path)))
        defined = vars(module)
        if self.path.endswith(NOTEBOOK):
            self._run_cells(defined)
        else:
            with told("the file", self.path):
                exec(compile(_bytes(self.path), self.path, "exec"), defined)
            linecache.checkcache(self.path)
        found = {name: next((defined[n] for n in names if callable(defined.get(n))), None)
                 for name, names in self.names.items()}
        functions = {name: function for name, function in found.items() if function is not None}
        if not functions:
            raise Mistake(f"the file defines no function {next(iter(self.names))}")
        return functions

    def _run_cells(self, defined: dict[str, Any]) -> None:
        """Run a notebook's cells, each as a file of its own: errors tell the line of the cell."""
        defined["display"] = print  # which notebooks have
        with told("the notebook", self.path):
            cells = code_cells(self.path, [name for names in self.names.values() for name in names])
        for name, source in cells:
            file = f"{self.path}, {name}"
            linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
            with told(name, file):
                exec(compile(source, file, "exec"), defined)


def handed_in(exercise: Exercise, path: str) -> File:
    """A file, whose functions are called ``forward`` or ``conv2d_forward``."""
    return File(path, {name: (f"{exercise.name}_{name}", name) for name in exercise.functions})


def written(exercise: Exercise, functions: tuple[Any, ...]) -> Written:
    """These functions, in the order in which the exercise names them.

    Raises
    ------
    ConfigError
        If there are none or too many, or one is not a function.
    """
    wanted = exercise.functions
    if not functions or functions[0] is None or len(functions) > len(wanted):
        raise ConfigError(f"{exercise.name}: what is graded are {len(wanted)} functions, {' and '.join(wanted)}"
                          if len(wanted) > 1 else f"{exercise.name}: what is graded is one function, {wanted[0]}")
    for name, function in zip(wanted, functions, strict=False):
        if function is not None and not callable(function):
            raise ConfigError(f"{exercise.name}: {name} should be a function, not {type(function).__name__}")
    return Written({name: f for name, f in zip(wanted, functions, strict=False) if f is not None})


def as_file(functions: Functions) -> File | None:
    """The file that functions come from, if it is one and defines them all at its outermost level."""
    codes = [getattr(function, "__code__", None) for function in functions.values()]
    paths = {code.co_filename for code in codes if code is not None}
    names = {name: getattr(function, "__qualname__", "") for name, function in functions.items()}
    if None in codes or len(paths) != 1 or not all(name.isidentifier() for name in names.values()):
        return None
    (path,) = paths
    return File(path, {name: (there,) for name, there in names.items()}) if os.path.isfile(path) else None


def exercises_in(path: str) -> tuple[str, ...]:
    """Which exercises a file holds, from its text alone: it is not run.

    By a line ``EXERCISE = "conv2d"``; else by functions such as ``conv2d_forward``; else by the ids of nbgrader's
    cells in a notebook; else by its name, such as ``conv2d.py``, ``conv2d_ada.py`` or ``06_conv2d_ada.ipynb``.

    Raises
    ------
    ConfigError
        If none of them says it.
    FormatError
        If it is called a notebook and is none.
    """
    body = _statements(path)
    said = [value for statement in body if (value := _said(statement)) is not None]
    if said:
        return (said[-1],)
    functions = {statement.name for statement in body if isinstance(statement, ast.FunctionDef)}
    held = tuple(
        name for name in NAMES if functions & {f"{name}_{function}" for function in find(name).functions}
    )
    if held:
        return held
    if path.endswith(NOTEBOOK) and (name := assigned(path)) in NAMES:
        return (name,)
    words = "_" + re.sub(r"\W", "_", os.path.splitext(os.path.basename(path))[0].lower()) + "_"
    if named := [name for name in NAMES if f"_{name}_" in words]:
        return (max(named, key=len),)
    raise ConfigError(
        f'{path}: which exercise is it? Say so with --exercise NAME, or in the file with EXERCISE = "conv2d"'
    )


def _statements(path: str) -> list[ast.stmt]:
    """Those of the file, none if it is no Python: then running it says what is wrong."""
    if path.endswith(NOTEBOOK):
        return [statement for cell in code_cells(path, _all_names()) for statement in _parsed(cell.source)]
    return _parsed(_bytes(path))


def _all_names() -> set[str]:
    functions = [(name, function) for name in NAMES for function in find(name).functions]
    return {function for _, function in functions} | {f"{name}_{function}" for name, function in functions}


def _parsed(source: str | bytes) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _bytes(path: str) -> bytes:
    """A file as it is: Python knows what encoding it is in."""
    with open(path, "rb") as file:
        return file.read()


def _said(statement: ast.stmt) -> str | None:
    """"conv2d", if the statement is ``EXERCISE = "conv2d"``."""
    match statement:
        case ast.Assign(targets=[ast.Name(id="EXERCISE")], value=ast.Constant(value=str(name))):
            return name
        case _:
            return None
