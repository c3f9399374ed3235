"""Cases of tinycnn.ops.convolution: the trilinear form ⟨G, X ⋆ W⟩ is written out here with six loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.ops import convolution as ops
from tinycnn.shapes import Window, window

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


CASES = [
    *_rows(STRIDED, 1, "strided"),
    *_rows(DILATED, 2, "dilated, in groups"),
    *_rows(window("conv2d", (3, 2), (1, 1), (2, 1)), 1, "1×1"),
]
