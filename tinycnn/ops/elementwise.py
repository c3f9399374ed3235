r"""Functions of each element by itself: exponentials, logarithms, roots, angles, steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.ops.comparison import eq, lt, ne
from tinycnn.ops.promotion import floating

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Exp(Op):
    r"""y = eˣ,   x̄ = ȳ·y"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.exp(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * y


class Log(Op):
    r"""y = ln x,   x̄ = ȳ / x"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.log(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g / x


class Log1p(Op):
    r"""y = ln(1 + x), exact for small x,   x̄ = ȳ / (1 + x)"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.log1p(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g / (1 + x)


class Sqrt(Op):
    r"""y = √x,   x̄ = ȳ / 2y; infinite at 0"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.sqrt(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g / (2 * y)


class Abs(Op):
    r"""y = |x|,   x̄ = ȳ·sign x; 0 at 0"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.abs(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * sign(x)


class Step(Op):
    """A function that is flat between its steps (sign, floor, ceil, round, trunc), by xp's name: x̄ = 0."""

    def forward(ctx, x: Array, *, by: str) -> Array: return getattr(ctx.xp, by)(x)
    def backward(ctx, g: Tensor) -> Tensor: return g * 0


class Sin(Op):
    r"""y = sin x,   x̄ = ȳ·cos x"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.sin(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * cos(x)


class Cos(Op):
    r"""y = cos x,   x̄ = −ȳ·sin x"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.cos(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return -g * sin(x)


class Tanh(Op):
    r"""y = tanh x,   x̄ = ȳ·(1 − y²)"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.tanh(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * (1 - y * y)


class Erf(Op):
    r"""y = erf x,   x̄ = ȳ·2/√π·e^(−x²)"""

    def forward(ctx, x: Array) -> Array: return ctx.kernels.erf(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * (2 / math.sqrt(math.pi) * exp(-x * x))


def exp(input: Tensor) -> Tensor:
    """eˣ of each element."""
    return Exp.apply(floating("exp", input))


def log(input: Tensor) -> Tensor:
    """The natural logarithm; −∞ at 0, NaN below."""
    return Log.apply(floating("log", input))


def log1p(input: Tensor) -> Tensor:
    """ln(1 + x), exact for small x."""
    return Log1p.apply(floating("log1p", input))


def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return log(input) * (1 / math.log(2))


def sqrt(input: Tensor) -> Tensor:
    """The square root; NaN below 0."""
    return Sqrt.apply(floating("sqrt", input))


def rsqrt(input: Tensor) -> Tensor:
    """1/√x."""
    return 1 / sqrt(input)


def square(input: Tensor) -> Tensor:
    """x²."""
    return input * input


def abs(input: Tensor) -> Tensor:
    """|x|."""
    return Abs.apply(input)


def sin(input: Tensor) -> Tensor:
    """The sine of an angle in radians."""
    return Sin.apply(floating("sin", input))


def cos(input: Tensor) -> Tensor:
    """The cosine of an angle in radians."""
    return Cos.apply(floating("cos", input))


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return Tanh.apply(floating("tanh", input))


def erf(input: Tensor) -> Tensor:
    """The error function 2/√π ∫₀ˣ e^(−t²) dt."""
    return Erf.apply(floating("erf", input))


def _stepped(name: str, by: str, what: str) -> Callable[[Tensor], Tensor]:
    def step(input: Tensor) -> Tensor:
        stepped = "fiu" if by == "sign" else "f"
        return Step.apply(input, by=by) if input.array.dtype.kind in stepped else input

    step.__name__ = step.__qualname__ = name
    step.__doc__ = f"{what} Its gradient is 0."
    return step


sign = _stepped("sign", "sign", "−1, 0 or 1.")
floor = _stepped("floor", "floor", "The largest integer not above x.")
ceil = _stepped("ceil", "ceil", "The smallest integer not below x.")
round = _stepped("round", "rint", "The nearest integer, halves to the even one.")
trunc = _stepped("trunc", "trunc", "x without its fraction.")


def isnan(input: Tensor) -> Tensor:
    """Where x is not a number: the only values that differ from themselves."""
    return ne(input, input)


def isinf(input: Tensor) -> Tensor:
    """Where x is +∞ or −∞."""
    return eq(abs(input), math.inf)


def isfinite(input: Tensor) -> Tensor:
    """Where x is neither NaN nor infinite."""
    return lt(abs(input), math.inf) if input.array.dtype.kind == "f" else eq(input, input)
