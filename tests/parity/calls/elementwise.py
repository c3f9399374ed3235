"""What is asked about functions of each element by itself."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("elementwise")
ODD = f(0, -0.0, 1, -1, 0.5, INF, -INF, NAN)
INTEGERS, FLAGS = np.array([-2, 0, 1, 7]), np.array([True, False])
STEEP = ("sqrt", "rsqrt", "log", "log2", "log10", "log1p", "reciprocal")
SMOOTH = ("exp", "exp2", "expm1", "sin", "cos", "tanh", "erf", "square", "neg")
FLAT = ("sign", "floor", "ceil", "round", "trunc")
ASKING = ("isnan", "isinf", "isfinite", "isposinf", "isneginf", "logical_not")

CALLS: list[Call] = [
    *(Call(f"torch.{name}", [draw.u(3)]) for name in STEEP),
    *(Call(f"Tensor.{name}", [ODD], order=1) for name in STEEP),
    *(Call(f"torch.{name}", [draw.n(2, 2)]) for name in SMOOTH),
    *(Call(f"Tensor.{name}", [ODD], order=1) for name in SMOOTH),
    *(Call(f"torch.{name}", [np.append(draw.n(3) * 3, ODD)], order=1) for name in (*FLAT, "abs", "frac")),
    *(Call(f"Tensor.{name}", [INTEGERS]) for name in (*STEEP, *SMOOTH, *FLAT, *ASKING, "abs", "bitwise_not")),
    *(Call(f"torch.{name}", [FLAGS]) for name in ("exp", "log1p", "erf", "square", "reciprocal", "sign", "isnan",
                                                  "isinf", "logical_not", "bitwise_not")),
    *(Call(f"torch.{name}", [ODD], order=0) for name in ASKING),
    Call("torch.erf", [np.linspace(-6.5, 6.5, 14)]),
    Call("torch.erf", [f(1e-20, 1e-300, -0.46875, 0.84375, 1, 4)], dtypes=("float64",)),
    *(Call("torch.round", [f(0.25, 0.35, 2.5, -1234.5, INF)], {"decimals": n}, order=1) for n in (0, 1, -2)),
    *(Call(f"Tensor.{name}_", [draw.u(3)], order=0) for name in ("exp", "log", "sqrt", "square", "abs", "neg", "floor",
                                                                 "reciprocal", "erf", "expm1", "log1p", "trunc")),
    *(Call(f"torch.{name}", [np.array(1.5)]) for name in ("exp", "abs", "floor", "isnan")),
    *(Call(f"torch.{name}", [np.zeros((2, 0))]) for name in ("exp", "sqrt", "sign", "isfinite")),
]  # fmt: skip

REFUSALS: list[Call] = [
    *(Call(f"torch.{name}", [FLAGS]) for name in ("neg", "abs", "floor", "ceil", "round", "trunc", "positive")),
    *(Call(f"torch.{name}", [[1.0, 2.0]]) for name in ("exp", "log", "sqrt", "erf", "abs", "sign", "isnan", "square")),
    Call("torch.round", [INTEGERS], {"decimals": 1}),
    Call("torch.round", [draw.n(2)], {"decimals": 1.0}),
    Call("torch.frac", [INTEGERS]),
    Call("torch.bitwise_not", [draw.n(2)]),
    *(Call(f"Tensor.{name}_", [INTEGERS]) for name in ("exp", "sqrt", "reciprocal", "sin")),
]  # fmt: skip
