r"""How many threads the matrix products of a training may use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def blas_threads(count: int | None) -> Iterator[None]:
    r"""Hold the BLAS library to `count` threads inside the block; with None or without threadpoolctl, leave it alone.

    The products of a small network take microseconds, less than it costs to wake a second thread and wait for it. On
    a machine that is busy otherwise the difference is great: a step on the digits took 105 ms with one thread and
    841 ms with two, on two cores that other programs used as well.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        yield
        return
    with threadpool_limits(count, user_api="blas"):
        yield
