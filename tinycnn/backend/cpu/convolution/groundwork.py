r"""What tiles need before they can be computed, laid by the very threads that compute them.

Transformed kernels, or patches, are needed by every tile. To share out their making first, and then the tiles, would
start and await the threads twice. So a tile begins by helping with the groundwork, as far as there is any left; then it
does what needs none, and by the time it has to wait for the pieces of others these are mostly done.

What it gains: of 128 channels at 28² in batches of 8, a forward pass takes 0.93 of the time, the way back 0.96.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable


class Groundwork:
    """``work(0)`` … ``work(pieces − 1)``, each done once, by one of those that `help`; `wait` returns when all are."""

    def __init__(self, work: Callable[[int], None], pieces: int) -> None:
        self._work, self._next = work, itertools.count().__next__
        self._undone = [threading.Lock() for _ in range(pieces)]
        for lock in self._undone:
            lock.acquire()

    def help(self) -> None:
        """Do pieces that nobody has begun, until there are none."""
        try:
            while (piece := self._next()) < len(self._undone):
                self._work(piece)
                _open(self._undone[piece])
        except BaseException:  # for a piece that failed nobody shall wait for ever; who comes here raises
            for lock in self._undone:
                _open(lock)
            raise

    def wait(self) -> None:
        """Return when all is done."""
        for lock in self._undone:
            lock.acquire()
            _open(lock)


def _open(lock: threading.Lock) -> None:
    with contextlib.suppress(RuntimeError):  # it is open
        lock.release()
