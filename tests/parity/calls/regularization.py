"""What is asked about regularization: of random numbers only what does not depend on them."""

from __future__ import annotations

import numpy as np

from .call import INF, Call, Draw, f

draw = Draw("regularization")
LABELS = draw.i(2, 3)

CALLS: list[Call] = [
    Call("F.dropout", [draw.n(3, 2)], {"training": False}),
    Call("F.dropout", [draw.n(3, 2), 0.0]),
    Call("F.dropout", [f(1, INF, 0), 1.0]),
    Call("F.dropout", [LABELS, 1]),
    Call("F.dropout", [LABELS], {"training": False}),
    Call("F.dropout", [draw.n(3)], {"p": 1.0, "inplace": True}, order=0),
    Call("F.dropout1d", [draw.n(2, 3), 1.0]),
    Call("F.dropout2d", [draw.n(2, 3, 2, 2), 1.0]),
    Call("F.dropout2d", [draw.n(2, 3, 2, 2), 0.5, False]),
    Call("F.one_hot", [LABELS]),
    Call("F.one_hot", [LABELS, 4]),
    Call("F.one_hot", [np.array(1)], {"num_classes": 2}),
    Call("F.one_hot", [np.zeros((0, 2), "int64")], {"num_classes": 2}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.dropout", [draw.n(3)], {"p": 1.5}),
    Call("F.dropout", [draw.n(3), -0.1]),
    Call("F.dropout", [LABELS, 0.5]),
    Call("F.dropout", [[1.0]]),
    Call("F.dropout1d", [draw.n(2, 3, 2, 2)]),
    Call("F.dropout2d", [draw.n(3)]),
    Call("F.one_hot", [LABELS, 2]),
    Call("F.one_hot", [LABELS - 1]),
    Call("F.one_hot", [LABELS.astype("int32")]),
    Call("F.one_hot", [np.zeros(0, "int64")]),
    Call("F.one_hot", [LABELS], {"num_classes": 4.0}),
]  # fmt: skip
