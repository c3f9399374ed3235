r"""Arithmetic and choices, element by element.

In the formulas a bar marks a gradient of the loss: x̄ = ∂L/∂x. An op gets z̄ and returns x̄ and ȳ (the chain rule).
Operands of different shapes or types are made alike first (promotion.py), so every formula here is for equal shapes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, overload

from tinycnn import shapes
from tinycnn.autograd.node import is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import of_scalar
from tinycnn.errors import DTypeError
from tinycnn.ops.expansion import expand
from tinycnn.ops.promotion import Scalar, alike, cast, common_dtype, operand

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


# Arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Add(Op):
    """z = x + y,   x̄ = z̄,   ȳ = z̄"""

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.add(x, y)
    def backward(ctx, g: Tensor) -> Any: return g, g


class Sub(Op):
    """z = x − y,   x̄ = z̄,   ȳ = −z̄"""

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.subtract(x, y)
    def backward(ctx, g: Tensor) -> Any: return g, -g if ctx.needs_input_grad[1] else None


class Mul(Op):
    """z = x·y,   x̄ = z̄·y,   ȳ = z̄·x"""

    serves = (("x", "y"), ("y", "x"))

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.multiply(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None


class Div(Op):
    """z = x / y,   x̄ = z̄ / y,   ȳ = −z̄·z / y"""

    serves = (("x", "y"),)

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.true_divide(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return g / y if ctx.needs_input_grad[0] else None, -g * (x / y) / y if ctx.needs_input_grad[1] else None


class RoundedDiv(Op):
    """z = x / y rounded down ("floor") or towards zero ("trunc"). Flat between its steps: both gradients are 0."""

    def forward(ctx, x: Array, y: Array, *, mode: str) -> Array:
        xp = ctx.xp
        if mode == "floor":
            return xp.floor_divide(x, y)
        if (x if hasattr(x, "dtype") else y).dtype.kind == "f":
            return xp.trunc(xp.true_divide(x, y))
        quotient = xp.floor_divide(x, y)  # of integers: one too low where negative and not exact
        return quotient + ((quotient < 0) & (quotient * y != x))

    def backward(ctx, g: Tensor) -> Any: return g * 0, g * 0


class Remainder(Op):
    """z = x − y·⌊x / y⌋,   x̄ = z̄,   ȳ = −z̄·⌊x / y⌋"""

    serves = (("x", "y"), ("y", "y"))

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.remainder(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return g, -g * div(x, y, rounding_mode="floor") if ctx.needs_input_grad[1] else None


class Pow(Op):
    """z = xʸ,   x̄ = z̄·y·xʸ⁻¹,   ȳ = z̄·xʸ·ln x"""

    def forward(ctx, x: Array, y: Array) -> Array: return x**y

    def backward(ctx, g: Tensor, x: Any, y: Any) -> Any:
        gx = gy = None
        if ctx.needs_input_grad[0] and is_tensor(y):
            gx = g * where(y == 0, 0.0, y * x ** (y - 1))
        elif ctx.needs_input_grad[0]:
            gx = g * 0 if y == 0 else g * (y * x ** (y - 1))
        if ctx.needs_input_grad[1]:  # 0ʸ is 0 for every y > 0, so flat in y, though ln 0 is −∞
            log = x.log() if is_tensor(x) else _log(x)
            gy = g * where((y >= 0) & (x == 0), 0.0, x**y * log)
        return gx, gy


class Neg(Op):
    """y = −x,   x̄ = −ȳ"""

    def forward(ctx, x: Array) -> Array: return ctx.xp.negative(x)
    def backward(ctx, g: Tensor) -> Tensor: return -g


def add(input: Any, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """input + alpha·other."""
    return Add.apply(*alike("add", input, other if alpha == 1 else other * alpha))


def sub(input: Any, other: Any, *, alpha: Scalar = 1) -> Tensor:
    """input − alpha·other."""
    if any(isinstance(t, bool) or (is_tensor(t) and t.array.dtype.kind == "b") for t in (input, other)):
        raise DTypeError("sub: subtraction of booleans is not defined; use ^ for 'differs', or ~ for 'not'")
    return Sub.apply(*alike("sub", input, other if alpha == 1 else other * alpha))


def mul(input: Any, other: Any) -> Tensor:
    """input · other."""
    return Mul.apply(*alike("mul", input, other))


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; of integers a floating number, unless rounded "floor" or "trunc"."""
    if rounding_mode is None:
        return Div.apply(*alike("div", input, other, floating=True))
    if rounding_mode not in ("floor", "trunc"):
        raise ValueError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")
    x, y = alike("div", input, other)
    _refuse_zero("div", x, y)
    return RoundedDiv.apply(x, y, mode=rounding_mode)


def floor_divide(input: Any, other: Any) -> Tensor:
    """⌊input / other⌋."""
    return div(input, other, rounding_mode="floor")


def remainder(input: Any, other: Any) -> Tensor:
    """input − other·⌊input / other⌋, of other's sign, as Python's %."""
    x, y = alike("remainder", input, other)
    _refuse_zero("remainder", x, y)
    return Remainder.apply(x, y)


