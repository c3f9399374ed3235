"""Threads behave: with any number of them results are the same, errors come out, and BLAS is given back as it was."""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import tinycnn as torch
from tinycnn import nn
from tinycnn.backend import blas, threads
from tinycnn.backend.blas import limited
from tinycnn.nn import functional as F
from tinycnn.utils.data import DataLoader, TensorDataset

ROOT = Path(__file__).parents[2]


def blas_counts() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def _in_time_and_tidily() -> Iterator[None]:
    """Whatever hangs shows where after a minute, and no test leaves BLAS other than it was."""
    import faulthandler

    before = blas_counts()
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert blas_counts() == before


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch) -> threads._Team:
    """A team none of whose threads was started yet."""
    monkeypatch.setattr(threads, "_team", threads._Team())
    return threads._team


def squares(count: int) -> list[int]:
    """0², 1², … each computed as a tile."""
    found = [-1] * count

    def work(tile: int) -> None:
        assert found[tile] == -1
        found[tile] = tile * tile

    threads.share(work, count)
    return found


def a_step() -> list[Any]:
    """The loss and the gradients of a small network; the same at every call."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, stride=2), nn.GELU(), nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )  # fmt: skip
    loss = F.cross_entropy(net(torch.randn(8, 3, 32, 32)), torch.arange(8))
    loss.backward()
    return [loss.detach().numpy(), *(p.grad.numpy() for p in net.parameters() if p.grad is not None)]


def assert_same(found: list[Any], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-4, atol=1e-6)


# How many ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def python(program: str, **environment: str) -> str:
    """What a program prints in an interpreter of its own; it must come to its end by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT, check=False,
        timeout=60, env={**os.environ, **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_what_was_set_is_what_one_gets_and_blas_obeys() -> None:
    assert python("""if True:
        from threadpoolctl import threadpool_info
        from tinycnn.backend.threads import get_num_threads, set_num_threads
        for number in (3, 1, 2):
            set_num_threads(number)
            print(get_num_threads(), *{pool["num_threads"] for pool in threadpool_info()})
    """).split() == ["3", "3", "1", "1", "2", "2"]


@pytest.mark.parametrize(("num", "error"), [
    (0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError), ("2", TypeError), (None, TypeError)
])  # fmt: skip
def test_what_is_no_number_of_threads_is_refused(num: Any, error: type[Exception]) -> None:
    before = threads.get_num_threads()
    with pytest.raises(error, match="set_num_threads: expected a"):
        threads.set_num_threads(num)
    assert threads.get_num_threads() == before


def test_there_are_as_many_as_blas_has() -> None:
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
def test_no_more_run_at_once_than_asked(num: int, unstarted: threads._Team) -> None:
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


def test_a_step_is_the_same_with_any_number_of_threads_and_to_the_bit_with_one_limited() -> None:
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
    started: int, error: Exception, monkeypatch: pytest.MonkeyPatch, unstarted: threads._Team
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
    if not started:
        assert unstarted.turns.empty()  # nothing waits for a thread that will never come


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


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_an_error_waits_for_tiles_that_are_being_computed(where: str) -> None:
    """Whoever catches it may let go of the memory they write to."""
    caller, barrier, done = threading.get_ident(), threading.Barrier(2), []

    def work(tile: int) -> None:
        barrier.wait(20)
        if (threading.get_ident() == caller) == (where == "caller"):
            raise InterruptedError
        np.linalg.svd(np.ones((80, 80)))
        done.append(tile)

    with limited(2), pytest.raises(InterruptedError):
        threads.share(work, 2)
    assert len(done) == 1


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
        threads.share(lambda _: inner.add(threading.get_ident()), 8)
        assert inner == {threading.get_ident()}
        found[tile] = inner

    with limited(2):
        threads.share(outer, 2)
        assert found[0] != found[1]
        barrier.reset()
        threads.share(lambda tile: barrier.wait(20) and None, 2)  # and afterwards is shared again


def test_memory_to_compute_in_is_a_threads_own_and_comes_back() -> None:
    barrier, seen = threading.Barrier(2), {}

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


# BLAS is given back ──────────────────────────────────────────────────────────────────────────────────────────────────


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
    first, second, third = blas.held(1), limited(2), blas.held(1)
    first.__enter__()
    second.__enter__()
    assert set(blas_counts()) <= {1}
    third.__enter__()
    first.__exit__(None, None, None)
    assert set(blas_counts()) <= {1}
    third.__exit__(None, None, None)
    assert set(blas_counts()) <= {2}
    second.__exit__(None, None, None)
    assert blas_counts() == before


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
    threading_layer = "openmp"

    def set_num_threads(self, num: int) -> None:
        self.num_threads = num


def test_a_blas_that_counts_for_each_thread_apart(monkeypatch: pytest.MonkeyPatch, unstarted: threads._Team) -> None:
    library = CountsForEachThread()
    monkeypatch.setattr(blas, "_known", lambda: blas._Libraries([], [library], 4))
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


# Other people's threads, and forks ───────────────────────────────────────────────────────────────────────────────────


def together(*tasks: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(60) for future in [pool.submit(task) for task in tasks]]


def test_several_threads_of_the_program_may_use_kernels_at_once() -> None:
    def task() -> list[list[int]]:
        return [squares(20) for _ in range(200)]

    with limited(2):
        for found in together(*[task] * 4):
            assert found == [[tile * tile for tile in range(20)]] * 200


def test_steps_in_the_programs_own_threads() -> None:
    """Of evaluation, as the seed of random numbers is the program's."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3)).eval()
    images = [torch.randn(16, 3, 32, 32) for _ in range(3)]
    with limited(1):
        expected = [net(x).detach().numpy() for x in images]
    with limited(2):
        found = together(*(lambda x=x: [net(x).detach().numpy() for _ in range(3)] for x in images))
    for same, right in zip(found, expected, strict=True):
        for one in same:
            np.testing.assert_allclose(one, right, rtol=1e-4, atol=1e-5)


def test_a_limit_in_one_thread_while_another_computes() -> None:
    """Whoever notes down BLAS's threads while a kernel holds them would give back too few."""
    computing, go_on = threading.Event(), threading.Event()

    def kernel() -> None:
        threads.share(lambda tile: computing.set() or (go_on.wait(20) and None), 2)

    def trainer() -> None:
        assert computing.wait(20)
        with limited(1):
            go_on.set()
            while blas._held:
                pass

    with limited(2):
        together(kernel, trainer)
        assert set(blas_counts()) <= {2}


def test_a_loader_with_workers_feeds_a_net() -> None:
    torch.manual_seed(0)
    net, images = nn.Conv2d(3, 8, 3), torch.randn(12, 3, 16, 16)

    class Convolved(TensorDataset):
        """Samples that are computed with kernels, by the workers."""

        def __getitem__(self, index: Any) -> Any:
            return (F.avg_pool2d(super().__getitem__(index)[0][None], 3, 1, 1)[0],)

    with limited(2), torch.no_grad():
        batches = [net(x).numpy() for (x,) in DataLoader(Convolved(images), batch_size=4, num_workers=2)]
    with limited(1), torch.no_grad():
        expected = net(F.avg_pool2d(images, 3, 1, 1)).numpy()
    np.testing.assert_allclose(np.concatenate(batches), expected, rtol=1e-4, atol=1e-5)


FORKED = """if True:
    import os, sys, warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: a process with threads forks
    import numpy as np
    from tests.backend.test_threads import a_step, assert_same, squares
    from tinycnn.backend import blas, threads
    from tinycnn.backend.blas import limited
    threads.set_num_threads(2)
    expected = a_step()                                  # the team runs
    def child():
        assert threads._team.size == 0
        assert threads.get_num_threads() == 2 and set(blas._counts()) <= {2}
        assert_same(a_step(), expected)
        assert squares(6) == [0, 1, 4, 9, 16, 25] and threads._team.size == 1
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("way", [
    "child()",
    "import threading; worker = threading.Thread(target=child); worker.start(); worker.join()",
], ids=["main thread", "another thread"])  # fmt: skip
def test_a_forked_child_computes(way: str) -> None:
    program = f"""
    if not (pid := os.fork()):
        {way}
        print("child", flush=True)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    child_less = a_step()
    assert_same(child_less, expected)
    """
    assert python(FORKED + program) == "child\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_forked_while_another_thread_computes_finds_blas_as_it_was() -> None:
    program = """
    import threading
    computing, go_on = threading.Event(), threading.Event()
    def work(tile):
        computing.set()
        go_on.wait(20)
    other = threading.Thread(target=threads.share, args=(work, 2))
    other.start()
    computing.wait(20)
    with limited(1):
        pass
    if not (pid := os.fork()):
        child()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert set(blas._counts()) <= {1}
    go_on.set()
    other.join()
    assert set(blas._counts()) <= {2}
    """
    assert python(FORKED + program) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_limit_goes_with_the_child_and_ends_in_it() -> None:
    program = """
    with limited(1):
        if not (pid := os.fork()):
            assert threads.get_num_threads() == 1 and set(blas._counts()) <= {1}
    if not pid:
        child()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    """
    assert python(FORKED + program) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_the_children_of_multiprocessing_compute() -> None:
    program = """
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(squares, [3, 4, 5]))
    """
    assert python(FORKED + program) == "[[0, 1, 4], [0, 1, 4, 9], [0, 1, 4, 9, 16]]\n"


# The end of the program ──────────────────────────────────────────────────────────────────────────────────────────────

AT_EXIT = """if True:
    import atexit
    from tests.backend.test_threads import a_step, squares
    from tinycnn.backend import threads
    threads.set_num_threads(2)
    {first}
    @atexit.register
    def compute():
        a_step()
        print(squares(4))
"""


@pytest.mark.parametrize("first", ["a_step()", "pass"], ids=["with helpers", "for the first time"])
def test_computing_at_exit(first: str) -> None:
    assert python(AT_EXIT.format(first=first)) == "[0, 1, 4, 9]\n"


def test_computing_while_the_interpreter_falls_apart() -> None:
    """When objects are destroyed last of all, the helpers exist no more, though they seem to."""
    assert python(AT_EXIT.format(first="a_step()") + """
    class Last:
        def __init__(self, share, write):
            self.share, self.write = share, write
        def __del__(self):
            tiles = []
            self.share(lambda tile: tiles.append(tile), 3)
            self.write(1, str(sorted(tiles)).encode())
    import os
    last = Last(threads.share, os.write)
    """) == "[0, 1, 4, 9]\n[0, 1, 2]"


def test_leaving_while_another_thread_computes() -> None:
    assert python("""if True:
        import threading
        from tests.backend.test_threads import squares
        from tinycnn.backend import threads
        threads.set_num_threads(2)
        def forever():
            while True:
                squares(10)
        threading.Thread(target=forever, daemon=True).start()
        squares(10)
    """) == ""
