"""What the double counts, and the error for what CuPy lets pass in silence and gets wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Misuse(AssertionError):
    """CuPy would carry on here and give something else than NumPy does.

    It derives from nothing that code catches or a test expects on purpose: where NumPy raises an IndexError and CuPy
    wraps around, a test that waits for an IndexError must not be content with the double.
    """


class Syncs:
    """How often the host had to wait for the device, and why. It compares with a number: ``assert n == 0``."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self.reasons.total()

    def reset(self) -> None:
        self.reasons.clear()

    def __int__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0

    def __eq__(self, other: object) -> bool:
        return self.count == (other.count if isinstance(other, Syncs) else other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"{self.count} synchronisations {dict(self.reasons)}"


#: since the start, or the last ``syncs.reset()``
syncs = Syncs()
_counting = [syncs]


@contextmanager
def count_syncs() -> Iterator[Syncs]:
    """Count the synchronisations of what runs inside: ``with count_syncs() as n: …``; blocks may be nested."""
    mine = Syncs()
    _counting.append(mine)
    try:
        yield mine
    finally:
        _counting[:] = [other for other in _counting if other is not mine]


def synchronised(reason: str) -> None:
    """Note that the host waits for the device here."""
    for counter in _counting:
        counter.reasons[reason] += 1
