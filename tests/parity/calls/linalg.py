"""What is asked about linalg."""

from __future__ import annotations

from .call import Call, Draw

draw = Draw("linalg")

CALLS: list[Call] = [
    Call("F.linear", [draw.n(2, 3, 4), draw.n(2, 4), draw.n(2)]),
]  # fmt: skip

REFUSALS: list[Call] = [
    Call("F.linear", [draw.n(2, 3), draw.n(2, 4)]),
    Call("F.linear", [draw.n(2, 4), draw.n(2, 4).astype("float32")]),
]  # fmt: skip
