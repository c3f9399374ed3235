r"""The small squares that Winograd's convolution transforms: the ways in and out.

A strip is a few rows of squares of one image, or a few whole images. Transformed, position comes first: entry (i, j) of
all squares and channels of the strip lies together, so that the sum over channels is, position by position, one product
of matrices; and so are the transforms themselves.

Bᵀ d B of the patches is made in two such steps. The first, along the columns, takes the pixels where they lie, four or
so and all their channels at a time; the second, along the rows, all patches of a row. So patches are never copied, and
each number is made of a + a, where one step would make it of all a·a: half the time. Aᵀ M A and A x Aᵀ, of fewer
numbers, are made in one.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.convolution.winograd_filters import Filter
from tinycnn.backend.cpu.convolution.winograd_products import block, in_pieces, memory, positions
from tinycnn.backend.cpu.finiteness import finite
from tinycnn.geometry import Pair

Array = Any
Shape = tuple[int, int, int]  # of a strip: images, rows of squares, and columns of squares


class Strip(NamedTuple):
    """Rows of squares of some images; each row is `columns` squares wide."""

    images: slice
    rows: slice
    columns: int

    @property
    def shape(self) -> Shape:
        return self.images.stop - self.images.start, self.rows.stop - self.rows.start, self.columns


class Patches:
    """How a thread reads the patches of strips of one shape: its memory, and every view of it, made by `threads.once`.

    Parameters
    ----------
    c : int     channels
    """

    def __init__(self, f: Filter, shape: Shape, c: int) -> None:
        n, rows, columns = shape
        high, wide = (f.m * squares + f.taps - 1 for squares in (rows, columns))
        self.filter, self._shape = f, (f.a, f.a, n, rows, columns * c)
        self._area = memory("area", n, high, wide, c)
        image, row, pixel, number = self._area.strides
        self._pixels = np.ndarray(
            (n, high, columns, f.side, c), np.float32, self._area, 0, (image, row, f.m * pixel, pixel, number)
        )  # of each row the pixels of each patch, overlapping
        half = memory("half", f.a, n, high, columns, c)
        self._half = half.transpose(1, 2, 3, 0, 4)
        along, image, row, *_, number = half.strides
        self._rows = np.ndarray(
            (f.a, n, rows, f.side, columns * c), np.float32, half, 0, (along, image, f.m * row, row, number)
        )  # the rows of each patch, overlapping

    def begin(self, image: Array, padding: Pair) -> None:
        """Of images as wide as this, put padding to the left and to the right: there it stays."""
        beside, _ = inside(-padding[1], self._area.shape[2], image.shape[2])
        self._area[:, :, : beside.start] = self._area[:, :, beside.stop :] = 0

    def read(self, image: Array, strip: Strip, padding: Pair, out: Array) -> None:
        """Bᵀ d B of each patch d, all pixels under the windows of one square: a·a, squares, C."""
        f, (_, height, width, _), (top, left) = self.filter, self._area.shape, padding
        ours, theirs = inside(f.m * strip.rows.start - top, height, image.shape[1])
        beside, theirs_beside = inside(-left, width, image.shape[2])
        if ours != slice(0, height):
            self._area[:, : ours.start] = self._area[:, ours.stop :] = 0
        self._area[:, ours, beside] = image[strip.images, theirs, theirs_beside]
        np.matmul(f.pixels, self._pixels, out=self._half)
        np.matmul(f.pixels, self._rows, out=out.reshape(self._shape).transpose(1, 2, 3, 0, 4))


class Squares:
    """How a thread reads and writes the squares of strips of one shape; made by `threads.once`, too.

    Parameters
    ----------
    o : int     channels

    Attributes
    ----------
    products : (a·a, O/block, squares, block)   their transforms
    """

    def __init__(self, f: Filter, shape: Shape, o: int) -> None:
        self.filter, wide = f, block(o)
        self.products = positions("products", f.a * f.a, o // wide, math.prod(shape), wide)
        self._squares = memory("squares", f.m * f.m, math.prod(shape) * o)
        self._step = in_pieces(f.spread.size, self.products.reshape(f.a * f.a, -1), self._squares)
        squares = self._squares.reshape(f.m, f.m, o // wide, *shape, wide)
        self._image = squares.transpose(3, 4, 0, 5, 1, 2, 6)  # n, rows, m, columns, m, O/block, block

    def read(self, image: Array, strip: Strip) -> None:
        """A x Aᵀ of each square x."""
        place, whole = self._place(image, strip)
        if whole is not place:
            whole[...] = 0
            whole[:, : place.shape[1], : place.shape[2]] = place
        np.copyto(self._image, whole.reshape(self._image.shape))
        products, squares = self._step
        np.matmul(self.filter.spread, squares, out=products)

    def write(self, image: Array, strip: Strip) -> bool:
        """Aᵀ M A of each square M of the products, put in its place of `image`; whether its pixels are finite."""
        products, squares = self._step
        np.matmul(self.filter.outputs, products, out=squares)
        place, whole = self._place(image, strip)
        np.copyto(whole.reshape(self._image.shape), self._image)
        if whole is not place:
            place[...] = whole[:, : place.shape[1], : place.shape[2]]
        return finite(self._squares)

    def add(self, b: Array) -> None:
        """b to each output: at the point (1, 1), whose value goes once into each of the m × m outputs."""
        self.products[self.filter.a + 1] += b.reshape(-1, 1, self.products.shape[3])

    def _place(self, image: Array, strip: Strip) -> tuple[Array, Array]:
        """The strip's place in the image, and itself or, if the last squares reach past the edge, room for them all."""
        n, rows, m, columns, _, blocks, wide = self._image.shape
        place = image[strip.images, m * strip.rows.start : m * strip.rows.stop]
        shape = n, m * rows, m * columns, blocks * wide
        return place, place if place.shape == shape else memory("whole", *shape)
