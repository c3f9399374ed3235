r"""Activations of neural networks: functions of each element by itself that bend the line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.ops.arithmetic import where
from tinycnn.ops.elementwise import erf, exp
from tinycnn.ops.promotion import floating

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class ReLU(Op):
    r"""y = max(x, 0),   x̄ = ȳ·[y > 0]; 0 at 0

    References
    ----------
    Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    def forward(ctx, x: Array) -> Array: return ctx.xp.maximum(x, 0)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return where(y <= 0, 0.0, g)


class Sigmoid(Op):
    r"""y = σ(x) = 1 / (1 + e⁻ˣ),   x̄ = ȳ·y·(1 − y)"""

    def forward(ctx, x: Array) -> Array:
        e = ctx.xp.exp(-ctx.xp.abs(x))  # never overflows: σ(x) = eˣ / (1 + eˣ) where x < 0
        return ctx.xp.where(x < 0, e, 1) / (1 + e)

    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * (y * (1 - y))


class Softplus(Op):
    r"""y = ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|),   x̄ = ȳ·σ(x)"""

    def forward(ctx, x: Array) -> Array:
        return ctx.xp.maximum(x, 0) + ctx.xp.log1p(ctx.xp.exp(-ctx.xp.abs(x)))

    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * sigmoid(x)


class GELU(Op):
    r"""y = x·Φ(x),   x̄ = ȳ·(Φ(x) + x·φ(x)), where Φ is the normal distribution function and φ = Φ′ its density.

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """

    def forward(ctx, x: Array) -> Array:
        return x * (0.5 * (1 + ctx.kernels.erf(x * math.sqrt(0.5))))

    def backward(ctx, g: Tensor, x: Tensor) -> Tensor:
        probability = 0.5 * (1 + erf(x * math.sqrt(0.5)))
        density = exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
        return g * (probability + x * density)


def relu(input: Tensor) -> Tensor:
    """max(x, 0)."""
    return ReLU.apply(input)


def sigmoid(input: Tensor) -> Tensor:
    """σ(x) = 1 / (1 + e⁻ˣ)."""
    return Sigmoid.apply(floating("sigmoid", input))


def softplus(input: Tensor) -> Tensor:
    """ln(1 + eˣ), which neither overflows nor loses small values."""
    return Softplus.apply(floating("softplus", input))


def gelu(input: Tensor) -> Tensor:
    """x·Φ(x), exactly."""
    return GELU.apply(floating("gelu", input))
