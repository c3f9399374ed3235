"""What the tests of threads share: small pieces of shared work, a training step, programs of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

import tinycnn as torch
from tinycnn import nn
from tinycnn.backend import threads
from tinycnn.nn import functional as F

ROOT = Path(__file__).parents[2]


def blas_counts() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


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


def python(program: str, **environment: str) -> str:
    """What a program prints in an interpreter of its own; it must come to its end by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT, check=False,
        timeout=60, env={**os.environ, **environment},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def together(*tasks: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result(60) for future in [pool.submit(task) for task in tasks]]
