"""The binary cross-entropy of probabilities, kept finite at 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.ops.choice import clamp
from tinycnn.ops.elementwise import log, log1p

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class BinaryCrossEntropy(Op):
    r"""y = −(t·ln x + (1 − t)·ln(1 − x)), each logarithm at least −100 so that a sure mistake costs 100 and not ∞.

    x̄ = ȳ·(x − t) / (x·(1 − x)), the denominator at least 1e-12;   t̄ = ȳ·(ln(1 − x) − ln x)
    """

    def forward(ctx, x: Array, t: Array) -> Array:
        xp = ctx.xp
        return -(t * xp.maximum(xp.log(x), -100) + (1 - t) * xp.maximum(xp.log1p(-x), -100))

    def backward(ctx, g: Tensor, x: Tensor, t: Tensor) -> Any:
        return (
            g * (x - t) / clamp(x * (1 - x), min=1e-12) if ctx.needs_input_grad[0] else None,
            g * (log1p(-x) - log(x)) if ctx.needs_input_grad[1] else None,
        )
