"""What is asked about convolution, its transpose, and windows as columns."""

from __future__ import annotations

import numpy as np

from .call import Call, Draw

draw = Draw("convolution")
IMAGE, WHOLE, KERNEL = draw.n(2, 3, 4, 5), draw.i(1, 2, 4, 4, high=99), draw.n(3, 2, 2, 2)

CALLS: list[Call] = [
    Call("F.conv2d", [draw.n(2, 2, 4, 5), draw.n(3, 2, 2, 3), draw.n(3)]),
    Call("F.conv2d", [draw.n(1, 2, 6, 5), draw.n(2, 2, 3, 2), draw.n(2)], {"stride": [2, 3], "padding": [1, 0]}),
    Call("F.conv2d", [draw.n(1, 2, 4, 4), draw.n(2, 2, 2, 3)], {"padding": "same", "dilation": [1, 2]}),
    Call("F.conv2d", [draw.n(1, 1, 4, 4), draw.n(1, 1, 2, 2)], {"padding": "valid", "stride": 2}),
    Call("F.conv2d", [draw.n(1, 4, 5, 4), draw.n(4, 2, 3, 3), draw.n(4)],
         {"groups": 2, "padding": 2, "dilation": 2, "stride": 2}),
    Call("F.conv2d", [draw.n(3, 3, 3), draw.n(3, 1, 2, 2)], {"groups": 3}),
    Call("F.conv2d", [draw.n(1, 3, 5, 5), draw.n(2, 3, 1, 1)], {"stride": 2, "padding": 1}),
    Call("F.conv2d", [np.zeros((0, 2, 4, 4)), draw.n(3, 2, 2, 2), draw.n(3)]),
    Call("F.conv2d", [], {"input": draw.n(1, 2, 3, 3), "weight": draw.n(2, 1, 2, 2), "bias": None, "stride": (1,),
                          "padding": (1,), "dilation": [1], "groups": 2}),
    Call("F.conv2d", [draw.n(1, 1, 1, 1), draw.n(1, 1, 5, 4)], {"padding": "same"}),
    Call("F.conv2d", [draw.n(1, 1, 3, 3), draw.n(1, 1, 2, 2)], {"stride": 9}),
    *(Call("F.conv2d", [WHOLE.astype(dtype), draw.i(2, 2, 2, 2, high=99).astype(dtype),
                        draw.i(2, high=9).astype(dtype)], {"padding": 1})
      for dtype in ("int64", "int32", "int16", "int8", "uint8")),
    Call("F.conv2d", [WHOLE, draw.i(2, 2, 2, 2)], {"dilation": 2}),
    Call("F.conv_transpose2d", [draw.n(2, 2, 3, 4), draw.n(2, 3, 2, 3), draw.n(3)]),
    Call("F.conv_transpose2d", [draw.n(1, 2, 3, 2), draw.n(2, 1, 3, 2), draw.n(1), 2, 1, 1]),
    Call("F.conv_transpose2d", [draw.n(1, 4, 2, 3), draw.n(4, 2, 2, 2)],
         {"groups": 2, "stride": [2, 3], "output_padding": (0, 2), "dilation": (2, 1), "padding": [1, 0]}),
    Call("F.conv_transpose2d", [draw.n(2, 3, 3), draw.n(2, 2, 2, 2)], {"output_padding": 1, "dilation": 2}),
    Call("F.conv_transpose2d", [draw.n(1, 1, 2, 2), draw.n(1, 1, 2, 2)], {"output_padding": 2, "dilation": 3}),
    Call("F.conv_transpose2d", [np.zeros((0, 2, 2, 2)), draw.n(2, 3, 2, 2), draw.n(3)]),
    Call("F.conv_transpose2d", [WHOLE, draw.i(2, 1, 2, 2)]),
    Call("F.unfold", [draw.n(2, 2, 3, 4), 2]),
    Call("F.unfold", [draw.n(2, 5, 4), (3, 2)], {"dilation": [1, 2], "padding": 1, "stride": (2, 1)}),
    Call("F.unfold", [np.zeros((0, 2, 3, 3)), 2]),
    Call("F.unfold", [draw.i(1, 3, 3, high=2).astype(bool), 2]),
    Call("F.fold", [draw.n(2, 4, 6), (3, 4), 2]),
    Call("F.fold", [draw.n(12, 4), 5, (2, 3)], {"stride": 2, "padding": (0, 0)}),
    Call("F.fold", [draw.n(1, 4, 9), [2, 3]], {"kernel_size": 2, "dilation": (1, 2), "padding": 1, "stride": (1, 1)}),
    Call("F.fold", [draw.i(1, 4, 4, high=2).astype(bool), 3, 2]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.conv2d", [IMAGE, draw.n(2, 4, 3, 3)]),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 9, 3)]),
    Call("F.conv2d", [IMAGE[0, 0], draw.n(2, 3, 3, 3)]),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3)]),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3), draw.n(3)]),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3).astype("float32")]),
    Call("F.conv2d", [IMAGE, draw.n(3, 3, 3, 3)], {"groups": 2}),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {"stride": 0}),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {"padding": -1}),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {"padding": "full"}),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {"padding": "same", "stride": 2}),
    Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {"stride": 1.5}),
    *(Call("F.conv2d", [IMAGE, draw.n(2, 3, 3, 3)], {name: value})
      for name, value in (("stride", (1, 2, 3)), ("stride", True), ("stride", None), ("padding", (1.0, 1)),
                          ("dilation", 0), ("groups", 0), ("groups", 1.0), ("groups", True))),
    Call("F.conv2d", [IMAGE, np.zeros((0, 3, 2, 2))]),
    Call("F.conv2d", [IMAGE, np.zeros((2, 3, 0, 2))]),
    Call("F.conv2d", [IMAGE[:, :, :0], np.zeros((2, 3, 1, 1))], {"padding": 1}),
    Call("F.conv2d", [IMAGE, np.zeros((2, 3, 1, 1)), 1]),
    Call("F.conv2d", [None, np.zeros((2, 3, 1, 1))]),
    Call("F.conv2d", [WHOLE > 9, WHOLE[:, :, :2, :2] > 9]),
    Call("F.conv2d", [WHOLE.astype("int32"), WHOLE[:, :, :2, :2].astype("int32")], {"dilation": 2}),
    Call("F.conv_transpose2d", [IMAGE, draw.n(2, 3, 2, 2)]),
    Call("F.conv_transpose2d", [IMAGE[0, 0], KERNEL]),
    Call("F.conv_transpose2d", [IMAGE, KERNEL[0]]),
    *(Call("F.conv_transpose2d", [IMAGE, KERNEL], {name: value})
      for name, value in (("output_padding", 1), ("output_padding", -1), ("output_padding", (0, 0, 0)), ("stride", 0),
                          ("stride", 1.5), ("padding", -1), ("padding", 4), ("padding", "same"), ("dilation", 0),
                          ("groups", 2), ("groups", 0), ("groups", None))),
    Call("F.conv_transpose2d", [IMAGE, KERNEL, draw.n(3)]),
    Call("F.conv_transpose2d", [WHOLE.astype("int32"), WHOLE[:, :, :2, :2].astype("int32").reshape(2, 1, 2, 2)]),
    Call("F.unfold", [IMAGE[0, 0], 2]),
    Call("F.unfold", [IMAGE[None], 2]),
    Call("F.unfold", [IMAGE, 5]),
    Call("F.unfold", [IMAGE, (2,)]),
    Call("F.unfold", [IMAGE, 2.0]),
    Call("F.unfold", [IMAGE, 2, 0]),
    Call("F.unfold", [IMAGE, 2, 1, -1]),
    Call("F.unfold", [IMAGE, 2, 1, 0, 0]),
    Call("F.unfold", [IMAGE[:, :0], 2]),
    Call("F.unfold", [WHOLE, 2]),
    Call("F.fold", [draw.n(1, 4, 5), (3, 4), 2]),
    Call("F.fold", [draw.n(1, 5, 6), (3, 4), 2]),
    Call("F.fold", [draw.n(4), (3, 4), 2]),
    Call("F.fold", [draw.n(1, 4, 6), (3,), 2]),
    Call("F.fold", [draw.n(1, 4, 6), 3.5, 2]),
    Call("F.fold", [draw.n(1, 4, 6), (3, 4), 0]),
]  # fmt: skip
