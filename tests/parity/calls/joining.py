"""What is asked about tensors put together and taken apart."""

from __future__ import annotations

import numpy as np

from .call import Call, Draw

draw = Draw("joining")
n, x = draw.n, draw.n(5, 2)
empty = np.zeros(0)

CALLS: list[Call] = [
    Call("torch.cat", [(n(2, 2), n(1, 2))]),
    Call("torch.cat", [[n(2, 1), n(2, 3)], -1]),
    Call("torch.cat", [[n(2, 1), n(2, 0)]], {"dim": 1}),
    Call("torch.cat", [[n(2, 1), n(2, 1)]], {"axis": 1}),
    Call("torch.cat", [[empty, n(2, 2)], 1]),
    Call("torch.cat", [[empty, empty]]),
    Call("torch.cat", [[draw.i(2), n(1).astype("float32"), np.array([True])]], dtypes=("float64",)),
    Call("torch.stack", [[n(2), n(2)]]),
    Call("torch.stack", [(n(2), n(2)), -1]),
    Call("torch.stack", [[n(), n()]], {"dim": 0}),
    Call("torch.hstack", [[n(2), n(1)]]),
    Call("torch.hstack", [[n(2, 1), n(2, 2)]]),
    Call("torch.vstack", [[n(2), n(2, 2)]]),
    Call("torch.split", [x, 2]),
    Call("torch.split", [x, [1, 0, 4]]),
    Call("torch.split", [x], {"split_size_or_sections": 1, "dim": -1}),
    Call("Tensor.split", [x], {"split_size": 4}),
    Call("torch.split", [n(0, 2), 3]),
    Call("torch.chunk", [x, 3]),
    Call("torch.chunk", [x, 7, 1]),
    Call("torch.chunk", [n(0, 2), 2]),
    Call("torch.tensor_split", [x, 3]),
    Call("torch.tensor_split", [x, (1, 4)]),
    Call("torch.unbind", [x, 1]),
    Call("torch.meshgrid", [n(2), n(3)], {"indexing": "ij"}),
    Call("torch.meshgrid", [n(2), n(3), n(1)], {"indexing": "xy"}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("torch.cat", [[]]),
    Call("torch.cat", [[n(2, 2), n(2, 3)]]),
    Call("torch.cat", [[n(2, 2), n(2)]]),
    Call("torch.cat", [[n(), n()]]),
    Call("torch.cat", [[n(2), n(2)], 1]),
    Call("torch.cat", [n(2, 2)]),
    Call("torch.cat", [[n(2), 1.0]]),
    Call("torch.stack", [[n(2), n(3)]]),
    Call("torch.stack", [[n(2), n(2)], 2]),
    Call("torch.stack", [[]]),
    Call("torch.split", [x, 0]),
    Call("torch.split", [x, -1]),
    Call("torch.split", [x, [1, 3]]),
    Call("torch.split", [x, [6, -1]]),
    Call("torch.split", [x, 1.5]),
    Call("torch.split", [n(), 1]),
    Call("torch.chunk", [x, 0]),
    Call("torch.chunk", [x, 2, 2]),
    Call("torch.unbind", [n()]),
    Call("torch.tensor_split", [x, 0]),
    Call("torch.meshgrid", [n(2), draw.i(2)], {"indexing": "ij"}),
]  # fmt: skip
