r"""Running the catalogue, as a table that grows line by line."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TextIO

import numpy as np

from tinycnn import backend as backends
from tinycnn._tensor import Tensor
from tinycnn.dtypes import is_floating
from tinycnn.errors import ConfigError, TinycnnError
from tinycnn.gradcheck.account import entry, sizes, small, values
from tinycnn.gradcheck.case import Case
from tinycnn.gradcheck.catalogue import CASES
from tinycnn.gradcheck.checking import check
from tinycnn.gradcheck.report import Failure, Report


def run(
    names: Iterable[str] | None = None, seed: int = 0, stream: TextIO | None = None, device: Any = "cpu"
) -> bool:
    r"""Check the derivatives of every op, or of those named, and print a table; returns whether all are right.

    Parameters
    ----------
    names : ops such as ``"conv2d"``; all of them if left out or empty
    seed : of the random inputs
    stream : where to print; standard output if left out
    device : where to compute

    Returns
    -------
    True if all are right. The table shows for each op the largest relative error of its first and second derivatives,
    ‖backward − finite difference‖ over an input, divided by the longer of the two. Derivatives that are 0 everywhere,
    such as those of floor, count as right.

    Raises
    ------
    ConfigError
        If there is no op of such a name.

    Examples
    --------
    >>> run(["tanh", "linear"])
    op      inputs         1st error    2nd error
    tanh    2×3                ...e-...   ...e-...  right
    linear  2×3, 4×3, 4        ...e-...   ...e-...  right
    2 ops, all derivatives agree with finite differences
    True
    """
    chosen = chosen_cases(list(names or ()))
    entrants = [Entrant(case, drawn(case, number, seed, device), seed) for number, case in chosen]
    table = _Table(entrants, sys.stdout if stream is None else stream)
    wrong: list[str] = []
    for entrant in entrants:
        try:
            report = entrant.report()
        except TinycnnError as error:  # backward broke a rule, and an op noticed
            table.failed(entrant, str(error))
        else:
            table.measured(entrant, report)
            if is_right(report):
                continue
        wrong.append(entrant.case.op)
    count = len({case.op for _, case in chosen})
    table.end(f"{count} {'op' if count == 1 else 'ops'}", list(dict.fromkeys(wrong)))
    return not wrong


def reports(names: Sequence[str], seed: int = 0) -> Iterator[Report]:
    """The report of each use of these ops, in both orders."""
    for number, case in chosen_cases(names):
        yield Entrant(case, drawn(case, number, seed), seed).report()


def is_right(report: Report) -> bool:
    """Whether nothing is wrong; where every derivative is 0, as of sign, finite differences have said so, too."""
    return report.verdict in ("pass", "vacuous")


class Entrant(NamedTuple):
    """A case with its inputs, ready to be checked."""

    case: Case
    inputs: list[Tensor]
    seed: int

    @property
    def shapes(self) -> str:
        return ", ".join(sizes(x.shape) for x in self.inputs)

    def report(self) -> Report:
        """In both orders."""
        case = self.case
        return check(case.function, self.inputs, order=2, name=case.name, seed=self.seed, step=case.step)


class _Table:
    """Lines of a table, each printed as soon as it is known."""

    def __init__(self, entrants: Sequence[Entrant], stream: TextIO) -> None:
        columns = ["op", *[e.case.name for e in entrants]], ["inputs", *[e.shapes for e in entrants]]
        self.widths = [max(map(len, column)) for column in columns]
        self.stream = stream
        self.line("op", "inputs", "1st error", "2nd error", "")

    def line(self, name: str, shape: str, first: str, second: str, verdict: str) -> None:
        op, inputs = self.widths
        text = f"{name:<{op}}  {shape:<{inputs}}  {first:>9}  {second:>9}  {verdict}"
        print(text.rstrip(), file=self.stream, flush=True)

    def measured(self, entrant: Entrant, report: Report) -> None:
        first, second = (
            small(max((e.relative_error for e in report.examined if e.order == order and not e.zero), default=0.0))
            for order in (1, 2)
        )
        self.line(entrant.case.name, entrant.shapes, first, second, "right" if is_right(report) else "WRONG")
        order = min((failure.order for failure in report.failures), default=1)  # what follows from it is left out
        for failure in report.failures:
            if failure.order == order:
                self.note(_told(failure))
        if not is_right(report):
            for note in report.notes:
                self.note(note)

    def failed(self, entrant: Entrant, why: str) -> None:
        self.line(entrant.case.name, entrant.shapes, "", "", "WRONG")
        self.note(why)

    def note(self, text: str) -> None:
        print("    " + text.replace("\n", "\n    "), file=self.stream, flush=True)

    def end(self, count: str, wrong: Sequence[str]) -> None:
        verdict = f"derivatives that disagree with finite differences: {', '.join(wrong)}"
        print(f"{count}, {verdict if wrong else 'all derivatives agree with finite differences'}", file=self.stream)


def _told(failure: Failure) -> str:
    """The place, both values and the cause."""
    place = f"{'1st' if failure.order == 1 else '2nd'} derivative, {entry(failure.argument_name, failure.index)}"
    if failure.numeric == failure.numeric:
        analytic, numeric = values(failure.analytic, failure.numeric, failure.error_bar)
        place += f": backward {analytic}, finite difference {numeric}"
    return f"{place}\n{failure.cause}"


def chosen_cases(names: Sequence[str]) -> list[tuple[int, Case]]:
    """The cases of these ops, numbered as in the catalogue, so that their inputs do not depend on the choice."""
    ops = dict.fromkeys(case.op for case in CASES)
    for name in names:
        if name not in ops:
            near = difflib.get_close_matches(name, ops, 3, 0.7)
            raise ConfigError(
                f"gradcheck: there is no op {name!r}; "
                + (f"did you mean {' or '.join(near)}?" if near else f"those there are: {', '.join(ops)}")
            )
    return [(number, case) for number, case in enumerate(CASES) if not names or case.op in names]


def drawn(case: Case, number: int, seed: int = 0, device: Any = "cpu") -> list[Tensor]:
    """The inputs of a case, which is the number-th of the catalogue."""
    rng, backend = np.random.default_rng([seed, number]), backends.get(device)
    tensors = [Tensor.wrap(backend.asarray(draw(rng))) for draw in case.inputs]
    return [x.requires_grad_(is_floating(x.dtype)) for x in tensors]
