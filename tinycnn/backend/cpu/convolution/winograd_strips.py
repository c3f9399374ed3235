r"""Strips of images, cut into the small squares that Winograd's convolution transforms: the ways in and out.

A strip is a few rows of squares of one image, or a few whole images. Inside, position comes first: entry (i, j) of all
squares and channels of the strip lies together, so that a transform of the squares is one product of matrices, and so
is, position by position, the sum over channels.

What a strip holds stays near the core that works on it. Small strips fit its cache better; large ones make large
products, and leave Python's lock alone for longer, for which the threads wait by turns. About 200 patches of 4 × 4, or
100 of 6 × 6, do well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.convolution.winograd_filters import Filter
from tinycnn.backend.threads import cut, get_num_threads, scratch
from tinycnn.geometry import Pair

Array = Any

_LEAST = 800_000  # bytes of a strip's transform: with few channels, more squares


class Strip(NamedTuple):
    """Rows of squares of some images; each row is `columns` squares wide."""

    images: slice
    rows: slice
    columns: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.images.stop - self.images.start, self.rows.stop - self.rows.start, self.columns


def strips(f: Filter, n: int, size: Pair, channels: int) -> list[Strip]:
    """n images of this size cut into m × m squares, and these into strips of about f.tiles."""
    height, width = (-(-pixels // f.m) for pixels in size)
    most = max(f.tiles, _LEAST // (f.a * f.a * channels * 4))
    if height * width > most:
        number = -(-height * width // most)
        return [Strip(slice(i, i + 1), rows, width) for i in range(n) for rows in cut(height, number)]
    team = get_num_threads()
    number = -(-n * height * width // most)
    return [Strip(images, slice(0, height), width) for images in cut(n, -(-number // team) * team)]


class Desk:
    """Where a thread transforms strips of one shape: its memory, and every view of it that is needed, made once.

    Making views anew for each strip would hold Python's lock while the other thread waits for it.

    Parameters
    ----------
    c, o : int      channels of what is correlated, and of the result
    """

    def __init__(self, f: Filter, shape: tuple[int, int, int], c: int, o: int) -> None:
        n, rows, columns = shape
        count, a, m, side = n * rows * columns, f.a, f.m, f.side
        self.filter = f
        self.area = _memory("area", n, m * rows + f.taps - 1, m * columns + f.taps - 1, c)
        self.area[...] = 0  # the padding stays so
        image, row, pixel, channel = self.area.strides
        self._seen = np.ndarray(
            (side, side, *shape, c), self.area.dtype, self.area, 0, (row, pixel, image, m * row, m * pixel, channel)
        )  # the patches as they lie there, overlapping
        positions = _memory("positions", count * max(side * side * c, a * a * o))  # of patches, or of products
        self._entries = positions[: side * side * count * c].reshape(side * side, count * c)
        self._entry = self._entries.reshape(self._seen.shape)
        self.patches = _memory("patches", a * a, count, c)
        self._patches = self.patches.reshape(a * a, count * c)
        self.products = positions[: a * a * count * o].reshape(a * a, count, o)
        self._products = self.products.reshape(a * a, count * o)
        self._squares = _memory("squares", m * m, count * o)
        self._image = self._squares.reshape(m, m, *shape, o).transpose(2, 3, 0, 4, 1, 5)  # n, rows, m, columns, m, O

    def read_patches(self, image: Array, strip: Strip, padding: Pair) -> None:
        """Bᵀ d B of each patch d, all pixels under the windows of one square: in `patches`, a·a, squares, C."""
        (height, width), (top, left) = self.area.shape[1:3], padding
        ours, theirs = inside(self.filter.m * strip.rows.start - top, height, image.shape[1])
        beside, theirs_beside = inside(-left, width, image.shape[2])
        self.area[:, : ours.start] = self.area[:, ours.stop :] = 0
        self.area[:, ours, beside] = image[strip.images, theirs, theirs_beside]
        np.copyto(self._entry, self._seen)
        np.matmul(self.filter.patch, self._entries, out=self._patches)

    def read_squares(self, image: Array, strip: Strip) -> None:
        """A x Aᵀ of each square x: where the products were, a·a, squares, O."""
        place, whole = self._place(image, strip)
        if whole is not place:
            whole[...] = 0
            whole[:, : place.shape[1], : place.shape[2]] = place
        np.copyto(self._image, whole.reshape(self._image.shape))
        np.matmul(self.filter.spread, self._squares, out=self._products)

    def write_squares(self, image: Array, strip: Strip) -> bool:
        """Aᵀ M A of each square M of `products` put in its place of `image`; whether its pixels are finite."""
        np.matmul(self.filter.outputs, self._products, out=self._squares)
        place, whole = self._place(image, strip)
        np.copyto(whole.reshape(self._image.shape), self._image)
        if whole is not place:
            place[...] = whole[:, : place.shape[1], : place.shape[2]]
        return finite(self._squares)

    def _place(self, image: Array, strip: Strip) -> tuple[Array, Array]:
        """The strip's place in the image, and itself or, if the last squares reach past the edge, room for them all."""
        n, rows, m, columns, _, o = self._image.shape
        place = image[strip.images, m * strip.rows.start : m * strip.rows.stop]
        shape = n, m * rows, m * columns, o
        return place, place if place.shape == shape else _memory("whole", *shape)


def _memory(name: str, *shape: int) -> Array:
    return scratch(name, shape, np.float32)


def finite(x: Array) -> bool:
    """Whether no number of x is infinite, NaN or near it: their squares, too, have a sum."""
    return bool(np.isfinite(np.vdot(x, x)))
