"""Exercises that grade themselves: write forward and backward in NumPy, and hear what is wrong with them."""

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