def _refuse_zero(op: str, x: Any, y: Any) -> None:
    if common_dtype(x, y).kind != "f" and (y == 0 if not is_tensor(y) else bool((y == 0).any())):
        raise ZeroDivisionError(f"{op}: integer division by zero; floating numbers give inf or nan instead")


def pow(input: Any, exponent: Any) -> Tensor:
    """input ^ exponent. Integers to a negative power are refused, as in PyTorch."""
    x, y = alike("pow", input, exponent)
    if not is_tensor(y) and y < 0 and x.array.dtype.kind != "f":
        raise DTypeError("pow: integers to negative integer powers are not allowed; make the base floating")
    return cast(Pow.apply(x, y), common_dtype(x, y))  # NumPy's powers of booleans are int8


def neg(input: Tensor) -> Tensor:
    """−input."""
    if input.array.dtype.kind == "b":
        raise DTypeError("neg: a boolean has no negative; use ~ for 'not'")
    return Neg.apply(input)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan


# Choices ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Maximum(Op):
    """z = max(x, y): z̄ goes to the larger, half to each of equals; NaN wins."""

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.maximum(x, y)
    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any: return _to_winner(g, x > y, x == y)


class Minimum(Op):
    """z = min(x, y): z̄ goes to the smaller, half to each of equals; NaN wins."""

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.minimum(x, y)
    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any: return _to_winner(g, x < y, x == y)


def _to_winner(g: Tensor, first: Tensor, tie: Tensor) -> Any:
    return g * where(first, 1.0, where(tie, 0.5, 0.0)), g * where(first, 0.0, where(tie, 0.5, 1.0))


class Clamp(Op):
    """y = min(max(x, low), high),   x̄ = ȳ·[low ≤ x ≤ high]: the bounds themselves pass the gradient."""

    def forward(ctx, x: Array, *, low: Scalar | None, high: Scalar | None) -> Array:
        y = x if low is None else ctx.xp.maximum(x, low)
        return y if high is None else ctx.xp.minimum(y, high)

    def backward(ctx, g: Tensor, x: Tensor, *, low: Scalar | None, high: Scalar | None) -> Tensor:
        inside = (x >= low) if low is not None else (x <= high)
        return g * (inside & (x <= high) if low is not None and high is not None else inside)


class Where(Op):
    """z = x where the condition holds, else y,   x̄ = z̄ there, ȳ = z̄ elsewhere, 0 otherwise.

    A NaN in the branch not taken never shows in z, but what made it turns this 0 into NaN (0·∞), as in PyTorch:
    keep the bad values out of the branch, not only out of its result.
    """

    def forward(ctx, condition: Array, x: Array, y: Array) -> Array:
        # where() alone of all elementwise functions answers in row-major order; images keep their N H W C memory so:
        order = sorted(range(condition.ndim), key=lambda axis: -condition.strides[axis])
        back = sorted(range(condition.ndim), key=order.__getitem__)
        x, y = (branch.transpose(order) if hasattr(branch, "dtype") else branch for branch in (x, y))
        return ctx.xp.where(condition.transpose(order), x, y).transpose(back)

    def backward(ctx, g: Tensor, condition: Tensor) -> Any:
        return (
            None,
            where(condition, g, 0.0) if ctx.needs_input_grad[1] else None,
            where(condition, 0.0, g) if ctx.needs_input_grad[2] else None,
        )


def maximum(input: Any, other: Any) -> Tensor:
    """The larger of each pair."""
    return Maximum.apply(*alike("maximum", input, other))


def minimum(input: Any, other: Any) -> Tensor:
    """The smaller of each pair."""
    return Minimum.apply(*alike("minimum", input, other))


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`input` brought into [min, max]; either bound may be left out, or be a Tensor."""
    if min is None and max is None:
        raise ValueError("clamp: at least one of min and max must be given")
    if is_tensor(min) or is_tensor(max):
        y = input if min is None else where(input < min, min, input)
        return y if max is None else where(y > max, max, y)
    bounds = [bound for bound in (min, max) if bound is not None]
    return Clamp.apply(cast(input, common_dtype(input, *bounds)), low=min, high=max)


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...


@overload
def where(condition: Tensor, input: Any, other: Any) -> Tensor: ...


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, else `other`; with the condition alone, the indices where it holds."""
    if input is None or other is None:
        return condition.nonzero(as_tuple=True)
    if condition.array.dtype.kind != "b":
        raise DTypeError(f"where: expected a boolean condition, but got {condition.array.dtype}; compare it")
    x, y = operand("where", input), operand("where", other)
    if not is_tensor(x) and not is_tensor(y):  # two numbers: the condition gives the place
        dtype = common_dtype(x, y) if type(x) is not type(y) else of_scalar(x)
        xp = condition.backend.xp
        x = type(condition).wrap(xp.full(condition.array.shape, x, dtype=dtype))
    x, y = alike("where", x, y)
    tensors = [t.array.shape for t in (x, y) if is_tensor(t)]
    shape = shapes.broadcast("where", condition.array.shape, *tensors)
    x, y = (expand(t, shape) if is_tensor(t) else t for t in (x, y))
    return Where.apply(expand(condition, shape), x, y)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` where the mask holds, `input` elsewhere; input's dtype is kept."""
    return cast(where(mask, value, input), input.array.dtype)
