"""Pooling as PyTorch calls it: the largest or the mean of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, DTypeError, ShapeError, explain
from tinycnn.nn.functional.images import batched, like_input
from tinycnn.ops.linalg import matmul
from tinycnn.ops.pooling import MaxPool2d, SumPool2d
from tinycnn.ops.promotion import cast, widened
from tinycnn.ops.reduction import mean
from tinycnn.ops.shaping import squeeze
from tinycnn.shapes import Pair, Window, pair, window

Sizes = int | Sequence[int]


def _pool_window(
    op: str, x: Tensor, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Window:
    kernel, pads = pair(op, "kernel_size", kernel_size), pair(op, "padding", padding)
    step = kernel if stride is None or stride == () else pair(op, "stride", stride)
    if any(0 < k < 2 * p for k, p in zip(kernel, pads, strict=True)):
        raise ShapeError(
            explain(
                f"{op}: pad should be at most half of kernel size, but got pad = {pads} and kernel_size = {kernel}",
                {"input N C H W": x.array.shape},
                "with more, some windows would see nothing but padding",
            )
        )
    return window(op, x.array.shape[2:], kernel, step, pads, pair(op, "dilation", dilation), ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
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
    geometry = _pool_window("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    y, winner = MaxPool2d.apply_all(x, window=geometry)
    unbatched = input.array.ndim == 3
    if not return_indices:
        return squeeze(y, 0) if unbatched else y
    places = _in_plane(winner, geometry)
    return (squeeze(y, 0), squeeze(places, 0)) if unbatched else (y, places)


def _in_plane(winner: Tensor, w: Window) -> Tensor:
    """From the winner's place in its window to its place in the plane."""
    starts = [
        np.arange(o) * s - p[0] for o, s, p in zip(w.out, w.stride, w.padding, strict=True)
    ]
    backend = winner.backend
    rows, cols = (Tensor.wrap(backend.asarray(start)) for start in (starts[0][:, None], starts[1]))
    row = rows + (winner // w.kernel[1]) * w.dilation[0]
    return row * w.size[1] + cols + (winner % w.kernel[1]) * w.dilation[1]


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window: its sum, divided by how many entries it has.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding : one number or (height, width); the stride is the kernel size if left out
    ceil_mode : round the output size up; the part of a window that reaches past the padding does not count
    count_include_pad : whether zeros of the padding count as entries
    divisor_override : divide by this instead
    """
    if divisor_override == 0:
        raise DomainError("avg_pool2d: divisor must be not zero")

    def pool(x: Tensor) -> Tensor:
        if x.array.dtype.kind != "f":
            raise DTypeError(f"avg_pool2d: the input must be floating, but got {x.array.dtype}")
        geometry = _pool_window("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
        total = SumPool2d.apply(widened(x), window=geometry)
        return cast(total / _divisor(total, geometry, count_include_pad, divisor_override), x.array.dtype)

    return like_input(input, pool, "avg_pool2d")


def _divisor(total: Tensor, w: Window, count_include_pad: bool, override: int | None) -> Any:
    """What to divide each window's sum by: one number for all if it can be, else an oH × oW Tensor."""
    if override is not None:
        return override
    counts = np.multiply.outer(*(_entries(w, axis, count_include_pad) for axis in (0, 1)))
    if (counts == counts.flat[0]).all():
        return int(counts.flat[0])
    return Tensor.wrap(total.backend.asarray(counts.astype(total.array.dtype)))


def _entries(w: Window, axis: int, with_padding: bool) -> Any:
    """How many entries each window has along one direction."""
    before, after = w.padding[axis] if with_padding else (0, 0)
    start = np.arange(w.out[axis]) * w.stride[axis] - w.padding[axis][0]
    return np.minimum(start + w.kernel[axis], w.size[axis] + after) - np.maximum(start, -before)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    r"""The mean over an oH × oW grid of windows that cover the image, whatever its size.

    Window p spans rows ⌊p·H/oH⌋ to ⌈(p + 1)·H/oH⌉ − 1; they overlap where oH does not divide H. As averaging along
    rows and along columns are matrices, Y = A_H · X · A_Wᵀ.

    Parameters
    ----------
    input : Tensor, (N, C, H, W) or (C, H, W)
    output_size : one number or (oH, oW); None keeps the input's size
    """
    wanted = output_size if isinstance(output_size, Sequence) else (output_size, output_size)
    if not all(n is None or hasattr(n, "__index__") for n in wanted):
        raise TypeError(f"adaptive_avg_pool2d: output_size must hold integers or None, not {output_size!r}")
    if len(wanted) != 2 or any(n is not None and n < 0 for n in wanted):
        raise ShapeError(f"adaptive_avg_pool2d: output_size must be one or two sizes ≥ 0, not {output_size!r}")

    def pool(x: Tensor) -> Tensor:
        size: Pair = x.array.shape[2:]
        out = tuple(n if o is None else o for n, o in zip(size, wanted, strict=True))
        if 0 in size:
            raise ShapeError(f"adaptive_avg_pool2d: expected H and W to be non-zero, but got {x.array.shape}")
        if out == (1, 1):
            return mean(x, (2, 3), keepdim=True)
        if all(o and n % o == 0 for n, o in zip(size, out, strict=True)):
            return avg_pool2d(x, tuple(n // o for n, o in zip(size, out, strict=True)))
        matrices = [_averaging(n, o).astype(x.array.dtype) for n, o in zip(size, out, strict=True)]
        rows, columns = (Tensor.wrap(x.backend.asarray(matrix)) for matrix in matrices)
        return matmul(matmul(rows, x), columns.T)

    return like_input(input, pool, "adaptive_avg_pool2d")


def _averaging(n: int, out: int) -> Any:
    """The matrix, out × n, whose rows average over the windows."""
    matrix = np.zeros((out, n))
    for p in range(out):
        start, stop = p * n // out, -((-(p + 1) * n) // out)
        matrix[p, start:stop] = 1 / (stop - start)
    return matrix
