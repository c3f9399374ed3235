r"""``tinycnn make-assignment``: exercises as notebooks, for students and for teachers."""

from __future__ import annotations

import argparse
import os
import textwrap

from tinycnn.errors import ConfigError, FormatError
from tinycnn.exercises import NAMES, assignment, strip
from tinycnn.exercises import notebook as notebooks
from tinycnn.exercises.assignments import file_name
from tinycnn.exercises.markers import Notebook

_EPILOG = f"""
Without --teacher, solutions and hidden tests are taken out; a teacher's own notebook with nbgrader's markers may be
given by its path. nbgrader takes the teacher's versions as they are: put one into source/<assignment>/ of a course, and
generate, release, collect and autograde as usual.

{textwrap.fill('exercises: ' + ', '.join(NAMES), 100, subsequent_indent='  ')}

examples:
  tinycnn make-assignment conv2d                       assignments/06_conv2d.ipynb, for students
  tinycnn make-assignment --teacher --output source    all of them, with solutions and points
  tinycnn make-assignment mine.ipynb --output out      a notebook of your own, without its solutions
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.epilog = _EPILOG
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help="exercises, or notebooks that end in .ipynb (default: all exercises)")
    parser.add_argument("--output", metavar="FOLDER", default="assignments", help="where to (default: assignments)")
    parser.add_argument("--teacher", action="store_true", help="with solutions and tests")
    parser.add_argument("--force", action="store_true", help="replace files that are there already")


def run(options: argparse.Namespace) -> int:
    r"""Write the notebooks, none if one of them is there, and list them."""
    if os.path.isfile(options.output):
        raise ConfigError(f"make-assignment: --output is a folder, but {options.output} is a file")
    made: dict[str, Notebook] = {}
    for name in options.names or NAMES:
        path, notebook = _made(name, options)
        if path in made:
            raise ConfigError(f"make-assignment: two notebooks would be called {path}")
        made[path] = notebook
    notebooks.write(made, options.force)
    print("\n".join(made))
    return 0


def _made(name: str, options: argparse.Namespace) -> tuple[str, Notebook]:
    if not name.endswith(".ipynb"):
        notebook = assignment(name)
        return os.path.join(options.output, file_name(name)), notebook if options.teacher else strip(notebook)
    if options.teacher:
        raise ConfigError(f"make-assignment: {name} is a teacher's version already")
    path = os.path.join(options.output, os.path.basename(name))
    if os.path.exists(path) and os.path.samefile(path, name):
        raise ConfigError(f"make-assignment: {name} would be replaced by its students' version; give another --output")
    if not os.path.isfile(name):
        raise ConfigError(f"make-assignment: there is no file {name}")
    notebook = notebooks.read(name)
    try:
        return path, strip(notebook)
    except FormatError as error:
        raise FormatError(f"{name}, {error}") from None
