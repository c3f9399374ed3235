r"""Choosing between values, element by element: the larger, the smaller, the one within bounds, the one a mask says.

In the formulas a bar marks a gradient of the loss, x̄ = ∂L/∂x; [c] is 1 where c holds, else 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from tinycnn import shapes
from tinycnn.autograd.node import is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import of_scalar
from tinycnn.errors import ArgumentError, DomainError, DTypeError, ShapeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.expansion import stretched
from tinycnn.ops.promotion import Scalar, alike, cast, common_dtype, fitted, operand, stored

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

_LEFT_OUT: Any = object()  # None would be a value, though a wrong one


class Maximum(Op):
    """z = max(x, y): z̄ goes to the larger, half to each of equals; NaN wins, and then z̄ goes to both."""

    results = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.maximum(x, y)
    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any: return _to_winner(g, x < y, x > y, x == y)
    def winners(ctx, z: Array, x: Array, y: Array) -> Array: return x > y


class Minimum(Op):
    """z = min(x, y): z̄ goes to the smaller, half to each of equals; NaN wins, and then z̄ goes to both."""

    results = ("z",)

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.xp.minimum(x, y)
    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any: return _to_winner(g, x > y, x < y, x == y)
    def winners(ctx, z: Array, x: Array, y: Array) -> Array: return x > y


def _to_winner(g: Tensor, first_loses: Tensor, second_loses: Tensor, tie: Tensor) -> Any:
    shared = where(tie, g / 2, g)
    return where(first_loses, 0.0, shared), where(second_loses, 0.0, shared)


class Clamp(Op):
    """y = min(max(x, low), high); a bound is a number, a Tensor or, left out, None.

    x̄ = ȳ·[low ≤ x ≤ high]: a tie is x's, unlike in `Maximum`. ȳ goes to low where x < low < high, and to high where
    x > high or low > high.
    """

    def forward(ctx, x: Array, low: Any, high: Any) -> Array:
        y = x if low is None else ctx.xp.maximum(x, low)
        return y if high is None else ctx.xp.minimum(y, high)

    def backward(ctx, g: Tensor, x: Tensor, low: Any, high: Any) -> Any:
        gx = g_low = g_high = None
        if ctx.needs_input_grad[0]:
            inside = x <= high if low is None else x >= low if high is None else (x >= low) & (x <= high)
            gx = where(inside, g, 0.0)
        if ctx.needs_input_grad[1]:
            g_low = where(x < low if high is None else (x < low) & (low < high), g, 0.0)
        if ctx.needs_input_grad[2]:
            g_high = where(x > high if low is None else (x > high) | (low > high), g, 0.0)
        return gx, g_low, g_high

    def winners(ctx, y: Array, x: Array, low: Any, high: Any) -> Array: return sides(x, low, high)


def sides(x: Array, low: Any, high: Any) -> Array:
    """On which side of which bound each entry lies: 1 from `low` on, 2 more above `high`; None is no bound."""
    above = (x >= low).astype("uint8") if low is not None else 0
    return above if high is None else above + 2 * (x > high).astype("uint8")


class Where(Op):
    """z = x where the condition holds, else y,   x̄ = z̄ there, ȳ = z̄ elsewhere, 0 otherwise.

    A NaN in the branch not taken never shows in z, but what made it turns this 0 into NaN (0·∞), as in PyTorch:
    keep the bad values out of the branch, not only out of its result.
    """

    results = ("z",)

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


@checked
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each pair."""
    return Maximum.apply(*alike("maximum", input, other))


@checked
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair."""
    return Minimum.apply(*alike("minimum", input, other))


@checked
def clamp(input: Tensor, min: Tensor | Scalar | None = None, max: Tensor | Scalar | None = None) -> Tensor:
    """`input` brought into [min, max], which are two numbers or two Tensors; either may be left out.

    Where min > max, the result is max.
    """
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds:
        raise DomainError("clamp: at least one of min and max must be given")
    tensors = [bound for bound in bounds if is_tensor(bound)]
    if len(tensors) == 1 < len(bounds) and (tensors[0].array.ndim or tensors[0]._requires_grad):
        raise ArgumentError("clamp: min and max must both be numbers or both be Tensors")
    x, *numbers = alike("clamp", input, *bounds, number=fitted)
    if x.array.dtype.kind == "b" and (not tensors or len(bounds) == 2):
        raise DTypeError("clamp: booleans have no bounds; clamp numbers")
    return Clamp.apply(x, None if min is None else numbers[0], None if max is None else numbers[-1])


@checked
def clamp_min(input: Tensor, min: Tensor | Scalar) -> Tensor:
    """`input`, but at least min."""
    return clamp(input, min=min)


@checked
def clamp_max(input: Tensor, max: Tensor | Scalar) -> Tensor:
    """`input`, but at most max."""
    return clamp(input, max=max)


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...


@overload
def where(condition: Tensor, input: Any, other: Any) -> Tensor: ...


def where(condition: Tensor, input: Any = _LEFT_OUT, other: Any = _LEFT_OUT) -> Any:
    """`input` where the condition holds, else `other`; with the condition alone, the indices where it holds."""
    if input is _LEFT_OUT and other is _LEFT_OUT:
        return _mask("where", condition, any_dtype=True).nonzero(as_tuple=True)
    if input is _LEFT_OUT or other is _LEFT_OUT:
        raise ArgumentError("where: takes a condition alone, or with both input and other")
    mask, x, y = _mask("where", condition), operand("where", input), operand("where", other)
    if not is_tensor(x) and not is_tensor(y):  # two numbers: the condition gives the place
        dtype = common_dtype(x, y) if type(x) is not type(y) else of_scalar(x)
        x = type(mask).wrap(mask.backend.xp.full(mask.array.shape, x, dtype=dtype))
    x, y = alike("where", x, y, number=stored)
    shape = shapes.broadcast("where", mask.array.shape, *(t.array.shape for t in (x, y) if is_tensor(t)))
    x, y = (stretched(t, shape) if is_tensor(t) else t for t in (x, y))
    return Where.apply(stretched(mask, shape), x, y)


def _mask(op: str, condition: Any, any_dtype: bool = False) -> Tensor:
    if not is_tensor(condition):
        raise ArgumentError(f"{op}: the condition must be a Tensor, not {type(condition).__name__}")
    if condition.array.dtype == "uint8":
        return cast(condition, "bool")  # PyTorch's booleans of old
    if condition.array.dtype.kind != "b" and not any_dtype:
        raise DTypeError(f"{op}: expected a boolean condition, but got {condition.array.dtype}; compare it")
    return condition


@checked
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Scalar) -> Tensor:
    """`value`, a number or a Tensor without dimensions, where the mask holds, else `input`, whose dtype is kept."""
    dtype = input.array.dtype
    if mask.array.dtype.kind != "b":
        raise DTypeError(f"masked_fill: expected a boolean mask, but got {mask.array.dtype}; compare it")
    if is_tensor(value) and value.array.ndim:
        raise ShapeError(
            f"masked_fill: value must have no dimensions, but its shape is {value.array.shape}; where takes any shape"
        )
    shapes.broadcast("masked_fill", input.array.shape, mask.array.shape)
    filling = cast(value, dtype) if is_tensor(value) else fitted("masked_fill", operand("masked_fill", value), dtype)
    return where(mask, filling, input)
