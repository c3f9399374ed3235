r"""The way back through the maximum of windows: each gradient goes to the one number of the image that won.

It is put there, or added where windows overlap:

    number of the winner = where its window begins + how far its place is from there     the latter from a small table

To compare each place with the winners once more, and to add up what that leaves, took 1.4 to 2.2 times as long for
windows of 3×3 with a stride of 2, though NumPy holds Python's lock while it adds: the second thread helps little.

Few are put all at once, into images with their padding on, so that no winner need be looked at: a pool of 16 channels
at 4² takes 0.25 of the time so, four images of 64 channels at 8² take 0.5.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tinycnn.backend import windows
from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.sliding import placed
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import cut, get_num_threads, scratch, share
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any

_ALONE, _AT_ONCE = 50_000, 100_000  # gradients put by one thread, and in one go: their numbers stay in a core's cache
_FEW = 1 << 13  # gradients: the calls take the time

__all__ = ["unpick"]


@half_in_single
def unpick(xp: Any, g: Array, winner: Array, window: Window) -> Array:
    """Each g is added to the pixel of its window that `winner` names, by that pixel's number in the image."""
    pixels = product(g.shape[:2]) * product(window.size)  # all are numbered; of wide windows these are many
    if 0 < g.size <= _FEW and pixels <= 8 * _FEW and g.dtype.char in "fd":
        return _all_at_once(g, winner, window)
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


def _all_at_once(g: Array, winner: Array, window: Window) -> Array:
    """Each g added to the winner of its window, be it a pixel or padding, of which nothing is kept."""
    n, c = g.shape[:2]
    (high, wide), ours, theirs = placed(window)
    image = np.zeros(n * high * wide * c, g.dtype)
    firsts, places = _with_padding(window, c, n)
    index = firsts + places[winner.transpose(0, 2, 3, 1)]
    np.add.at(image, index.reshape(-1), g.transpose(0, 2, 3, 1).reshape(-1))
    gx = np.zeros((n, *window.size, c), g.dtype)
    gx[theirs] = image.reshape(n, high, wide, c)[ours]
    return gx.transpose(0, 3, 1, 2)


@functools.lru_cache(16)
def _with_padding(window: Window, c: int, images: int) -> tuple[Array, Array]:
    """`_firsts` and `_places` of images that have their padding on, as much of it as windows see."""
    whole = window._replace(size=placed(window)[0], padding=((0, 0), (0, 0)))
    return _firsts(whole, c, images, whole.out[0]), _places(whole, c)


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
