r"""Arithmetic, element by element.

In the formulas a bar marks a gradient of the loss: x̄ = ∂L/∂x. An op gets z̄ and returns x̄ and ȳ (the chain rule).
Operands of different shapes or types are made alike first (promotion.py), so every formula here is for equal shapes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import TensorBase, is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import float16
from tinycnn.errors import ArgumentError, DomainError, DTypeError, GraphError
from tinycnn.ops.arguments import checked
from tinycnn.ops.choice import where
from tinycnn.ops.promotion import (
    Scalar,
    alike,
    cast,
    common_dtype,
    fitted,
    operand,
    widened,
    wrapped,
)

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Add(Op):
    """z = x + y,   x̄ = z̄,   ȳ = z̄"""

    results = ("z",)

    def forward(ctx, x: Array, y: Array, *, overwrite: bool = False) -> Array:
        return ctx.xp.add(x, y, out=x) if overwrite else ctx.xp.add(x, y)

    def backward(ctx, g: Tensor) -> Any: return g, g


class Sub(Op):
    """z = x − y,   x̄ = z̄,   ȳ = −z̄"""

    results = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.subtract(x, y)
    def backward(ctx, g: Tensor) -> Any: return g, -g if ctx.needs_input_grad[1] else None


class Mul(Op):
    """z = x·y,   x̄ = z̄·y,   ȳ = z̄·x"""

    results = ("z",)
    serves = (("x", "y"), ("y", "x"))

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.multiply(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None


class Div(Op):
    """z = x / y,   x̄ = z̄ / y,   ȳ = −z̄·(x / y) / y"""

    results = ("z",)
    serves = (("x", "y"),)

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.true_divide(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return g / y if ctx.needs_input_grad[0] else None, -g * (x / y) / y if ctx.needs_input_grad[1] else None


class RoundedDiv(Op):
    """z = x / y rounded down ("floor") or towards zero ("trunc"). Flat between its steps: both gradients are 0."""

    results = ("z",)

    def forward(ctx, x: Array, y: Array, *, mode: str) -> Array:
        if mode == "floor":
            return _floored(ctx.xp, x, y)
        if _kind(x, y) == "f":
            return ctx.xp.trunc(ctx.xp.true_divide(x, y))
        quotient = ctx.xp.floor_divide(x, y)  # of integers: one too low where negative and not exact
        return quotient + ((quotient < 0) & (quotient * y != x))

    def backward(ctx, g: Tensor) -> Any: return zeros_like(g), zeros_like(g)
    def winners(ctx, z: Array, x: Array, y: Array, *, mode: str) -> Array: return z


class FloorDivide(Op):
    """z = ⌊x / y⌋ of `floor_divide`, to which PyTorch gives no derivative."""

    results = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array: return _floored(ctx.xp, x, y)

    def backward(ctx, g: Tensor) -> Any:
        raise GraphError("floor_divide: has no derivative; that of div(x, y, rounding_mode='floor') is 0 everywhere")


class Remainder(Op):
    """z = x − y·[x / y], the quotient rounded down or towards zero as in `RoundedDiv`,   x̄ = z̄,   ȳ = −z̄·[x / y]"""

    results = ("z",)
    serves = (("x", "y"), ("y", "y"))

    def forward(ctx, x: Array, y: Array, *, mode: str) -> Array:
        rest = ctx.xp.fmod(x, y)
        return ctx.xp.where(_too_high(rest, y), rest + y, rest) if mode == "floor" else rest

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor, *, mode: str) -> Any:
        return g, -g * div(x, y, rounding_mode=mode) if ctx.needs_input_grad[1] else None

    def winners(ctx, z: Array, x: Array, y: Array, *, mode: str) -> Array: return ctx.xp.rint((x - z) / y)


def _floored(xp: Any, x: Array, y: Array) -> Array:
    """⌊x / y⌋, by the exact fmod for floating numbers: 6 / 0.1 rounds to 60, but 0.1 goes into 6 only 59 times."""
    if _kind(x, y) != "f":
        return xp.floor_divide(x, y)
    rest = xp.fmod(x, y)
    by_zero = y == 0 if hasattr(y, "dtype") else xp.asarray(y == 0)
    return xp.where(by_zero, xp.true_divide(x, y), xp.rint((x - rest) / y - _too_high(rest, y)))


def _too_high(rest: Array, y: Array) -> Array:
    """Where the quotient towards zero, which left this rest, is above the one rounded down."""
    return (rest != 0) & ((rest < 0) != (y < 0))


def _kind(x: Any, y: Any) -> str:
    return str((x if hasattr(x, "dtype") else y).dtype.kind)


class Pow(Op):
    """z = xʸ,   x̄ = z̄·y·xʸ⁻¹,   ȳ = z̄·xʸ·ln x"""

    results = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array:
        return ctx.xp.power(x, y) if hasattr(y, "dtype") else x**y  # which squares, and takes roots, by themselves

    def backward(ctx, g: Tensor, x: Any, y: Any) -> Any:
        gx = gy = None
        if ctx.needs_input_grad[0] and is_tensor(y):
            gx = where(y == 0, 0.0, g * (y * x ** (y - 1)))
        elif ctx.needs_input_grad[0]:
            gx = zeros_like(g) if y == 0 else g * (y * x ** (y - 1))
        if ctx.needs_input_grad[1]:  # 0ʸ is 0 for every y > 0, so flat in y, though ln 0 is −∞
            log = x.log() if is_tensor(x) else _log(x)
            gy = g * where((y >= 0) & (x == 0), 0.0, x**y * log)
        return gx, gy


class IntegerPow(Op):
    """z = xʸ of integers; to negative powers 1/x without its fraction: ±1 for x = ±1, else 0."""

    results = constants = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array:
        if not hasattr(y, "dtype") or y.dtype.kind == "u":
            return x**y
        inverse = (x == 1) + (x == -1) * (1 - 2 * (y & 1))  # ±1 is its own inverse, and (−1)ʸ its power
        return ctx.xp.where(y < 0, inverse, x ** ctx.xp.maximum(y, 0)).astype(y.dtype)


class Neg(Op):
    """y = −x,   x̄ = −ȳ"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.negative(x)
    def backward(ctx, g: Tensor) -> Tensor: return -g


