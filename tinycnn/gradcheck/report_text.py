r"""A report as text, for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tinycnn.gradcheck.account import Account, account_of

if TYPE_CHECKING:
    from tinycnn.gradcheck.report import Report

WIDTH = 96


def as_text(report: Report) -> str:
    r"""The verdict in the first line; below it the arguments, the worst entries, their causes and what to look at."""
    account = account_of(report)
    head = f"{account.verdict}  {account.name}: {account.sentence}"
    parts = [textwrap.fill(head, WIDTH, subsequent_indent=" " * (len(account.verdict) + 2))]
    if account.rows:
        parts.append(_table(account))
    parts += ["\n".join(_labelled(label, text) for label, text in block) for block in account.blocks]
    if account.notes:
        parts.append("\n".join(_labelled("note", note) for note in account.notes))
    return "\n\n".join(parts)


def _table(account: Account) -> str:
    cells = [("", "shape", "looked at", "error", "")] + [row[:5] for row in account.rows]
    wide = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = [
        f"  {name:<{wide[0]}}  {shape:<{wide[1]}}  {method:<{wide[2]}}  {error:>{wide[3]}}  {told}".rstrip()
        for name, shape, method, error, told in cells
    ]
    return "\n".join(lines + [f"  {account.rest}"] * bool(account.rest))


def _labelled(label: str, text: str) -> str:
    r"""
    >>> print(_labelled("hint", "is W transposed?"))
      hint      is W transposed?
    """
    head = f"  {label:<8}  "
    if len(text) <= WIDTH - len(head) and "\n" not in text:  # as it is: the blanks in front align numbers
        return head + text
    paragraphs = [textwrap.fill(line, WIDTH - len(head)) for line in text.splitlines()]
    return head + textwrap.indent("\n".join(paragraphs), " " * len(head)).lstrip()
