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
    Call("F.batch_norm", [draw.n(4, 3), f(0, 0, 0), f(1, 1, 1)], {"training": True, "momentum": 0.3}),
    Call("F.batch_norm", [draw.n(4, 3).astype("float16"), draw.n(3).astype("float32"), draw.u(3).astype("float32")],
         {"eps": 0.1}, order=1),
    Call("F.batch_norm", [draw.n(1, 3), draw.n(3), draw.u(3), draw.n(3), draw.n(3), False, 0.1, 0.0]),
    Call("F.instance_norm", [IMAGE]),
    Call("F.instance_norm", [draw.n(2, 3, 4), f(0, 0, 0), f(1, 1, 1)]),
    Call("F.instance_norm", [draw.n(2, 3, 4), draw.n(3), draw.u(3), draw.n(3), draw.n(3)], {"momentum": 0.5}),
    Call("F.instance_norm", [draw.n(2, 3, 4), draw.n(3), draw.u(3), draw.n(3), draw.n(3), False]),
    Call("F.instance_norm", [draw.n(2, 2), draw.n(2), draw.u(2)], {"use_input_stats": False}),
    Call("F.instance_norm", [draw.n(1, 2, 2, 2, 2), None, None, draw.n(2)], {"eps": 0.1}),
    Call("F.group_norm", [draw.n(2, 4, 3), 2, draw.n(4), draw.n(4)]),
    Call("F.group_norm", [draw.n(2, 6), 3], {"eps": 0.1}),
    Call("F.group_norm", [draw.n(1, 3, 2, 2), 3, draw.n(3)]),
    Call("F.group_norm", [draw.n(2, 2, 1, 2), 1], {"eps": 0.01}),
    Call("F.group_norm", [draw.n(2, 4, 2).astype("float16"), 2, draw.n(4).astype("float32")], order=1),
    Call("F.group_norm", [f([[4e4, 4e4 + 1, 4e4 + 2, 4e4 + 3]]), 1]),
    Call("F.local_response_norm", [IMAGE, 2]),
    Call("F.local_response_norm", [draw.n(2, 4, 3), 3, 0.5, 0.5, 2.0]),
    Call("F.local_response_norm", [draw.n(1, 3, 2, 2), 5], {"alpha": 1, "beta": 1, "k": 0.5}),
    Call("F.local_response_norm", [draw.n(1, 2, 1, 2, 2), 1], {"alpha": 2.0}),
    Call("F.local_response_norm", [np.zeros((0, 2, 3)), 3], order=0),
    Call("F.layer_norm", [draw.n(2, 3, 4), [4], draw.n(4), draw.n(4)]),
    Call("F.layer_norm", [draw.n(2, 3), (3,), None, draw.n(3)], order=1),  # its second derivative raises
    Call("F.layer_norm", [draw.n(2, 3).astype("float16"), (3,), draw.n(3).astype("float32")], order=1),
    Call("F.layer_norm", [np.zeros((0, 3)), (3,)]),
    Call("F.layer_norm", [draw.n(2, 3, 4), [3, 4], draw.n(3, 4)], {"eps": 0.1}),
    Call("F.layer_norm", [f([4e4, 4e4 + 1, 4e4 + 2, 4e4 + 3]), [4]]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.batch_norm", [draw.n(1, 3), None, None], {"training": True}),
    Call("F.batch_norm", [draw.n(4, 3), None, None]),
    Call("F.batch_norm", [draw.n(4, 3), f(0, 0), f(1, 1)]),
    Call("F.batch_norm", [draw.n(4, 3), None, None, draw.n(3).astype("float32")], {"training": True}),
    Call("F.batch_norm", [draw.n(4, 3), draw.n(3), None], {"training": True}),
    Call("F.batch_norm", [draw.n(4, 3), draw.n(3), None]),
    Call("F.batch_norm", [draw.n(4, 3), None, None], {"training": True, "eps": 0.0}),
    Call("F.batch_norm", [draw.n(4, 3), draw.n(3), draw.u(3)], {"eps": -1.0}),
    Call("F.batch_norm", [draw.n(4, 3), draw.n(3), draw.u(3)], {"momentum": None}),
    Call("F.batch_norm", [draw.i(4, 3), None, None], {"training": True}),
    Call("F.batch_norm", [draw.n(3), None, None], {"training": True}),
    Call("F.batch_norm", [draw.n(3), draw.n(3), draw.u(3)]),
    Call("F.instance_norm", [draw.n(2, 3)]),
    Call("F.instance_norm", [draw.n(2, 3, 1)]),
    Call("F.instance_norm", [draw.n(2, 3, 2)], {"use_input_stats": False}),
    Call("F.instance_norm", [draw.n(2, 3, 2), draw.n(3), None]),
    Call("F.instance_norm", [draw.n(2, 3, 2), draw.n(2), draw.u(2)]),
    Call("F.instance_norm", [draw.i(2, 3, 2)]),
    Call("F.group_norm", [draw.n(2, 4, 2), 3]),
    Call("F.group_norm", [draw.n(2, 4, 2), -2]),
    Call("F.group_norm", [draw.n(2, 4, 2), 2.0]),
    Call("F.group_norm", [draw.n(4), 2]),
    Call("F.group_norm", [draw.n(1, 4), 4]),
    Call("F.group_norm", [draw.n(2, 4, 2), 2, draw.n(3)]),
    Call("F.group_norm", [draw.n(2, 4, 2), 2, draw.n(4).astype("float32")]),
    Call("F.group_norm", [draw.i(2, 4, 2), 2]),
    Call("F.local_response_norm", [draw.n(2, 4), 2]),
    Call("F.local_response_norm", [draw.n(2, 4, 2), 0]),
    Call("F.local_response_norm", [draw.n(2, 4, 2, 2), 2.0]),
    Call("F.layer_norm", [draw.n(4, 3), 3]),
    Call("F.layer_norm", [draw.i(4, 3), [3]]),
    Call("F.layer_norm", [draw.n(4, 3), [3.0]]),
    Call("F.layer_norm", [draw.n(4, 3), [4]]),
    Call("F.layer_norm", [draw.n(4, 3), []]),
    Call("F.layer_norm", [draw.n(4, 3), [3], draw.n(2)]),
]  # fmt: skip
