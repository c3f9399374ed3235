"""Memory that threads keep to compute in."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np
import pytest

from tinycnn.backend import threads
from tinycnn.backend.blas import limited

pytestmark = pytest.mark.usefixtures("in_time_and_tidily")


def test_memory_to_compute_in_is_a_threads_own_and_comes_back() -> None:
    barrier, seen = threading.Barrier(2), dict[int, Any]()

    def work(tile: int) -> None:
        memory = threads.scratch("tile", (4, 8), np.float32)
        memory[:] = tile
        barrier.wait(20)
        assert (memory == tile).all()
        assert memory.ctypes.data % 64 == 0
        again = threads.scratch("tile", (16,), np.float64)
        assert np.shares_memory(memory, again)
        assert not np.shares_memory(memory, threads.scratch("other", (4, 8), np.float32))
        seen[tile] = memory

    with limited(2):
        threads.share(work, 2)
    assert not np.shares_memory(seen[0], seen[1])
    assert threads.scratch("tile", (0, 3), np.float32).shape == (0, 3)
    assert threads.scratch("tile", (), np.float32).shape == ()


def test_memory_too_large_for_any_cache_is_not_kept() -> None:
    for shape in ((threads.KEPT // 4 + 1,), (2 * threads.KEPT,)):
        memory = threads.scratch("large", shape, np.float32)
        assert (memory.shape, memory.dtype) == (shape, np.float32)
        memory[-1] = 1
        gone = weakref.ref(memory)
        del memory
        assert gone() is None
    assert np.shares_memory(threads.scratch("large", (8,), np.uint8), threads.scratch("large", (4,), np.uint8))
    assert all(kept.nbytes <= threads.KEPT + 64 for kept in threads._local.memory.values())


def test_what_is_made_of_memory_is_made_again_with_it() -> None:
    def make(name: str, size: int) -> Any:
        return [threads.scratch(name, (size,), np.float32)[::2]]

    first = threads.once(make, "views", 6)
    assert threads.once(make, "views", 6) is first
    assert threads.once(make, "views", 4) is not first
    memory = weakref.ref(threads._local.memory["views"].base)
    threads.scratch("views", (1000,), np.float32)
    again = threads.once(make, "views", 6)
    assert again is not first
    del first
    assert memory() is None
    large = threads.once(make, "large views", threads.KEPT)
    assert threads.once(make, "large views", threads.KEPT) is not large
