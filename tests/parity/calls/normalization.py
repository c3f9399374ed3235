"""What is asked about normalization."""

from __future__ import annotations

import numpy as np

from .call import Call, Draw, f

draw = Draw("normalization")
IMAGE = draw.n(2, 3, 4, 5)

CALLS: list[Call] = [
    Call("F.batch_norm", [draw.n(4, 3), draw.n(3), draw.u(3)], {"training": True}),
    Call("F.batch_norm", [f([0], [2]), f(0), f(1)], {"training": True}),
    Call("F.batch_norm", [IMAGE, f(0, 0, 0), f(1, 1, 1), draw.n(3), draw.n(3)], {"eps": 0.1}),
    Call("F.batch_norm", [draw.n(3, 2, 4), None, None, draw.n(2), draw.n(2)], {"training": True, "eps": 0.01}),
    Call("F.batch_norm", [draw.n(2, 2, 1, 2, 2), None, None, draw.n(2)], {"training": True}),
    Call("F.batch_norm", [np.zeros((0, 2, 3)), draw.n(2), draw.u(2), draw.n(2), draw.n(2)],
         {"training": True, "momentum": 1.0}),
    Call("F.layer_norm", [draw.n(2, 3, 4), [4], draw.n(4), draw.n(4)]),
    Call("F.layer_norm", [draw.n(2, 3, 4), [3, 4], draw.n(3, 4)], {"eps": 0.1}),
    Call("F.layer_norm", [f([4e4, 4e4 + 1, 4e4 + 2, 4e4 + 3]), [4]]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.batch_norm", [draw.n(1, 3), None, None], {"training": True}),
    Call("F.batch_norm", [draw.n(4, 3), None, None]),
    Call("F.batch_norm", [draw.n(4, 3), f(0, 0), f(1, 1)]),
    Call("F.batch_norm", [draw.n(4, 3), None, None, draw.n(3).astype("float32")], {"training": True}),
    Call("F.layer_norm", [draw.n(4, 3), [4]]),
    Call("F.layer_norm", [draw.n(4, 3), []]),
    Call("F.layer_norm", [draw.n(4, 3), [3], draw.n(2)]),
]  # fmt: skip
