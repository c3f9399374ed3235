"""Numbers computed with more digits than they are given with, and rounded once: all halves, and few singles."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Array = Any
HALF, SINGLE, DOUBLE = map(np.dtype, ("float16", "float32", "float64"))  # CuPy has NumPy's objects, one for each type


def half_in_single(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Let a kernel that adds up many products do so in float32 when it is given float16, and round once at the end."""

    @functools.wraps(kernel)
    def wrapper(xp: Any, *args: Any, **options: Any) -> Any:
        for arg in args:
            if getattr(arg, "dtype", None) is HALF:
                break
        else:
            return kernel(xp, *args, **options)
        return _computed_in(SINGLE, HALF, kernel, xp, args, options)

    return wrapper


def few_in_double(kernel: Callable[..., Any], few: int) -> Callable[..., Any]:
    """The kernel, which computes in float64 when it is given fewer than `few` numbers in float32.

    The calls take the time of few numbers: in double precision it is a tenth more.
    """

    @functools.wraps(kernel)
    def wrapper(xp: Any, x: Array, *args: Any, **options: Any) -> Any:
        if x.dtype != SINGLE or x.size >= few:
            return kernel(xp, x, *args, **options)
        return _computed_in(DOUBLE, SINGLE, kernel, xp, (x, *args), options)

    return wrapper


def _computed_in(wide: Any, narrow: Any, kernel: Callable[..., Any], xp: Any, args: Any, options: Any) -> Any:
    """What a kernel makes of narrow numbers, among others, made of wide ones and rounded."""
    made = kernel(xp, *_cast(args, narrow, wide), **options)
    return tuple(_cast(made, wide, narrow)) if isinstance(made, tuple) else _cast([made], wide, narrow)[0]


def _cast(values: Iterable[Any], old: Any, new: Any) -> list[Any]:
    return [value.astype(new) if getattr(value, "dtype", None) == old else value for value in values]
