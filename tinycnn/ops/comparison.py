"""Comparisons and logic, element by element. Their results are booleans or integers, so there are no gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, DTypeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.promotion import alike, common_dtype

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Compare(Op):
    """z = x ∘ y for a relation, a logical or a bitwise function ∘ that xp has by this name."""

    results = constants = ("z",)

    def forward(ctx, x: Array, y: Array, *, by: str) -> Array: return getattr(ctx.xp, by)(x, y)
    def winners(ctx, z: Array, x: Array, y: Array, *, by: str) -> Array: return z


class Examine(Op):
    """y = what xp's function of this name says of x: whether it is NaN, whether it is finite, its bits inverted."""

    constants = ("y",)

    def forward(ctx, x: Array, *, by: str) -> Array: return getattr(ctx.xp, by)(x)


# Two operands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _relation(name: str, by: str) -> Callable[[Any, Any], Tensor]:
    """The comparison `name`, which xp has under the name `by`."""

    def compare(input: Any, other: Any) -> Tensor:
        if not is_tensor(input):
            raise ArgumentError(f"{name}: input must be a Tensor, not {type(input).__name__}")
        return Compare.apply(*alike(name, input, other), by=by)

    return _named(compare, name, by)


def _logical(name: str) -> Callable[[Any, Any], Tensor]:
    def combine(input: Tensor, other: Tensor) -> Tensor:
        return Compare.apply(*alike(name, input, other), by=name)

    return checked(_named(combine, name, name))


def _bitwise(name: str, by: str, of_booleans: bool = True) -> Callable[[Any, Any], Tensor]:
    def combine(input: Any, other: Any) -> Tensor:
        x, y = alike(name, input, other)
        if common_dtype(x, y).kind == "f" or (common_dtype(x, y).kind == "b" and not of_booleans):
            raise DTypeError(f"{name}: only integers{' and booleans' * of_booleans} have bits to combine")
        return Compare.apply(x, y, by=by)

    return _named(combine, name, by)


def _named(function: Callable[[Any, Any], Tensor], name: str, by: str) -> Callable[[Any, Any], Tensor]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{by.replace('_', ' ').capitalize()} of input and other, element by element."
    return function


eq, ne = _relation("eq", "equal"), _relation("ne", "not_equal")
lt, le = _relation("lt", "less"), _relation("le", "less_equal")
gt, ge = _relation("gt", "greater"), _relation("ge", "greater_equal")
logical_and, logical_or, logical_xor = map(_logical, ("logical_and", "logical_or", "logical_xor"))
bitwise_and, bitwise_or = _bitwise("bitwise_and", "bitwise_and"), _bitwise("bitwise_or", "bitwise_or")
bitwise_xor = _bitwise("bitwise_xor", "bitwise_xor")
bitwise_left_shift = _bitwise("bitwise_left_shift", "left_shift", of_booleans=False)
bitwise_right_shift = _bitwise("bitwise_right_shift", "right_shift", of_booleans=False)


# One operand ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def logical_not(input: Tensor) -> Tensor:
    """Whether each element is zero."""
    return Examine.apply(input, by="logical_not")


@checked
def bitwise_not(input: Tensor) -> Tensor:
    """Not, bit by bit; of booleans the plain not."""
    if input.array.dtype.kind == "f":
        raise DTypeError("bitwise_not: only integers and booleans have bits to invert")
    return Examine.apply(input, by="invert")


@checked
def isnan(input: Tensor) -> Tensor:
    """Where x is not a number."""
    return Examine.apply(input, by="isnan")


@checked
def isinf(input: Tensor) -> Tensor:
    """Where x is +∞ or −∞."""
    return Examine.apply(input, by="isinf")


@checked
def isfinite(input: Tensor) -> Tensor:
    """Where x is neither NaN nor infinite."""
    return Examine.apply(input, by="isfinite")


@checked
def isposinf(input: Tensor) -> Tensor:
    """Where x is +∞."""
    return eq(input, math.inf)


@checked
def isneginf(input: Tensor) -> Tensor:
    """Where x is −∞."""
    return eq(input, -math.inf)
