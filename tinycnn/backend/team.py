r"""Helpers: threads beside the caller's, to whom a work is handed within a few microseconds.

To sleep until one is woken is what threads usually do; but on many machines it takes 10 to 30 µs to wake up, and who
wakes another pays for it, 7 µs say. Kernels of small layers take no longer than that. So a thread that waits stays
awake at first: it looks at a flag in memory, again and again, in one call of NumPy's, which lets go of Python's lock
(the GIL) meanwhile. Only after a tenth of a millisecond it goes to sleep.

Python's lock is slow to hand over as well, for whoever finds it taken goes to sleep. So flags are raised by whoever
does not hold it, *within* the call in which he waits next:

    a helper    says that it is done, and watches for the next work
    the caller  says that there is work, and does nothing for 6 µs: the lock is free, and the helper takes it

Two tiles of 40 µs take two threads 55 µs so, and 90 where one sleeps until it is woken.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import blas

Array = Any

_LINE = 64  # bytes of a cache line; a flag has one of its own, as its neighbours belong to another core
_ON, _OFF, _WANTED, _DONE = range(4)  # flags; the first is always up, the second never
_LEFT, _RIGHT = 4, 5  # where `look` puts, for the caller and the helper, what nobody reads

_AWAKE = 400_000  # looks at a flag, 0.1 ms, before a thread goes to sleep: more gain nothing, and take time from others
_HEAD_START = 24_000  # looks, 6 µs, in which a helper gets Python's lock and comes to its first computation


class _Turn:
    """A helper's part in a shared work: it takes its turn, unless the work was done and the turn withdrawn before."""

    __slots__ = ("_taken", "_work", "context", "error", "over")

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self.context = contextvars.copy_context()  # NumPy's errstate lies in it
        self.error: BaseException | None = None
        self._taken, self.over = threading.Lock(), threading.Lock()
        self.over.acquire()

    def take(self) -> None:
        if self._taken.acquire(False):
            try:
                self.context.run(self._work)
            except BaseException as error:
                self.error = error
            finally:
                self.over.release()

    def withdraw(self) -> bool:
        """Whether it is over, which it is at once if nobody has taken it."""
        if self._taken.acquire(False):
            self.over.release()
        return not self.over.locked()


class Helper:
    """A thread that takes one turn after another."""

    def __init__(self) -> None:
        room = np.zeros(7 * _LINE, bool)
        flags = room[-room.ctypes.data % _LINE :]
        flags[_ON * _LINE] = True
        self._wanted, self._done = (flags[flag * _LINE :][:1] for flag in (_WANTED, _DONE))
        self._tell_of_work = _telling(flags, (_WANTED, _LEFT), _OFF, _HEAD_START)
        self._tell_of_end = _telling(flags, (_DONE, _RIGHT), _WANTED, _AWAKE)
        self._watch_for_end = np.ndarray(_AWAKE, bool, self._done, strides=(0,))
        self._turn: _Turn | None = None
        self.asleep, self._bell = False, queue.SimpleQueue[None]()
        self.thread = threading.Thread(target=self._live, name="tinycnn helper", daemon=True)
        self.thread.start()

    def engage(self, work: Callable[[], None]) -> _Turn | None:
        """A turn of it, unless it is at work for another thread of the program."""
        before = self._turn
        if before is not None and not before.withdraw():
            return None
        self._turn = turn = _Turn(work)
        return turn

    def tell(self, at_once: bool) -> None:
        """Tell it that it is engaged. To begin `at_once`, if it is awake, Python's lock is left to it."""
        self._done[0] = False
        if at_once and not self.asleep:
            look(*self._tell_of_work)
        else:
            self._wanted[0] = True
        if self.asleep and self._bell.empty():  # or fell asleep meanwhile
            self._bell.put(None)

    def end(self, turn: _Turn) -> BaseException | None:
        """Withdraw the turn, or wait until it is over; the error that arose."""
        if not turn.withdraw():
            while turn.over.locked() and np.logical_or.reduce(self._watch_for_end):
                self._done[0] = False  # it told of the end of an earlier one
            with turn.over:
                pass
        if self._turn is turn:
            self._turn = None
        error, turn.error = turn.error, None
        return error

    def _live(self) -> None:
        blas.settle(1)
        while True:
            look(*self._tell_of_end)
            if not self._wanted[0]:
                self._sleep()
            self._wanted[0] = False
            turn = self._turn
            if turn is not None:
                turn.take()
            del turn  # and with it the work, which may hold much memory

    def _sleep(self) -> None:
        self.asleep = True
        if not self._wanted[0]:
            self._bell.get()
        self.asleep = False


