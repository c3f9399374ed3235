r"""Running the catalogue, as a table that grows line by line."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import numpy as np

from tinycnn import backend as backends
from tinycnn._tensor import Tensor
from tinycnn.dtypes import is_floating
from tinycnn.errors import ConfigError, TinycnnError
from tinycnn.gradcheck.case import Case
from tinycnn.gradcheck.catalogue import CASES
from tinycnn.gradcheck.measure import Gap, derivative_gaps

TOLERANCE = 1e-7  # for a `Gap`: well above what rounding leaves, well below any mistake of note


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
    True if every error is at most 1e-7. An error is |backward − finite difference| / max(1, |finite difference|):
    relative where the derivative is large, absolute where it is small. The table shows the largest of each op.

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
    chosen = _chosen(list(names or ()))
    inputs = [_drawn(case, np.random.default_rng([seed, number]), backends.get(device)) for number, case in chosen]
    shapes = [", ".join(map(_sizes, xs)) for xs in inputs]
    table = _Table([case.name for _, case in chosen], shapes, sys.stdout if stream is None else stream)
    wrong: list[str] = []
    for (number, case), xs, shape in zip(chosen, inputs, shapes, strict=True):
        try:
            gaps = derivative_gaps(case.function, xs, np.random.default_rng([seed, number, 1]), case.step)
        except TinycnnError as error:  # backward broke a rule, and the engine noticed
            table.failed(case.name, shape, error)
            wrong.append(case.op)
            continue
        table.measured(case.name, shape, gaps)
        if max(gaps).error > TOLERANCE:
            wrong.append(case.op)
    count = len({case.op for _, case in chosen})
    table.end(f"{count} {'op' if count == 1 else 'ops'}", list(dict.fromkeys(wrong)))
    return not wrong


class _Table:
    """Lines of a table, each printed as soon as it is known."""

    def __init__(self, names: Sequence[str], shapes: Sequence[str], stream: TextIO) -> None:
        self.widths = [max(map(len, column)) for column in (["op", *names], ["inputs", *shapes])]
        self.stream = stream
        self.line("op", "inputs", "1st error", "2nd error", "")

    def line(self, name: str, shape: str, first: str, second: str, verdict: str) -> None:
        op, inputs = self.widths
        text = f"{name:<{op}}  {shape:<{inputs}}  {first:>9}  {second:>9}  {verdict}"
        print(text.rstrip(), file=self.stream, flush=True)

    def measured(self, name: str, shape: str, gaps: Sequence[Gap]) -> None:
        first, second = (f"{gap.error:.0e}" if gap.error else "0" for gap in gaps)
        self.line(name, shape, first, second, "right" if max(gaps).error <= TOLERANCE else "WRONG")
        for order, gap in zip(("1st", "2nd"), gaps, strict=True):
            if gap.error > TOLERANCE:
                self.note(
                    f"{order} derivative in input {gap.input} at {list(gap.place)}: backward {gap.backward:.6g},"
                    f" finite difference {gap.numeric:.6g}"
                )

    def failed(self, name: str, shape: str, error: Exception) -> None:
        self.line(name, shape, "", "", "WRONG")
        self.note(str(error))

    def note(self, text: str) -> None:
        print("    " + text.replace("\n", "\n    "), file=self.stream, flush=True)

    def end(self, count: str, wrong: Sequence[str]) -> None:
        verdict = f"derivatives that disagree with finite differences: {', '.join(wrong)}"
        print(f"{count}, {verdict if wrong else 'all derivatives agree with finite differences'}", file=self.stream)


def _chosen(names: Sequence[str]) -> list[tuple[int, Case]]:
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


def _drawn(case: Case, rng: np.random.Generator, backend: backends.Backend) -> list[Tensor]:
    tensors = [Tensor.wrap(backend.asarray(draw(rng))) for draw in case.inputs]
    return [x.requires_grad_(is_floating(x.dtype)) for x in tensors]


def _sizes(x: Tensor) -> str:
    return "×".join(map(str, x.shape)) or "number"
