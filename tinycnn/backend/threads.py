r"""How the cores share the work of a kernel: in tiles, handed to threads, BLAS being held to one thread meanwhile.

NumPy lets go of Python's lock (the GIL) while it copies, computes or multiplies matrices, so plain threads do run side
by side. The kernel cuts its work into tiles small enough for a core's cache, and `share` deals them out:

    share(lambda tile: …, tiles)       each tile computed once, by whichever thread is free

Tiles must not write to the same memory. Where they add up to one result, who comes first would change the rounding from
run to run: such a kernel gives each thread one fixed part of the work, by `parts`, and adds the parts up in order.

Threads that cannot start (in a browser, at the end of a program) are done without, and so are more than one.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.errors import ArgumentError

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Array = Any


class _Team:
    """The threads beside the caller's, started when they are first needed; a forked child starts its own."""

    def __init__(self) -> None:
        self.size: int | None = None  # None: as many as BLAS has
        self.pool: ThreadPoolExecutor | None = None
        self.blas: list[Any] | None = None  # threadpoolctl's handles on the libraries that multiply matrices
        self.holders = 0  # kernels that hold BLAS to one thread now
        self.held: list[int] = []  # what each library is to be given back
        self.lock = threading.Lock()

    def submit(self, work: Callable[[], None], times: int) -> list[Future[None]]:
        """`work` begun `times` times in threads of the pool, fewer where they cannot start."""
        from concurrent.futures import ThreadPoolExecutor  # it brings the logging module, which takes its time

        started: list[Future[None]] = []
        with contextlib.suppress(RuntimeError):  # "can't start new thread", "… after interpreter shutdown"
            with self.lock:
                pool = self.pool = self.pool or ThreadPoolExecutor(os.cpu_count(), "tinycnn")
            for _ in range(times):
                started.append(pool.submit(contextvars.copy_context().run, work))  # NumPy's errstate goes with it
        return started

    def libraries(self) -> list[Any]:
        if self.blas is None:
            from threadpoolctl import ThreadpoolController

            self.blas = [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]
        return self.blas


_team = _Team()
_local = threading.local()


def _start_afresh() -> None:
    """In a forked child, which has none of its parent's threads, and may have its locks in any state."""
    global _team
    size, blas, held = _team.size, _team.blas, _team.held if _team.holders else []
    _team = _Team()
    _team.size, _team.blas = size, blas
    for library, count in zip(blas or (), held, strict=False):
        library.set_num_threads(count)
    _local.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def get_num_threads() -> int:
    """How many threads a kernel's work is shared among: as many as BLAS has, unless `set_num_threads` said otherwise.

    BLAS takes one for each core; an environment variable such as OMP_NUM_THREADS, or threadpoolctl, tells it otherwise.
    """
    if _team.size is not None:
        return _team.size
    counts = _team.held if _team.holders else [library.num_threads for library in _team.libraries()]
    return max(counts, default=1)


def set_num_threads(num: int) -> None:
    """Share the work of kernels among `num` threads, the caller's among them.

    Raises
    ------
    TypeError, ValueError
        If it is no positive integer.
    """
    if isinstance(num, bool) or not isinstance(num, int | np.integer):
        raise ArgumentError(f"set_num_threads: expected an int, but got {type(num).__name__}")
    if num < 1:
        raise ValueError(f"set_num_threads: expected a positive number of threads, but got {num}")
    with _team.lock:
        pool, _team.pool, _team.size = _team.pool, None, int(num)
    if pool is not None:
        pool.shutdown(wait=False)


def share(work: Callable[[int], None], tiles: int) -> None:
    """``work(0)`` … ``work(tiles − 1)``, in any order, on all threads; the first error is raised.

    Called by work that is shared already, it computes the tiles one after another.
    """
    helpers = min(get_num_threads(), tiles) - 1
    if helpers < 1 or getattr(_local, "sharing", False):
        for tile in range(tiles):
            work(tile)
        return
    take = itertools.count().__next__

    def run() -> None:
        _local.sharing = True
        try:
            while (tile := take()) < tiles:
                work(tile)
        finally:
            _local.sharing = False

    with blas_threads(1):
        others = _team.submit(run, helpers)
        try:
            run()
        finally:
            errors = [error for other in others if (error := other.exception()) is not None]  # waits for all
        if errors:
            raise errors[0]


def parts(count: int, least: int = 1) -> list[slice]:
    """0 … count − 1 cut into one slice a thread, nearly equal, none shorter than `least` unless it is the only one."""
    number = max(1, min(get_num_threads(), count // max(least, 1)))
    edges = [count * part // number for part in range(number + 1)]
    return [slice(*pair) for pair in itertools.pairwise(edges)]


@contextlib.contextmanager
def blas_threads(num: int) -> Iterator[None]:
    """Hold BLAS to `num` threads inside, and give it back what it had; kernels that overlap hold it together."""
    with _team.lock:
        _team.holders += 1
        if _team.holders == 1:
            _team.held = [library.num_threads for library in _team.libraries()]
            _set_blas(num)
    try:
        yield
    finally:
        with _team.lock:
            _team.holders -= 1
            if not _team.holders:
                for library, count in zip(_team.libraries(), _team.held, strict=True):
                    if count != num:
                        library.set_num_threads(count)


def _set_blas(num: int) -> None:
    for library, count in zip(_team.libraries(), _team.held, strict=True):
        if count != num:
            library.set_num_threads(num)


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Memory of this thread's own to compute in, its contents arbitrary; asked for again by its name, it is the same.

    A tile then stays in the cache, where fresh memory would have to be fetched, page by page.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    kept = _local.__dict__.setdefault("memory", {})
    if name not in kept or kept[name].size < size:
        kept[name] = np.empty(size + 64, dtype=np.uint8)
        kept[name] = kept[name][-kept[name].ctypes.data % 64 :]  # on a cache line's edge
    return kept[name][:size].view(dtype).reshape(shape)
