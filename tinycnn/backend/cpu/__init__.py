"""Kernels tuned for NumPy. Each equals its twin of the same name in `reference` and says what it gains."""

from __future__ import annotations

from tinycnn.backend.cpu.summation import total

__all__ = ["total"]

KERNELS: tuple[str, ...] = (*__all__,)
