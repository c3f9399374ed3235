r"""How the cores share the work of a kernel: in tiles, handed to threads, BLAS being held to one thread meanwhile.

NumPy lets go of Python's lock (the GIL) while it copies, computes or multiplies matrices, so plain threads do run side
by side. The kernel cuts its work into tiles small enough for a core's cache, and `share` deals them out:

    share(lambda tile: …, tiles)       each tile computed once, by whichever thread is free

Tiles must not write to the same memory. Where they add up to one result, who comes first would change the rounding from
run to run: such a kernel gives each thread one fixed part of the work, by `parts`, and adds the parts up in order.

Where threads cannot start (in a browser, at the end of a program), or there is to be but one, the caller computes all.
"""

from __future__ import annotations

import functools
import itertools
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import blas
from tinycnn.backend.team import Team
from tinycnn.errors import ArgumentError, ConfigError

Array = Any

KEPT = 16 << 20  # bytes of the largest memory that a thread keeps to compute in
MOST = 1024  # threads
_MADE = 1024  # views and the like of such memory that a thread keeps, see `once`

_team = Team()
_local = threading.local()


def _start_afresh() -> None:
    """In a forked child, which has none of its parent's threads."""
    global _team
    _team = Team()
    _local.__dict__.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def get_num_threads() -> int:
    """How many threads a kernel's work is shared among: as many as BLAS has, unless `set_num_threads` said otherwise.

    BLAS takes one for each core; an environment variable such as OMP_NUM_THREADS, or threadpoolctl, tells it otherwise.
    """
    return blas.count()


def set_num_threads(num: int) -> None:
    """Compute with `num` threads from now on, the caller's among them: both kernels and BLAS.

    Raises
    ------
    ArgumentError, ConfigError
        If it is no positive integer, or more than any machine has cores.
    """
    if isinstance(num, bool) or not isinstance(num, int | np.integer):
        raise ArgumentError(f"set_num_threads: expected an int, but got {type(num).__name__}")
    if num < 1:
        raise ConfigError(f"set_num_threads: expected a positive number of threads, but got {num}")
    if num > MOST:
        raise ConfigError(f"set_num_threads: expected at most {MOST} threads, but got {num}; one a core does best")
    blas.give(int(num))


def share(work: Callable[[int], None], tiles: int) -> None:
    """``work(0)`` … ``work(tiles − 1)``, in any order, on all threads; an error in one ends all, and is raised.

    A single tile is computed by the caller, who may share parts of it in turn. Called by work that is shared already,
    it computes the tiles one after another.
    """
    if sharing():
        for tile in range(tiles):
            work(tile)
        return
    blas.held(_deal, work, tiles)


def _deal(work: Callable[[int], None], tiles: int, team: int) -> None:
    """The tiles, to so many threads."""
    helpers = min(team, tiles) - 1
    if helpers < 1:
        for tile in range(tiles):
            work(tile)
        return
    next_tile, left = itertools.count().__next__, tiles

    def run() -> None:
        nonlocal left
        _local.sharing = True
        try:
            while (tile := next_tile()) < left:
                work(tile)
        except BaseException:
            left = 0  # nobody begins another
            raise
        finally:
            _local.sharing = False

    errors = _team.run(run, helpers)
    if errors:
        raise errors.pop()


def sharing() -> bool:
    """Whether whoever asks is at a shared work already."""
    return getattr(_local, "sharing", False)


def parts(count: int, least: int = 1) -> list[slice]:
    """0 … count − 1 cut into one slice a thread, nearly equal, none shorter than `least` unless it is the only one."""
    return cut(count, min(get_num_threads(), count // max(least, 1)))


def cut(count: int, number: int) -> list[slice]:
    """0 … count − 1 in `number` nearly equal slices, or in fewer, for none is empty; no numbers are one slice."""
    return list(_cut(count, number))


@functools.lru_cache(1024)  # kernels ask for the same ones at every step
def _cut(count: int, number: int) -> tuple[slice, ...]:
    number = max(1, min(count, number))
    edges = [count * part // number for part in range(number + 1)]
    return tuple(slice(*pair) for pair in itertools.pairwise(edges))


def scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    """Memory of this thread's own to compute in, its contents arbitrary; asked for again by its name, it is the same.

    A tile then stays in the cache, where fresh memory would have to be fetched, page by page. The steps of large
    networks need some 30 MB of it a thread. What is too large for any cache is made anew, and not kept.
    """
    try:
        return np.ndarray(shape, dtype, _local.memory[name])
    except (AttributeError, KeyError, TypeError):  # there is none yet, or too little
        return _more_scratch(name, shape, dtype)


def _more_scratch(name: str, shape: tuple[int, ...], dtype: Any) -> Array:
    made = np.empty(shape, dtype)
    if made.nbytes > KEPT:
        _local.too_large = getattr(_local, "too_large", 0) + 1
        return made
    kept = np.empty(made.nbytes + 64, np.uint8)
    kept = kept[-kept.ctypes.data % 64 :]  # on a cache line's edge
    _local.__dict__.setdefault("memory", {})[name] = kept
    _local.__dict__.setdefault("made", {}).clear()  # some of which shows the memory that was there before
    return np.ndarray(shape, dtype, kept)


def once(make: Callable[..., Any], *key: Any) -> Any:
    """``make(*key)``, which is made of `scratch` memory: as this thread made it last, while that memory is the same.

    Making views, however small, holds the lock for which other threads wait.
    """
    try:
        return _local.made[make, *key]
    except (AttributeError, KeyError):
        return _made_now(make, *key)


def _made_now(make: Callable[..., Any], *key: Any) -> Any:
    before, found = getattr(_local, "too_large", 0), make(*key)
    if getattr(_local, "too_large", 0) == before:  # else it is of memory that is not kept
        made = _local.__dict__.setdefault("made", {})
        if len(made) >= _MADE:
            made.clear()
        made[make, *key] = found
    return found
