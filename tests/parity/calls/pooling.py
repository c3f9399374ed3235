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
    Call("F.max_pool2d", [], {"input": draw.n(1, 1, 4, 4), "kernel_size": (2,), "stride": (), "padding": [1, 0],
                              "dilation": (1, 2), "ceil_mode": True, "return_indices": False}),
    Call("F.max_pool2d", [draw.n(1, 1, 5, 5), 3, 1, 1, 2], {"return_indices": True}),
    Call("F.max_pool2d", [draw.n(1, 1, 3, 3), 4, 3, 0, 1, True], {"return_indices": True}),
    Call("F.max_pool2d", [np.zeros((0, 2, 4, 4)), 2], {"return_indices": True}),
    *(Call("F.max_pool2d", [(draw.i(1, 3, 3, high=200) - 100).astype(dtype), 2, 1, 1], {"return_indices": True})
      for dtype in ("int32", "int16", "int8")),
    Call("F.max_pool2d", [np.full((1, 2, 2), -128, dtype="int8"), 2, 2, 1], {"return_indices": True}),
    Call("F.avg_pool2d", [draw.i(1, 5, 5, high=99) - 50, 2, 2, 1]),
    Call("F.avg_pool2d", [draw.i(1, 5, 5, high=99) - 50, 3, 2, 1, True, False]),
    Call("F.avg_pool2d", [draw.i(1, 5, 5, high=99) - 50, 2], {"divisor_override": -3}),
    Call("F.avg_pool2d", [draw.n(1, 1, 3, 3), 4, 3, 0, True]),
    Call("F.avg_pool2d", [f([[[1, NAN, 3, 4, INF, 6]]]), (1, 2), 1]),
    Call("F.avg_pool2d", [np.zeros((0, 2, 4, 4)), 2]),
    Call("F.adaptive_avg_pool2d", [f([[[1, NAN, 3, 4, INF, 6, 7]]]), (1, 3)]),
    Call("F.adaptive_avg_pool2d", [draw.n(1, 2, 3, 3), (0, 2)], order=0),  # PyTorch has no gradient of nothing
    Call("F.adaptive_avg_pool2d", [np.zeros((0, 2, 4, 4)), (3, 2)]),
    Call("F.adaptive_max_pool2d", [draw.n(1, 2, 5, 7), [3, 2]], {"return_indices": True}),
    Call("F.adaptive_max_pool2d", [draw.n(1, 4, 6), [None, 4]]),
    Call("F.adaptive_max_pool2d", [TIES, 3, True]),
    Call("F.adaptive_max_pool2d", [f([[[1, NAN, 3, NAN, -INF, -INF, -INF]]]), (1, 3), True]),
    Call("F.adaptive_max_pool2d", [draw.n(1, 1, 2, 3), 5], {"return_indices": True}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.max_pool2d", [IMAGE, 6]),
    Call("F.max_pool2d", [IMAGE, 3, 1, 2]),
    Call("F.max_pool2d", [IMAGE, 0]),
    Call("F.max_pool2d", [IMAGE[0, 0], 2]),
    Call("F.avg_pool2d", [IMAGE, 2], {"divisor_override": 0}),
    Call("F.adaptive_avg_pool2d", [IMAGE, -1]),
    Call("F.adaptive_avg_pool2d", [IMAGE, [1, 2, 3]]),
    *(Call(name, [IMAGE, 2], {option: value})
      for name in ("F.max_pool2d", "F.avg_pool2d")
      for option, value in (("stride", 0), ("stride", (1, 2, 3)), ("stride", 1.5), ("padding", -1), ("padding", 2),
                            ("padding", None), ("ceil_mode", 1), ("ceil_mode", None))),
    *(Call(name, [image, 2])
      for name in ("F.max_pool2d", "F.avg_pool2d", "F.adaptive_max_pool2d")
      for image in (IMAGE[0, 0], IMAGE[None], IMAGE[:, :0], IMAGE[:, :, :0], IMAGE > 0)),
    *(Call("F.max_pool2d", [IMAGE, size]) for size in (-1, 2.5, True, None, (1, 2, 3), ())),
    Call("F.max_pool2d", [IMAGE, 2, 1, 0, 0]),
    Call("F.max_pool2d", [IMAGE, 3, 1, 2, 2]),  # half of the kernel itself, however far it is spread
    Call("F.max_pool2d", [IMAGE, 2, 1, 0, 4]),
    Call("F.avg_pool2d", [IMAGE, 6]),
    Call("F.avg_pool2d", [IMAGE, 2], {"divisor_override": 2.5}),
    Call("F.avg_pool2d", [IMAGE, 2], {"divisor_override": True}),
    Call("F.avg_pool2d", [IMAGE, 2], {"count_include_pad": 1}),
    Call("F.avg_pool2d", [np.ones((1, 4, 4), dtype="int32"), 2]),
    *(Call(name, [IMAGE, size])
      for name in ("F.adaptive_avg_pool2d", "F.adaptive_max_pool2d")
      for size in (-1, None, (2,), (), 2.5, (1.5, 2), True)),
    Call("F.adaptive_avg_pool2d", [IMAGE[:, :, :0], 2]),
    Call("F.adaptive_avg_pool2d", [np.ones((1, 4, 4), dtype="int64"), 2]),
    Call("F.adaptive_max_pool2d", [np.ones((1, 4, 4), dtype="int64"), 2]),
]  # fmt: skip
