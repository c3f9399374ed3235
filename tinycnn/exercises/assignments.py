r"""An exercise as a notebook for nbgrader: the teacher's version, with solutions, tests and points."""

from __future__ import annotations

import ast
from itertools import pairwise

from tinycnn.exercises import notebook as nb
from tinycnn.exercises.catalogue import NAMES, find, solution_source
from tinycnn.exercises.exercise import Exercise, Part
from tinycnn.exercises.markers import Cell, Notebook
from tinycnn.exercises.puzzle import FORWARD
from tinycnn.exercises.sheet import Task
from tinycnn.gradcheck.vocabulary import CAUSES

_CHECK_OR_GRADE = (
    "\n\n`puzzle.check()` compares the gradients with finite differences of the function that stands beside them. It"
    " cannot know whether that is the function that was wanted: `puzzle.grade()` does."
)
_PUZZLES = 2  # bugs to find in each notebook; exercises.puzzles() has more


def assignment(name: str) -> Notebook:
    r"""The teacher's version of an exercise's notebook, as JSON has it; `strip` makes the students' of it.

    Raises
    ------
    ConfigError
        If there is no exercise of this name.

    Examples
    --------
    >>> cells = assignment("linear")["cells"]
    >>> sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells)
    19
    """
    exercise = find(name)
    return nb.notebook([
        *_task(Task(exercise)),
        nb.solution(f"{name} solution", solution_with_markers(exercise)),
        *_tests(exercise),
        *_bugs(exercise),
        *_questions(exercise),
    ])


def file_name(name: str) -> str:
    """``"05_linear.ipynb"``, numbered in the order of the lecture."""
    return f"{NAMES.index(find(name).name) + 1:02}_{name}.ipynb"


def _task(task: Task) -> list[Cell]:
    return [
        nb.prose(f"{task.name} task", f"# {task.exercise.title}\n\n{task.text}"),
        nb.program(f"{task.name} imports", _imports(task.exercise)),
        nb.prose(f"{task.name} examples", f"For example:\n\n```text\n{task.examples}\n```"),
    ]


def _imports(exercise: Exercise) -> str:
    """NumPy, what else the solution imports, and ourselves; numbers are shown as the examples show them."""
    lines = {line for line in solution_source(exercise.name).splitlines() if line.startswith(("import ", "from "))}
    imports = "\n".join(sorted(lines | {"import numpy as np"}, key=lambda line: (line.startswith("from "), line)))
    return f"{imports}\n\nfrom tinycnn import exercises\n\nnp.set_printoptions(precision=6, suppress=True)"


def _tests(exercise: Exercise) -> list[Cell]:
    functions = ", ".join(exercise.functions)
    intro = (
        "The next cell holds your functions to the examples, as often as you run it, and says what is wrong. So does"
        f' `exercises.grade("{exercise.name}", {functions})`, which gives points.'
    )
    trial = f'trial = exercises.try_examples("{exercise.name}", {functions})\nassert trial.full, trial'
    return [
        nb.prose(f"{exercise.name} tests", intro),
        nb.tests(f"{exercise.name} try examples", trial, 1),
        *(_test(exercise, part, functions) for part in exercise.parts),
    ]


def _test(exercise: Exercise, part: Part, functions: str) -> Cell:
    return nb.tests(f"{exercise.name} {part.name}", f"""
# {part.name}: looked at when this is handed in
### BEGIN HIDDEN TESTS
marks = exercises.grade("{exercise.name}", {functions}, parts=["{part.name}"])
assert marks.full, marks
### END HIDDEN TESTS
""", part.points)


def _bugs(exercise: Exercise) -> list[Cell]:
    cells = [nb.prose(f"{exercise.name} bugs", _how_to_find_bugs(exercise))]
    chosen = sorted(enumerate(exercise.bugs, 1), key=lambda bug: bug[1].argument is None)[:_PUZZLES]
    for number, bug in chosen:
        name = f"{exercise.name} bug {number}"
        look = "puzzle.check()" if "backward" in exercise.functions else "puzzle.grade()"
        said = f'argument, cause = "{bug.argument or FORWARD}", "{bug.cause}"'
        cells += [
            nb.program(name, f'puzzle = exercises.puzzles("{exercise.name}")[{number - 1}]\npuzzle'),
            nb.program(f"{name} look", look),
            nb.solution(f"{name} found", f"### BEGIN SOLUTION\n{said}\n### END SOLUTION"),
            nb.tests(f"{name} feedback", "feedback = puzzle.answer(argument, cause)\nassert feedback, feedback\n"
                                         "print(feedback)", 1),
        ]
    return [
        *cells,
        nb.prose(f"{exercise.name} unnoticed", "Explain the last one to somebody who has not seen it: what is computed"
                                               " instead, and with which inputs would nobody notice?"),
        nb.answer(f"{exercise.name} story", chosen[-1][1].story, 2),
    ]


def _how_to_find_bugs(exercise: Exercise) -> str:
    words = "\n".join(f"- `{word}`: {meaning}" for word, meaning in CAUSES.items())
    places = ", ".join(f'`"{name}"`' for name in (*exercise.gradients, FORWARD))
    return (
        "## Find the bug\n\nSomebody has written this before you and made one mistake. Read the code, let the checker"
        f" look at it, and set `argument` to the place, one of {places}, and `cause` to one of these words:\n\n{words}"
        f"{_CHECK_OR_GRADE if 'backward' in exercise.functions else ''}"
    )


def _questions(exercise: Exercise) -> list[Cell]:
    cells = [nb.prose(f"{exercise.name} questions", "## Questions")] if exercise.questions else []
    for number, question in enumerate(exercise.questions, 1):
        cells += [
            nb.prose(f"{exercise.name} question {number}", f"{number}. {question.text}"),
            nb.answer(f"{exercise.name} answer {number}", question.answer, 1),
        ]
    return cells


def solution_with_markers(exercise: Exercise) -> str:
    """The solution, with markers around what students write, and without its imports.

    Helpers and constants lie within the first function's markers, after its body: they go with it, and Python looks
    them up when they are used.
    """
    source = solution_source(exercise.name)
    lines = source.splitlines()
    nodes = ast.parse(source).body
    starts = [0, *(node.end_lineno or 0 for node in nodes)]
    functions, others = [], []
    for node, (start, end) in zip(nodes, pairwise(starts), strict=True):
        text = "\n".join(lines[start:end]).strip("\n")
        if isinstance(node, ast.FunctionDef) and node.name in exercise.functions:
            body = node.body[0].lineno - node.lineno
            functions.append((text.splitlines()[:body], text.splitlines()[body:]))
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            others.append(text)
    made = []
    for number, (head, body_lines) in enumerate(functions):
        helpers = "".join(f"\n\n\n{text}" for text in others) if number == 0 else ""
        made.append("\n".join([*head, "    ### BEGIN SOLUTION", *body_lines]) + helpers + "\n    ### END SOLUTION")
    return "\n\n\n".join(made)
