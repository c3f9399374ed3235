r"""How rows of times and bytes are written: as text, and as a table in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tinycnn.tables.layout import as_text
from tinycnn.tables.page import Column, as_html


class Row(NamedTuple):
    """A line of a table, its times in microseconds. The last one is the whole."""

    name: str
    calls: str
    forward: float
    backward: float
    outside: float  # of ops
    bytes: int
    flops: int = 0
    backward_flops: int = 0
    kind: str = ""
    indent: int = 0

    @property
    def time(self) -> float:
        """All of it."""
        return self.forward + self.backward + self.outside

    @classmethod
    def sum(cls, name: str, rows: Sequence[Row]) -> Row:
        """The rows in one."""
        totals = [sum(getattr(row, field) for row in rows) for field in cls._fields[2:8]]
        return cls(name, "", *totals)


def as_table(rows: Sequence[Row], notes: Sequence[str], what: str, count: str) -> str:
    """The rows as text, a line above the last."""
    lines = as_text(_columns(rows, what, count, indent="  "), notes).split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith("──"))
    lines.insert(place + len(rows), lines[place])
    return "\n".join(lines)


def as_page(rows: Sequence[Row], notes: Sequence[str], what: str, count: str) -> str:
    """The rows as HTML."""
    return as_html(_columns(rows, what, count), notes)


def _columns(rows: Sequence[Row], what: str, count: str, indent: str = "") -> list[Column]:
    whole = rows[-1].time or 1.0
    kinds = [Column("", "Class", [row.kind for row in rows], left=True)] if any(row.kind for row in rows) else []
    rates = [
        Column("GF/s", "forward", [_rate(row.flops, row.forward) for row in rows]),
        Column("GF/s", "backward", [_rate(row.backward_flops, row.backward) for row in rows]),
    ] if any(row.flops or row.backward_flops for row in rows) else []  # fmt: skip
    return [
        Column("", what, [indent * row.indent + row.name for row in rows], left=True,
               indents=[] if indent else [row.indent for row in rows]),
        *kinds,
        Column("", count, [row.calls for row in rows]),
        Column("Time in ms", "forward", [_ms(row.forward) for row in rows]),
        Column("Time in ms", "backward", [_ms(row.backward) for row in rows]),
        Column("Time in ms", "all", [_ms(row.time) for row in rows]),
        Column("", "share", [f"{100 * row.time / whole:.1f} %" for row in rows]),
        Column("", "MB made", [f"{row.bytes / 1e6:.1f}" if row.bytes else "–" for row in rows]),
        *rates,
    ]


def _ms(microseconds: float) -> str:
    """Milliseconds, or a dash for none."""
    return f"{microseconds / 1e3:.3f}" if microseconds else "–"


def _rate(flops: int, microseconds: float) -> str:
    """10⁹ floating-point operations a second."""
    return f"{flops / microseconds / 1e3:.1f}" if flops and microseconds else "–"
