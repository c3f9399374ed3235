r"""An array of any number of dimensions laid out in a plane, to be looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Host = Any  # a numpy.ndarray of float64

WIDTH = 32  # a vector is broken into rows of at most so many
MOST = 512  # cells along a side; of a larger plane blocks are shown, each by its largest value


class Plane(NamedTuple):
    """The values, NaN between the tiles; where the marked entry came to lie; and how to find one's way."""

    values: Host
    worst: tuple[int, int] | None
    layout: str


def tiled(array: Host, index: Sequence[int] = ()) -> Plane:
    r"""Lay out an array: a vector in rows, a matrix as it is; of more dimensions the last two as tiles.

    Of four, such as a kernel's O C kH kW, there is a row of tiles for each O and a column of them for each C.

    Examples
    --------
    >>> tiled(np.zeros(5), (3,)).worst
    (0, 3)
    >>> plane = tiled(np.zeros((4, 3, 2, 2)), (2, 1, 0, 1))
    >>> plane.values.shape, plane.worst          # 4 × 3 tiles of 2 × 2, and a line between
    ((11, 8), (6, 4))
    """
    array = np.asarray(array, dtype=float)
    place = tuple(index) if len(index) == array.ndim and array.size else None
    if array.ndim <= 1:
        return _vector(array.reshape(-1), place)
    if array.ndim == 2:
        return _shrunk(array, place, "axis 0 down, axis 1 across")
    if array.ndim != 4:
        return _row_of_tiles(array, place)
    return _grid(array, place, "tiles: axis 0 down, axis 1 across; in each the last two")


def _vector(vector: Host, place: tuple[int, ...] | None) -> Plane:
    count = len(vector)
    columns = min(WIDTH, max(1, count))
    rows = max(1, math.ceil(count / columns))
    values = np.full(rows * columns, np.nan)
    values[:count] = vector
    worst = None if place is None else divmod(place[0] if place else 0, columns)
    told = "from left to right" if rows == 1 else f"in rows of {columns}"
    return _shrunk(values.reshape(rows, columns), worst, told)


def _row_of_tiles(array: Host, place: tuple[int, ...] | None) -> Plane:
    """A tile for each index but the last two, broken into as many rows as make the whole about square."""
    *leading, high, wide = array.shape
    count = math.prod(leading)
    columns = max(1, min(count, math.ceil(math.sqrt(count * (high + 1) / (wide + 1)))))
    rows = math.ceil(count / columns)
    padded = np.full((rows * columns, high, wide), np.nan)
    padded[:count] = array.reshape(count, high, wide)
    at = None
    if place is not None:
        at = (*divmod(int(np.ravel_multi_index(place[:-2], leading)), columns), *place[-2:])
    told = f"a tile for each index of {'axis 0' if len(leading) == 1 else 'all axes but the last two'}"
    return _grid(padded.reshape(rows, columns, high, wide), at, told)


def _grid(array: Host, place: tuple[int, ...] | None, told: str) -> Plane:
    rows, columns, high, wide = array.shape
    if rows * (high + 1) > MOST or columns * (wide + 1) > MOST:  # tiles too small to see into
        at = None if place is None else place[:2]
        told = "axis 0 down, axis 1 across; of the others the largest"
        return _shrunk(_largest(array.reshape(rows, columns, -1)), at, told)
    values = np.full((rows * (high + 1), columns * (wide + 1)), np.nan)
    values.reshape(rows, high + 1, columns, wide + 1)[:, :high, :, :wide] = array.transpose(0, 2, 1, 3)
    at = None if place is None else (place[0] * (high + 1) + place[2], place[1] * (wide + 1) + place[3])
    return _shrunk(values[:-1, :-1], at, told)


def _shrunk(values: Host, worst: Any, told: str) -> Plane:
    """With at most `MOST` cells along a side."""
    by = [math.ceil(n / MOST) for n in values.shape]
    if max(by) <= 1:
        return Plane(values, None if worst is None else (int(worst[0]), int(worst[1])), told)
    rows, columns = (math.ceil(n / b) for n, b in zip(values.shape, by, strict=True))
    padded = np.full((rows * by[0], columns * by[1]), np.nan)
    padded[: values.shape[0], : values.shape[1]] = values
    blocks = padded.reshape(rows, by[0], columns, by[1]).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    at = None if worst is None else (int(worst[0]) // by[0], int(worst[1]) // by[1])
    return Plane(_largest(blocks), at, f"{told}; the largest of every {by[0]}×{by[1]}")


def _largest(blocks: Host) -> Host:
    """The largest of the last axis, NaN where all are."""
    return np.where(np.isnan(blocks).all(-1), np.nan, np.nanmax(np.where(np.isnan(blocks), -np.inf, blocks), -1))
