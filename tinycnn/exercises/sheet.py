r"""The sheet a student is handed: the task, the functions to write, and examples with the numbers that are right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycnn.exercises import right
from tinycnn.exercises.catalogue import argument_names, find, signature
from tinycnn.exercises.exercise import Case, Exercise


@dataclass(frozen=True, repr=False)
class Task:
    """An exercise as it is handed out: prints as text, and in a notebook as text with formulas."""

    exercise: Exercise

    @property
    def name(self) -> str:
        """The exercise's name, such as ``"conv2d"``."""
        return self.exercise.name

    @property
    def text(self) -> str:
        """What is to be done."""
        return f"{self.exercise.task.strip()}\n\nWhat you return should be of dtype float64, as what you are given is."

    @property
    def signatures(self) -> tuple[str, ...]:
        """The functions to write, as ``"forward(x, weight, bias)"``."""
        return tuple(f"{name}{signature(self.name, name)}" for name in self.exercise.functions)

    @property
    def stubs(self) -> str:
        """The functions to write, without their content."""
        return "\n\n\n".join(f"def {signature}:\n    raise NotImplementedError" for signature in self.signatures) + "\n"

    @property
    def examples(self) -> str:
        """Arguments with round numbers, and what should come back."""
        return "\n\n".join(f"# {case.description}\n{self._example(case)}" for case in self.exercise.visible)

    def __str__(self) -> str:
        heading = f"{self.exercise.title}\n{'=' * len(self.exercise.title)}"
        return "\n\n".join([heading, self.text, self.stubs.rstrip(), self.examples])

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        """The same, as a notebook shows it."""
        return "\n\n".join([
            f"## {self.exercise.title}", self.text, f"```python\n{self.stubs.rstrip()}\n```",
            f"```text\n{self.examples}\n```",
        ])

    def _example(self, case: Case) -> str:
        arrays, names = right.drawn(case), argument_names(self.name)
        made = right.outputs(self.exercise, arrays, case.options)
        options = "".join(f", {name}={value}" for name, value in case.options.items())
        call = f"({', '.join(names)}{options})"
        lines = [
            *map(_line, names, arrays),
            f"{self.exercise.functions[0]}{call} returns",
            *map(_line, self.exercise.outputs or ("    y",), made),
        ]
        if self.exercise.gradients:
            g = right.counted(made[0].shape)
            gradients = right.gradients(self.exercise, g, arrays, case.options)
            lines += [
                f"backward(g, {call[1:]} returns, for",
                _line("    g", g),
                *map(_line, [f"    g{name}" for name in self.exercise.gradients], gradients),
            ]
        return "\n".join(lines)


def task(name: str) -> Task:
    r"""The task of an exercise, to be read.

    Raises
    ------
    ConfigError
        If there is none of this name; it says which are near.

    Examples
    --------
    >>> print(task("sigmoid").stubs)
    def forward(x):
        raise NotImplementedError
    <BLANKLINE>
    <BLANKLINE>
    def backward(g, x):
        raise NotImplementedError
    <BLANKLINE>
    >>> print(task("sigmoid").examples)
    # numbers of both signs
    x = [[-1.  0.]
         [ 1.  2.]]
    forward(x) returns
        y = [[0.268941 0.5     ]
             [0.731059 0.880797]]
    backward(g, x) returns, for
        g = [[1. 2.]
             [3. 4.]]
        gx = [[0.196612 0.5     ]
              [0.589836 0.419974]]
    """
    return Task(find(name))


def _line(name: str, array: Any) -> str:
    shown = np.array2string(array + 0.0 if array.dtype.kind == "f" else array, precision=6, suppress_small=True)
    rows = re.sub(r"\n\s*\n", "\n", shown)  # NumPy leaves empty lines between matrices
    return f"{name} = " + rows.replace("\n", "\n" + " " * (len(name) + 3))
