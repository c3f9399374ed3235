"""What is asked about arithmetic, comparisons and choices."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("arithmetic")
X, Y, ROW, ZERO_D = draw.n(2, 3), draw.n(2, 3), draw.n(3), np.array(1.5)
TIES = f([1, 2, 3], [0, -1, 2])
OTHER = f([1, 3, 2], [0, -2, 2])
I, J = np.array([[7, -7, 5], [-5, 0, 2]]), np.array([[2, 2, -3], [-3, 1, 2]])
SMALL, BYTES = I.astype("int8"), np.array([250, 3, 0], "uint8")
FLAGS, MASK = np.array([True, False, True]), np.array([[True, False, True], [False, False, True]])
ODD, DIVISORS = f(5, -5, 0, INF, -1, NAN), f(0, 0, 0, 2, INF, 1)
RELATIONS = ("eq", "ne", "lt", "le", "gt", "ge")
LOGIC = ("logical_and", "logical_or", "logical_xor")
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")

SUMS = [
    *(Call(f"torch.{name}", [X, other]) for name in ("add", "sub", "mul") for other in (Y, ROW, ZERO_D, 2, -1.5, I)),
    *(Call(f"torch.{name}", [X, Y], {"alpha": alpha}) for name in ("add", "sub") for alpha in (2, -0.5)),
    *(Call(f"Tensor.{name}", [draw.n(2, 1), draw.n(1, 3)]) for name in ("add", "sub", "mul", "div")),
    *(Call(f"Tensor.__{name}__", [X, 3]) for name in ("radd", "rsub", "rmul", "rtruediv")),
    *(Call("torch.add", [SMALL, other]) for other in (J, 300, -200, True, 0.5, np.array(1000))),
    Call("torch.add", [BYTES, BYTES]), Call("torch.mul", [BYTES, 3]), Call("torch.sub", [BYTES, 4]),
    Call("torch.add", [FLAGS, FLAGS]), Call("torch.mul", [FLAGS, 2]), Call("torch.add", [FLAGS, FLAGS], {"alpha": 2}),
    Call("torch.rsub", [X, 2], {"alpha": 3}), Call("torch.add", [I, 2.5], {"alpha": 3}),
    *(Call(f"Tensor.{name}_", [X, Y], order=0) for name in ("add", "sub", "mul", "div")),
    Call("Tensor.add_", [X, ROW], {"alpha": 2}, order=0), Call("Tensor.mul_", [SMALL, J]),
]  # fmt: skip

QUOTIENTS = [
    *(Call("torch.div", [X, other]) for other in (Y, ROW, ZERO_D, 2, I + 10)),
    Call("torch.div", [I, J]), Call("torch.div", [I, 2]), Call("torch.div", [FLAGS, FLAGS]), Call("torch.div", [I, 0]),
    Call("torch.div", [ODD, DIVISORS], order=1),
    *(Call("torch.div", [x, y], {"rounding_mode": mode}, order=1)
      for mode in ("floor", "trunc") for x, y in ((X, Y), (X, 0.5), (I, J), (I, 3), (SMALL, -2), (BYTES, 7),
                                                  (ODD, DIVISORS), (I, 2.5), (f(6), 0.1))),
    *(Call(f"torch.{name}", [x, y], order=1)
      for name in ("remainder", "fmod") for x, y in ((X, Y), (X, 0.5), (I, J), (I, -3), (SMALL, 2.5), (ODD, DIVISORS))),
    Call("torch.remainder", [5, J]),
    *(Call("torch.floor_divide", [x, y], order=0) for x, y in ((X, Y), (I, J), (I, 2), (ODD, DIVISORS), (7, J))),
    Call("Tensor.__mod__", [X, 0.7]), Call("Tensor.__rfloordiv__", [J, 7]), Call("Tensor.__rmod__", [J, 7]),
    Call("Tensor.div_", [I, J], {"rounding_mode": "floor"}), Call("Tensor.remainder_", [SMALL, 3]),
    Call("torch.reciprocal", [X]), Call("torch.true_divide", [I, J]),
]  # fmt: skip

POWERS = [
    Call("torch.pow", [draw.u(2, 3), Y]), Call("torch.pow", [draw.u(3), X]),
    *(Call("torch.pow", [X, n]) for n in (0, 1, 2, 3, -1, 2.0)),
    Call("torch.pow", [draw.u(3), 0.5]), Call("torch.pow", [draw.u(3), -1.5]), Call("torch.pow", [2, X]),
    Call("torch.pow", [f(0, 0, 2, -2, 0, -8, NAN), f(0, 2, 0, 3, -1, 1 / 3, 0)], order=1),
    Call("torch.pow", [0, f(0, 1, 2)], order=1), Call("torch.pow", [0.5, f(0, INF, -INF)], order=1),
    *(Call("torch.pow", [f(0, -2, INF), n], order=1) for n in (0, 0.5, 2, -1)),
    Call("torch.pow", [I, 3]), Call("torch.pow", [I, np.abs(J)]), Call("torch.pow", [np.array([1, -1, 0, 2]),
         np.array([-1, -3, -1, -2])]), Call("torch.pow", [2, J]), Call("torch.pow", [SMALL, 8]),
    Call("torch.pow", [FLAGS, 2]), Call("torch.pow", [I, 0.5]), Call("torch.pow", [I, ZERO_D]),
    Call("torch.float_power", [I, 2]), Call("Tensor.__rpow__", [X, 2.0]), Call("Tensor.pow_", [X, 2], order=0),
]  # fmt: skip

COMPARED = [
    *(Call(f"torch.{name}", [TIES, other], order=0) for name in RELATIONS for other in (OTHER, 2, I)),
    *(Call("torch.eq", [x, y]) for x, y in ((BYTES, 250), (BYTES, -6), (SMALL, 300.0), (FLAGS, 1), (I, FLAGS))),
    *(Call(f"torch.{name}", [TIES, OTHER], order=0) for name in LOGIC),
    *(Call(f"torch.{name}", [I, FLAGS]) for name in LOGIC),
    *(Call(f"torch.{name}", [I, np.abs(J)]) for name in BITS), *(Call(f"torch.{name}", [SMALL, 3]) for name in BITS),
    *(Call(f"torch.{name}", [FLAGS, FLAGS]) for name in BITS[:3]), Call("Tensor.__lshift__", [BYTES, 9]),
    Call("Tensor.__rrshift__", [J, 8]), Call("Tensor.__rand__", [J, 3]), Call("Tensor.bitwise_or_", [SMALL, 8]),
    *(Call(f"torch.{name}", [TIES, OTHER]) for name in ("equal", "allclose")), Call("torch.equal", [I, I * 1.0]),
    Call("torch.isclose", [f(1, INF, -INF, NAN, 1), f(1 + 1e-7, INF, INF, NAN, 2)], order=0),
    Call("torch.isclose", [f(1, NAN), f(1.2, NAN)], {"rtol": 0.2, "equal_nan": True}, order=0),
    Call("torch.isclose", [I, J], {"atol": 3}), Call("Tensor.eq_", [TIES, 2], order=0), Call("Tensor.gt_", [I, 2]),
]  # fmt: skip

CHOSEN = [
    *(Call(f"torch.{name}", [TIES, OTHER]) for name in ("maximum", "minimum")),
    *(Call(f"torch.{name}", [f(NAN, 1, INF), f(0, NAN, INF)], order=1) for name in ("maximum", "minimum")),
    Call("torch.maximum", [X, ROW]), Call("torch.minimum", [I, X]), Call("torch.max", [X, Y]),
    *(Call("torch.clamp", [np.append(X, ODD), *bounds]) for bounds in ((-0.5, 0.5), (None, 1), (0,), (2, 1))),
    Call("torch.clamp", [TIES], {"max": 2}), Call("torch.clamp", [f(1, NAN), NAN, 2], order=1),
    Call("torch.clamp", [I, 0.5]), Call("torch.clamp", [BYTES, -5]), Call("torch.clamp", [I, -2, 3]),
    Call("torch.clamp", [FLAGS, 0, 1]), Call("torch.clamp", [X, Y]), Call("torch.clamp", [X, ROW, draw.n(2, 1)]),
    Call("torch.clamp", [f(1, 1, 5, -1, 1), f(1, 0, 0, 0, 3), f(2, 1, 3, 3, 2)], order=1),
    Call("torch.clamp", [X], {"max": I}), Call("torch.clamp_min", [X, 0.2]), Call("torch.clamp_max", [X, ROW]),
    Call("Tensor.clip", [X, 0, 1]), Call("Tensor.clamp_", [I, 0, 4]),
    Call("torch.where", [MASK, X, Y]), Call("torch.where", [MASK, X, 0]), Call("torch.where", [FLAGS, 1.5, Y]),
    Call("torch.where", [MASK, 1, 2.5]), Call("torch.where", [MASK, True, 2]), Call("torch.where", [MASK, I, X]),
    Call("torch.where", [MASK, SMALL, np.array(300)]), Call("torch.where", [MASK]), Call("torch.where", [ODD], order=0),
    Call("torch.where", [BYTES, ROW, 1.0]), Call("torch.where", [FLAGS, f(1, INF, NAN), f(INF, 1, 2)], order=1),
    Call("Tensor.where", [X, MASK, 3]),
    Call("Tensor.masked_fill", [X, MASK, 2]), Call("Tensor.masked_fill", [X, FLAGS, -INF]),
    Call("torch.masked_fill", [X, MASK, np.array(3.0)]), Call("Tensor.masked_fill", [ROW, MASK, 1.0]),
    Call("Tensor.masked_fill", [I, MASK, 3.7]), Call("Tensor.masked_fill", [BYTES, FLAGS, -1]),
    Call("Tensor.masked_fill_", [X, FLAGS, 0], order=0),
]  # fmt: skip

CALLS: list[Call] = SUMS + QUOTIENTS + POWERS + COMPARED + CHOSEN

REFUSALS: list[Call] = [
    *(Call(f"torch.{name}", [X, draw.n(2)]) for name in ("add", "mul", "div", "pow", "eq", "maximum", "fmod")),
    *(Call(f"torch.{name}", [X, "text"]) for name in ("add", "sub", "mul", "eq", "lt", "remainder")),
    *(Call(f"torch.{name}", [X, None]) for name in ("add", "pow", "maximum", "logical_and", "clamp_min")),
    *(Call(f"torch.{name}", [I, y]) for name in ("floor_divide", "remainder", "fmod") for y in (0, I * 0)),
    *(Call(f"torch.{name}", [FLAGS, FLAGS]) for name in ("sub", "floor_divide", "remainder", "fmod", "pow",
                                                         "bitwise_left_shift")),
    *(Call("torch.sub", args) for args in ([FLAGS, 1], [I, True], [2, FLAGS])),
    Call("torch.add", [I, I], {"alpha": 1.5}), Call("torch.add", [X, X], {"alpha": True}),
    Call("torch.div", [X, Y], {"rounding_mode": "up"}), Call("torch.div", [X, Y], {"rounding_mode": 1}),
    Call("torch.pow", [I, -1]), Call("torch.pow", [BYTES, 300]), Call("torch.pow", [True, FLAGS]),
    *(Call(f"torch.{name}", [X, 1]) for name in (*BITS, "maximum", "minimum", *LOGIC)),
    *(Call(f"torch.{name}", [1, X]) for name in ("eq", "lt", "fmod", "maximum", "clamp", "isclose")),
    Call("torch.clamp", [X]), Call("torch.clamp", [X, ROW, 1.0]), Call("torch.clamp", [BYTES], {"max": 300}),
    Call("torch.clamp", [X.astype("float16"), 1e6]), Call("torch.clamp", [X, "low"]),
    Call("torch.clamp", [FLAGS, False, True]), Call("torch.where", [I, X, X]), Call("torch.where", [True, X, X]),
    Call("torch.where", [MASK, X]), Call("torch.where", [MASK, None, X]), Call("torch.where", [MASK, SMALL, 300]),
    Call("Tensor.masked_fill", [X, I, 1]), Call("Tensor.masked_fill", [X, MASK, ROW]),
    Call("Tensor.masked_fill", [X, True, 1]), Call("Tensor.masked_fill", [X.astype("float16"), MASK, 1e6]),
    Call("Tensor.masked_fill", [X, MASK, "one"]), Call("Tensor.masked_fill", [X, np.array([True, False]), 1]),
    Call("torch.isclose", [X, I]), Call("torch.isclose", [X, X], {"rtol": -1.0}), Call("torch.equal", [X, 1.0]),
    *(Call(f"Tensor.{name}_", [I, 1.5]) for name in ("add", "mul", "div", "remainder", "clamp_min", "pow")),
    Call("Tensor.add_", [FLAGS, 1]), Call("Tensor.add_", [I[0], I]),
]  # fmt: skip
