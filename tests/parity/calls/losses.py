"""What is asked about losses."""

from __future__ import annotations

import numpy as np

from .call import NAN, Call, Draw, f

draw = Draw("losses")
LABELS, MASK = draw.i(4), np.array([0, -100, 2, 2])

CALLS: list[Call] = [
    Call("F.nll_loss", [draw.n(4, 3), LABELS], {"weight": draw.u(3), "ignore_index": 1}),
    Call("F.nll_loss", [draw.n(2, 3, 2), draw.i(2, 2)], {"reduction": "none"}),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS]),
    Call("F.cross_entropy", [draw.n(4, 3), MASK], {"weight": draw.u(3), "label_smoothing": 0.1}),
    Call("F.cross_entropy", [draw.n(2, 3, 2, 2), draw.i(2, 2, 2)], {"reduction": "sum", "label_smoothing": 0.2}),
    Call("F.cross_entropy", [draw.n(3), np.array(1)]),
    Call("F.cross_entropy", [draw.n(2, 3), draw.u(2, 3)], {"weight": draw.u(3), "label_smoothing": 0.1}),
    Call("F.cross_entropy", [f([1e4, 0], [0, 1e4]), np.array([1, 0])], {"reduction": "none"}),
    Call("F.cross_entropy", [draw.n(2, 3), np.array([-100, -100])]),
    Call("F.cross_entropy", [draw.n(2, 3), np.array([-100, -100])], {"reduction": "sum"}),
    Call("F.binary_cross_entropy", [f(0, 1, 0, 1, 0.5, 1e-30), f(0, 1, 1, 0, 0.5, 1)], {"reduction": "none"},
         order=1),  # PyTorch's second derivative has 1e-12 added to x·(1 − x)
    Call("F.binary_cross_entropy", [draw.u(3, 2), draw.u(3, 2)], {"weight": draw.u(2)}),
    Call("F.binary_cross_entropy_with_logits", [f(0, -0.0, 1e4, -1e4, 1e4, -1e4), f(0, 1, 0, 1, 1, 0)],
         {"reduction": "none"}),
    Call("F.binary_cross_entropy_with_logits", [draw.n(3, 2), draw.u(3, 2)],
         {"pos_weight": draw.u(2), "weight": draw.u(3, 1)}),
    Call("F.mse_loss", [draw.n(3, 2), draw.n(3, 2)]),
    Call("F.mse_loss", [draw.n(3, 2), draw.n(3, 2)], {"weight": draw.u(3, 2)}),
    Call("F.l1_loss", [f(0, 1, 2), f(0, 2, 1)], {"reduction": "sum"}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.nll_loss", [draw.n(4, 3), LABELS + 3]),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS - 3]),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS[:3]]),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS[:, None]]),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS * 1.0]),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS], {"weight": draw.u(4)}),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS], {"weight": draw.u(3).astype("float32")}),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS], {"reduction": "average"}),
    Call("F.cross_entropy", [draw.n(4, 3), LABELS], {"label_smoothing": 1.5}),
    Call("F.cross_entropy", [draw.n(4, 3), draw.u(4, 3)], {"ignore_index": 1}),
    Call("F.binary_cross_entropy", [f(0.5, 1.5), f(0, 1)]),
    Call("F.binary_cross_entropy", [f(0.5, NAN), f(0, 1)]),
    Call("F.binary_cross_entropy", [f(0.5, 0.5), f(0, 2)]),
    Call("F.binary_cross_entropy", [draw.u(3, 1), draw.u(3)]),
    Call("F.binary_cross_entropy", [draw.u(3), draw.i(3, high=2)]),
    Call("F.binary_cross_entropy_with_logits", [draw.n(3), draw.u(4)]),
    Call("F.binary_cross_entropy_with_logits", [draw.n(3), draw.i(3, high=2)]),
    Call("F.mse_loss", [draw.n(3, 2), draw.n(2, 3)]),
    Call("F.mse_loss", [draw.n(3), draw.n(3)], {"weight": draw.u(1)}),
]  # fmt: skip
