"""Derivatives by finite differences, and whether backward agrees with them."""

from __future__ import annotations

from typing import Any


class GradcheckError(RuntimeError):
    """Backward and finite differences disagree."""


def gradcheck(*args: Any, **kwargs: Any) -> bool:
    raise NotImplementedError


def gradgradcheck(*args: Any, **kwargs: Any) -> bool:
    raise NotImplementedError
