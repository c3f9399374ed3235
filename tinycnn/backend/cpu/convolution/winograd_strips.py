r"""Winograd's convolution of many squares, strip by strip: from pixels to pixels while all of it is in a core's cache.

Small strips fit the cache better; large ones make large products, and leave Python's lock alone for longer, for which
the threads wait by turns. About 200 patches of 4 × 4, or 100 of 6 × 6, do well.
"""

from __future__ import annotations

import functools
import math
import threading
from typing import Any

import numpy as np

from tinycnn.backend import threads
from tinycnn.backend.cpu.convolution.groundwork import Groundwork
from tinycnn.backend.cpu.convolution.winograd_filters import Filter
from tinycnn.backend.cpu.convolution.winograd_products import (
    Products,
    Sums,
    gradient,
    positions,
    room_for_kernels,
    transform,
)
from tinycnn.backend.cpu.convolution.winograd_squares import Patches, Shape, Squares, Strip
from tinycnn.backend.cpu.elementwise import tiled
from tinycnn.backend.cpu.finiteness import finite
from tinycnn.geometry import Pair

Array = Any

_LEAST = 800_000  # bytes of a strip's transform: with few channels, more squares
_SHARED = 1 << 14  # kernels that are transformed by one thread, as soon as by two


def strips(f: Filter, n: int, size: Pair, channels: int) -> tuple[Strip, ...]:
    """n images of this size cut into m × m squares, and these into strips of about f.squares."""
    return _strips(f, n, size, channels, threads.get_num_threads())


@functools.lru_cache(1024)  # layers ask for the same ones at every step
def _strips(f: Filter, n: int, size: Pair, channels: int, team: int) -> tuple[Strip, ...]:
    height, width = (-(-pixels // f.m) for pixels in size)
    most = max(f.squares, _LEAST // (f.a * f.a * channels * 4))
    if height * width > most:
        number = -(-height * width // most)
        cuts = threads.cut(height, number)
        return tuple(Strip(f.m, slice(i, i + 1), rows, width) for i in range(n) for rows in cuts)
    number = -(-n * height * width // most)
    cuts = threads.cut(n, -(-number // team) * team)
    return tuple(Strip(f.m, images, slice(0, height), width) for images in cuts)


class _Desk:
    """What a thread has for strips of one shape, from c to o channels: memory, and every view of it.

    As a strip finds its views ready, threads meet half as often at Python's lock, where to wait may take 30 µs: 64
    channels at 56² in batches of 8 take 0.96 of the time, forward and backward, and 32 channels at 32² 0.95.
    """

    def __init__(self, f: Filter, shape: Shape, c: int, o: int) -> None:
        patches = positions("patches", f.a * f.a, math.prod(shape), c)
        self._source, self.squares = Patches(f, shape, c), Squares(f, shape, o)
        self._room = self._source.room(patches)
        self.begin = self._source.begin
        self.products, self.sums = Products(patches, self.squares.products), Sums(patches, self.squares.products)

    def read(self, image: Array, strip: Strip) -> None:
        self._source.read(image, strip, self._room)


class _Desks:
    """One for each thread and shape of strips."""

    def __init__(self, f: Filter, image: Array, padding: Pair, o: int) -> None:
        self.filter, self.image, self.padding, self.o = f, image, padding, o
        self.ready: dict[Any, _Desk] = {}

    def mine(self, shape: Shape) -> _Desk:
        key = threading.get_ident(), shape
        desk = self.ready.get(key)
        if desk is None:
            desk = self.ready[key] = threads.once(_Desk, self.filter, shape, self.image.shape[3], self.o)
            desk.begin(self.image, self.padding)
        return desk


def correlation(f: Filter, image: Array, w: Array, matrix: Array, b: Array | None, padding: Pair, out: Array) -> bool:
    """`image`, padded, correlated with kernels w (C, O, k·k), in `out`, channels last; whether it is finite."""
    todo, (u, kernels) = strips(f, len(image), out.shape[1:3], max(w.shape[:2])), _transformed(matrix, w)
    known, desks = [False] * len(todo), _Desks(f, image, padding, w.shape[1])

    def compute(k: int) -> None:
        kernels.help()
        strip = todo[k]
        desk = desks.mine(strip.shape)
        desk.read(image, strip)
        kernels.wait()
        desk.products.make(u)
        if b is not None:
            desk.squares.add(b)
        known[k] = desk.squares.write(out, strip)

    threads.share(compute, len(todo))
    return all(known)


def gradients(f: Filter, g: Array, x: Array, w: Array | None, padding: Pair, gx: Array, gw: Array) -> bool:
    """X̄, if there are kernels for it, w (O, C, k·k), and W̄ likewise; whether they are finite."""
    o, c, _ = gw.shape
    todo = strips(f, len(x), gx.shape[1:3], max(o, c))
    u, kernels = (None, None) if w is None else _transformed(f.mirrored, w)
    parts, known = threads.parts(len(todo)), [True] * len(todo)
    sums = [room_for_kernels(None, f.a * f.a, o, c) for _ in parts]
    made = [gw, *(np.empty(gw.shape, gw.dtype) for _ in parts[1:])]

    def compute(part: int) -> None:
        if kernels is not None:
            kernels.help()
        desks = _Desks(f, g, padding, c)
        for k in range(parts[part].start, parts[part].stop):
            strip = todo[k]
            desk = desks.mine(strip.shape)
            desk.read(g, strip)  # a·a, squares, O
            if kernels is not None:
                kernels.wait()
                desk.products.make(u)
                known[k] = desk.squares.write(gx, strip)
            desk.squares.read(x, strip)  # a·a, C/block, squares, block
            desk.sums.add_to(sums[part], first=k == parts[part].start)
        gradient(f.mirrored, sums[part], made[part])
        known[parts[part].start] &= finite(made[part])

    threads.share(compute, len(parts))
    for more in made[1:]:  # in their order: run to run, they are rounded alike
        tiled(_add, gw, more, overwrite=True)
    return all(known)


def _add(out: Array, a: Array, b: Array) -> None:
    np.add(a, b, out=out)


def _transformed(matrix: Array, w: Array) -> tuple[Array, Groundwork]:
    """Room for the transformed kernels, and their transform."""
    c, o, _ = w.shape
    u = room_for_kernels(None, len(matrix), c, o)
    parts = threads.parts(c, least=_SHARED // o)
    return u, Groundwork(lambda part: transform(matrix, w[parts[part]], u[:, :, parts[part]]), len(parts))
