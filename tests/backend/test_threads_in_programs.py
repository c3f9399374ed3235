"""Kernels in a program that has threads of its own, that forks, and that comes to an end."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests.backend.sharing import blas_counts, python, squares, together
from tinycnn import nn
from tinycnn.backend import blas, threads
from tinycnn.backend.blas import limited
from tinycnn.nn import functional as F
from tinycnn.utils.data import DataLoader, TensorDataset

pytestmark = pytest.mark.usefixtures("in_time_and_tidily")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


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
            while blas._holders:
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
    from tests.backend.sharing import a_step, assert_same, squares
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


@forks
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


@forks
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


@forks
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


@forks
@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="only Linux lists a process's threads there")
def test_a_child_that_is_limited_to_one_thread_starts_no_other() -> None:
    program = """
    with limited(1):
        if not (pid := os.fork()):
            a_step()
            print(len(os.listdir("/proc/self/task")), flush=True)
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    """
    assert python(FORKED + program) == "1\n"


@forks
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
    from tests.backend.sharing import a_step, squares
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
        from tests.backend.sharing import squares
        from tinycnn.backend import threads
        threads.set_num_threads(2)
        def forever():
            while True:
                squares(10)
        threading.Thread(target=forever, daemon=True).start()
        squares(10)
    """) == ""
