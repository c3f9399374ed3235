"""What is asked about indexing."""

from __future__ import annotations

import numpy as np

from .call import Call, Draw, f

draw = Draw("indexing")

CALLS: list[Call] = [
    Call("F.one_hot", [draw.i(2, 3)], {"num_classes": 4}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.one_hot", [f(0, 1)]),
    Call("F.one_hot", [np.array([0, 3])], {"num_classes": 3}),
    Call("F.one_hot", [np.array([0, -1])]),
]  # fmt: skip
