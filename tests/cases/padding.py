"""Cases of tinycnn.ops.padding."""

from __future__ import annotations

import numpy as np

from tinycnn.ops import padding as ops

from .case import Case, normal

X = normal(2, 3, 4)
WIDTHS = ((0, 0), (1, 0), (2, 3))

CASES = [
    Case(ops.Pad, lambda x: ops.Pad.apply(x, widths=WIDTHS, value=-1.5), (X,),
         lambda x: np.pad(x, WIDTHS, constant_values=-1.5)),
    Case(ops.Crop, lambda x: ops.Crop.apply(x, widths=((0, 0), (1, 1), (0, 2))), (X,), lambda x: x[:, 1:2, :2]),
]  # fmt: skip
