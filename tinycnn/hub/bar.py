r"""A line of progress, where somebody sees it: of downloads, of trainings, of checks."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import Any, TextIO, TypeVar

T = TypeVar("T")


def progress_bar(err: TextIO, **options: Any) -> Any:
    r"""A bar of tqdm on `err`, with these options; None if that is no terminal, or tqdm is not there."""
    if not err.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    # into no columns, and on no rows, tqdm would write nothing
    size = {"dynamic_ncols": True} if _columns(err) else {"ncols": 80, "nrows": 24}
    return tqdm(file=err, **size, **options)


def through(items: Collection[T], err: TextIO, **options: Any) -> Iterator[T]:
    r"""The items, with a bar on `err` that grows as they are taken and goes when all are."""
    bar = progress_bar(err, total=len(items), leave=False, **options)
    for item in items:
        yield item
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.close()


def _columns(terminal: TextIO) -> int:
    r"""How wide it is; 0 where nobody has said, as in `script`, in some editors and on serial lines."""
    try:
        return os.get_terminal_size(terminal.fileno()).columns
    except OSError:
        return 0
