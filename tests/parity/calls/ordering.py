"""What is asked about sorting and about the largest few."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("ordering")
X = draw.n(3, 4)
ODD, TIES = f(1, NAN, -INF, 3, NAN, INF), f(2, 1, 2, 1, 3)
I, FLAGS, ZERO_D = np.array([[3, 1, 2], [0, 5, 4]]), np.array([True, False, True]), np.array(2.5)

CALLS: list[Call] = [
    *(Call("torch.sort", [X, dim, descending]) for dim in (0, -1) for descending in (False, True)),
    Call("torch.sort", [ODD], order=1), Call("torch.sort", [ODD], {"descending": True}, order=1),
    *(Call(f"torch.{name}", [TIES], {"stable": True, "descending": descending}, order=0)
      for name in ("sort", "argsort") for descending in (False, True)),
    Call("Tensor.sort", [I]), Call("Tensor.argsort", [I, 0]), Call("torch.sort", [FLAGS], {"stable": True}),
    Call("torch.argsort", [X, 0, True]), Call("torch.msort", [X]), Call("torch.sort", [ZERO_D]),
    Call("torch.sort", [np.zeros((2, 0))]), Call("torch.sort", [X], {"axis": 0}),
    Call("torch.argsort", [ZERO_D], order=0),
    *(Call("torch.topk", [X, k]) for k in (0, 1, 3, 4)), Call("torch.topk", [X, 2, 0]),
    Call("torch.topk", [X, 2], {"largest": False}), Call("torch.topk", [X, 2, -1, True, True]),
    Call("torch.topk", [ODD, 3], order=1), Call("torch.topk", [ODD, 4], {"largest": False}, order=1),
    Call("Tensor.topk", [I, 2]), Call("torch.topk", [ZERO_D, 1]), Call("torch.topk", [np.zeros((0,)), 0]),
    Call("torch.kthvalue", [X, 2]), Call("torch.kthvalue", [X, 3, 0, True]), Call("Tensor.kthvalue", [I, 1]),
    Call("torch.argmax", [ODD], order=0), Call("torch.argmin", [X, 1], {"keepdim": True}, order=0),
]  # fmt: skip

REFUSALS: list[Call] = [
    *(Call(f"torch.{name}", [X, 2]) for name in ("sort", "argsort")), Call("torch.topk", [X, 1, 2]),
    *(Call("torch.topk", [X, k]) for k in (5, -1, 1.0, "two")), Call("torch.topk", [FLAGS, 1]),
    *(Call("torch.kthvalue", [X, k]) for k in (0, 5)), Call("torch.kthvalue", [np.zeros((0,)), 1]),
    Call("torch.sort", [X, None]), Call("torch.sort", [X, True]), Call("torch.sort", [[3, 1]]),
    Call("torch.sort", [X], {"descending": 1}), Call("torch.topk", [ZERO_D, 2]),
]  # fmt: skip
