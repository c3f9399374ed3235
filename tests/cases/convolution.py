"""Cases of tinycnn.ops.convolution: the trilinear form ⟨G, X ⋆ W⟩ is written out here with six loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import DTypeError, ShapeError
from tinycnn.geometry import Window, window
from tinycnn.nn import functional as F
from tinycnn.ops import convolution as ops
from tinycnn.ops.arithmetic import Add

from .case import Case, normal

STRIDED = window("conv2d", (5, 6), (3, 2), (2, 3), (1, 0))  # (5 + 2 − 3) = 2·2, but (6 − 2) is no multiple of 3
DILATED = window("conv2d", (4, 5), (2, 2), (1, 1), ((1, 0), (0, 2)), (2, 1))


def convolution(x: Any, w: Any, geometry: Window, groups: int) -> Any:
    """Y[n,o,p,q] = Σ X[n, c, s·p + d·i − pad, s·q + d·j − pad] · W[o,c,i,j]"""
    y = np.zeros((len(x), len(w), *geometry.out))
    for n, o, p, q in np.ndindex(y.shape):
        for c, i, j in np.ndindex(w.shape[1:]):
            row = geometry.stride[0] * p + geometry.dilation[0] * i - geometry.padding[0][0]
            column = geometry.stride[1] * q + geometry.dilation[1] * j - geometry.padding[1][0]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                channel = o // (len(w) // groups) * w.shape[1] + c
                y[n, o, p, q] += x[n, channel, row, column] * w[o, c, i, j]
    return y


def matrix(geometry: Window, c: int, o: int, groups: int) -> Any:
    """The form itself, A[g, x, w] with ⟨G, X ⋆ W⟩ = Σ A·G·X·W, of one image."""
    kernels = np.eye(o * c // groups * np.prod(geometry.kernel)).reshape(-1, o, c // groups, *geometry.kernel)
    pixels = np.eye(c * np.prod(geometry.size)).reshape(-1, c, *geometry.size)
    form = np.stack([convolution(pixels, w, geometry, groups).reshape(len(pixels), -1) for w in kernels])
    return form.transpose(2, 1, 0)


def _rows(geometry: Window, groups: int, note: str) -> list[Case]:
    c, o = 2, 2
    form = matrix(geometry, c, o, groups)
    x, w = normal(2, c, *geometry.size), normal(o, c // groups, *geometry.kernel)
    g = normal(2, o, *geometry.out)
    options = {"window": geometry, "groups": groups}

    def flat(array: Any) -> Any:
        return array.reshape(len(array), int(np.prod(array.shape[1:])))

    return [
        Case(ops.Conv2d, lambda x, w: ops.Conv2d.apply(x, w, **options), (x, w),
             lambda x, w: np.einsum("gxw,nx,w->ng", form, flat(x), w.ravel()).reshape(-1, *g.shape[1:]), note=note),
        Case(ops.Conv2dInput, lambda g, w: ops.Conv2dInput.apply(g, w, **options), (g, w),
             lambda g, w: np.einsum("gxw,ng,w->nx", form, flat(g), w.ravel()).reshape(-1, *x.shape[1:]), note=note),
        Case(ops.Conv2dWeight, lambda x, g: ops.Conv2dWeight.apply(x, g, **options), (x, g),
             lambda x, g: np.einsum("gxw,nx,ng->w", form, flat(x), flat(g)).reshape(w.shape), note=note, batch=(0, 1)),
    ]  # fmt: skip


def _refused(input: Any, weight: Any, **options: Any) -> Any:
    return lambda t: F.conv2d(t(np.zeros(input)), t(np.zeros(weight)), **options)


X, W, B = normal(2, 2, 3, 4), normal(4, 1, 2, 3), normal(4)
ERRORS = (
    (ShapeError, r"conv2d: input channels must equal weight\.shape\[1\] × groups, but 4 ≠ 3 × 1\n"
                 r"  input  N C H W      = \(2, 4, 8, 8\)\n  weight O C/g kH kW  = \(6, 3, 3, 3\)\n"
                 r"  hint .* RGBA image\?", _refused((2, 4, 8, 8), (6, 3, 3, 3))),
    (ShapeError, "hint .* N H W C instead of N C H W", _refused((2, 8, 8, 3), (6, 3, 3, 3))),
    (ShapeError, "hint .* grey image", _refused((2, 1, 8, 8), (6, 3, 3, 3))),
    (ShapeError, "groups must be positive and divide the output channels, but 5 channels, groups = 2",
     _refused((1, 4, 8, 8), (5, 2, 3, 3), groups=2)),
    (ShapeError, r"the kernel is larger than the padded input: 5 > 4 along H", _refused((1, 1, 4, 9), (1, 1, 5, 5))),
    (ShapeError, r"expected 3D \(unbatched\) or 4D \(batched\) input, but got 2 dimensions",
     _refused((8, 8), (1, 1, 3, 3))),
    (ShapeError, "expected a weight of 4 dimensions", _refused((1, 1, 8, 8), (3, 3))),
    (ShapeError, "stride must be at least 1, but it is", _refused((1, 1, 8, 8), (1, 1, 3, 3), stride=0)),
    (ShapeError, "padding='same' is not supported for strided",
     _refused((1, 1, 8, 8), (1, 1, 3, 3), stride=2, padding="same")),
    (ValueError, "invalid padding string 'full', should be one of 'valid', 'same'",
     _refused((1, 1, 8, 8), (1, 1, 3, 3), padding="full")),
    (TypeError, "stride must be one integer or two", _refused((1, 1, 8, 8), (1, 1, 3, 3), stride=(1, 2, 3))),
    (ShapeError, "the bias must have one entry for each of 4 output channels",
     lambda t: F.conv2d(t(X), t(W), t(B[:3]), groups=2)),
    (DTypeError, r"to have one floating dtype\n  input   = float16\n  weight  = float64\n  hint .*x\.float\(\)",
     lambda t: F.conv2d(t(X).half(), t(W).double(), groups=2)),
)  # fmt: skip

CASES = [
    *_rows(STRIDED, 1, "strided"),
    *_rows(DILATED, 2, "dilated, in groups"),
    *_rows(window("conv2d", (3, 2), (1, 1), (2, 1)), 1, "1×1"),
    Case(ops.Conv2d, lambda x, w, b: F.conv2d(x, w, b, padding="same", groups=2), (X, W, B),
         lambda x, w, b: b[:, None, None] + convolution(x, w, window("", (3, 4), (2, 3), (1, 1), ((0, 1), (1, 1))), 2),
         errors=ERRORS, note="in a layer, same size"),
    Case(Add, lambda x, w, b: F.conv2d(x, w, b, (2, 1), 1), (X[0], normal(1, 2, 3, 2), B[:1]),
         lambda x, w, b: convolution(x[None], w, window("", (3, 4), (3, 2), (2, 1), (1, 1)), 1)[0] + b, batch=(),
         note="in a layer, one image"),
]  # fmt: skip
