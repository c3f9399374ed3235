"""BLAS is held to one thread while kernels share their work, and given back as it was."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from tests.backend.sharing import blas_counts, python, together
from tinycnn.backend import blas, threads
from tinycnn.backend.blas import limited
from tinycnn.backend.team import Team

pytestmark = pytest.mark.usefixtures("in_time_and_tidily")


def test_blas_has_one_thread_while_tiles_are_computed() -> None:
    with limited(2):
        inside: list[int] = []
        threads.share(lambda tile: inside.extend(blas_counts()), 2)
        assert set(inside) <= {1}
        assert threads.get_num_threads() == 2
        assert set(blas_counts()) <= {2}


def test_a_limit_holds_inside_its_block_only_the_innermost_counts_and_none_changes_nothing() -> None:
    before, usual = blas_counts(), threads.get_num_threads()
    with limited(3):
        with limited(1), limited(None):
            assert threads.get_num_threads() == 1
            assert set(blas_counts()) <= {1}
        assert threads.get_num_threads() == 3
        with contextlib.suppress(KeyError), limited(2):
            raise KeyError
        assert set(blas_counts()) <= {3}
    assert (blas_counts(), threads.get_num_threads()) == (before, usual)


def test_holds_that_overlap_end_in_any_order() -> None:
    before = blas_counts()
    blas._begin(blas._holders, "first", 1)
    with limited(2):
        assert set(blas_counts()) <= {1}
        blas._begin(blas._holders, "second", 1)
        blas._end(blas._holders, "first", [])
        assert set(blas_counts()) <= {1}
        blas._end(blas._holders, "second", [])
        assert set(blas_counts()) <= {2}
    assert blas_counts() == before


class Interrupted:
    """A user who presses Ctrl-C at the `number`-th place where Python lets an interrupt in, of all in these modules.

    It does so where a function begins, and after a call of one that is written in C.
    """

    def __init__(self, number: int, *modules: Any) -> None:
        self.left, self.files = number, {module.__file__ for module in modules}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_name
        if event in ("call", "c_return") and frame.f_code.co_filename in self.files and (event, name) != UNPROTECTED:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


UNPROTECTED = ("call", "__exit__")  # of a user's own ``with``: no Python code could do anything about it


def a_shared_work() -> None:
    threads.share(lambda tile: None, 2)


def a_limited_work() -> None:
    with limited(1):
        pass


@pytest.mark.parametrize("work", [a_shared_work, a_limited_work])
def test_an_interrupt_wherever_it_comes_does_not_leave_blas_with_one_thread(
    work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ctrl-C, and a notebook's stop button, may cause."""

    def slowly(tell: Callable[[int], Any]) -> Callable[[int], None]:
        """So that an interrupt may come when it was told."""
        return lambda num: len((tell(num),)) and None

    known = blas._known()
    slow = known._replace(shared=[library._replace(set=slowly(library.set)) for library in known.shared])
    monkeypatch.setattr(blas, "_known", lambda: slow)
    with threadpool_limits(2, user_api="blas"):
        a_shared_work()  # starts the helpers
        before, places = blas_counts(), 0
        while True:
            sys.setprofile(Interrupted(places, blas, threads, sys.modules[__name__]))
            try:
                work()
            except KeyboardInterrupt:
                places += 1
            else:
                break
            finally:
                sys.setprofile(None)
            assert (blas_counts(), blas._holders, blas._limits, blas._bound) == (before, [], [], False)
            assert not blas._lock.locked()
            assert not threads.sharing()
        assert places > 5


def test_who_is_interrupted_before_holding_takes_nobodys_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        """A lock whose taking is interrupted the first time."""

        def __enter__(self) -> None:
            monkeypatch.setattr(blas, "_lock", lock)
            raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None: ...

    def interrupted() -> None:
        monkeypatch.setattr(blas, "_lock", Interrupting())
        with pytest.raises(KeyboardInterrupt):
            blas.held(lambda team: None)

    lock = blas._lock

    def holding(team: int) -> None:
        together(interrupted)
        assert set(blas_counts()) <= {1}

    blas.held(holding)


def test_every_thread_of_the_program_can_hold_blas() -> None:
    """threadpoolctl 3.8 lets only the first one set it, here the main thread, and says nothing to the others."""
    inside = []
    with threadpool_limits(2, user_api="blas"):
        together(lambda: threads.share(lambda tile: inside.extend(blas_counts()), 2))
        assert set(blas_counts()) <= {2}
    assert inside
    assert set(inside) <= {1}


class CountsForEachThread(threading.local):
    """A BLAS as OpenMP's: how many threads it takes depends on the thread that calls it."""

    num_threads = 4

    def get(self) -> int:
        return self.num_threads

    def set(self, num: int) -> None:
        self.num_threads = num


def test_a_blas_that_counts_for_each_thread_apart(monkeypatch: pytest.MonkeyPatch, unstarted: Team) -> None:
    library = CountsForEachThread()
    monkeypatch.setattr(blas, "_known", lambda: blas._Libraries([], [blas._Library(library.get, library.set)], 4))
    monkeypatch.setattr(blas, "_given", None)  # what set_num_threads said in another test
    barrier, inside = threading.Barrier(3), []

    def kernel() -> int:
        threads.share(lambda tile: inside.append(library.num_threads) or (barrier.wait(20) and None), 3)
        return library.num_threads

    with limited(3):
        assert library.num_threads == 3
        kernel()
        assert library.num_threads == 3
        assert together(kernel, lambda: library.num_threads) == [4, 4]  # a thread of its own, and one that is not asked
    assert library.num_threads == 4
    assert threads.get_num_threads() == 4
    assert inside == [1] * 6


def test_a_number_that_is_set_while_blas_is_held_counts_afterwards() -> None:
    assert python("""if True:
        from threadpoolctl import threadpool_info
        from tinycnn.backend import threads
        count = lambda: {pool["num_threads"] for pool in threadpool_info()}
        threads.set_num_threads(2)
        def work(tile):
            threads.set_num_threads(3)
            assert count() == {1}
        threads.share(work, 2)
        print(*count(), threads.get_num_threads())
    """) == "3 3\n"
