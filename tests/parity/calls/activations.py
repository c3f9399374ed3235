"""What is asked about activations."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("activations")
INTEGERS = np.array([-3, 0, 1, 7])
FAR = f(0, -0.0, -1, 1, 3, 6, 1e4, -1e4, INF, -INF)
SURE = f(0, -0.0, 1e4, -1e4, INF, -INF, NAN, 21)

CALLS: list[Call] = [
    *(Call(f"F.{name}", [np.append(draw.n(4), SURE)]) for name in ("sigmoid", "tanh", "gelu", "silu")),
    *(Call(f"F.{name}", [np.append(draw.n(4), SURE)]) for name in ("softplus", "logsigmoid")),
    Call("F.relu", [np.append(draw.n(4), SURE)]),
    Call("F.relu", [INTEGERS]),
    Call("F.relu6", [np.append(draw.n(4), FAR)]),
    Call("F.relu6", [INTEGERS]),
    Call("F.hardtanh", [np.append(draw.n(4), FAR)]),
    Call("F.hardtanh", [4 * draw.n(2, 3), -2.5, 6]),
    Call("F.hardtanh", [INTEGERS], {"min_val": 0, "max_val": 2.5}),
    Call("F.leaky_relu", [np.append(draw.n(4), SURE)]),
    Call("F.leaky_relu", [draw.n(2, 3), 0.2]),
    Call("F.leaky_relu", [draw.n(2, 3)], {"negative_slope": -0.5}),
    Call("F.elu", [np.append(draw.n(4), SURE)]),
    Call("F.elu", [draw.n(2, 3), 0.5]),
    *(Call(f"F.{name}", [draw.n(2, 3)], {"inplace": True}, order=0)
      for name in ("relu", "relu6", "hardtanh", "leaky_relu", "elu", "silu")),
    Call("torch.relu", [draw.n(3)]),
    Call("Tensor.relu", [draw.n(3)]),
    Call("torch.sigmoid", [INTEGERS]),
    Call("Tensor.sigmoid", [np.array([True, False])]),
    Call("F.softplus", [f(0, -0.0, 1, -1)], {"beta": 2.0, "threshold": 1.9}),
    Call("F.softplus", [draw.n(3), -1, 0.5]),
    Call("F.gelu", [np.append(draw.n(4), SURE[:2])], {"approximate": "tanh"}),
    Call("F.softplus", [draw.n(5)], {"beta": 2, "threshold": 1}),
    Call("F.softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": 1}),
    Call("F.log_softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": -1}),
    Call("F.softmax", [draw.n(2, 3, 2)], {"dim": 0}),
    *(Call(name, [draw.n(2, 3), -1]) for name in ("torch.softmax", "torch.log_softmax", "Tensor.softmax")),
    *(Call(name, [np.array(1.5), 0]) for name in ("F.softmax", "F.log_softmax", "torch.logsumexp")),
    *(Call(name, [np.zeros((2, 0, 3)), 1]) for name in ("F.softmax", "F.log_softmax", "torch.logsumexp")),
    Call("F.softmax", [INTEGERS], {"dim": 0, "dtype": np.dtype("float32")}),
    Call("F.log_softmax", [draw.n(2, 2)], {"dim": 1, "dtype": np.dtype("float64")}, dtypes=("float64",)),
    Call("Tensor.log_softmax", [draw.n(2, 2), 0]),
    Call("torch.logsumexp", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF], [INF, 0, 1])],
         {"dim": 1}),
    Call("Tensor.logsumexp", [draw.n(2, 3, 2), (0, -1)], {"keepdim": True}),
    Call("torch.logsumexp", [INTEGERS, 0]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.softmax", [draw.n(4, 3)], {"dim": 2}),
    Call("F.log_softmax", [draw.i(2, 2)], {"dim": 1}),
    Call("F.gelu", [draw.n(2)], {"approximate": "no"}),
    Call("F.gelu", [draw.n(2)], {"approximate": None}),
    *(Call(f"F.{name}", [INTEGERS]) for name in ("leaky_relu", "elu", "gelu", "silu", "softplus", "logsigmoid")),
    *(Call(f"F.{name}", [np.array([True])]) for name in ("relu", "relu6", "hardtanh")),
    Call("F.hardtanh", [INTEGERS.astype("uint8")]),
    Call("F.hardtanh", [draw.n(2), 2, 1]),
    Call("F.leaky_relu", [draw.n(2), "steep"]),
    Call("F.elu", [draw.n(2), None]),
    Call("F.relu", [[1.0]]),
    *(Call(f"F.{name}", [draw.n(2)], {"inplace": True}) for name in ("relu", "elu", "silu")),
    Call("torch.softmax", [INTEGERS, 0]),
    Call("F.softmax", [draw.n(2, 2)], {"dim": 1.0}),
    Call("torch.logsumexp", [draw.n(2, 2), 2]),
]  # fmt: skip
