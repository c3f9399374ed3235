r"""``tinycnn grade``: points for files that students hand in."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import textwrap
from collections.abc import Sequence

from tinycnn.errors import ConfigError, FormatError
from tinycnn.exercises import NAMES, Grade, Mark
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
Of a notebook (.ipynb), such as tinycnn make-assignment writes, the cells up to its functions are graded; tests, puzzles
and answers in words are not. Each file is run in a process of its own, which may loop or crash. That guards against
accidents, not against malice. A file that cannot be graded is listed with the reason, and the others are graded.

{textwrap.fill('exercises: ' + ', '.join(NAMES), 100, subsequent_indent='  ')}

exit status: 0 full marks    1 not, or not all could be graded    2 wrong options, or nothing could be graded
"""
_NOT_GRADED = "not graded"
_ENDINGS = (".py", ".ipynb")  # of what is graded in a folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.epilog = _EPILOG
    parser.add_argument("files", metavar="FILE", nargs="+",
                        help="Python files and notebooks that were handed in, and folders of them")
    parser.add_argument("--exercise", metavar="NAME", help="which exercise they are, instead of what they say")
    parser.add_argument("--seconds", metavar="S", type=float, default=5.0,
                        help="how long each part may take (default: 5)")
    parser.add_argument("--gigabytes", metavar="G", type=float, default=2.0,
                        help="how much memory each part may ask for (default: 2)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the random inputs (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="write points and explanations there, and what was printed")
    parser.add_argument("--csv", metavar="FILE",
                        help='write a table there: a row for each part, and one named "total" for each file')


def run(options: argparse.Namespace) -> int:
    r"""Grade the files, print what came of it, and say by the exit status whether all is right."""
    _check(options)
    held = {path: _exercises(path, options.exercise) for path in _files(options.files)}
    reasons = [names for names in held.values() if isinstance(names, str)]
    if len(reasons) == len(held):  # before the first is graded
        raise ConfigError("grade: " + "; ".join(reasons))
    grades: list[tuple[str, Grade]] = []
    for path, names in held.items():
        for grade in _graded(path, names, options):
            grades.append((path, grade))
            print(f"{path}\n{grade if _is_graded(grade) else f'{_NOT_GRADED}: {names}'}\n", flush=True)
    if len(grades) > 1:
        print(_table(grades))
    _write(grades, options)
    return 0 if all(grade.full and _is_graded(grade) for _, grade in grades) else 1


def _check(options: argparse.Namespace) -> None:
    """Refuse wrong options before anything is graded."""
    for path in filter(None, (options.csv, options.json)):
        if not os.path.isdir(os.path.dirname(path) or "."):
            raise ConfigError(f"grade: there is no folder for {path}")
        if os.path.isdir(path):
            raise ConfigError(f"grade: {path} is a folder, where a file is to be written")
    Limits(options.seconds, options.gigabytes).check(options.seed)
    if options.exercise is not None:
        find(options.exercise)


def _files(paths: Sequence[str]) -> list[str]:
    """The files, and in the place of a folder those in it that may be graded."""
    found: list[str] = []
    for path in paths:
        inside = sorted(os.listdir(path)) if os.path.isdir(path) else []
        files = [os.path.join(path, name) for name in inside if name.endswith(_ENDINGS) and not name.startswith(".")]
        found += files or [path]
    return found


def _exercises(path: str, name: str | None) -> tuple[str, ...] | str:
    """What a file holds; or why it cannot be graded, in words."""
    if os.path.isdir(path):
        return f"there is no Python file and no notebook in {path}"
    if not os.path.isfile(path):
        return f"there is no file {path}" + f"; it is an exercise, which --exercise {path} would name" * (path in NAMES)
    try:
        return tuple(find(found).name for found in ((name,) if name else exercises_in(path)))
    except (ConfigError, FormatError, OSError) as error:
        said = " ".join(str(error).split())
        return said if path in said else f"{path}: {said}"


def _graded(path: str, names: tuple[str, ...] | str, options: argparse.Namespace) -> list[Grade]:
    """A grade for each exercise of a file; or one of no points that says why there is none."""
    if isinstance(names, str):
        possible = sum(part.points for part in find(options.exercise).parts) if options.exercise else 0
        return [Grade(options.exercise or "", (Mark("total", 0, possible, _NOT_GRADED, names),))]
    limits = Limits(options.seconds, options.gigabytes)
    return [grade_submission(find(name), handed_in(find(name), path), None, limits, options.seed) for name in names]


def _is_graded(grade: Grade) -> bool:
    return all(mark.verdict != _NOT_GRADED for mark in grade.parts)


def _table(grades: list[tuple[str, Grade]]) -> str:
    wide = max(len(path) for path, _ in grades)
    high = max(len(grade.exercise) for _, grade in grades)
    return "\n".join(
        f"{path:<{wide}}  {grade.exercise:<{high}}  "
        + (f"{grade.points:>2} of {grade.possible}" if _is_graded(grade) else _NOT_GRADED)
        for path, grade in grades
    )


def _write(grades: list[tuple[str, Grade]], options: argparse.Namespace) -> None:
    if options.json:
        entries = [{"file": path, "exercise": grade.exercise, "points": grade.points, "possible": grade.possible,
                    "parts": [dataclasses.asdict(mark) for mark in grade.parts], "notes": list(grade.notes)}
                   for path, grade in grades]
        with replacing(options.json) as temporary, open(temporary, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1, ensure_ascii=False)
            file.write("\n")
    if options.csv:
        with replacing(options.csv) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
            rows = _rows(grades)
            # A spreadsheet would take what students print for formulas, if it begins so.
            writer = csv.DictWriter(file, [name for name in rows[0] if name != "printed"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def _rows(grades: list[tuple[str, Grade]]) -> list[dict[str, object]]:
    """A row for each part, and below a file's parts their total."""
    rows: list[dict[str, object]] = []
    for path in dict.fromkeys(path for path, _ in grades):
        own = [grade for there, grade in grades if there == path]
        marks = [(grade.exercise, mark) for grade in own for mark in grade.parts]
        if all(map(_is_graded, own)):
            points, possible = sum(grade.points for grade in own), sum(grade.possible for grade in own)
            marks.append((" ".join(grade.exercise for grade in own), Mark("total", points, possible, "graded", "")))
        rows += [{"file": path, "exercise": exercise, **dataclasses.asdict(mark)} for exercise, mark in marks]
    return rows
