"""What all tests of the profiler share."""

from __future__ import annotations

from tests.profiler.clock import still

__all__ = ["still"]
