"""What all tests share: the devices to run on, and how Hypothesis draws."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import strict_cupy
from tinycnn import backend

os.environ.setdefault("MPLBACKEND", "Agg")  # pictures are drawn, not shown

# The same examples at every run; `pytest --hypothesis-profile search` looks for new ones.
_quiet = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
settings.register_profile(
    "repeatable", deadline=None, max_examples=25, derandomize=True, database=None, suppress_health_check=_quiet
)
settings.register_profile("search", deadline=None, max_examples=500, suppress_health_check=_quiet)
settings.load_profile("repeatable")


def _has_gpu() -> bool:
    try:
        return bool(importlib.import_module("cupy").cuda.runtime.getDeviceCount())
    except Exception:  # whatever CuPy raises without a driver: there is none
        return False


@pytest.fixture(params=["cpu", "double", *(["gpu"] if _has_gpu() else [])])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """The device to run on: "cpu"; "cuda" played by the strict double of CuPy; "cuda" itself where there is a GPU."""
    if request.param == "double":
        strict_cupy.reset()
        backend.install("cuda", strict_cupy.backend())
    yield "cpu" if request.param == "cpu" else "cuda"
    backend.install("cuda", None)  # a GPU, too, is looked for anew: the next test may be about a machine that has none
