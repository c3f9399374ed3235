"""Cases of tinycnn.ops.unfolding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import DTypeError, RankError, ShapeError
from tinycnn.geometry import Window, window
from tinycnn.nn import functional as F
from tinycnn.ops import unfolding as ops

from .case import Case, normal

STRIDED = window("unfold", (5, 6), (3, 2), (2, 3), (1, 0))
DILATED = window("unfold", (4, 5), (2, 2), (1, 1), (0, 2), (2, 1))


def unfolded(x: Any, geometry: Window) -> Any:
    """Y[n, (c, i, j), (p, q)] = X[n, c, s·p + d·i − pad, s·q + d·j − pad]"""
    n, c = x.shape[:2]
    y = np.zeros((n, c, *geometry.kernel, *geometry.out))
    for i, j, p, q in np.ndindex(y.shape[2:]):
        row = geometry.stride[0] * p + geometry.dilation[0] * i - geometry.padding[0][0]
        column = geometry.stride[1] * q + geometry.dilation[1] * j - geometry.padding[1][0]
        if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
            y[:, :, i, j, p, q] = x[:, :, row, column]
    return y.reshape(n, c * int(np.prod(geometry.kernel)), int(np.prod(geometry.out)))


def folded(columns: Any, geometry: Window) -> Any:
    """The transpose of the matrix that unfolding one channel is."""
    pixels = np.eye(int(np.prod(geometry.size))).reshape(-1, 1, *geometry.size)
    matrix = unfolded(pixels, geometry)  # pixel, kernel entry, window
    n, rows, length = columns.shape
    k = int(np.prod(geometry.kernel))
    return np.einsum("nckl,pkl->ncp", columns.reshape(n, rows // k, k, length), matrix).reshape(
        n, rows // k, *geometry.size
    )


def _rows(geometry: Window, note: str) -> list[Case]:
    x = normal(2, 2, *geometry.size)
    columns = normal(2, 2 * int(np.prod(geometry.kernel)), int(np.prod(geometry.out)))
    return [
        Case(ops.Unfold, lambda x: ops.Unfold.apply(x, window=geometry), (x,), lambda x: unfolded(x, geometry),
             note=note),
        Case(ops.Fold, lambda y: ops.Fold.apply(y, window=geometry), (columns,), lambda y: folded(y, geometry),
             note=note),
    ]  # fmt: skip


IMAGE, COLUMNS = np.zeros((1, 2, 4, 4)), np.zeros((1, 8, 9))
CASES = [
    *_rows(STRIDED, "strided"),
    *_rows(DILATED, "dilated"),
    Case(
        ops.Unfold, lambda x: F.unfold(x, (3, 2), padding=(1, 0), stride=(2, 3)), (normal(2, 5, 6),),
        lambda x: unfolded(x[None], STRIDED)[0], note="in a layer, one image", batch=(),
        errors=(
            (RankError, r"unfold: expected 3D .*\n.*\n  hint .*unsqueeze\(1\)", lambda t: F.unfold(t(IMAGE[0, 0]), 2)),
            (ShapeError, "unfold: the kernel is larger than the padded input: 5 > 4 along H",
             lambda t: F.unfold(t(IMAGE), 5)),
            (ShapeError, r"unfold: kernel_size must be one integer or two \(height, width\), not \(2,\)",
             lambda t: F.unfold(t(IMAGE), (2,))),
            (ShapeError, "unfold: expected C, H and W to be non-zero", lambda t: F.unfold(t(IMAGE[:, :0]), 2)),
            (ShapeError, "unfold: stride must be at least 1", lambda t: F.unfold(t(IMAGE), 2, stride=0)),
            (TypeError, "unfold: padding must be one integer or two .*, not float 1.0",
             lambda t: F.unfold(t(IMAGE), 2, padding=1.0)),
            (DTypeError, "unfold: input cannot be int64, only bool, float16, float32 and float64\n"
                         "  input  = int64", lambda t: F.unfold(t(IMAGE).long(), 2)),
        ),
    ),
    Case(
        ops.Fold, lambda y: F.fold(y, (5, 6), (3, 2), padding=(1, 0), stride=(2, 3)), (normal(12, 6),),
        lambda y: folded(y[None], STRIDED)[0], note="in a layer, one image", batch=(),
        errors=(
            (ShapeError, r"fold: needs a column for each of 9 windows, but got 8\n  input +  = \(1, 8, 8\)\n(.|\n)*"
                         "hint .*must be those of the unfold", lambda t: F.fold(t(COLUMNS[..., 1:]), 4, 2)),
            (ShapeError, "fold: kH·kW = 4 must divide the 7 rows", lambda t: F.fold(t(COLUMNS[:, 1:]), 4, 2)),
            (RankError, "fold: expected columns N C·kH·kW L", lambda t: F.fold(t(COLUMNS[0, 0]), 4, 2)),
            (RankError, "only the batch may be empty", lambda t: F.fold(t(COLUMNS[..., :0]), 4, 2)),
            (ShapeError, r"fold: output_size must be one integer or two .*, not \(4, 4, 4\)",
             lambda t: F.fold(t(COLUMNS), (4, 4, 4), 2)),
            (DTypeError, "fold: input cannot be int32, only bool",
             lambda t: F.fold(t(COLUMNS).int(), 4, 2)),
        ),
    ),
]  # fmt: skip
