r"""``tinycnn grade``: points for files that students hand in."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import textwrap

from tinycnn.errors import ConfigError
from tinycnn.exercises import NAMES, Grade
from tinycnn.exercises.catalogue import find
from tinycnn.exercises.grading import grade_submission
from tinycnn.exercises.isolation import Limits
from tinycnn.exercises.submission import exercises_in, handed_in
from tinycnn.serialization.atomic import replacing

_EPILOG = f"""
A file defines forward and backward (step for sgd) and says which exercise it is:
  EXERCISE = "conv2d"            in a line of its own; or
  conv2d.py, conv2d_ada.py       by its name; or
  conv2d_forward, relu_forward   by the names of its functions, where it holds several.
It is run in a process of its own, which may loop or crash. That guards against accidents, not against malice.

{textwrap.fill('exercises: ' + ', '.join(NAMES), 100, subsequent_indent='  ')}

exit status: 0 full marks    1 not    2 wrong options
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.epilog = _EPILOG
    parser.add_argument("files", metavar="FILE", nargs="+", help="Python files that were handed in")
    parser.add_argument("--exercise", metavar="NAME", help="which exercise they are, instead of what they say")
    parser.add_argument("--seconds", metavar="S", type=float, default=5.0,
                        help="how long each part may take (default: 5)")
    parser.add_argument("--gigabytes", metavar="G", type=float, default=2.0,
                        help="how much memory each part may ask for (default: 2)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the random inputs (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="write points and explanations there, and what was printed")
    parser.add_argument("--csv", metavar="FILE", help="write a table there, a row for each part")


def run(options: argparse.Namespace) -> int:
    r"""Grade the files, print what came of it, and say by the exit status whether all is right."""
    for path in filter(None, (options.csv, options.json)):
        if not os.path.isdir(os.path.dirname(path) or "."):
            raise ConfigError(f"grade: there is no folder for {path}")
    held = {path: _exercises(path, options.exercise) for path in options.files}  # before the first is graded
    grades: list[tuple[str, Grade]] = []
    for path, names in held.items():
        for name in names:
            exercise, limits = find(name), Limits(options.seconds, options.gigabytes)
            grade = grade_submission(exercise, handed_in(exercise, path), None, limits, options.seed)
            grades.append((path, grade))
            print(f"{path}\n{grade}\n", flush=True)
    if len(grades) > 1:
        print(_table(grades))
    _write(grades, options)
    return 0 if all(grade.full for _, grade in grades) else 1


def _exercises(path: str, name: str | None) -> tuple[str, ...]:
    if not os.path.isfile(path):
        raise ConfigError(f"grade: there is no file {path}")
    if path.endswith(".ipynb"):
        raise ConfigError(f"grade: {path} is a notebook: nbgrader grades those, see tinycnn make-assignment --help")
    return tuple(find(found).name for found in ((name,) if name else exercises_in(path)))


def _table(grades: list[tuple[str, Grade]]) -> str:
    wide = max(len(path) for path, _ in grades)
    high = max(len(grade.exercise) for _, grade in grades)
    return "\n".join(
        f"{path:<{wide}}  {grade.exercise:<{high}}  {grade.points:>2} of {grade.possible}" for path, grade in grades
    )


def _write(grades: list[tuple[str, Grade]], options: argparse.Namespace) -> None:
    rows = [{"file": path, "exercise": grade.exercise, **dataclasses.asdict(mark)}
            for path, grade in grades for mark in grade.parts]
    if options.json:
        entries = [{"file": path, "exercise": grade.exercise, "points": grade.points, "possible": grade.possible,
                    "parts": [dataclasses.asdict(mark) for mark in grade.parts], "notes": list(grade.notes)}
                   for path, grade in grades]
        with replacing(options.json) as temporary, open(temporary, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1, ensure_ascii=False)
            file.write("\n")
    if options.csv:
        with replacing(options.csv) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            # A spreadsheet would take what students print for formulas, if it begins so.
            writer = csv.DictWriter(file, [name for name in rows[0] if name != "printed"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
