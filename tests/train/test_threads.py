r"""The BLAS library is held to the threads asked for, and let go again."""

from __future__ import annotations

import sys

import pytest
from threadpoolctl import threadpool_info

from tinycnn.errors import ConfigError
from tinycnn.train import TrainConfig
from tinycnn.train.threads import blas_threads


def counts() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_it_is_held_inside_the_block_only() -> None:
    before = counts()
    with blas_threads(1):
        assert set(counts()) <= {1}
    assert counts() == before


def test_without_threadpoolctl_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    before = counts()
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with blas_threads(1):
        assert counts() == before


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="threads must be at least 1"):
        TrainConfig(threads=0)
