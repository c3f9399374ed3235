"""Half precision: computed in single, rounded once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
HALF = np.dtype("float16")  # NumPy has one object for each type of numbers, and CuPy has NumPy's


def half_in_single(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Let a kernel that adds up many products do so in float32 when it is given float16, and round once at the end."""

    @functools.wraps(kernel)
    def wrapper(xp: Any, *args: Any, **options: Any) -> Any:
        for arg in args:
            if getattr(arg, "dtype", None) is HALF:
                break
        else:
            return kernel(xp, *args, **options)
        wide = [arg.astype(xp.float32) if getattr(arg, "dtype", None) == xp.float16 else arg for arg in args]
        result = kernel(xp, *wide, **options)
        return tuple(map(half, result)) if isinstance(result, tuple) else half(result)

    def half(array: Array) -> Array:
        return array.astype("float16") if array.dtype == "float32" else array

    return wrapper
