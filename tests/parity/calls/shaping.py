"""What is asked about shapes: the same elements in another order, and repeated."""

from __future__ import annotations

import numpy as np

from .call import NAN, Call, Draw, f

draw = Draw("shaping")
n, x = draw.n, draw.n(2, 3, 2)
scalar, nothing = draw.n(), np.zeros((0, 3))

CALLS: list[Call] = [
    # reshape and view: sizes one by one, as a tuple, by name; −1; nothing at all
    Call("torch.reshape", [x, [4, -1]]),
    Call("torch.reshape", [x], {"shape": (3, 4)}),
    Call("Tensor.reshape", [x, 6, 2]),
    Call("Tensor.view", [x, (-1,)]),
    Call("Tensor.view", [scalar, 1, 1]),
    Call("Tensor.view", [draw.i(2, 2), np.dtype("float64")], order=0),
    Call("Tensor.reshape", [nothing, 3, -1]),
    Call("torch.flatten", [x, 1]),
    Call("torch.flatten", [x, -2, -1]),
    Call("torch.flatten", [scalar]),
    Call("torch.unflatten", [n(6, 2), 0, (2, -1)]),
    Call("torch.ravel", [x]),
    # dimensions in another order
    Call("torch.permute", [x, (2, 0, -2)]),
    Call("Tensor.permute", [x, 1, 2, 0]),
    Call("torch.transpose", [x, 0, -1]),
    Call("torch.swapaxes", [x, 0, 1]),
    Call("torch.movedim", [x, 0, -1]),
    Call("torch.movedim", [x, (0, 2), (1, 0)]),
    Call("Tensor.t", [n(2, 3)]),
    Call("Tensor.t", [n(2)]),
    # dimensions of size 1
    Call("torch.squeeze", [n(1, 2, 1)]),
    Call("torch.squeeze", [n(1, 2, 1), -1]),
    Call("torch.squeeze", [n(1, 2, 1)], {"dim": (0, 1)}),
    Call("torch.squeeze", [n(1, 2, 1)], {"axis": 0}),
    Call("torch.unsqueeze", [x, -2]),
    Call("torch.unsqueeze", [scalar, 0]),
    # repeating
    Call("Tensor.expand", [n(2, 1), 3, -1, 2]),
    Call("Tensor.expand", [n(2, 1), (2, 0)]),
    Call("torch.broadcast_to", [n(3), (2, 3)]),
    Call("torch.broadcast_tensors", [n(2, 1), n(3)]),
    Call("Tensor.repeat", [n(2, 3), 2, 1, 2]),
    Call("Tensor.repeat", [n(2), 0]),
    Call("torch.tile", [x, (2,)]),
    Call("torch.repeat_interleave", [n(2, 2), 2]),
    Call("torch.repeat_interleave", [n(2, 2), np.array([1, 2]), 0]),
    Call("Tensor.sum_to_size", [x, 3, 1]),
    # turned round
    Call("torch.flip", [x, (0, -1)]),
    Call("Tensor.flip", [x, 1]),
    Call("torch.fliplr", [n(2, 3)]),
    Call("torch.roll", [x, 1, 0]),
    Call("torch.roll", [x, (1, -3), (1, 2)]),
    Call("torch.roll", [f(1, 2, NAN, 4), -1]),
    # diagonals and triangles
    Call("torch.diagonal", [x, 1, 1, 2]),
    Call("torch.diagonal", [n(2, 3), -1]),
    Call("torch.diag", [n(3), -1]),
    Call("torch.diag", [n(2, 3)]),
    Call("torch.trace", [n(2, 3)]),
    Call("torch.tril", [n(2, 3), -1]),
    Call("torch.triu", [x]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("torch.reshape", [x, (5, -1)]),
    Call("torch.reshape", [x, (-1, -1)]),
    Call("torch.reshape", [x, 12]),
    Call("torch.reshape", [x, (2.0, 6)]),
    Call("torch.reshape", [nothing, (0, -1)]),
    Call("torch.flatten", [x, 2, 1]),
    Call("torch.flatten", [x, 3]),
    Call("torch.unflatten", [x, 1, (2, 2)]),
    Call("torch.unflatten", [x, 1, ()]),
    Call("torch.permute", [x, (0, 1)]),
    Call("torch.permute", [x, (0, 1, 1)]),
    Call("torch.permute", [x, (0, 1, 3)]),
    Call("torch.transpose", [x, 0, 3]),
    Call("torch.transpose", [x, 0, 1.0]),
    Call("torch.transpose", [x, 0, True]),
    Call("Tensor.t", [x]),
    Call("torch.movedim", [x, (0, 1), (0,)]),
    Call("torch.movedim", [x, (0, 0), (0, 1)]),
    Call("torch.squeeze", [x, 3]),
    Call("torch.unsqueeze", [x, 4]),
    Call("Tensor.expand", [x, 3, 3, 2]),
    Call("Tensor.expand", [x, 3, 2]),
    Call("Tensor.expand", [x, -1, 2, 3, 2]),
    Call("torch.broadcast_tensors", [n(2), n(3)]),
    Call("Tensor.repeat", [x, 2]),
    Call("Tensor.repeat", [n(2), -1]),
    Call("torch.repeat_interleave", [n(2, 2), np.array([1, 2, 3]), 0]),
    Call("torch.flip", [x, (0, 0)]),
    Call("torch.flip", [x, 0]),
    Call("torch.fliplr", [n(2)]),
    Call("torch.roll", [x, (1, 2), 0]),
    Call("torch.roll", [x, (1, 2)]),
    Call("torch.diagonal", [x, 0, 1, 1]),
    Call("torch.diag", [x]),
    Call("torch.trace", [x]),
    Call("torch.tril", [n(2)]),
]  # fmt: skip
