r"""Which of the arrays that ops made are still there, and how many bytes they are together."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from functools import partial
from typing import Any

from tinycnn.backend import Array


def memory_of(array: Array, kind: type) -> Any:
    """The array whose memory this one looks at, itself if it has its own."""
    while isinstance(getattr(array, "base", None), kind):
        array = array.base
    return array


def _strike(gone: deque[int], key: int, _: object) -> None:
    gone.append(key)


class Ledger:
    """Bytes of arrays, entered as they are made and struck off as they go."""

    def __init__(self) -> None:
        self.live = 0
        self._there: dict[int, tuple[Any, int]] = {}  # a weak reference and the bytes, by the array's id
        self._gone: deque[int] = deque()  # ids; the garbage collector may come in the midst of anything
        self._lock = threading.Lock()

    def enter(self, memory: Any) -> int:
        """The bytes that are new: 0 if this memory is in the book already."""
        with self._lock:
            while self._gone:
                self.live -= self._there.pop(self._gone.popleft())[1]
            key = id(memory)
            if key in self._there:
                return 0
            try:
                reference = weakref.ref(memory, partial(_strike, self._gone, key))
            except TypeError:  # of its end we would not hear
                return int(memory.nbytes)
            self._there[key] = reference, memory.nbytes
            self.live += memory.nbytes
            return int(memory.nbytes)

    def balance(self) -> int:
        """The bytes that are there now."""
        with self._lock:
            while self._gone:
                self.live -= self._there.pop(self._gone.popleft())[1]
            return self.live
