"""What is asked about convolution."""

from __future__ import annotations

import numpy as np

from .call import Call, Draw

draw = Draw("convolution")
IMAGE = draw.n(2, 3, 4, 5)

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
]  # fmt: skip
