"""Pooling over a grid of windows that fits itself to the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import ArgumentError, ShapeError, explain
from tinycnn.geometry import Pair, Window, pair
from tinycnn.nn.functional.images import batched, expect_pixels, like_input
from tinycnn.nn.functional.pooling import divided, in_plane
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.indexing import GetItem
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.promotion import cast, widened
from tinycnn.ops.reduction import mean
from tinycnn.ops.shaping import squeeze

OutputSize = int | Sequence[int | None]


@checked
def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    r"""The mean over an oH × oW grid of windows that cover the image, whatever its size.

    Window p spans rows ⌊p·H/oH⌋ to ⌈(p + 1)·H/oH⌉ − 1; windows overlap where oH does not divide H.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    output_size : one number or (oH, oW); None in the pair keeps the input's size

    Examples
    --------
    >>> import tinycnn
    >>> adaptive_avg_pool2d(tinycnn.arange(5.0).reshape(1, 1, 5), (1, 3))
    tensor([[[0.5000, 2.0000, 3.5000]]])
    """
    op = "adaptive_avg_pool2d"

    def pool(x: Tensor) -> Tensor:
        out = _grid(op, x, output_size)
        expect_one_dtype(op, input=x)
        if out == (1, 1):
            return mean(x, (2, 3), keepdim=True)
        if 0 in x.array.shape[2:]:
            raise ShapeError(f"{op}: expected H and W to be non-zero, but got {x.array.shape}")
        tiles = _Tiles(x.array.shape[2:], out)
        total = SumPool2d.apply(tiles.shared_out(widened(x)), window=tiles.window)
        return cast(divided(total, tiles.counts), x.array.dtype)

    return like_input(input, pool, op)


@checked
def adaptive_max_pool2d(input: Tensor, output_size: OutputSize, return_indices: Any = False) -> Any:
    """The largest value of each window of the grid that `adaptive_avg_pool2d` describes.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    output_size : one number or (oH, oW); None in the pair keeps the input's size
    return_indices : also return where each winner stands in its H·W plane, counted row by row
    """
    op = "adaptive_max_pool2d"
    x = batched(op, input)
    out = _grid(op, x, output_size)
    expect_one_dtype(op, input=x)
    expect_pixels(op, x)
    tiles = _Tiles(x.array.shape[2:], out)
    y, *winner = MaxPool2d.apply_all(tiles.laid_out(x), window=tiles.window, indices=bool(return_indices))
    found: tuple[Tensor, ...] = (y, tiles.in_plane(winner[0])) if return_indices else (y,)
    found = tuple(squeeze(t, 0) for t in found) if input.array.ndim == 3 else found
    return found if return_indices else found[0]


def _grid(op: str, x: Tensor, output_size: OutputSize) -> Pair:
    """oH and oW."""
    if output_size is None:
        raise ArgumentError(f"{op}: output_size must be one size or two; in a pair, None keeps the input's size")
    wanted = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(wanted) == 2:
        wanted = [n if o is None else o for n, o in zip(x.array.shape[2:], wanted, strict=True)]
    out = pair(op, "output_size", wanted, single=False)
    if min(out) < 0:
        raise ShapeError(explain(f"{op}: output_size must not be negative, but it is {out}", {"input": x.array.shape}))
    return out


class _Tiles:
    """The windows of a grid laid side by side, so that they become those of an ordinary pooling: no two overlap.

    Along a direction two windows may differ by one pixel in length. The shorter ones are filled up with their last
    pixel once more, which changes no maximum, and of which a mean takes each copy half.
    """

    def __init__(self, size: Pair, out: Pair) -> None:
        self.size = size
        firsts = [np.arange(o) * n // o for n, o in zip(size, out, strict=True)]
        lasts = [(np.arange(1, o + 1) * n - 1) // o for n, o in zip(size, out, strict=True)]  # ⌈(p + 1)·n/o⌉ − 1
        lengths = [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]
        reach = [int(length.max(initial=1)) for length in lengths]
        self.counts = np.multiply.outer(*lengths)  # oH, oW
        # The rows and the columns of the image, in the order in which the tiles show them
        self.rows, self.columns = (
            np.minimum(first[:, None] + np.arange(k), last[:, None]).ravel()
            for first, last, k in zip(firsts, lasts, reach, strict=True)
        )
        kernel = reach[0], reach[1]
        self.window = Window((len(self.rows), len(self.columns)), kernel, kernel, out=out)

    def laid_out(self, x: Tensor) -> Tensor:
        """The image made of tiles."""
        if self.window.size == self.size:
            return x  # they tile it already
        rows, columns = map(x.backend.asarray, (self.rows[:, None], self.columns))
        return GetItem.apply(x, index=(..., rows, columns))

    def shared_out(self, x: Tensor) -> Tensor:
        """The same, with copies counting half."""
        if self.window.size == self.size:
            return x
        halves = []
        for places, k in zip((self.rows, self.columns), self.window.kernel, strict=True):
            last = places.reshape(-1, k)[:, -1:]
            once = (places.reshape(-1, k) == last).sum(1, keepdims=True)
            halves.append(np.where(places.reshape(-1, k) == last, 1 / once, 1.0).ravel())
        weight = np.multiply.outer(*halves).astype(x.array.dtype)
        return self.laid_out(x) * Tensor.wrap(x.backend.asarray(weight))

    def in_plane(self, winner: Tensor) -> Tensor:
        """From the winner's place in its tile to its place in the image's plane."""
        plane = winner.backend.asarray(self.rows[:, None] * self.size[1] + self.columns).ravel()
        return Tensor.wrap(plane[in_plane(winner, self.window).array])
