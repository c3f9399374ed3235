r"""How many threads BLAS multiplies matrices with: its own number, and what it is held to for a while.

BLAS divides a large product among its threads by itself. Two parties want fewer of them: kernels that share out tiles,
each of which multiplies for itself (`held`), and users with small networks or a busy machine (`limited`). They overlap
and end in any order, in several threads; with the last of them BLAS gets back what it had before the first.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple


class _Wish:
    """Of a number of threads, by whom."""

    def __init__(self, num: int) -> None:
        self.num = num
        self.thread = threading.get_ident()


_lock = threading.Lock()
_given: int | None = None  # the number that the user gave it
_own: list[int] = []  # the threads of each library before anybody wished
_held: list[_Wish] = []  # by kernels that run now
_limits: list[_Wish] = []  # by users, the innermost last
_bound = False  # whether BLAS was told of wishes and has not got back its own; an interrupt (Ctrl-C) may come between


def count() -> int:
    """The threads that BLAS has while no kernel holds it; 1 where nothing is known of it."""
    with _lock:
        if _limits:
            return _limits[-1].num
        return _given or max(_own if _bound else _counts(), default=_known().most)


def give(num: int) -> None:
    """Have BLAS take `num` threads from now on: at once, or when nobody wishes otherwise any more."""
    global _given
    with _lock:
        _given = num
        _own[:] = [num for _ in _known().shared]
        _obey()
        settle(num)


def held(num: int) -> contextlib.AbstractContextManager[None]:
    """Hold BLAS to `num` threads while a kernel runs; of several that do so at once, the smallest number counts."""
    return _wished(_held, num)


def limited(num: int | None) -> contextlib.AbstractContextManager[None]:
    r"""Let BLAS, and the kernels with it, have `num` threads inside the block; None changes nothing.

    The products of a small network take microseconds, less than it costs to wake a second thread and wait for it. On
    a machine that is busy otherwise the difference is great: a step on the digits took 105 ms with one thread and
    841 ms with two, on two cores that other programs used as well.
    """
    return contextlib.nullcontext() if num is None else _wished(_limits, num)


@contextlib.contextmanager
def _wished(wishes: list[_Wish], num: int) -> Iterator[None]:
    wish, apart = _Wish(num), [(library, library.num_threads) for library in _known().apart]
    try:
        with _lock:
            if not _bound:
                _own[:] = _counts()
            wishes.append(wish)
            _obey()
            settle(num)
        yield
    finally:
        with _lock:
            wishes[:] = [other for other in wishes if other is not wish]
            if _bound:
                _obey()
            for library, before in apart:
                _set(library, before)


def settle(num: int) -> None:
    """Where BLAS counts for each thread apart, have it take `num` threads when this thread calls it."""
    for library in _known().apart:
        _set(library, num)


def _obey() -> None:
    """Tell the libraries what is wished now."""
    global _bound
    wished = bool(_held or _limits)
    _bound = _bound or wished
    num = min(wish.num for wish in _held) if _held else _limits[-1].num if _limits else None
    for library, own in zip(_known().shared, _own, strict=True):
        _set(library, own if num is None else num)
    _bound = wished


def _set(library: Any, num: int) -> None:
    """From version 3.8 on threadpoolctl ignores all threads but the first that sets it; its inner method does not."""
    if library.num_threads != num:
        getattr(library, "_real_set_num_threads", library.set_num_threads)(num)


def _counts() -> list[int]:
    return [library.num_threads for library in _known().shared]


class _Libraries(NamedTuple):
    """threadpoolctl's handles on those that multiply matrices: with threads of the program, or of each of its threads.

    The latter is how OpenMP counts.
    """

    shared: list[Any]
    apart: list[Any]
    most: int  # threads that the latter had at first


@functools.cache
def _known() -> _Libraries:
    """None without threadpoolctl, or where it does not know them."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return _Libraries([], [], 1)
    found = [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]
    apart = [library for library in found if getattr(library, "threading_layer", "") == "openmp"]
    shared = [library for library in found if library not in apart]
    return _Libraries(shared, apart, max((library.num_threads for library in apart), default=1))


@functools.cache
def unpacked() -> int:
    """How many multiplications a product may have for BLAS to take its factors as they lie; 0 if it packs any first.

    Packing puts a factor into an order in which it is read the fastest. OpenBLAS spares it for small products, in its
    kernels for AVX-512 alone.
    """
    known = _known()
    architectures = {getattr(library, "architecture", None) for library in (*known.shared, *known.apart)}
    return 1_000_000 if architectures & {"SkylakeX", "Cooperlake", "SapphireRapids"} else 0


def _forget_others() -> None:
    """In a forked child: the kernels that other threads were running are not there; the users' limits still hold."""
    if _held:
        _held[:] = [wish for wish in _held if wish.thread == threading.get_ident()]
        _obey()
    _lock.release()


if hasattr(os, "register_at_fork"):  # the child finds the wishes complete, and the lock not taken by a thread it lacks
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget_others)
