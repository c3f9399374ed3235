r"""How many threads BLAS multiplies matrices with: its own number, and what it is held to for a while.

BLAS divides a large product among its threads by itself. Two parties want fewer of them: kernels that share out tiles,
each of which multiplies for itself (`held`), and users with small networks or a busy machine (`limited`). They overlap
and end in any order, in several threads; with the last of them BLAS gets back what it had before the first.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

_lock = threading.Lock()
_given: int | None = None  # the number that the user gave it
_own: list[int] = []  # the threads of each library before anybody wished
_holders: list[object] = []  # one for each kernel that runs now
_limits: list[_Limit] = []  # of users, the innermost last
_bound = False  # whether BLAS was told of wishes and has not got back its own; an interrupt may come between


def held(work: Callable[..., None], *arguments: Any) -> None:
    """``work(*arguments, team)`` while BLAS has one thread; it has its own again when the last such work is done.

    `team`: the threads that the work may take instead.

    An interrupt (Ctrl-C) may come at the beginning of any function and after any call, those that give BLAS its own
    back among them. So what was interrupted while it ended is ended once more. A ``with`` would not do: whoever is
    interrupted at the beginning of its ``__exit__`` has no say in what follows.
    """
    hold, before = object(), _apart()
    try:
        work(*arguments, _begin(_holders, hold, 1))
    finally:
        try:
            _end(_holders, hold, before)
        except BaseException:
            _end(_holders, hold, before)
            raise


class _Limit:
    """A user's wish for a number of threads, as long as the block lasts."""

    def __init__(self, num: int) -> None:
        self.num = num

    def __enter__(self) -> None:
        self._before = _apart()
        try:
            _begin(_limits, self, self.num)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            _end(_limits, self, self._before)
        except BaseException:
            _end(_limits, self, self._before)
            raise


def _apart() -> list[int]:
    """What libraries have that count for each thread apart."""
    return [library.get() for library in apart] if (apart := _known().apart) else []


def _begin(wishes: list[Any], wish: object, num: int) -> int:
    with _lock:
        wishes.append(wish)
        if wishes is _limits or len(wishes) == 1:
            _obey()
        if _known().apart:
            settle(num)
        return _usual()


def _end(wishes: list[Any], wish: object, before: list[int]) -> None:
    """To do it twice is as good as once."""
    with _lock:
        if wish in wishes:  # not in a child that was forked meanwhile, nor if an interrupt came before it was
            wishes.remove(wish)
        if _bound:
            _obey()
        if before:
            for library, number in zip(_known().apart, before, strict=True):
                library.set(number)


def count() -> int:
    """The threads that BLAS has while no kernel holds it; 1 where nothing is known of it."""
    with _lock:
        return _usual()


def give(num: int) -> None:
    """Have BLAS take `num` threads from now on: at once, or when nobody wishes otherwise any more."""
    global _given
    with _lock:
        _given = num
        _own[:] = [num for _ in _known().shared]
        _obey()
        settle(num)


def limited(num: int | None) -> contextlib.AbstractContextManager[None]:
    r"""Let BLAS, and the kernels with it, have `num` threads inside the block; None changes nothing.

    The products of a small network take microseconds, less than it costs to wake a second thread and wait for it. On
    a machine that is busy otherwise the difference is great: a step on the digits took 105 ms with one thread and
    841 ms with two, on two cores that other programs used as well.
    """
    return contextlib.nullcontext() if num is None else _Limit(num)


def settle(num: int) -> None:
    """Where BLAS counts for each thread apart, have it take `num` threads when this thread calls it."""
    for library in _known().apart:
        library.set(num)


def _usual() -> int:
    if _limits:
        return _limits[-1].num
    return _given or max(_own if _bound else _counts(), default=_known().most)


def _obey() -> None:
    """Tell the libraries what is wished now, or give them back their own."""
    global _bound
    num = 1 if _holders else _limits[-1].num if _limits else None
    if num is not None and not _bound:
        _own[:] = _counts()
    _bound = True
    for library, own in zip(_known().shared, _own, strict=True):
        if library.get() != (num or own):  # in a forked child, telling it begins its threads anew
            library.set(num or own)
    _bound = num is not None


def _counts() -> list[int]:
    return [library.get() for library in _known().shared]


class _Library(NamedTuple):
    """What multiplies matrices: how many threads it has, and what gives it so many."""

    get: Callable[[], int]
    set: Callable[[int], Any]


class _Libraries(NamedTuple):
    """Those with threads of the program's, and those that have some for each of its threads, as OpenMP has them."""

    shared: list[_Library]
    apart: list[_Library]
    most: int = 1  # threads that the latter had at first
    architectures: frozenset[str | None] = frozenset()  # what processors their kernels are made for


@functools.cache
def _known() -> _Libraries:
    """As threadpoolctl finds them. None without it, or where it does not know them."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return _Libraries([], [])
    found = [library for library in ThreadpoolController().lib_controllers if library.user_api == "blas"]
    apart = [library for library in found if getattr(library, "threading_layer", "") == "openmp"]
    shared = [library for library in found if library not in apart]
    most = max((library.num_threads for library in apart), default=1)
    kinds = frozenset(getattr(library, "architecture", None) for library in found)
    return _Libraries(list(map(_functions, shared)), list(map(_functions, apart)), most, kinds)


def _functions(library: Any) -> _Library:
    """OpenBLAS's C functions themselves, as each kernel calls them: threadpoolctl's take four to six times as long.

    Besides, from version 3.8 on threadpoolctl ignores all threads but the first that sets a number; its inner method
    does not.
    """
    if library.internal_api == "openblas" and library.threading_layer != "openmp":
        import ctypes

        functions = ctypes.PyDLL(library.filepath)  # does not let go of Python's lock for them
        for prefix, suffix in itertools.product(("", "scipy_"), ("", "64_", "_64")):
            get, give = (f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set"))
            if hasattr(functions, get) and hasattr(functions, give):
                return _Library(getattr(functions, get), getattr(functions, give))
    return _Library(library.get_num_threads, getattr(library, "_real_set_num_threads", library.set_num_threads))


@functools.cache
def unpacked() -> int:
    """How many multiplications a product may have for BLAS to take its factors as they lie; 0 if it packs any first.

    Packing puts a factor into an order in which it is read the fastest. OpenBLAS spares it for small products, in its
    kernels for AVX-512 alone.
    """
    return 1_000_000 if _known().architectures & {"SkylakeX", "Cooperlake", "SapphireRapids"} else 0


def _forget_others() -> None:
    """In a forked child: the kernels that other threads were running are not there; the users' limits still hold."""
    if _holders:
        _holders.clear()
        _obey()
    _lock.release()


if hasattr(os, "register_at_fork"):  # the child finds the wishes complete, and the lock not taken by a thread it lacks
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget_others)
