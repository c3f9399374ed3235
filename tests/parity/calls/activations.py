"""What is asked about activations."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("activations")
SURE = f(0, -0.0, 1e4, -1e4, INF, -INF, NAN, 21)

CALLS: list[Call] = [
    *(Call(f"F.{name}", [np.append(draw.n(4), SURE)]) for name in ("sigmoid", "tanh", "gelu", "silu")),
    *(Call(f"F.{name}", [np.append(draw.n(4), SURE)]) for name in ("softplus", "logsigmoid")),
    Call("F.relu", [np.append(draw.n(4), SURE[:-2])]),
    Call("F.gelu", [np.append(draw.n(4), SURE[:2])], {"approximate": "tanh"}),
    Call("F.softplus", [draw.n(5)], {"beta": 2, "threshold": 1}),
    Call("F.softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": 1}),
    Call("F.log_softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": -1}),
    Call("F.softmax", [draw.n(2, 3, 2)], {"dim": 0}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.softmax", [draw.n(4, 3)], {"dim": 2}),
    Call("F.log_softmax", [draw.i(2, 2)], {"dim": 1}),
    Call("F.gelu", [draw.n(2)], {"approximate": "no"}),
]  # fmt: skip
