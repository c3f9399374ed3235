r"""What grading came to: a `Mark` for each part, and the `Grade` they make up, as text and in a notebook."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from itertools import pairwise

from tinycnn.errors import ConfigError
from tinycnn.exercises.mistake import printable

WIDTH = 100  # columns of a grade as text
_SHOWN, _CUT = 3, 75  # lines of what was printed, and characters of each


@dataclass(frozen=True)
class Mark:
    r"""What one part came to.

    Attributes
    ----------
    name : such as ``"gradient of weight"``
    points, possible : how many it got, out of how many
    verdict : ``"right"``, ``"wrong"``, ``"stopped"`` (it took too long or too much, or crashed), ``"missing"`` (not
        handed in), ``"waiting"`` (edge cases, while nothing else is right) or ``"in part"`` (edge cases, while no more
        than forward or the gradients are right)
    explanation : what is wrong; nothing if all is right
    printed : what the functions printed meanwhile, the first 2000 characters
    """

    name: str
    points: int
    possible: int
    verdict: str
    explanation: str
    printed: str = ""


@dataclass(frozen=True)
class Grade:
    r"""The marks of one exercise; printed, a table.

    Attributes
    ----------
    exercise : its name
    parts : the marks, in the order in which they were given
    notes : what else there is to know
    """

    exercise: str
    parts: tuple[Mark, ...]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """How many there are."""
        return sum(mark.points for mark in self.parts)

    @property
    def possible(self) -> int:
        """How many there could be."""
        return sum(mark.possible for mark in self.parts)

    @property
    def full(self) -> bool:
        """Whether every point is there."""
        return self.points == self.possible

    def __getitem__(self, part: str) -> Mark:
        for mark in self.parts:
            if mark.name == part:
                return mark
        names = ", ".join(mark.name for mark in self.parts)
        raise ConfigError(f"{self.exercise}: no part is called {part!r}; there are {names}")

    def _explanations(self) -> list[str]:
        """What is wrong with each part, once where it is the same for several in a row."""
        return _once([mark.explanation for mark in self.parts], "as above")

    def _printed(self) -> list[str]:
        """The first lines of what each part printed, told as the explanations are."""
        texts = [_beginning(mark.printed) for mark in self.parts]
        return [f"it printed: {text}" if text else "" for text in _once(texts, "as above")]

    def __str__(self) -> str:
        wide = max((len(mark.name) for mark in self.parts), default=0)
        lines = [f"{self.exercise}: {self.points} of {self.possible} points"]
        for mark, *texts in zip(self.parts, self._explanations(), self._printed(), strict=True):
            lines.append(f"  {mark.name:<{wide}}  {mark.points} of {mark.possible}  {mark.verdict}")
            lines += [_wrapped(line) for text in texts for line in text.splitlines()]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The same, as a notebook shows it."""
        rows = "".join(
            f"<tr><td style='text-align:left'>{_safe(mark.name)}</td><td>{mark.points} of {mark.possible}</td>"
            f"<td style='text-align:left'>{mark.verdict}</td>"
            f"<td style='text-align:left;white-space:pre-wrap'>{_safe(chr(10).join(filter(None, texts)))}</td></tr>"
            for mark, *texts in zip(self.parts, self._explanations(), self._printed(), strict=True)
        )
        notes = "".join(f"<p>{_safe(note)}</p>" for note in self.notes)
        return (
            f"<table><caption><b>{_safe(self.exercise)}</b>: {self.points} of {self.possible} points</caption>"
            f"<tr><th>part</th><th>points</th><th>verdict</th><th>what is wrong</th></tr>{rows}</table>{notes}"
        )


def _once(texts: list[str], again: str) -> list[str]:
    """The texts, but `again` for one that is the same as that before."""
    return [again if text and text == before else text for before, text in pairwise(["", *texts])]


def _beginning(printed: str) -> str:
    """The first lines of what was printed, set in below each other where they are several."""
    lines = printable(printed.strip("\n")).split("\n")
    shown = [line[:_CUT] + "…" * (len(line) > _CUT) for line in lines[:_SHOWN]] + ["…"] * (len(lines) > _SHOWN)
    return shown[0] if len(shown) == 1 else "\n  ".join(["", *shown])


def _wrapped(line: str) -> str:
    indent = " " * (6 + len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )


def _safe(text: str) -> str:
    return html.escape(text)
