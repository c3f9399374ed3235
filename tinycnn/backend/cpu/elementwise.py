"""Functions of each element by itself, a tile at a time: its intermediate results stay in a core's cache.

``x * σ(x)`` as NumPy has it goes through memory five times. A tile goes there once and back, whatever is computed on
the way, and the tiles are shared among the threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import threads

Array = Any

#: Numbers: 1 MiB in float32. In tiles of half as many ReLU's way back in a ResNet-50 takes 1.15 times as long, for the
#: threads then queue for the GIL more often.
_TILE = 1 << 18


def tiled(
    work: Callable[..., Any], *arrays: Array, results: int = 1, overwrite: bool = False
) -> tuple[Array, ...] | None:
    """Arrays made by ``work(*made, *tiles)`` a tile at a time, of which it writes to the first.

    They lie as the first of the arrays that lies densely, and so are the others laid: a gradient may have gaps, or be
    one number for many elements. None if no array lies densely. If the first of them may be overwritten, that is the
    result's memory: new memory would have to be fetched first, to be written to.
    """
    for array in arrays:
        order = dense_order(array)
        if order is not None:
            break
    else:
        return None
    given = [np.asarray(array.transpose(order), order="C") for array in arrays]  # of one number, too
    made = given[:1] if overwrite else [np.empty_like(given[0]) for _ in range(results)]
    lines = [array.reshape(-1) for array in (*made, *given)]
    size = lines[0].size
    if size <= _TILE:
        work(*lines)
    else:
        cut = threads.cut(size, 2 * -(-size // (2 * _TILE)))  # an even number: two threads are done at the same time
        threads.share(lambda tile: work(*(line[cut[tile]] for line in lines)), len(cut))
    back = inverse(order)
    return tuple([array.transpose(back) for array in made])


def dense_order(x: Array) -> tuple[int, ...] | None:
    """The axes, the outermost in memory first, if x lies in memory without gaps; else None."""
    return order_of(x.shape, x.strides, x.itemsize)


@functools.lru_cache(1024)  # the layers of a network meet the same few shapes in every step
def order_of(shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int) -> tuple[int, ...] | None:
    """The same of any array of this shape and these strides."""
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    step = itemsize
    for axis in reversed(order):
        if shape[axis] > 1 and strides[axis] != step:
            return None
        step *= shape[axis]
    return tuple(order)


@functools.lru_cache(1024)
def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order that undoes a transposition by this one."""
    return tuple(order.index(axis) for axis in range(len(order)))
