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
        Case(ops.Conv2d, lambda x, w: ops.Conv2d.apply(x, w, None, **options), (x, w),
             lambda x, w: np.einsum("gxw,nx,w->ng", form, flat(x), w.ravel()).reshape(-1, *g.shape[1:]), note=note),
        Case(ops.Conv2dInput, lambda g, w: ops.Conv2dInput.apply(g, w, **options), (g, w),
             lambda g, w: np.einsum("gxw,ng,w->nx", form, flat(g), w.ravel()).reshape(-1, *x.shape[1:]), note=note),
        Case(ops.Conv2dWeight, lambda x, g: ops.Conv2dWeight.apply(x, g, **options), (x, g),
             lambda x, g: np.einsum("gxw,nx,ng->w", form, flat(x), flat(g)).reshape(w.shape), note=note, batch=(0, 1)),
        Case(ops.Conv2dBackward,
             lambda g, x, w: ops.Conv2dBackward.apply_all(g, x, w, asked=(True, True, True), **options), (g, x, w),
             lambda g, x, w: (np.einsum("gxw,ng,w->nx", form, flat(g), w.ravel()).reshape(x.shape),
                              np.einsum("gxw,nx,ng->w", form, flat(x), flat(g)).reshape(w.shape), g.sum((0, 2, 3))),
             note=note, batch=(0, 1)),
        Case(ops.Conv2dBackward,
             lambda g, x: ops.Conv2dBackward.apply_all(g, x, None, asked=(False, True, True), **options), (g, x),
             lambda g, x: (np.einsum("gxw,nx,ng->w", form, flat(x), flat(g)).reshape(w.shape), g.sum((0, 2, 3))),
             note=f"{note}, of a first layer", batch=(0, 1)),
    ]  # fmt: skip


def _refused(input: Any, weight: Any, **options: Any) -> Any:
    return lambda t: F.conv2d(t(np.zeros(input)), t(np.zeros(weight)), **options)


def _refused_back(input: Any, weight: Any, **options: Any) -> Any:
    return lambda t: F.conv_transpose2d(t(np.zeros(input)), t(np.zeros(weight)), **options)


X, W, B = normal(2, 2, 3, 4), normal(4, 1, 2, 3), normal(4)
ERRORS = (
    (ShapeError, r"conv2d: input channels must equal weight\.shape\[1\] × groups, but 4 ≠ 3 × 1\n"
                 r"  input  N C H W      = \(2, 4, 8, 8\)\n  weight O C/g kH kW  = \(6, 3, 3, 3\)\n"
                 r"  hint .* RGBA image\?", _refused((2, 4, 8, 8), (6, 3, 3, 3))),
    (ShapeError, "hint .* N H W C instead of N C H W", _refused((2, 8, 8, 3), (6, 3, 3, 3))),
    (ShapeError, r"  input  C H W        = \(8, 8, 3\)\n.*\n  hint .* H W C instead of C H W\? permute\(2, 0, 1\)",
     _refused((8, 8, 3), (6, 3, 3, 3))),
    (ShapeError, r"hint .* grey image\? x\.expand\(3, -1, -1\)", _refused((1, 8, 8), (6, 3, 3, 3))),
    (ShapeError, "hint .* grey image", _refused((2, 1, 8, 8), (6, 3, 3, 3))),
    (ShapeError, "hint .* colour image", _refused((2, 3, 8, 8), (6, 1, 3, 3))),
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
    (ShapeError, r"stride must be one integer or two \(height, width\), not \(1, 2, 3\)",
     _refused((1, 1, 8, 8), (1, 1, 3, 3), stride=(1, 2, 3))),
    (TypeError, "stride must be one integer or two .*, not float 1.5",
     _refused((1, 1, 8, 8), (1, 1, 3, 3), stride=1.5)),
    (TypeError, "dilation must be one integer or two .*, not bool True",
     _refused((1, 1, 8, 8), (1, 1, 3, 3), dilation=True)),
    (TypeError, "groups must be an integer, not float 1.0", _refused((1, 1, 8, 8), (1, 1, 3, 3), groups=1.0)),
    (ShapeError, "expected H and W to be non-zero; only the batch may be empty",
     _refused((1, 1, 0, 8), (1, 1, 1, 1), padding=1)),
    (ShapeError, "divide the output channels, but 0 channels", _refused((1, 1, 8, 8), (0, 1, 1, 1))),
    (ShapeError, "the bias must have one entry for each of 4 output channels",
     lambda t: F.conv2d(t(X), t(W), t(B[:3]), groups=2)),
    (DTypeError, r"input and weight to have one dtype\n  input   = float16, shape .*\n"
                 r"  weight  = float64, shape .*\n  hint .*x\.float\(\)",
     lambda t: F.conv2d(t(X).half(), t(W).double(), groups=2)),
    (DTypeError, r"  hint .* image of bytes x\.float\(\) / 255", lambda t: F.conv2d(t(X).to("uint8"), t(W), groups=2)),
)  # fmt: skip
ERRORS_BACK = (
    (ShapeError, r"conv_transpose2d: input channels must equal weight\.shape\[0\], but 3 ≠ 2\n"
                 r"  input  N C H W      = \(1, 3, 4, 4\)\n  weight C O/g kH kW  = \(2, 3, 2, 2\)\n"
                 r"  hint .* conv2d has them second", _refused_back((1, 3, 4, 4), (2, 3, 2, 2))),
    (ShapeError, r"  input  C H W        = \(3, 4, 4\)\n", _refused_back((3, 4, 4), (2, 3, 2, 2))),
    (ShapeError, r"output_padding must be smaller than either stride or dilation, and not negative\n"
                 r"  output_padding  = \(2, 2\)",
     _refused_back((1, 2, 4, 4), (2, 3, 2, 2), stride=2, output_padding=2)),
    (ShapeError, "and not negative", _refused_back((1, 2, 4, 4), (2, 3, 2, 2), stride=2, output_padding=-1)),
    (ShapeError, "the output would be 0 × 0\n(.|\n)*hint .*padding cuts pixels off here",
     _refused_back((1, 2, 1, 1), (2, 3, 2, 2), padding=1)),
    (ShapeError, "groups must be positive and divide the input channels, but 4 channels, groups = 3",
     _refused_back((1, 4, 2, 2), (4, 1, 2, 2), groups=3)),
    (ShapeError, "the bias must have one entry for each of 6 output channels",
     lambda t: F.conv_transpose2d(t(X), t(np.zeros((2, 3, 2, 2))), t(B[:3]), groups=2)),
    (ShapeError, r"expected a weight of 4 dimensions \(C O/g kH kW\)", _refused_back((1, 2, 4, 4), (2, 3, 2))),
    (TypeError, "padding must be one integer or two", _refused_back((1, 2, 4, 4), (2, 3, 2, 2), padding="same")),
    (DTypeError, "conv_transpose2d: input and weight cannot be int32, only float16, .* and int64",
     lambda t: F.conv_transpose2d(t(X).int(), t(np.zeros((2, 3, 2, 2))).int())),
)  # fmt: skip


