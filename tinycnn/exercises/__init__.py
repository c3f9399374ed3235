"""Exercises that grade themselves: write forward and backward in NumPy, and hear what is wrong with them."""

from __future__ import annotations

__all__: list[str] = []
