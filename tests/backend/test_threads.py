"""Shared work: with any number of threads results are the same, and errors come out."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tests.backend.sharing import a_step, assert_same, blas_counts, python, squares
from tinycnn.backend import blas, team, threads
from tinycnn.backend.blas import limited
from tinycnn.backend.team import Team
from tinycnn.errors import TinycnnError

pytestmark = pytest.mark.usefixtures("in_time_and_tidily")


# How many ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_set_is_what_one_gets_and_blas_obeys() -> None:
    assert python("""if True:
        from threadpoolctl import threadpool_info
        from tinycnn.backend.threads import get_num_threads, set_num_threads
        for number in (3, 1, 2):
            set_num_threads(number)
            print(get_num_threads(), *{pool["num_threads"] for pool in threadpool_info()})
    """).split() == ["3", "3", "1", "1", "2", "2"]


@pytest.mark.parametrize(("num", "error"), [
    (0, ValueError), (-1, ValueError), (1025, ValueError), (10**30, ValueError),
    (1.5, TypeError), (True, TypeError), ("2", TypeError), (None, TypeError),
])  # fmt: skip
def test_what_is_no_number_of_threads_is_refused(num: Any, error: type[Exception]) -> None:
    before = threads.get_num_threads()
    with pytest.raises(error, match="set_num_threads: expected a") as refused:
        threads.set_num_threads(num)
    assert isinstance(refused.value, TinycnnError)
    assert threads.get_num_threads() == before


def test_there_are_as_many_as_blas_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_given", None)  # what set_num_threads said in another test
    with threadpool_limits(1, user_api="blas"):
        assert threads.get_num_threads() == 1
    with threadpool_limits(2, user_api="blas"):
        assert threads.get_num_threads() == 2


def test_an_environment_variable_is_obeyed() -> None:
    program = "from tinycnn.backend.threads import get_num_threads; print(get_num_threads())"
    assert python(program, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1") == "1\n"


def test_without_threadpoolctl_there_is_one_unless_more_are_asked_for() -> None:
    assert python("""if True:
        import sys
        sys.modules["threadpoolctl"] = None
        from tinycnn.backend import blas, threads
        print(threads.get_num_threads())
        with blas.limited(3):
            print(threads.get_num_threads())
        threads.set_num_threads(2)
        tiles = []
        threads.share(tiles.append, 5)
        print(threads.get_num_threads(), sorted(tiles))
    """).splitlines() == ["1", "3", "2 [0, 1, 2, 3, 4]"]


@pytest.mark.parametrize("num", [1, 2, 5])
def test_no_more_run_at_once_than_asked(num: int, unstarted: Team) -> None:
    seen, busy, most, lock = set(), 0, 0, threading.Lock()

    def work(tile: int) -> None:
        nonlocal busy, most
        with lock:
            seen.add(threading.get_ident())
            busy += 1
            most = max(most, busy)
        np.linalg.qr(np.ones((60, 60)))
        with lock:
            busy -= 1

    with limited(num):
        threads.share(work, 40)
    assert most <= num
    assert len(seen) <= num
    assert unstarted.size == num - 1


def test_two_tiles_are_computed_at_the_same_time() -> None:
    barrier = threading.Barrier(2)
    with limited(2):
        threads.share(lambda tile: barrier.wait(20) and None, 2)  # alone it would break


def test_who_fell_asleep_is_woken(unstarted: Team) -> None:
    barrier = threading.Barrier(2)
    with limited(2):
        for _ in range(3):
            threads.share(lambda tile: barrier.wait(20) and None, 2)
            while not unstarted._helpers[0].asleep:
                time.sleep(0.001)


def test_a_flag_is_raised_before_the_other_is_watched() -> None:
    """One call of NumPy does both; while it runs, the lock is free."""
    raised, watched = np.zeros((2, 64), bool), np.zeros((2, 64), bool)
    watched[0, 0] = True
    rows = np.ndarray((2, 20_000_000_000), bool, watched, 0, (64, 0))  # ten seconds
    thread = threading.Thread(target=team.look, args=(rows, raised[:, 0]), daemon=True)
    thread.start()
    while not raised[0, 0]:
        time.sleep(0.001)
    assert thread.is_alive()
    assert not raised[1, 0]
    watched[1, 0] = True
    thread.join(5)
    assert not thread.is_alive()
    assert raised[1, 0]


@pytest.mark.parametrize("num", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_every_tile_is_computed_once(count: int, num: int) -> None:
    with limited(num):
        assert squares(count) == [tile * tile for tile in range(count)]


@pytest.mark.parametrize(("count", "least"), [(0, 1), (1, 1), (7, 1), (7, 3), (7, 8), (100, 33), (5, 0)])
def test_parts_are_all_of_it_in_order(count: int, least: int) -> None:
    with limited(3):
        found = threads.parts(count, least)
    assert [i for part in found for i in range(count)[part]] == list(range(count))
    assert 1 <= len(found) <= 3
    assert len(found) == 1 or min(part.stop - part.start for part in found) >= least


def test_a_step_is_the_same_with_any_number_of_threads_and_to_the_bit_with_one_number() -> None:
    with limited(1):
        expected = a_step()
    for num in (2, 3):
        with limited(num):
            first, second = a_step(), a_step()
        assert_same(first, expected)
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)


# Threads that cannot start, errors ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("started", [0, 1])
@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), OSError("no more processes")])
def test_where_threads_cannot_start_the_caller_computes(
    started: int, error: Exception, monkeypatch: pytest.MonkeyPatch, unstarted: Team
) -> None:
    start = threading.Thread.start

    def begin(thread: threading.Thread) -> None:
        if unstarted.size >= started:
            raise error
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", begin)
    with limited(4):
        assert squares(9) == [tile * tile for tile in range(9)]
        assert_same(a_step(), a_step())
    assert unstarted.size == started


@pytest.mark.parametrize("num", [1, 2, 3])
@pytest.mark.parametrize("guilty", [{0}, {5}, {19}, set(range(20))])
def test_an_error_in_a_tile_comes_out_and_no_other_is_begun(guilty: set[int], num: int) -> None:
    begun = []

    def work(tile: int) -> None:
        begun.append(tile)
        if tile in guilty:
            raise KeyError(tile)

    before = blas_counts()
    with limited(num), pytest.raises(KeyError) as raised:
        threads.share(work, 20)
    assert raised.value.args[0] in guilty
    assert set(begun) >= {raised.value.args[0]}
    assert len(guilty & set(begun)) <= num
    assert blas_counts() == before
    assert squares(5) == [0, 1, 4, 9, 16]  # all are there again


def test_after_an_error_the_others_begin_nothing_more() -> None:
    begun, barrier = [], threading.Barrier(2)

    def work(tile: int) -> None:
        begun.append(tile)
        if tile < 2:
            barrier.wait(20)
        if tile == 0:
            raise KeyError
        time.sleep(0.001)

    with limited(2), pytest.raises(KeyError):
        threads.share(work, 1000)
    assert len(begun) < 500


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_an_error_waits_for_tiles_that_are_being_computed(where: str) -> None:
    """Whoever catches it may let go of the memory they write to."""
    caller, barrier, done = threading.get_ident(), threading.Barrier(2), []

    def work(tile: int) -> None:
        barrier.wait(20)
        if (threading.get_ident() == caller) == (where == "caller"):
            raise InterruptedError
        time.sleep(0.05)
        done.append(tile)

    with limited(2), pytest.raises(InterruptedError):
        threads.share(work, 2)
    assert len(done) == 1


def test_an_interrupt_while_the_caller_waits_comes_when_all_is_done_and_costs_no_helper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Ctrl-C, and a notebook's stop button, may cause."""
    end, barrier, done = team.Helper.end, threading.Barrier(2), []

    def interrupted(helper: team.Helper, turn: Any) -> Any:
        monkeypatch.setattr(team.Helper, "end", end)
        raise KeyboardInterrupt

    def work(tile: int) -> None:
        barrier.wait(20)
        time.sleep(0.02 * tile)
        done.append(tile)

    monkeypatch.setattr(team.Helper, "end", interrupted)
    with limited(2):
        with pytest.raises(KeyboardInterrupt):
            threads.share(work, 2)
        assert sorted(done) == [0, 1]
        threads.share(lambda tile: barrier.wait(20) and None, 2)  # alone it would break


