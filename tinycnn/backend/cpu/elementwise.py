"""Functions of each element by itself, a tile at a time: its intermediate results stay in a core's cache.

``x * σ(x)`` as NumPy has it goes through memory five times. A tile goes there once and back, whatever is computed on the
way, and the tiles are shared among the threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import threads

Array = Any

_TILE = 1 << 18  # numbers: 1 MiB in float32; in smaller tiles the threads would queue for the GIL more often


def tiled(work: Callable[..., Any], *arrays: Array) -> Array | None:
    """An array like the first, made by ``work(out, *tiles)`` a tile at a time; `out` is the tile to write to.

    None if the arrays do not lie densely and all in one order.
    """
    order = sorted(range(arrays[0].ndim), key=lambda axis: -arrays[0].strides[axis])
    if not all(array.transpose(order).flags.c_contiguous for array in arrays):
        return None
    made = np.empty_like(arrays[0])
    lines = [array.transpose(order).reshape(-1) for array in (made, *arrays)]
    if made.size <= _TILE:
        work(*lines)
    else:
        threads.share(
            lambda tile: work(*(line[tile * _TILE : (tile + 1) * _TILE] for line in lines)), -(-made.size // _TILE)
        )
    return made
