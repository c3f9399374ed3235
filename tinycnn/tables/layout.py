r"""Tables as text: columns as wide as their widest cell, groups of columns under a heading of their own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tinycnn.tables.page import Column

_GAP = "  "


def as_text(columns: Sequence[Column], notes: Sequence[str] = ()) -> str:
    r"""The columns side by side, a line under their headings, and the notes.

    Examples
    --------
    >>> columns = [Column("", "Layer", ["conv1", "fc2"], left=True), Column("Input", "C", ["3", "4096"])]
    >>> print(as_text(columns, ["a note"]))
           Input
    Layer      C
    ────────────
    conv1      3
    fc2     4096
    <BLANKLINE>
    a note
    """
    groups = [(name, list(members)) for name, members in groupby(columns, key=lambda column: column.group)]
    wide: list[int] = []
    heads = []
    for name, members in groups:
        widths = [max(map(len, [column.title, *column.cells])) for column in members]
        widths[0] += max(0, len(name) - sum(widths) - len(_GAP) * (len(members) - 1))
        wide += widths
        heads.append(name.center(sum(widths) + len(_GAP) * (len(members) - 1)))
    lines = [_GAP.join(column.title.ljust(n) if column.left else column.title.rjust(n)
                       for column, n in zip(columns, wide, strict=True))]
    if any(name for name, _ in groups):
        lines.insert(0, _GAP.join(heads).rstrip())
    lines.append("─" * (sum(wide) + len(_GAP) * (len(wide) - 1)))
    lines += [_GAP.join(cell.ljust(n) if column.left else cell.rjust(n)
                        for cell, column, n in zip(cells, columns, wide, strict=True)).rstrip()
              for cells in zip(*(column.cells for column in columns), strict=True)]
    return "\n".join([*lines, "", *notes] if notes else lines)
