"""What is asked about padding."""

from __future__ import annotations

from .call import Call, Draw

draw = Draw("padding")

CALLS: list[Call] = [
    Call("F.pad", [draw.n(2, 3, 3), [1, 2, -1, 1]], {"value": 0.5}),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.pad", [draw.n(2, 3), [1]]),
    Call("F.pad", [draw.n(2, 3), [-2, -2]]),
]  # fmt: skip
