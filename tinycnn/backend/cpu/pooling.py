r"""The largest value of each window, tile by tile, with calls that serve many places of the window at once.

In each row, place after place is compared with the largest before it; then row after row, which overlapping windows
share: kW + kH comparisons, not kW·kH. Places are numbered so that a later one has the larger number: the largest number
among those that won against all before is the winner's. It takes a byte, an eighth of an index. For 3×3 with a stride
of 2 that takes 0.75 of the time of asking each of nine places whether it equals the maximum. The most common windows,
of 2×2 and side by side, are halved twice, from rows that are copied as they lie.

Where NaN or an infinity is among the results, and for integers, the textbook decides: its rules for them are finer.

On the way back each gradient is put, or added where windows overlap, to the one number of the image that won:

    number of the winner = where its window begins + how far its place is from there     the latter from a small table

To compare each place with the winners once more, and to add up what that leaves, took 1.4 to 2.2 times as long for
windows of 3×3 with a stride of 2, though NumPy holds Python's lock while it adds: the second thread helps little.

Against the textbook's, which goes over the whole batch for each place, with winners of 64 bits, the pools of ResNet,
VGG and LeNet take 0.1 to 0.3 of the time. Sums of windows gain nothing in such ways, and are the textbook's.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinycnn.backend import windows
from tinycnn.backend.cpu import sliding
from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.finiteness import finite
from tinycnn.backend.cpu.strips import copy_pixels, fill, strip_for, tiles_of
from tinycnn.backend.cpu.taps import forward
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import cut, get_num_threads, scratch, share
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any

_BYTES, _FOURS = 4, 12  # for each number of a result, to set the size of tiles: the calls are short, and are to be few
_ALONE, _AT_ONCE = 50_000, 100_000  # gradients put by one thread, and in one go: their numbers stay in a core's cache

_SEEN, _PUT = 1 << 12, 1 << 13  # numbers in all windows together, and gradients, so few that calls take the time

__all__ = ["max_pool2d", "unpick"]


@half_in_single
def max_pool2d(xp: Any, x: Array, window: Window) -> tuple[Array, Array]:
    """The largest value of each window, and its place there: of equals the first, as one byte where that is enough."""
    if x.dtype.char not in "fd" or not x.size or product(window.kernel) > 255:
        return windows.max_pool2d(xp, x, window)
    n, c = x.shape[:2]
    if n * c * product(window.out) * product(window.kernel) <= _SEEN and x.size <= 8 * _SEEN:
        made = sliding.max_pool2d(x, window)
        return made if np.isfinite(made[0]).all() else windows.max_pool2d(xp, x, window)
    y = np.empty((n, *window.out, c), dtype=x.dtype)
    winner = np.empty(y.shape, dtype=np.uint8)
    image, axes, fours = x.transpose(0, 2, 3, 1), [forward(window, axis) for axis in (0, 1)], _are_fours(window)
    tiles, lines = tiles_of(y.shape, axes, _FOURS if fours else _BYTES)
    odd: list[int] = []

    def work(number: int) -> None:
        tile = tiles[number]
        best, won = y[tile.images, tile.rows, :, tile.channels], winner[tile.images, tile.rows, :, tile.channels]
        if fours:
            _of_fours(image[tile.images, 2 * tile.rows.start : 2 * tile.rows.stop, :, tile.channels], best, won)
        else:
            strip = strip_for(best.shape, axes, x.dtype)
            fill(strip, image, tile, axes, -np.inf)
            for first in range(0, best.shape[1], lines):
                some = slice(first, first + lines)
                _of_any(strip, axes[0].reach, window, first, best[:, some], won[:, some])
        if not finite(best):
            odd.append(number)

    share(work, len(tiles))
    if odd:
        return windows.max_pool2d(xp, x, window)
    return y.transpose(0, 3, 1, 2), winner.transpose(0, 3, 1, 2)


def _of_any(strip: Array, reach: int, window: Window, first: int, largest: Array, winner: Array) -> None:
    """The largest that some rows of windows see, and the first place where it is: of kW pixels, then of the kH rows."""
    (k_h, k_w), (s_h, s_w), (d_h, d_w) = window.kernel, window.stride, window.dilation
    lines, wide = largest.shape[1:3]
    rows = strip[:, :, :, first : first + lines + reach]
    pixels = [rows[:, d_w * j % s_w, :, :, d_w * j // s_w :][:, :, :, :wide] for j in range(k_w)]
    best, place = (scratch(name, pixels[0].shape, kind) for name, kind in (("best", strip.dtype), ("place", np.uint8)))
    _first_largest(pixels, list(range(k_w)), best, place)
    met = [(d_h * i % s_h, slice(None), slice(d_h * i // s_h, d_h * i // s_h + lines)) for i in range(k_h)]
    _first_largest([best[row] for row in met], [place[row] + i * k_w for i, row in enumerate(met)], largest, winner)


def _first_largest(values: list[Array], places: list[Any], largest: Array, place: Array) -> None:
    """The largest of the values, and the place of the first that is as large; the places rise from value to value."""
    later, best = scratch("later", largest.shape, np.uint8), values[0]
    place[...] = places[0]
    for value, number in zip(values[1:], places[1:], strict=True):
        np.greater(value, best, out=later.view(bool))
        np.maximum(place, np.multiply(later, number, out=later), out=place)
        best = np.maximum(best, value, out=largest)
    if best is not largest:
        largest[...] = best


def _are_fours(window: Window) -> bool:
    """Whether windows are of 2×2 pixels and lie side by side, all within the image."""
    return window.kernel == window.stride == (2, 2) and window.dilation == (1, 1) and window.padded == window.size


def _of_fours(image: Array, largest: Array, winner: Array) -> None:
    """The larger of two neighbours in each row, then of two rows: each number is copied once, in long runs.

    It takes 0.7 of the time that the windows of LeNet and VGG take as any others.
    """
    shape = len(image), image.shape[1], *largest.shape[2:]
    left, right = pairs = scratch("pairs", (2, *shape), image.dtype)
    copy_pixels(pairs, image[:, :, : 2 * shape[2]].reshape(*shape[:3], 2, shape[3]).transpose(3, 0, 1, 2, 4))
    second = np.greater(right, left, out=scratch("second", shape, bool)).view(np.uint8)
    np.maximum(left, right, out=left)
    above, below = left[:, ::2], left[:, 1::2]
    lower = np.greater(below, above, out=scratch("lower", largest.shape, bool)).view(np.uint8)
    np.maximum(above, below, out=largest)
    place = np.add(second[:, 1::2], 2, out=scratch("place", largest.shape, np.uint8))  # 2 or 3, if it is the lower row
    np.multiply(place, lower, out=place)
    np.maximum(place, second[:, ::2], out=winner)


@half_in_single
def unpick(xp: Any, g: Array, winner: Array, window: Window) -> Array:
    """Each g is added to the pixel of its window that `winner` names, by that pixel's number in the image."""
    pixels = product(g.shape[:2]) * product(window.size)  # all are numbered; of wide windows these are many
    if 0 < g.size <= _PUT and pixels <= 8 * _PUT and g.dtype.char in "fd":
        return sliding.unpick(g, winner, window)
    source, won = (np.ascontiguousarray(a.transpose(0, 2, 3, 1)) for a in (g, winner))
    if g.dtype.char not in "fd" or not g.size or not _are_pixels(won, window):
        return windows.unpick(xp, g, winner, window)
    n, height, width, c = source.shape
    gx = np.empty((n, *window.size, c), g.dtype)
    pieces = -(-source.size // _AT_ONCE)
    tiles = cut(n, 1 if source.size <= _ALONE else -(-pieces // get_num_threads()) * get_num_threads())
    lines = max(1, _AT_ONCE // (width * c))
    places, below = _places(window, c), window.stride[0] * window.size[1] * c
    firsts = _firsts(window, c, -(-n // len(tiles)), min(lines, height))
    apart = all(s > d * (k - 1) for s, d, k in zip(window.stride, window.dilation, window.kernel, strict=True))

    def work(number: int) -> None:
        target, given, names = gx[tiles[number]], source[tiles[number]], won[tiles[number]]
        target.fill(0)
        for first in range(0, height, lines):
            rows = slice(first, min(first + lines, height))
            index = scratch("index", names[:, rows].shape, np.intp)
            np.take(places + first * below, names[:, rows], out=index, mode="clip")  # "raise" would copy `out`
            np.add(index, firsts[: len(index), : index.shape[1]], out=index)
            if apart:
                target.reshape(-1)[index.reshape(-1)] = given[:, rows].reshape(-1)
            else:
                np.add.at(target.reshape(-1), index.reshape(-1), given[:, rows].reshape(-1))

    share(work, len(tiles))
    return gx.transpose(0, 3, 1, 2)


@functools.lru_cache(256)
def _places(window: Window, c: int) -> Array:
    """How far each place of a window is from where the window begins, less the padding: kH·kW numbers."""
    (d_h, d_w), ((top, _), (left, _)) = window.dilation, window.padding
    i, j = np.indices(window.kernel)
    return (((i * d_h - top) * window.size[1] + j * d_w - left) * c).ravel()


@functools.lru_cache(16)
def _firsts(window: Window, c: int, images: int, rows: int) -> Array:
    """Where the windows of the first rows of the first images begin: images, rows, oW, C."""
    (height, width), (s_h, s_w) = window.size, window.stride
    row = np.arange(window.out[1])[:, None] * (s_w * c) + np.arange(c)
    below, apart = np.arange(rows) * (s_h * width * c), np.arange(images) * (height * width * c)
    return apart[:, None, None, None] + below[:, None, None] + row


def _are_pixels(won: Array, window: Window) -> bool:
    """Whether all winners are pixels, none is padding: windows at the border tell."""
    for axis, place, met in _at_border(window):
        entries = np.divmod(won.take(place, axis=1 + axis), window.kernel[1])[axis]
        if entries.min() < met.start or entries.max() >= met.stop:
            return False
    return True


@functools.lru_cache(256)
def _at_border(window: Window) -> list[tuple[int, int, slice]]:
    """Along each axis the places where part of a window is padding, and its entries that are not."""
    found = []
    for axis in (0, 1):
        k, s, d, before = window.kernel[axis], window.stride[axis], window.dilation[axis], window.padding[axis][0]
        for place in range(window.out[axis]):
            met, _ = inside(s * place - before, k, window.size[axis], d)
            if met != slice(0, k):
                found.append((axis, place, met))
    return found
