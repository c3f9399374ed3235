"""Pooling as PyTorch calls it: the largest or the mean of each window."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.dtypes import FLOATING, NUMBERS, int64
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.geometry import Sizes, Window, pair, window
from tinycnn.nn.functional.images import batched, expect_pixels, like_input
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.arithmetic import RoundedDiv
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.promotion import alike, cast, widened
from tinycnn.ops.shaping import squeeze
from tinycnn.shapes import integer


@checked
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: Any = False,
) -> Any:
    """The largest value of each window. Padding never wins; of equals the first does; NaN does always.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding, dilation : one number or (height, width); the stride is the kernel size if left out
    ceil_mode : round the output size up, letting the last window reach over the edge
    return_indices : also return where each winner stands in its H·W plane, counted row by row

    Examples
    --------
    >>> import tinycnn
    >>> max_pool2d(tinycnn.arange(16.0).reshape(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    x = batched("max_pool2d", input)
    expect_one_dtype("max_pool2d", NUMBERS, input=x)
    geometry = _pool_window("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    y, *winner = MaxPool2d.apply_all(x, window=geometry, indices=bool(return_indices))
    found: tuple[Tensor, ...] = (y, in_plane(winner[0], geometry)) if return_indices else (y,)
    found = tuple(squeeze(t, 0) for t in found) if input.array.ndim == 3 else found
    return found if return_indices else found[0]


@checked
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: its sum, divided by how many entries it has. Integers are cut to integers.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding : one number or (height, width); the stride is the kernel size if left out
    ceil_mode : round the output size up; the part of a window that reaches past the padding does not count
    count_include_pad : whether zeros of the padding count as entries
    divisor_override : divide by this instead
    """
    divisor = None if divisor_override is None else integer("avg_pool2d", "divisor_override", divisor_override)

    def pool(x: Tensor) -> Tensor:
        expect_one_dtype("avg_pool2d", FLOATING | {int64}, input=x)
        geometry = _pool_window("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
        if divisor == 0:
            raise DomainError("avg_pool2d: divisor must be not zero")
        total = SumPool2d.apply(widened(x), window=geometry)
        counts = divisor or _counts(geometry, count_include_pad)
        return cast(divided(total, counts), x.array.dtype)

    return like_input(input, pool, "avg_pool2d")


def _pool_window(
    op: str, x: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Window:
    expect_pixels(op, x)
    kernel, pads = pair(op, "kernel_size", kernel_size), pair(op, "padding", padding)
    empty = isinstance(stride, tuple | list) and not stride
    step = kernel if stride is None or empty else pair(op, "stride", stride)
    if any(0 < k < 2 * p for k, p in zip(kernel, pads, strict=True)):
        raise ShapeError(
            explain(
                f"{op}: pad should be at most half of kernel size, but got pad = {pads} and kernel_size = {kernel}",
                {"input N C H W": x.array.shape},
                "with more, some windows would see nothing but padding",
            )
        )
    return window(op, x.array.shape[2:], kernel, step, pads, pair(op, "dilation", dilation), ceil_mode)


def in_plane(winner: Tensor, w: Window) -> Tensor:
    """From the winner's place in its window to its place in the plane."""
    starts = [np.arange(o) * s - p[0] for o, s, p in zip(w.out, w.stride, w.padding, strict=True)]
    winner, backend = cast(winner, int64), winner.backend  # it may be no more than a byte
    rows, columns = (Tensor.wrap(backend.asarray(start)) for start in (starts[0][:, None], starts[1]))
    row = rows + (winner // w.kernel[1]) * w.dilation[0]
    return row * w.size[1] + columns + (winner % w.kernel[1]) * w.dilation[1]


def divided(total: Tensor, counts: Any) -> Tensor:
    """The sums of windows divided by a number, or by an oH × oW array of the host."""
    different = np.unique(counts)
    by: int | Tensor = int(different[0]) if len(different) == 1 else Tensor.wrap(
        total.backend.asarray(counts.astype(total.array.dtype))
    )
    if total.array.dtype.kind == "f":
        return total / by
    return RoundedDiv.apply(*alike("avg_pool2d", total, by), mode="trunc")


def _counts(w: Window, with_padding: bool) -> Any:
    """How many entries each window has: oH, oW."""
    along = []
    for axis in (0, 1):
        before, after = w.padding[axis] if with_padding else (0, 0)
        start = np.arange(w.out[axis]) * w.stride[axis] - w.padding[axis][0]
        along.append(np.minimum(start + w.kernel[axis], w.size[axis] + after) - np.maximum(start, -before))
    return np.multiply.outer(*along)
