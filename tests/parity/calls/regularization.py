"""What is asked about regularization."""

from __future__ import annotations

from .call import Call, Draw

draw = Draw("regularization")

CALLS: list[Call] = [
    Call("F.dropout", [draw.n(3, 2)], {"training": False}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.dropout", [draw.n(3)], {"p": 1.5}),
]  # fmt: skip
