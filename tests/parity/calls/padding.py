"""What is asked about padding."""

from __future__ import annotations

import numpy as np

from .call import INF, NAN, Call, Draw

draw = Draw("padding")
ROWS, WHOLE = draw.n(2, 3, 4), draw.i(2, 3, high=99)

CALLS: list[Call] = [
    Call("F.pad", [draw.n(2, 3, 3), [1, 2, -1, 1]], {"value": 0.5}),
    Call("F.pad", [draw.n(2, 3), ()]),
    Call("F.pad", [draw.n(2, 3), (-1, 2, 0, 1)]),
    Call("F.pad", [draw.n(2, 3), (2, -3)], {"value": -INF}),
    Call("F.pad", [], {"input": draw.n(2), "pad": [1, 1], "mode": "constant", "value": NAN}),
    *(Call("F.pad", [WHOLE.astype(dtype), (1, 0)], {"value": value})
      for dtype, value in (("int64", 1.7), ("int32", -1.7), ("uint8", 255), ("int8", True), ("int16", None))),
    Call("F.pad", [WHOLE > 50, (1, 0)], {"value": 0.5}),
    *(Call("F.pad", [draw.n(*shape), widths, mode])
      for mode in ("reflect", "replicate", "circular")
      for shape, widths in (((2, 3), (1, 2)), ((1, 2, 4), [2, 1]), ((2, 3, 3), (1, 2, 2, 0)),
                            ((1, 2, 2, 3), (0, 1, 1, 1)), ((1, 2, 2, 2), (1, 0, 0, 1, 1, 1)),
                            ((1, 1, 2, 2, 2), (1, 1, 0, 1, 1, 0)),
                            ((1, 2, 4), (-1, 2)), ((1, 2, 4), (0, 0)), ((1, 2, 4), (-2, -1)))),
    Call("F.pad", [np.zeros((0, 2, 3, 3)), (1, 1, 2, 2), "reflect"]),
    Call("F.pad", [np.zeros((0, 2, 3, 3)), (1, 1, 2, 2), "circular"]),
    Call("F.pad", [ROWS, (2, -1), "replicate"]),
    Call("F.pad", [ROWS, (5, 6), "replicate"]),
    Call("F.pad", [ROWS, (4, 4), "circular"]),
    Call("F.pad", [ROWS, (-2, -2), "circular"]),
    Call("F.pad", [WHOLE, (1, 1), "reflect"]),
    Call("F.pad", [WHOLE.astype("uint8"), (1, 1), "replicate"]),
    Call("F.pad", [WHOLE > 50, (1, 1), "circular"]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.pad", [draw.n(2, 3), [1]]),
    Call("F.pad", [draw.n(2, 3), [1] * 6]),
    Call("F.pad", [draw.n(2, 3), [-2, -2]]),
    Call("F.pad", [draw.n(2, 3), [5, -4]]),
    Call("F.pad", [draw.n(2, 3), 1]),
    Call("F.pad", [draw.n(2, 3), (1.0, 1)]),
    Call("F.pad", [draw.n(2, 3), (True, True)]),
    Call("F.pad", [draw.n(2, 3), (1, 1)], {"value": "0"}),
    Call("F.pad", [draw.n(2, 3), (1, 1), "mirror"]),
    Call("F.pad", [draw.n(2, 3), (1, 1), None]),
    *(Call("F.pad", [draw.n(3, 3), (1, 1), mode, 1]) for mode in ("reflect", "replicate", "circular")),
    *(Call("F.pad", [draw.n(*shape), widths, mode])
      for mode in ("reflect", "replicate", "circular")
      for shape, widths in (((3,), (1, 1)), ((3, 3), (1, 1, 1, 1)), ((3, 3, 3), (1,) * 6), ((1, 2, 3, 3), (1, 1)),
                            ((2, 3), ()), ((1, 1, 1, 3, 3), (1, 1, 1, 1)))),
    Call("F.pad", [ROWS, (4, 0), "reflect"]),
    Call("F.pad", [ROWS, (0, 5), "reflect"]),
    Call("F.pad", [ROWS, (5, 0), "circular"]),
    Call("F.pad", [ROWS, (-2, -2), "reflect"]),
    Call("F.pad", [ROWS, (-3, -2), "replicate"]),
    Call("F.pad", [ROWS[:, :0], (1, 1), "reflect"]),
    Call("F.pad", [ROWS[..., :0], (1, 1), "replicate"]),
    Call("F.pad", [WHOLE > 50, (1, 1), "reflect"]),
    Call("F.pad", [WHOLE > 50, (1, 1), "replicate"]),
    Call("F.pad", [WHOLE.astype("uint8"), (1, 1)], {"value": -1}),
    Call("F.pad", [WHOLE.astype("int8"), (1, 1)], {"value": 300}),
    Call("F.pad", [WHOLE, (1, 1)], {"value": NAN}),
    Call("F.pad", [ROWS.astype("float16"), (1, 1)], {"value": 1e5}),
    Call("F.pad", [None, (1, 1)]),
]  # fmt: skip
