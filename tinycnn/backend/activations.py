r"""The textbook kernels of activations, alone or with their slopes: functions of each element by itself."""

from __future__ import annotations

import math
from typing import Any

from tinycnn.backend.error_function import erf
from tinycnn.backend.precision import half_in_single

Array = Any

TANH_SCALE, TANH_CUBE = math.sqrt(2 / math.pi), 0.044715


def relu(xp: Any, x: Array, overwrite: bool = False) -> Array:
    """max(x, 0). To `overwrite` x is allowed, not asked."""
    return xp.maximum(x, 0)


def relu_backward(xp: Any, g: Array, y: Array, overwrite: bool = False) -> Array:
    """g where y > 0, else 0; NaN lets g pass. To `overwrite` g is allowed, not asked."""
    return xp.where(y <= 0, g.dtype.type(0), g)  # a product would make NaN of 0·∞


@half_in_single
def sigmoid(xp: Any, x: Array) -> Array:
    """1 / (1 + e⁻ˣ); where e⁻ˣ overflows, 1/∞ is right."""
    return 1 / (1 + xp.exp(-x))


@half_in_single
def silu(xp: Any, x: Array) -> Array:
    """x·σ(x)."""
    return x / (1 + xp.exp(-x))


@half_in_single
def silu_and_slope(xp: Any, x: Array) -> tuple[Array, Array]:
    """x·σ(x), and its slope σ(x)·(1 + x·(1 − σ(x)))."""
    s = 1 / (1 + xp.exp(-x))
    return x * s, s * (1 + x * (1 - s))


@half_in_single
def gelu(xp: Any, x: Array) -> Array:
    """x·Φ(x), Φ(x) = ½·(1 + erf(x/√2))."""
    return x * (0.5 * (1 + erf(xp, x * math.sqrt(0.5))))


@half_in_single
def gelu_and_slope(xp: Any, x: Array) -> tuple[Array, Array]:
    """x·Φ(x), and its slope Φ(x) + x·φ(x), φ(x) = e^(−x²/2) / √(2π)."""
    probability = 0.5 * (1 + erf(xp, x * math.sqrt(0.5)))
    density = xp.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return x * probability, probability + x * density


@half_in_single
def tanh_gelu(xp: Any, x: Array) -> Array:
    """½x·(1 + tanh u), u = √(2/π)·(x + 0.044715·x³)."""
    return 0.5 * x * (1 + xp.tanh(TANH_SCALE * (x + TANH_CUBE * (x * x * x))))


@half_in_single
def tanh_gelu_and_slope(xp: Any, x: Array) -> tuple[Array, Array]:
    """½x·(1 + t), t = tanh u, and its slope ½·(1 + t + x·(1 − t²)·u′)."""
    t = xp.tanh(TANH_SCALE * (x + TANH_CUBE * (x * x * x)))
    bend = TANH_SCALE * (1 + 3 * TANH_CUBE * (x * x))  # u′
    return 0.5 * x * (1 + t), 0.5 * (1 + t + x * (1 - t * t) * bend)
