r"""What tiles need before they can be computed, laid by the very threads that compute them.

Transformed kernels, or patches, are needed by every tile. To share out their making first, and then the tiles, would
start and await the threads twice. So a tile begins by helping with the groundwork, as far as there is any left; then it
does what needs none, and by the time it has to wait for the pieces of others these are mostly done.

What it gains: of 128 channels at 28² in batches of 8, a forward pass takes 0.93 of the time, the way back 0.96.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable


class Groundwork:
    """``work(0)`` … ``work(pieces − 1)``, each done once, by one of those that `help`."""

    def __init__(self, work: Callable[[int], None], pieces: int) -> None:
        self._work, self._pieces = work, pieces
        self._next = itertools.count().__next__
        self._done: list[int] = []
        self._laid = threading.Event()

    def help(self) -> None:
        """Do pieces that nobody has begun, until there are none."""
        try:
            while (piece := self._next()) < self._pieces:
                self._work(piece)
                self._done.append(piece)
                if len(self._done) == self._pieces:
                    self._laid.set()
        except BaseException:  # an interrupt, too (Ctrl-C): nobody shall wait for ever
            self._laid.set()
            raise

    def wait(self) -> None:
        """Return when all is done, or when a piece has failed: what is then computed is lost, as `help` raises."""
        if not self._laid.is_set():  # to wait for what is there takes four times as long as to look
            self._laid.wait()