def transposed(x: Any, w: Any, geometry: Window, groups: int) -> Any:
    """Y[n, o, s·p + d·i − pad, s·q + d·j − pad] += X[n,c,p,q] · W[c,o,i,j]"""
    share = x.shape[1] // groups
    y = np.zeros((len(x), w.shape[1] * groups, *geometry.size))
    for n, c, p, q in np.ndindex(x.shape):
        for o, i, j in np.ndindex(w.shape[1:]):
            row = geometry.stride[0] * p + geometry.dilation[0] * i - geometry.padding[0][0]
            column = geometry.stride[1] * q + geometry.dilation[1] * j - geometry.padding[1][0]
            if 0 <= row < geometry.size[0] and 0 <= column < geometry.size[1]:
                y[n, c // share * w.shape[1] + o, row, column] += x[n, c, p, q] * w[c, o, i, j]
    return y


BACK = normal(2, 2, 2, 3)  # C O/g kH kW

CASES = [
    *_rows(STRIDED, 1, "strided"),
    *_rows(DILATED, 2, "dilated, in groups"),
    *_rows(window("conv2d", (3, 2), (1, 1), (2, 1)), 1, "1×1"),
    Case(ops.Conv2d, lambda x, w, b: F.conv2d(x, w, b, padding="same", groups=2), (X, W, B),
         lambda x, w, b: b[:, None, None] + convolution(x, w, window("", (3, 4), (2, 3), (1, 1), ((0, 1), (1, 1))), 2),
         errors=ERRORS, note="in a layer, same size"),
    Case(ops.Conv2d, lambda x, w, b: F.conv2d(x, w, b, (2, 1), 1), (X[0], normal(1, 2, 3, 2), B[:1]),
         lambda x, w, b: convolution(x[None], w, window("", (3, 4), (3, 2), (2, 1), (1, 1)), 1)[0] + b, batch=(),
         note="in a layer, one image"),
    Case(ops.Conv2dInput, lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 1), 1, (1, 0), 2, (1, 2)), (X, BACK, B),
         lambda x, w, b: b[:, None, None] + transposed(x, w, Window(
             (5, 6), (2, 3), (2, 1), ((1, 1), (1, 1)), (1, 2), (3, 4)), 2),
         errors=ERRORS_BACK, note="transposed, in a layer"),
    Case(Add, lambda x, w, b: F.conv_transpose2d(x, w, b, 3, output_padding=2), (X[0, :, :2, :2], BACK, B[:2]),
         lambda x, w, b: b[:, None, None] + transposed(x[None], w, Window(
             (7, 8), (2, 3), (3, 3), ((0, 0), (0, 0)), (1, 1), (2, 2)), 1)[0], batch=(),
         note="transposed, in a layer, one image"),
]  # fmt: skip
