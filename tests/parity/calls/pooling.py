"""What is asked about pooling."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("pooling")
IMAGE, PLANE, TIES = draw.n(2, 3, 4, 5), np.arange(7.0).reshape(1, 1, 7), np.round(draw.n(1, 2, 5, 5))

CALLS: list[Call] = [
    Call("F.max_pool2d", [draw.n(1, 2, 5, 4), 2], {"return_indices": True}),
    Call("F.max_pool2d", [TIES, 3, 2, 1], {"return_indices": True}),
    Call("F.max_pool2d", [draw.n(1, 1, 6, 7), [2, 3], [1, 2], [1, 0], [2, 1]], {"return_indices": True}),
    Call("F.max_pool2d", [draw.n(1, 1, 6, 7), 1, 2], {"ceil_mode": True, "return_indices": True}),
    Call("F.max_pool2d", [draw.n(1, 5, 6), 3, 2, 0, 1, True]),
    Call("F.max_pool2d", [f([[[1, NAN, 0], [2, NAN, -INF], [-1, -INF, -INF]]]), 2, 1], {"return_indices": True}),
    Call("F.max_pool2d", [np.full((1, 3, 3), -INF), 2, 1, 1], {"return_indices": True}),
    Call("F.max_pool2d", [draw.i(1, 2, 4, 4, high=9), 2], {"return_indices": True}),
    Call("F.avg_pool2d", [draw.n(1, 2, 5, 4), 2]),
    Call("F.avg_pool2d", [PLANE, [1, 2], [1, 3]], {"ceil_mode": True}),
    Call("F.avg_pool2d", [draw.n(1, 1, 6, 7), 3, 2, 1, True]),
    Call("F.avg_pool2d", [draw.n(1, 1, 6, 7), 3, 2, 1, True, False]),
    Call("F.avg_pool2d", [draw.n(2, 4, 4), 2, 2, 1, False, True, 3]),
    Call("F.adaptive_avg_pool2d", [draw.n(1, 2, 5, 7), [3, 2]]),
    Call("F.adaptive_avg_pool2d", [draw.n(1, 2, 4, 6), [None, 3]]),
    Call("F.adaptive_avg_pool2d", [draw.n(2, 3, 4), 1]),
    Call("F.adaptive_avg_pool2d", [draw.n(1, 1, 2, 3), 5]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.max_pool2d", [IMAGE, 6]),
    Call("F.max_pool2d", [IMAGE, 3, 1, 2]),
    Call("F.max_pool2d", [IMAGE, 0]),
    Call("F.max_pool2d", [IMAGE[0, 0], 2]),
    Call("F.avg_pool2d", [IMAGE, 2], {"divisor_override": 0}),
    Call("F.adaptive_avg_pool2d", [IMAGE, -1]),
    Call("F.adaptive_avg_pool2d", [IMAGE, [1, 2, 3]]),
]  # fmt: skip
