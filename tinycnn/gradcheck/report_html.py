r"""A report as a small table of HTML, for a notebook: no style sheet, no script, every text escaped.

Letters take the notebook's own colour, and lines are half transparent, so it is legible on white and on black alike.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tinycnn.gradcheck.account import Account, account_of

if TYPE_CHECKING:
    from tinycnn.gradcheck.report import Report

_BADGES = {"PASS": "#1b7837", "FAIL": "#b2182b"}  # white letters on them are legible; the others are
_DOUBT = "#8a5a00"  # neither right nor wrong: a kink, only zeros
_LINE = "border-bottom:1px solid rgba(128,128,128,.35)"
_CELL = "padding:.15em 1em .15em 0;text-align:left;vertical-align:top;background:none;color:inherit"
_NUMBERS, _WORDS = "font-family:monospace;white-space:pre-wrap", "white-space:pre-line"
_ALIGNED = ("at", "worst at", "backward", "numeric")  # what stands in columns


def as_html(report: Report) -> str:
    r"""The same as the text says, as HTML."""
    account = account_of(report)
    badge = (
        f"display:inline-block;padding:0 .5em;margin-right:.6em;border-radius:.3em;color:#fff;font-weight:bold;"
        f"background:{_BADGES.get(account.verdict, _DOUBT)}"
    )
    parts = [
        f'<div style="margin:.3em 0"><span style="{badge}">{escape(account.verdict)}</span>'
        f"<b>{escape(account.name)}</b>: {escape(account.sentence)}</div>"
    ]
    if account.rows:
        parts.append(_arguments(account))
    parts += [_pairs(block) for block in account.blocks]
    if account.notes:
        parts.append(_pairs(tuple(("note", note) for note in account.notes)))
    return f'<div style="color:inherit;line-height:1.5">{"".join(parts)}</div>'


def _arguments(account: Account) -> str:
    head = "".join(f'<th style="{_CELL};{_LINE};font-weight:normal;opacity:.7">{label}</th>'
                   for label in ("argument", "shape", "looked at", "error", ""))
    body = "".join(
        "<tr>" + "".join(
            f'<td style="{_CELL}{";font-weight:bold" if row.wrong else ""}">{escape(cell)}</td>' for cell in row[:5]
        ) + "</tr>"
        for row in account.rows
    )
    if account.rest:
        body += f'<tr><td colspan="5" style="{_CELL};opacity:.7">{escape(account.rest)}</td></tr>'
    return f'<table style="border-collapse:collapse;margin:.4em 0"><tr>{head}</tr>{body}</table>'


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr><td style="{_CELL};opacity:.7">{escape(label)}</td>'
        f'<td style="{_CELL};{_NUMBERS if label in _ALIGNED else _WORDS}">'
        f"{escape(text)}</td></tr>"
        for label, text in pairs
    )
    return f'<table style="border-collapse:collapse;margin:.4em 0">{rows}</table>'
