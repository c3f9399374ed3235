r"""Threads that fetch batches ahead of the loop that uses them, and hand them over in the order they were asked for.

Threads, not processes: NumPy lets go of the interpreter while it copies and computes, and nothing has to be pickled.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple


class WorkerInfo(NamedTuple):
    r"""What :func:`get_worker_info` tells: which worker of how many, the epoch's seed, the (shared) dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_here = threading.local()


def get_worker_info() -> WorkerInfo | None:
    r"""In a loader's worker thread, its :class:`WorkerInfo`; anywhere else None."""
    return getattr(_here, "info", None)


class Answer:
    r"""What a task will have come to: a value, or the exception it ended in."""

    def __init__(self) -> None:
        self._slot: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def give(self, value: Any, error: BaseException | None = None) -> None:
        self._slot.put((value, error))

    def take(self, timeout: float | None) -> Any:
        r"""Wait for it. An exception is raised here, with the traceback of the thread it arose in."""
        try:
            value, error = self._slot.get(timeout=timeout)
        except queue.Empty:
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds") from None
        if error is not None:
            try:
                raise error
            finally:
                del error  # an exception that a frame of its own traceback refers to would be a cycle
        return value


Task = tuple[tuple[Any, ...], Answer]


class Workers:
    r"""Up to ``len(infos)`` daemon threads that call ``fetch``; fewer, or none, where threads cannot be started.

    Parameters
    ----------
    fetch : callable                 what a task's arguments are given to
    infos : list of WorkerInfo       one a thread
    begin : callable, optional       called with a worker's id as its thread starts; if it raises, so does every task
    """

    def __init__(
        self, fetch: Callable[..., Any], infos: list[WorkerInfo], begin: Callable[[int], Any] | None = None
    ) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        try:
            for info in infos:
                name, arguments = f"DataLoader worker {info.id}", (self._tasks, fetch, info, begin)
                thread = threading.Thread(target=_work, args=arguments, name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        except (RuntimeError, OSError):  # a browser, or a process at its limit
            pass
        except BaseException:  # Ctrl-C: those that have started would wait for ever
            for _ in infos:
                self._tasks.put(None)
            raise

    def __len__(self) -> int:
        return len(self._threads)

    def ask(self, *arguments: Any) -> Answer:
        answer = Answer()
        self._tasks.put((arguments, answer))
        return answer

    def close(self, timeout: float | None) -> None:
        r"""Forget the tasks not begun, and wait, at most ``timeout`` seconds a thread, until the threads have ended."""
        try:
            while True:
                self._tasks.get_nowait()
        except queue.Empty:
            pass
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():  # the garbage collector may close a loop from inside a worker
                thread.join(timeout)


def _work(
    tasks: queue.SimpleQueue[Task | None],
    fetch: Callable[..., Any],
    info: WorkerInfo,
    begin: Callable[[int], Any] | None,
) -> None:
    _here.info = info
    failure: BaseException | None = None
    try:
        if begin is not None:
            begin(info.id)
    except BaseException as error:
        failure = _signed(error, info)
    while (task := tasks.get()) is not None:
        arguments, answer = task
        if failure is not None:
            answer.give(None, failure)
            continue
        try:
            answer.give(fetch(*arguments))
        except BaseException as error:
            answer.give(None, _signed(error, info))
        del task, arguments, answer  # a worker that waits keeps no batch alive


def _signed(error: BaseException, info: WorkerInfo) -> BaseException:
    error.add_note(f"in DataLoader worker {info.id} of {info.num_workers}")
    return error
