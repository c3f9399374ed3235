"""Where an image ends: which of the pixels that are asked for exist."""

from __future__ import annotations

import functools


@functools.lru_cache(4096)  # kernels ask for the same ones at every step
def inside(first: int, count: int, size: int, step: int = 1) -> tuple[slice, slice]:
    """Of the places first, first + step, … those that lie in an image of this size: their numbers, and the pixels.

    Examples
    --------
    >>> inside(-2, 5, size=8)  # −2, −1, 0, 1, 2
    (slice(2, 5, None), slice(0, 3, 1))
    """
    start = min(max(0, -(first // step)), count)
    end = max(start, min(count, -((first - size) // step)))
    return slice(start, end), slice(first + start * step, max(0, first + (end - 1) * step + 1), step)