def test_a_turn_that_nobody_ended_is_over_some_day(unstarted: Team) -> None:
    barrier = threading.Barrier(2)
    with limited(2):
        threads.share(lambda tile: barrier.wait(20) and None, 2)
        (helper,) = unstarted._helpers
        left = helper.engage(lambda: None)
        assert left is not None
        threads.share(lambda tile: barrier.wait(20) and None, 2)  # alone it would break
        assert helper.end(left) is None


def test_an_error_leaves_nothing_behind() -> None:
    barrier = threading.Barrier(2)

    def failing() -> weakref.ref[Any]:
        array = np.ones(1000)

        def work(tile: int) -> None:
            barrier.wait(20)
            raise ValueError(array.size)

        with contextlib.suppress(ValueError):
            threads.share(work, 2)
        return weakref.ref(array)

    gc.disable()
    try:
        with limited(2):
            left = failing()
            threads.share(lambda tile: barrier.wait(20) and None, 2)  # each thread has gone on to something else
        assert left() is None
    finally:
        gc.enable()


def test_work_that_is_done_is_let_go_of() -> None:
    def computing() -> weakref.ref[Any]:
        array = np.ones(1000)
        threads.share(lambda tile: array.sum() and None, 8)
        return weakref.ref(array)

    barrier = threading.Barrier(2)
    with limited(2):
        left = computing()
        threads.share(lambda tile: barrier.wait(20) and None, 2)
    assert left() is None


# What tiles find ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_numpys_errstate_goes_along_and_stays_with_its_tile() -> None:
    barrier, seen = threading.Barrier(2), []

    def work(tile: int) -> None:
        barrier.wait(20)
        seen.append(np.geterr()["divide"])
        np.ones(3) / np.zeros(3)  # a warning would be an error

    with limited(2):
        with np.errstate(divide="ignore"):
            threads.share(work, 2)
        with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
            threads.share(work, 2)
    assert seen == ["ignore"] * 2 + ["raise"] * 2
    assert np.geterr()["divide"] == "warn"


def test_shared_work_that_shares_goes_on_alone() -> None:
    barrier = threading.Barrier(2)
    found: dict[int, set[int]] = {}

    def outer(tile: int) -> None:
        barrier.wait(20)
        inner: set[int] = set()
        threads.share(lambda _: inner.add(threading.get_ident()) or time.sleep(0.002), 8)  # others would have the time
        assert inner == {threading.get_ident()}
        found[tile] = inner

    with limited(3):  # one is idle
        threads.share(outer, 2)
        assert found[0] != found[1]
        barrier.reset()
        threads.share(lambda tile: barrier.wait(20) and None, 2)  # and afterwards is shared again
