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
from typing import Any

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.convolution.winograd_filters import Filter
from tinycnn.backend.cpu.convolution.winograd_products import block, in_pieces, memory, positions
from tinycnn.backend.cpu.finiteness import finite
from tinycnn.geometry import Pair

Array = Any
Shape = tuple[int, int, int]  # of a strip: images, rows of squares, and columns of squares


class Strip:
    """Rows of squares of some images; each row is `columns` squares wide.

    Attributes
    ----------
    place : (slice, slice)      of m × m pixels a square: the images, and the rows of pixels
    """

    def __init__(self, m: int, images: slice, rows: slice, columns: int) -> None:
        self.images, self.rows = images, rows
        self.shape: Shape = images.stop - images.start, rows.stop - rows.start, columns
        self.place = images, slice(m * rows.start, m * rows.stop)


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
        beside, self._columns = inside(-padding[1], self._area.shape[2], image.shape[2])
        self._area[:, :, : beside.start] = self._area[:, :, beside.stop :] = 0
        self._top, self._middle = padding[0], self._area[:, :, beside]

    def room(self, patches: Array) -> Array:
        """Patches (a·a, squares, C) as `read` makes them."""
        return patches.reshape(self._shape).transpose(1, 2, 3, 0, 4)

    def read(self, image: Array, strip: Strip, room: Array) -> None:
        """Bᵀ d B of each patch d, all pixels under the windows of one square."""
        pixels, height = self.filter.pixels, self._area.shape[1]
        ours, theirs = inside(strip.place[1].start - self._top, height, image.shape[1])
        if ours.stop - ours.start < height:
            self._area[:, : ours.start] = self._area[:, ours.stop :] = 0
        self._middle[:, ours] = image[strip.images, theirs, self._columns]
        np.matmul(pixels, self._pixels, out=self._half)
        np.matmul(pixels, self._rows, out=room)


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
        self._pixels = self._image.shape
        self._shape = shape[0], f.m * shape[1], f.m * shape[2], o
        self._one = self.products[f.a + 1]

    def read(self, image: Array, strip: Strip) -> None:
        """A x Aᵀ of each square x."""
        place, whole = self._place(image, strip)
        if whole is not place:
            whole[...] = 0
            whole[:, : place.shape[1], : place.shape[2]] = place
        np.copyto(self._image, whole.reshape(self._pixels))
        products, squares = self._step
        np.matmul(self.filter.spread, squares, out=products)

    def write(self, image: Array, strip: Strip) -> bool:
        """Aᵀ M A of each square M of the products, put in its place of `image`; whether its pixels are finite."""
        products, squares = self._step
        np.matmul(self.filter.outputs, products, out=squares)
        place, whole = self._place(image, strip)
        np.copyto(whole.reshape(self._pixels), self._image)
        if whole is not place:
            place[...] = whole[:, : place.shape[1], : place.shape[2]]
        return finite(self._squares)

    def add(self, b: Array) -> None:
        """b to each output: at the point (1, 1), whose value goes once into each of the m × m outputs."""
        np.add(self._one, b.reshape(-1, 1, self._one.shape[2]), out=self._one)

    def _place(self, image: Array, strip: Strip) -> tuple[Array, Array]:
        """The strip's place in the image, and itself or, if the last squares reach past the edge, room for them all."""
        place = image[strip.place]
        return place, place if place.shape == self._shape else memory("whole", *self._shape)
