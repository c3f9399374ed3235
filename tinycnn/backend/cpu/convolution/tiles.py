r"""Tiles: how an output image is cut into pieces whose windows stay in the cache, and how the windows are unfolded.

What it gains, over the textbook's unfolding of the whole batch: forward and backward of 64 channels at 56² in batches
of 8 take 0.42 of the time, of 512 channels at 7² 0.7 of it. Tiles of 256 KiB, which would fit into a core's own cache
with everything else, are a third slower than those of 3 MiB: the products are then too small, and the threads too often
wait for Python's lock.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.cpu.borders import inside
from tinycnn.backend.cpu.order import copy
from tinycnn.backend.threads import cut, get_num_threads, scratch
from tinycnn.geometry import Window

Array = Any
Tile = tuple[slice, slice]  # images, and rows of theirs: a few rows of one image, or all of several

BYTES = 3 << 20  # of the windows of a tile
FEW_PIXELS = 2048  # pixels of a batch that may be one tile
_MANY = 1 << 20  # bytes of kernels, which so few pixels then read, or make, only once
_LITTLE = 1 << 25  # pixels times bytes of kernels, which one thread is done with before the other has begun


def tiles(n: int, window: Window, row: int, o: int) -> list[Tile]:
    """n output images of o channels in nearly equal tiles of about `BYTES`, of which a window, as a row, takes `row`.

    Few pixels are one tile if the kernels are many, or the multiplications few.
    """
    (height, width), kernels = window.out, o * row
    if n * height * width <= FEW_PIXELS and (kernels >= _MANY or n * height * width * kernels <= _LITTLE):
        return [(slice(0, n), slice(0, height))]
    pixels = BYTES // row
    if pixels >= height * width:
        return [(images, slice(0, height)) for images in slices(n, pixels // (height * width))]
    rows = slices(height, max(1, pixels // width))
    return [(slice(image, image + 1), part) for image in range(n) for part in rows]


def slices(count: int, most: int) -> list[slice]:
    """0 … count − 1 in nearly equal slices, none longer than `most`, their number a multiple of the threads'."""
    threads = get_num_threads()
    number = -(-count // most)
    return cut(count, -(-number // threads) * threads)


def unfolded(image: Array, tile: Tile, window: Window) -> Array:
    """The windows of a tile as rows: pixels, kH·kW·C. The image is N H W C; a negative padding leaves pixels out."""
    images, rows = tile
    (k_h, k_w), (s_h, s_w), (d_h, d_w) = window.kernel, window.stride, window.dilation
    (top, _), (left, _) = window.padding
    n, out_h, out_w, c = images.stop - images.start, rows.stop - rows.start, window.out[1], image.shape[3]
    reach = slice(rows.start * s_h - top, (rows.stop - 1) * s_h - top + d_h * (k_h - 1) + 1)
    strip = padded(image[images], reach, slice(-left, (out_w - 1) * s_w - left + d_w * (k_w - 1) + 1))
    by_image, by_row, by_pixel, by_channel = strip.strides
    seen = np.ndarray(  # each window as it lies in the strip: of a row of it, kW·C numbers are neighbours
        (n, out_h, out_w, k_h, k_w, c), strip.dtype, strip, 0,
        (by_image, s_h * by_row, s_w * by_pixel, d_h * by_row, d_w * by_pixel, by_channel),
    )  # fmt: skip
    cols = scratch("cols", seen.shape, strip.dtype)
    copy(cols, seen)
    return cols.reshape(n * out_h * out_w, k_h * k_w * c)


def padded(image: Array, rows: slice, columns: slice) -> Array:
    """These rows and columns of the images, zero where they lie outside."""
    n, height, width, c = image.shape
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    strip = scratch("strip", (n, high, wide, c), image.dtype)
    (ours, theirs), (beside, theirs_beside) = inside(rows.start, high, height), inside(columns.start, wide, width)
    strip[:, : ours.start] = strip[:, ours.stop :] = 0
    strip[:, ours, : beside.start] = strip[:, ours, beside.stop :] = 0
    middle, pixels = strip[:, ours, beside], image[:, theirs, theirs_beside]
    if c <= 4 and image.strides[3] != image.itemsize:  # NumPy would go along the few channels: half as fast
        for channel in range(c):
            middle[..., channel] = pixels[..., channel]
    else:
        middle[:] = pixels
    return strip
