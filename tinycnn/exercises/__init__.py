r"""Exercises that grade themselves: write forward and backward in NumPy, and hear what is wrong with them.

    from tinycnn import exercises

    exercises.NAMES                                       what there is
    exercises.task("conv2d")                              what is to be done, with examples
    exercises.try_examples("conv2d", forward, backward)   holds your functions to these examples
    exercises.grade("conv2d", forward, backward)          points for each part, and what is wrong

and to find a bug that somebody else has made:

    puzzle = exercises.puzzles("conv2d")[0]               prints its code
    puzzle.check()                                        what the gradient checker says of it
    puzzle.answer("weight", "transposed")                 whose gradient is wrong, and why: is that it?

On the command line ``tinycnn grade conv2d.py`` grades files, and ``tinycnn make-assignment`` writes the exercises as
notebooks, for students (`strip`) or with solutions (`assignment`).
"""

from __future__ import annotations

from tinycnn.exercises.assignments import assignment
from tinycnn.exercises.catalogue import NAMES
from tinycnn.exercises.grade_sheet import Grade, Mark
from tinycnn.exercises.grading import grade, try_examples
from tinycnn.exercises.markers import strip
from tinycnn.exercises.puzzle import Feedback, Puzzle, puzzles
from tinycnn.exercises.sheet import Task, task

__all__ = [
    "NAMES", "Feedback", "Grade", "Mark", "Puzzle", "Task", "assignment", "grade", "puzzles", "strip", "task",
    "try_examples",
]  # fmt: skip