def _telling(flags: Array, told: tuple[int, int], watched: int, looks: int) -> tuple[Array, Array]:
    """What `look` looks at, and what it raises."""
    rows = np.ndarray((2, looks), bool, flags, _ON * _LINE, ((watched - _ON) * _LINE, 0))
    return rows, np.ndarray((2,), bool, flags, told[0] * _LINE, ((told[1] - told[0]) * _LINE,))


def look(rows: Array, told: Array) -> None:
    """Raise the first flag of `told` at once, and the second when what is watched was raised, or after so many looks.

    It is a logical or along each of two rows, which NumPy computes one after the other, each until it is true. The
    first is of ones, and so true at once; the second is one and the same byte of memory, which another thread may set
    meanwhile. To watch what is never raised is to let time pass.
    """
    np.logical_or.reduce(rows, 1, None, told)


class Team:
    """The helpers. They start when they are first needed, and are there ever after.

    concurrent.futures' pool would do, at nearly twice the time for a work of two tiles; and where its threads cannot
    start, it keeps what it was given for ever.
    """

    def __init__(self) -> None:
        self._helpers: list[Helper] = []
        self._shunned: int | None = None  # the core that helpers keep off
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        return len(self._helpers)

    def run(self, work: Callable[[], None], helpers: int) -> list[BaseException]:
        """``work()``, by the caller and by so many helpers, or by those that can be had; the helpers' errors.

        A helper that another thread of the program has engaged is not waited for.
        """
        if self.size < helpers:
            self._grow(helpers)
        self._keep_off(_core())
        turns: list[tuple[Helper, _Turn]] = []
        try:
            with self._lock:
                for helper in self._helpers[:helpers]:
                    turn = helper.engage(work)
                    if turn is not None:
                        turns.append((helper, turn))
            for helper, _ in turns:
                helper.tell(at_once=helper is turns[-1][0])  # for all of them the lock is left to them once
            work()
        finally:
            errors = _ends(turns)
        return errors

    def _grow(self, size: int) -> None:
        with self._lock:
            try:
                while self.size < size:
                    self._helpers.append(Helper())
                    self._shunned = None
            except (RuntimeError, OSError):  # "can't start new thread", "… at interpreter shutdown"
                pass

    def _keep_off(self, core: int | None) -> None:
        """Let helpers run on every core but the caller's.

        Linux likes to wake a thread on the core of the one that woke it, where it waits a millisecond or more until it
        is moved to the idle one: works of two tiles of a millisecond each took twice as long every other time.
        """
        if core is not None and core != self._shunned:
            with contextlib.suppress(OSError):
                others = os.sched_getaffinity(0) - {core}
                for helper in self._helpers if others else ():
                    if helper.thread.native_id is not None:
                        os.sched_setaffinity(helper.thread.native_id, others)
                self._shunned = core


def _ends(turns: list[tuple[Helper, _Turn]]) -> list[BaseException]:
    """The errors of turns, when all are over; an interrupt (Ctrl-C) waits until then, for they write to memory."""
    errors, interrupt = [], None
    while turns:
        helper, turn = turns[-1]
        try:
            error = helper.end(turn)
            turns.pop()
            if error is not None:
                errors.append(error)
        except KeyboardInterrupt as come:
            interrupt = come
    if interrupt is not None:
        raise interrupt
    return errors


@functools.cache
def _asking() -> Any:
    """What tells which core runs the thread that asks; it is in the C library of Linux."""
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.PyDLL(None), "sched_getcpu", None)


def _core() -> int | None:
    ask = _asking()
    return None if ask is None else int(ask())
