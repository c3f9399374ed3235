"""Cases of tinycnn.ops.pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.errors import DTypeError, ShapeError
from tinycnn.geometry import Window, window
from tinycnn.nn import functional as F
from tinycnn.ops import pooling as ops

from .case import Case, distinct, normal

PLAIN = window("max_pool2d", (4, 6), (2, 3), (2, 3))
OVERLAPPING = window("max_pool2d", (4, 3), (3, 2), (2, 1), (1, 1))
CEILED = window("avg_pool2d", (4, 5), (2, 2), (3, 2), (0, 1), (2, 1), ceil_mode=True)


def windows(geometry: Window) -> list[tuple[int, int, list[tuple[int, int, int]]]]:
    """For each output pixel, the pixels of its window that are not padding: their places in it, rows and columns."""
    found = []
    for p, q in np.ndindex(geometry.out):
        inside = []
        for place, (i, j) in enumerate(np.ndindex(geometry.kernel)):
            row = geometry.stride[0] * p + geometry.dilation[0] * i - geometry.padding[0][0]
            column = geometry.stride[1] * q + geometry.dilation[1] * j - geometry.padding[1][0]
            if 0 <= row < geometry.size[0] and 0 <= column < geometry.size[1]:
                inside.append((place, row, column))
        found.append((p, q, inside))
    return found


def pooled(x: Any, geometry: Window, choose: Callable[[Any], Any], dtype: Any = float) -> Any:
    """`choose` of each window's values, image by image."""
    y = np.zeros((*x.shape[:2], *geometry.out), dtype=dtype)
    for n, c in np.ndindex(x.shape[:2]):
        for p, q, inside in windows(geometry):
            y[n, c, p, q] = choose([(x[n, c, row, column], place) for place, row, column in inside])
    return y


def largest(values: Any) -> Any:
    return max(values, key=lambda entry: entry[0])


def maximum(x: Any, geometry: Window) -> tuple[Any, Any]:
    return (
        pooled(x, geometry, lambda values: largest(values)[0]),
        pooled(x, geometry, lambda values: largest(values)[1], "uint8"),
    )


def picked(x: Any, winner: Any, geometry: Window) -> Any:
    y = np.zeros(winner.shape)
    for p, q, inside in windows(geometry):
        for place, row, column in inside:
            y[:, :, p, q] += x[:, :, row, column] * (winner[:, :, p, q] == place)
    return y


def unpicked(g: Any, winner: Any, geometry: Window) -> Any:
    x = np.zeros((*g.shape[:2], *geometry.size))
    for p, q, inside in windows(geometry):
        for place, row, column in inside:
            x[:, :, row, column] += g[:, :, p, q] * (winner[:, :, p, q] == place)
    return x


def spread(g: Any, geometry: Window) -> Any:
    x = np.zeros((*g.shape[:2], *geometry.size))
    for p, q, inside in windows(geometry):
        for _, row, column in inside:
            x[:, :, row, column] += g[:, :, p, q]
    return x


def _rows(geometry: Window, note: str) -> list[Case]:
    x = distinct(2, 1, *geometry.size)
    g = normal(2, 1, *geometry.out)
    winner = maximum(x, geometry)[1] if note != "ceil_mode" else np.zeros(g.shape, "uint8")
    maxima = Case(ops.MaxPool2d, lambda x: ops.MaxPool2d.apply_all(x, window=geometry), (x,),
                  lambda x: maximum(x, geometry), note=note)  # fmt: skip
    return [maxima] * (note != "ceil_mode") + [
        Case(ops.Pick, lambda x, i: ops.Pick.apply(x, i, window=geometry), (x, winner),
             lambda x, i: picked(x, i, geometry), note=note, batch=(0, 1)),
        Case(ops.Unpick, lambda g, i: ops.Unpick.apply(g, i, window=geometry), (g, winner),
             lambda g, i: unpicked(g, i, geometry), note=note, batch=(0, 1)),
        Case(ops.SumPool2d, lambda x: ops.SumPool2d.apply(x, window=geometry), (x,),
             lambda x: pooled(x, geometry, lambda values: sum(value for value, _ in values)), note=note),
        Case(ops.Spread2d, lambda g: ops.Spread2d.apply(g, window=geometry), (g,), lambda g: spread(g, geometry),
             note=note),
    ]  # fmt: skip


def adaptive(x: Any, out: tuple[int, int], choose: Callable[..., Any]) -> Any:
    y = np.zeros((*x.shape[:2], *out))
    for p, q in np.ndindex(out):
        along = zip((p, q), x.shape[2:], out, strict=True)
        rows, columns = (slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in along)
        y[:, :, p, q] = choose(x[:, :, rows, columns], (2, 3))
    return y


