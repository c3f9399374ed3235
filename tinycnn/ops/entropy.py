"""The binary cross-entropy of probabilities, kept finite at 0 and 1, and of logits, which no rounding can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.ops.activations import Sigmoid, Softplus
from tinycnn.ops.choice import clamp
from tinycnn.ops.elementwise import log, log1p

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


LEAST = 9.999999960041972e-13  # 1e-12 rounded to single precision: what PyTorch divides by, in float64 too


class BinaryCrossEntropy(Op):
    r"""y = −(t·ln x + (1 − t)·ln(1 − x)), each logarithm at least −100 so that a sure mistake costs 100 and not ∞.

    x̄ = ȳ·(x − t) / (x·(1 − x)), the denominator at least 1e-12;   t̄ = ȳ·(ln(1 − x) − ln x)
    """

    def forward(ctx, x: Array, t: Array) -> Array:
        xp = ctx.xp
        return -(t * xp.maximum(xp.log(x), -100) + (1 - t) * xp.maximum(xp.log1p(-x), -100))

    def backward(ctx, g: Tensor, x: Tensor, t: Tensor) -> Any:
        return (
            g * (x - t) / clamp(x * (1 - x), min=LEAST) if ctx.needs_input_grad[0] else None,
            g * (log1p(-x) - log(x)) if ctx.needs_input_grad[1] else None,
        )


class LogitCrossEntropy(Op):
    r"""y = (1 − t)·x + q·ln(1 + e⁻ˣ), with q = 1 + (p − 1)·t: the positives count p times, 1 if p is left out.

    x̄ = ȳ·(q·σ(x) − p·t);   t̄ = ȳ·((p − 1)·ln(1 + e⁻ˣ) − x);   p̄ = ȳ·t·ln(1 + e⁻ˣ)
    """

    def forward(ctx, x: Array, t: Array, p: Array | None) -> Array:
        xp = ctx.xp
        log = xp.maximum(-x, 0) + xp.log1p(xp.exp(-xp.abs(x)))  # ln(1 + e⁻ˣ), e to no positive power
        return (1 - t) * x + (log if p is None else (1 + (p - 1) * t) * log)

    def backward(ctx, g: Tensor, x: Tensor, t: Tensor, p: Tensor | None) -> Any:
        if p is None:
            return g * (Sigmoid.apply(x) - t), -g * x if ctx.needs_input_grad[1] else None, None
        log = Softplus.apply(-x)
        return g * ((1 + (p - 1) * t) * Sigmoid.apply(x) - p * t), g * ((p - 1) * log - x), g * (t * log)
