"""What the machine can do at best: the rate of a large matrix product, and how fast memory is copied."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

SIDE = 2048            # of the matrices
COPIED = 64 * 2**20    # bytes, more than any cache holds


def numpy_limits(threads: int, seconds: float) -> dict[str, float]:
    """The best GF/s of NumPy's sgemm, and the best GB/s, read and written, of copies by so many threads."""
    a, b, c = (np.ones((SIDE, SIDE), np.float32) for _ in range(3))
    rate = 2 * SIDE**3 / best(lambda: np.matmul(a, b, out=c), seconds)
    pieces = [(np.ones(COPIED // 4 // threads, np.float32), np.ones(COPIED // 4 // threads, np.float32))
              for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        copied = best(lambda: list(pool.map(lambda pair: np.copyto(*pair), pieces)), seconds)
    return {"sgemm": rate / 1e9, "copy": 2 * COPIED / copied / 1e9}


def cuda_limits(cuda: Any, seconds: float) -> dict[str, float]:
    """The same on the GPU, by tinycnn's products and copies there; `cuda` is tinycnn."""
    side = 4 * SIDE
    a, b = (cuda.ones(side, side, device="cuda") for _ in range(2))
    source = cuda.ones(COPIED, device="cuda")  # four bytes each

    def wait(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: (work(), cuda.cuda.synchronize())

    rate = 2 * side**3 / best(wait(lambda: a @ b), seconds)
    return {"sgemm": rate / 1e9, "copy": 8 * COPIED / best(wait(lambda: source.clone()), seconds) / 1e9}


def best(work: Callable[[], object], seconds: float) -> float:
    """The shortest time that it takes, of as many tries as fit, three at least."""
    least, tries, end = float("inf"), 0, time.perf_counter() + seconds
    while tries < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        least, tries = min(least, time.perf_counter() - start), tries + 1
    return least