IMAGE = np.zeros((1, 1, 4, 4))
CASES = [
    *_rows(PLAIN, "plain"),
    *_rows(OVERLAPPING, "overlapping, padded"),
    *_rows(CEILED, "ceil_mode"),
    Case(
        ops.MaxPool2d, lambda x: F.max_pool2d(x, (3, 2), (2, 1), 1), (distinct(2, 1, 4, 3),),
        lambda x: maximum(x, OVERLAPPING)[0], note="in a layer",
        errors=(
            (ShapeError, r"max_pool2d: pad should be at most half of kernel size, but got pad = \(2, 2\) and"
                         r" kernel_size = \(3, 3\)\n  input N C H W  = \(1, 1, 4, 4\)",
                         lambda t: F.max_pool2d(t(IMAGE), 3, 1, 2)),
            (ShapeError, "max_pool2d: the kernel is larger than the padded input: 5 > 4 along H",
             lambda t: F.max_pool2d(t(IMAGE), 5)),
            (ShapeError, r"max_pool2d: expected 3D .*\n.*\n  hint .*unsqueeze\(1\)",
             lambda t: F.max_pool2d(t(IMAGE[0, 0]), 2)),
            (TypeError, "max_pool2d: kernel_size must be one integer or two", lambda t: F.max_pool2d(t(IMAGE), 2.5)),
            (TypeError, r"kernel_size must be one integer or two \(height, width\), not Tensor of shape \(1, 1, 4, 4\)",
             lambda t: F.max_pool2d(t(IMAGE), t(IMAGE))),
            (ShapeError, "max_pool2d: stride must be one integer or two",
             lambda t: F.max_pool2d(t(IMAGE), 2, (1, 2, 3))),
            (ShapeError, "max_pool2d: expected C, H and W to be non-zero", lambda t: F.max_pool2d(t(IMAGE[:, :0]), 2)),
            (DTypeError, "max_pool2d: input cannot be bool, only float16, .* and uint8\n  input  = bool",
             lambda t: F.max_pool2d(t(IMAGE) > 0, 2)),
        ),
    ),
    Case(
        ops.SumPool2d, lambda x: F.avg_pool2d(x, (3, 2), (2, 1), 1, count_include_pad=False), (normal(2, 1, 4, 3),),
        lambda x: pooled(x, OVERLAPPING, lambda values: np.mean([value for value, _ in values])), note="in a layer",
        errors=(
            (DTypeError, "avg_pool2d: input cannot be int32, only float16, float32, float64 and int64",
             lambda t: F.avg_pool2d(t(IMAGE).int(), 1)),
            (TypeError, "avg_pool2d: divisor_override must be an integer, not float 2.5",
             lambda t: F.avg_pool2d(t(IMAGE), 2, divisor_override=2.5)),
            (TypeError, "avg_pool2d: ceil_mode must be a bool, not int",
             lambda t: F.avg_pool2d(t(IMAGE), 2, ceil_mode=1)),
            (ValueError, "avg_pool2d: divisor must be not zero",
             lambda t: F.avg_pool2d(t(IMAGE), 2, divisor_override=0)),
        ),
    ),
    Case(
        ops.SumPool2d, lambda x: F.adaptive_avg_pool2d(x, (3, 2)), (normal(2, 1, 5, 3),),
        lambda x: adaptive(x, (3, 2), np.mean), note="in adaptive_avg_pool2d",
        errors=(
            (ShapeError, r"adaptive_avg_pool2d: output_size must be one integer or two .*, not \(1, 2, 3\)",
             lambda t: F.adaptive_avg_pool2d(t(IMAGE), (1, 2, 3))),
            (ShapeError, r"adaptive_avg_pool2d: output_size must not be negative, but it is \(-1, -1\)",
             lambda t: F.adaptive_avg_pool2d(t(IMAGE), -1)),
            (TypeError, "adaptive_avg_pool2d: output_size must be one size or two; in a pair, None keeps",
             lambda t: F.adaptive_avg_pool2d(t(IMAGE), None)),
            (ShapeError, "adaptive_avg_pool2d: expected H and W to be non-zero",
             lambda t: F.adaptive_avg_pool2d(t(IMAGE[:, :, :0]), 2)),
            (DTypeError, "adaptive_avg_pool2d: expected input to have one floating dtype",
             lambda t: F.adaptive_avg_pool2d(t(IMAGE).long(), 2)),
        ),
    ),
    Case(
        ops.MaxPool2d, lambda x: F.adaptive_max_pool2d(x, (3, None)), (distinct(2, 1, 5, 3),),
        lambda x: adaptive(x, (3, 3), np.max), note="in adaptive_max_pool2d",
        errors=(
            (ShapeError, "adaptive_max_pool2d: expected C, H and W to be non-zero",
             lambda t: F.adaptive_max_pool2d(t(IMAGE[:, :0]), 2)),
            (DTypeError, "adaptive_max_pool2d: expected input to have one floating dtype",
             lambda t: F.adaptive_max_pool2d(t(IMAGE).long(), 2)),
        ),
    ),
]  # fmt: skip
