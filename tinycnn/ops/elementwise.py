r"""Functions of each element by itself: exponentials, logarithms, roots, angles, steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import DTypeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.arithmetic import zeros_like
from tinycnn.ops.copying import clone
from tinycnn.ops.promotion import cast, floating, widened
from tinycnn.shapes import integer

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Exp(Op):
    r"""y = eˣ,   x̄ = ȳ·y"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.exp(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * y


class Expm1(Op):
    r"""y = eˣ − 1, exact for small x,   x̄ = ȳ·(y + 1)"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.expm1(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * (y + 1)


class Log(Op):
    r"""y = ln x,   x̄ = ȳ / x"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.log(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g / x


class LogTo(Op):
    r"""y = log_b x, exact where x is a power of the base b = 2 or 10,   x̄ = ȳ / (x·ln b)"""

    def forward(ctx, x: Array, *, base: int) -> Array: return ctx.xp.log2(x) if base == 2 else ctx.xp.log10(x)
    def backward(ctx, g: Tensor, x: Tensor, *, base: int) -> Tensor: return g / (x * math.log(base))


class Log1p(Op):
    r"""y = ln(1 + x), exact for small x,   x̄ = ȳ / (1 + x)"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.log1p(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g / (1 + x)


class Sqrt(Op):
    r"""y = √x,   x̄ = ȳ / 2y; infinite at 0"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.sqrt(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g / (2 * y)


class Rsqrt(Op):
    r"""y = 1/√x,   x̄ = −½·ȳ·y³"""

    def forward(ctx, x: Array) -> Array: return 1 / ctx.xp.sqrt(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return -0.5 * g * (y * y * y)


class Abs(Op):
    r"""y = |x|,   x̄ = ȳ·sign x; 0 at 0"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.abs(x)
    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * sign(x)
    def winners(ctx, y: Array, x: Array) -> Array: return x > 0


class Sign(Op):
    """y = −1, 0 or 1, and 0 for NaN; flat, so x̄ = 0"""

    def forward(ctx, x: Array) -> Array: return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)
    def backward(ctx, g: Tensor) -> Tensor: return zeros_like(g)
    def winners(ctx, y: Array, x: Array) -> Array: return y


class Step(Op):
    """A function that is flat between its steps (floor, ceil, rint, trunc), by xp's name: x̄ = 0."""

    def forward(ctx, x: Array, *, by: str) -> Array: return getattr(ctx.xp, by)(x)
    def backward(ctx, g: Tensor) -> Tensor: return zeros_like(g)
    def winners(ctx, y: Array, x: Array, *, by: str) -> Array: return y


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


@checked
def exp(input: Tensor) -> Tensor:
    """eˣ of each element."""
    return Exp.apply(floating(input))


@checked
def log(input: Tensor) -> Tensor:
    """The natural logarithm; −∞ at 0, NaN below."""
    return Log.apply(floating(input))


@checked
def log1p(input: Tensor) -> Tensor:
    """ln(1 + x), exact for small x."""
    return Log1p.apply(floating(input))


@checked
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2."""
    return LogTo.apply(floating(input), base=2)


@checked
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10."""
    return LogTo.apply(floating(input), base=10)


@checked
def expm1(input: Tensor) -> Tensor:
    """eˣ − 1, exact for small x."""
    return Expm1.apply(floating(input))


@checked
def exp2(input: Tensor) -> Tensor:
    """2ˣ."""
    return 2.0 ** floating(input)


@checked
def sqrt(input: Tensor) -> Tensor:
    """The square root; NaN below 0."""
    return Sqrt.apply(floating(input))


@checked
def rsqrt(input: Tensor) -> Tensor:
    """1/√x."""
    return Rsqrt.apply(floating(input))


@checked
def square(input: Tensor) -> Tensor:
    """x²."""
    x = cast(input, "int64") if input.array.dtype.kind == "b" else input
    return x * x


@checked
def reciprocal(input: Tensor) -> Tensor:
    """1/x."""
    return 1 / floating(input)


@checked
def positive(input: Tensor) -> Tensor:
    """+x, which is x itself."""
    if input.array.dtype.kind == "b":
        raise DTypeError("positive: a boolean has no sign; say x.int() to count with it")
    return input


@checked
def abs(input: Tensor) -> Tensor:
    """|x|."""
    if input.array.dtype.kind == "b":
        raise DTypeError("abs: a boolean has no magnitude; say x.int() to count with it")
    return Abs.apply(input)


@checked
def sin(input: Tensor) -> Tensor:
    """The sine of an angle in radians."""
    return Sin.apply(floating(input))


@checked
def cos(input: Tensor) -> Tensor:
    """The cosine of an angle in radians."""
    return Cos.apply(floating(input))


@checked
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return Tanh.apply(floating(input))


@checked
def erf(input: Tensor) -> Tensor:
    """The error function 2/√π ∫₀ˣ e^(−t²) dt."""
    return Erf.apply(floating(input))


# Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def sign(input: Tensor) -> Tensor:
    """−1, 0 or 1; of NaN 0. Its gradient is 0."""
    return clone(input) if input.array.dtype.kind == "b" else Sign.apply(input)


def _stepped(name: str, by: str, what: str) -> Callable[[Tensor], Tensor]:
    def step(input: Tensor) -> Tensor:
        if input.array.dtype.kind == "b":
            raise DTypeError(f"{name}: a boolean has no fraction; say x.int() to count with it")
        return Step.apply(input, by=by) if input.array.dtype.kind == "f" else clone(input)

    step.__name__ = step.__qualname__ = name
    step.__doc__ = f"{what} Its gradient is 0."
    return checked(step)


floor = _stepped("floor", "floor", "The largest integer not above x.")
ceil = _stepped("ceil", "ceil", "The smallest integer not below x.")
trunc = _stepped("trunc", "trunc", "x without its fraction.")
_rounded = _stepped("round", "rint", "The nearest integer, halves to the even one.")


@checked
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest number with so many decimals, halves to the even one; negative `decimals` round tens, hundreds, …"""
    if decimals is None:
        return _rounded(input)
    if input.array.dtype.kind != "f":
        raise DTypeError(f"round: decimals are for floating numbers, not {input.array.dtype}")
    places = integer("round", "decimals", decimals)
    x, scale = widened(input), 10.0 ** math.fabs(places)
    return cast(_rounded(x * scale) / scale if places >= 0 else _rounded(x / scale) * scale, input.array.dtype)


@checked
def frac(input: Tensor) -> Tensor:
    """The fraction of x, of x's sign."""
    if input.array.dtype.kind != "f":
        raise DTypeError(f"frac: only floating numbers have a fraction, not {input.array.dtype}")
    return input - trunc(input)
