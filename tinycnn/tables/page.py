r"""Tables as HTML for notebooks: real tables, escaped, with no styles or scripts from elsewhere.

Text keeps the colour of the page it stands on, and lines are of that colour too, so a table can be read on a light and
on a dark one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

_TABLE = "border-collapse: collapse; font-variant-numeric: tabular-nums; color: inherit; background: transparent"
_CELL = "padding: 0.15em 0.7em; white-space: pre; background: transparent; border: 0"
_LINE = "1px solid currentColor"


@dataclass(frozen=True)
class Column:
    r"""A column: the heading it shares with its neighbours, its own, and its cells."""

    group: str
    title: str
    cells: Sequence[str]
    left: bool = False  # whether cells begin at the left; numbers end at the right
    indents: Sequence[int] = ()  # of each cell, in steps


def as_html(columns: Sequence[Column], notes: Sequence[str] = (), caption: str = "") -> str:
    r"""An HTML table of these columns, with notes under it.

    Examples
    --------
    >>> "&lt;b&gt;" in as_html([Column("", "Layer", ["<b>"])])
    True
    """
    head = [_row([_header(column.title, column) for column in columns], f"border-bottom: {_LINE}")]
    if any(column.group for column in columns):
        groups = [(name, len(list(same))) for name, same in groupby(column.group for column in columns)]
        head.insert(0, _row([_over(name, span) for name, span in groups]))
    body = [_row([_cell(column, number) for column in columns]) for number in range(len(columns[0].cells))]
    foot = [_row([_note(note, len(columns))], "" if number else f"border-top: {_LINE}")
            for number, note in enumerate(notes)]
    return "\n".join([
        f'<table style="{_TABLE}">',
        *([f'<caption style="text-align: left; color: inherit">{escape(caption)}</caption>'] if caption else []),
        "<thead>", *head, "</thead>", "<tbody>", *body, "</tbody>",
        *(["<tfoot>", *foot, "</tfoot>"] if foot else []),
        "</table>",
    ])


def _row(cells: Sequence[str], style: str = "") -> str:
    return f'<tr style="background: transparent; {style}">{"".join(cells)}</tr>'


def _over(name: str, span: int) -> str:
    return f'<th colspan="{span}" scope="colgroup" style="{_CELL}; text-align: center">{escape(name)}</th>'


def _note(note: str, span: int) -> str:
    return f'<td colspan="{span}" style="{_CELL}; text-align: left; opacity: 0.8">{escape(note)}</td>'


def _header(title: str, column: Column) -> str:
    return f'<th scope="col" style="{_CELL}; text-align: {"left" if column.left else "right"}">{escape(title)}</th>'


def _cell(column: Column, number: int) -> str:
    indent = f"; padding-left: {0.7 + 1.4 * column.indents[number]:.1f}em" if column.indents else ""
    side = "left" if column.left else "right"
    return f'<td style="{_CELL}; text-align: {side}{indent}">{escape(column.cells[number])}</td>'
