"""Tests of threads end in time, and leave BLAS as it was."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator

import pytest

from tests.backend.sharing import blas_counts
from tinycnn.backend import threads
from tinycnn.backend.team import Team


@pytest.fixture
def in_time_and_tidily() -> Iterator[None]:
    """Whatever hangs shows where after a minute, and no test leaves BLAS other than it was."""
    before = blas_counts()
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert blas_counts() == before


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team none of whose threads was started yet."""
    monkeypatch.setattr(threads, "_team", Team())
    return threads._team