def zeros_like(x: Tensor) -> Tensor:
    """The gradient of what is flat: zeros, whatever comes back, be it infinite."""
    return type(x).wrap(x.backend.xp.zeros(x.array.shape, dtype=x.array.dtype))


# Sums and products ───────────────────────────────────────────────────────────────────────────────────────────────────


def add(input: Any, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """input + alpha·other."""
    x, y = alike("add", input, other)
    return _applied(Add, x, _scaled("add", x, y, alpha))


def add_over(input: Tensor, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """The same, and the input's memory may be the result's."""
    x, y = alike("add", input, other)
    y = _scaled("add", x, y, alpha)
    return Add.apply(x, y, overwrite=True) if x is input and is_tensor(y) else _applied(Add, x, y)


def sub(input: Any, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """input − alpha·other."""
    x, y = alike("sub", input, other)
    if any(isinstance(t, bool) or getattr(t, "dtype", None) == "bool" for t in (input, other)):
        raise DTypeError("sub: subtraction of booleans is not defined; use ^ for 'differs', or ~ for 'not'")
    return _applied(Sub, x, _scaled("sub", x, y, alpha))


@checked
def rsub(input: Tensor, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """other − alpha·input."""
    return sub(other, input, alpha=alpha)


def _scaled(op: str, x: Any, y: Any, alpha: Any) -> Any:
    """alpha·y in the dtype that x and y have in common."""
    if type(alpha) is int and alpha == 1:
        return y
    dtype, alpha = common_dtype(x, y), operand(op, alpha)
    if is_tensor(alpha):
        raise ArgumentError(f"{op}: alpha must be a number, not a Tensor; multiply by it instead")
    if isinstance(alpha, bool) and dtype.kind != "b":
        raise DTypeError(f"{op}: a boolean alpha is for booleans, but the result is {dtype}")
    if isinstance(alpha, float) and dtype.kind != "f":
        raise DTypeError(f"{op}: alpha is {alpha}, but to scale integers it must be an integer; the result is {dtype}")
    return cast(y * alpha, dtype) if is_tensor(y) else wrapped(op, y * alpha, dtype)


def mul(input: Any, other: Any) -> Tensor:
    """input · other."""
    return _applied(Mul, *alike("mul", input, other))


def _applied(op: type[Op], x: Any, y: Any, **options: Any) -> Tensor:
    """The op's result; a number meets half precision in single, where it may be too small or too large for half."""
    number = not isinstance(x, TensorBase) or not isinstance(y, TensorBase)
    if number and (x if is_tensor(x) else y).array.dtype == float16:
        return cast(op.apply(widened(x), widened(y), **options), float16)
    return op.apply(x, y, **options)


# Quotients ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; of integers a floating number, unless rounded "floor" or "trunc"."""
    if rounding_mode is None:
        return _applied(Div, *alike("div", input, other, floating=True))
    if not isinstance(rounding_mode, str):
        raise ArgumentError(f"div: rounding_mode must be None or a string, not {type(rounding_mode).__name__}")
    if rounding_mode not in ("floor", "trunc"):
        raise DomainError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")
    return _applied(RoundedDiv, *_divisible("div", input, other), mode=rounding_mode)


def floor_divide(input: Any, other: Any) -> Tensor:
    """⌊input / other⌋."""
    return _applied(FloorDivide, *_divisible("floor_divide", input, other))


def remainder(input: Any, other: Any) -> Tensor:
    """input − other·⌊input / other⌋, of other's sign, as Python's %."""
    return _applied(Remainder, *_divisible("remainder", input, other), mode="floor")


@checked
def fmod(input: Tensor, other: Any) -> Tensor:
    """input less other as often as goes, of input's sign, as C's fmod."""
    return _applied(Remainder, *_divisible("fmod", input, other), mode="trunc")


def _divisible(op: str, input: Any, other: Any) -> tuple[Any, ...]:
    """The operands alike; booleans, and zeros under integers, are refused: only floating numbers have inf and nan."""
    x, y = alike(op, input, other)
    kind = common_dtype(x, y).kind
    if kind == "b":
        raise DTypeError(f"{op}: booleans are not divided; say x.int() to count with them")
    if kind != "f" and (bool((y == 0).any()) if is_tensor(y) else y == 0 and x.array.size):
        raise DomainError(f"{op}: integer division by zero; floating numbers give inf or nan instead")
    return x, y


# Powers and signs ────────────────────────────────────────────────────────────────────────────────────────────────────


def pow(input: Any, exponent: Any) -> Tensor:
    """input ^ exponent. Of integers, a negative exponent must stand in a Tensor: 2⁻¹ is then 0, and (±1)⁻¹ is ±1."""
    x, y = alike("pow", input, exponent, number=fitted if is_tensor(input) else wrapped)
    dtype = common_dtype(x, y)
    if dtype.kind == "f":
        return Pow.apply(x, y)
    if dtype.kind == "b" and (is_tensor(y) or not is_tensor(x)):
        raise DTypeError("pow: booleans have no powers; use & for 'and', or x.int()")
    if not is_tensor(y) and exponent < 0:
        raise DTypeError("pow: integers to negative integer powers are not allowed; make the base floating")
    return cast(IntegerPow.apply(x, y), dtype)  # NumPy's powers of booleans are int8


def float_power(input: Any, exponent: Any) -> Tensor:
    """input ^ exponent in float64."""
    x, y = (cast(t, "float64") if is_tensor(t) else t for t in (input, exponent))
    return pow(x, y)


@checked
def neg(input: Tensor) -> Tensor:
    """−input."""
    if input.array.dtype.kind == "b":
        raise DTypeError("neg: a boolean has no negative; use ~ for 'not'")
    return Neg.apply(input)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan
