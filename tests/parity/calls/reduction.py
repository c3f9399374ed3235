"""What is asked about sums, means, variances, products, extremes and norms."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw, f

draw = Draw("reduction")
X, CUBE = draw.n(3, 4), draw.n(2, 3, 2)
I, BYTES, FLAGS = draw.i(2, 3, high=9) - 4, np.array([200, 100, 0], "uint8"), np.array([[True, False], [True, True]])
TIES = f([3, 1, 3], [2, 2, 2])
ODD = f([1, NAN, 3], [INF, 1, 2], [-INF, -INF, -INF])
NONE, ROWLESS, ONE, ZERO_D = np.zeros((0,)), np.zeros((0, 3)), f(2.5), np.array(2.5)
DOUBLE, LONG = np.dtype("float64"), np.dtype("int64")
ALL = ("sum", "mean", "var", "std", "amax", "amin", "logsumexp")
DIMS = (0, -1, (0, 2), [1], (2, 0, 1))

CALLS: list[Call] = [
    *(Call(f"torch.{name}", [CUBE, dim]) for name in ALL for dim in DIMS),
    *(Call(f"Tensor.{name}", [CUBE, 1], {"keepdim": True}) for name in (*ALL, "prod", "max", "argmin", "all")),
    *(Call(f"torch.{name}", [X]) for name in ("sum", "mean", "var", "std", "amax", "max", "min", "prod", "norm")),
    *(Call(f"Tensor.{name}", [X], {"axis": 0, "keepdims": True}) for name in ("sum", "mean", "prod", "amin", "any")),
    *(Call(f"torch.{name}", [X], {"dim": None, "keepdim": True}) for name in ("sum", "mean", "var", "argmax", "all")),
    *(Call(f"torch.{name}", [I, *args]) for name in ("sum", "prod", "max", "amin", "argmax", "any")
      for args in ([], [1])),
    *(Call(f"torch.{name}", [FLAGS, *args]) for name in ("sum", "prod", "max", "amax", "all") for args in ([], [0])),
    *(Call(f"torch.{name}", [BYTES]) for name in ("sum", "prod", "max", "all")),
    *(Call(f"torch.{name}", [ZERO_D, 0]) for name in ("sum", "mean", "prod", "max", "cumsum", "argmin", "logsumexp")),
    *(Call(f"torch.{name}", [NONE], order=1) for name in ("sum", "mean", "var", "prod", "all", "any", "norm")),
    *(Call(f"torch.{name}", [ROWLESS, dim], order=1) for name in ("sum", "mean", "prod", "logsumexp", "all")
      for dim in (0, 1)),
    *(Call(f"torch.{name}", [ROWLESS, 1], order=1) for name in ("max", "amin", "argmax", "cumsum")),
    Call("torch.sum", [I], {"dtype": DOUBLE}), Call("torch.sum", [BYTES], {"dtype": np.dtype("uint8")}),
    Call("torch.mean", [I, 0], {"dtype": np.dtype("float32")}), Call("torch.prod", [I, 1], {"dtype": DOUBLE}),
    Call("torch.sum", [X, 0], {"dtype": LONG}, order=0), Call("torch.cumsum", [X * 3, 1], {"dtype": LONG}, order=0),
    Call("torch.sum", [X, []]), Call("torch.all", [FLAGS, ()]), Call("torch.any", [FLAGS, [0, 1]]),
    # variances: the degrees of freedom
    *(Call(f"torch.{name}", [X, *args], options)
      for name in ("var", "std", "var_mean", "std_mean")
      for args, options in (([False], {}), ([0, False], {}), ([1, True, True], {}), ([0], {"correction": 0}),
                            ([(0, 1)], {"correction": 0.5, "keepdim": True}), ([], {"unbiased": False}))),
    *(Call("torch.var", [x], {"correction": n}, order=1) for x, n in ((ONE, 1), (ONE, 0), (ZERO_D, 0), (f(1, 1), 3))),
    Call("torch.var", [X, 0], {"correction": 3}, order=1), Call("torch.var", [X[:2], 0], {"correction": 5}, order=1),
    *(Call("torch.std", [x], order=1) for x in (f(2, 2), ONE, f(2, INF), f(NAN, 1))),
    # products with zeros
    Call("torch.prod", [f([2, 0, 3], [0, 0, 3], [1, 2, -3]), 1]), Call("torch.prod", [f(2, 0, 3, -1, 0.5)]),
    Call("torch.prod", [CUBE, -2]), Call("torch.prod", [f(NAN, 1, 0)], order=1),
    # extremes: ties, NaN
    *(Call(f"torch.{name}", [TIES, *args]) for name in ("max", "min", "amax", "amin") for args in ([], [1])),
    *(Call(f"torch.{name}", [ODD, 1], order=1) for name in ("max", "min", "amax", "amin", "argmax", "sum", "mean")),
    *(Call(f"torch.{name}", [ODD[0]], order=1) for name in ("max", "min", "amax", "amin", "argmin")),
    Call("torch.max", [CUBE, 1, True]), Call("torch.min", [X], {"dim": -1, "keepdim": True}),
    Call("torch.aminmax", [X]), Call("torch.aminmax", [X], {"dim": 0, "keepdim": True}),
    # running sums, log-sums
    *(Call("torch.cumsum", [CUBE, dim]) for dim in (0, 1, -1)), Call("torch.cumsum", [FLAGS, 0]),
    Call("torch.logsumexp", [f([1e3, 1e3 + 1], [-1e3, -INF], [-INF, -INF], [INF, 0]), 1], order=1),
    Call("torch.logsumexp", [I, 0]), Call("torch.nansum", [ODD, 1], order=1),
    # norms
    *(Call("torch.norm", [X, p], order=1 if p == -1 else 2) for p in ("fro", 1, 2, 3, 1.5, 0.5, INF, -INF, -1)),
    *(Call("Tensor.norm", [CUBE, p, dim], {"keepdim": True}) for p in (1, 2, 3, INF) for dim in (1, (0, 2))),
    *(Call("torch.norm", [f(0, 0), p], order=1) for p in (1, 2, 3, 0.5, INF)),
    Call("torch.norm", [f(0, 2), -1], order=1), Call("torch.norm", [f(0, 2), 0], order=0),
    Call("torch.norm", [X], {"dim": 1, "dtype": DOUBLE}, dtypes=("float64",)),
    # verdicts
    *(Call(f"torch.{name}", [ODD, *args], order=0) for name in ("all", "any", "count_nonzero")
      for args in ([], [0], [(0, 1)])),
]  # fmt: skip

REFUSALS: list[Call] = [
    *(Call(f"torch.{name}", [X, 2]) for name in (*ALL, "prod", "max", "argmax", "cumsum", "all", "count_nonzero")),
    *(Call(f"torch.{name}", [X, (0, -2)]) for name in (*ALL, "norm")),
    *(Call(f"torch.{name}", [X, 1.0]) for name in (*ALL, "prod", "argmax", "cumsum", "any")),
    *(Call(f"torch.{name}", [X, True]) for name in ("sum", "mean", "amax", "prod", "max", "argmin", "logsumexp")),
    *(Call(f"torch.{name}", [X, None]) for name in ("prod", "max", "min", "cumsum", "logsumexp")),
    *(Call(f"torch.{name}", [X, (0,)]) for name in ("prod", "max", "argmax", "cumsum")),
    *(Call(f"torch.{name}", [X, 0, 1]) for name in ("sum", "mean", "prod", "max", "amin", "logsumexp", "any")),
    *(Call(f"torch.{name}", [X], {"keepdim": True}) for name in ("sum", "mean", "prod", "max")),
    *(Call(f"torch.{name}", [[1.0, 2.0]]) for name in ("sum", "mean", "var", "amax", "max", "argmax", "prod", "all")),
    *(Call(f"torch.{name}", [NONE]) for name in ("max", "min", "amax", "argmax", "argmin")),
    *(Call(f"torch.{name}", [ROWLESS, 0]) for name in ("max", "amin", "argmax")),
    *(Call(f"torch.{name}", [I]) for name in ("mean", "var", "std", "norm")), Call("torch.argmax", [FLAGS]),
    Call("torch.mean", [X], {"dtype": LONG}), Call("torch.sum", [X], {"dtype": LONG}),
    Call("torch.var", [X, 0, 1]), Call("torch.var", [X, 0], {"unbiased": True, "correction": 1}),
    Call("torch.norm", [NONE, -1]), Call("torch.norm", [X, "none"]),
]  # fmt: skip
