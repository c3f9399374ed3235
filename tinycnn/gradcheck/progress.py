r"""A bar on standard error for what takes longer than two seconds."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from typing import TypeVar

from tinycnn.hub.bar import progress_bar

T = TypeVar("T")


def progress(items: Collection[T], what: str) -> Iterator[T]:
    """The items, with a bar that grows as they are taken, where somebody sees it."""
    bar = progress_bar(sys.stderr, total=len(items), desc=what, delay=2, leave=False)
    for item in items:
        yield item
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.close()
