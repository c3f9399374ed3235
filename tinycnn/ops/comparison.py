"""Comparisons and logic, element by element. Their results are booleans or integers, so there are no gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import DTypeError
from tinycnn.ops.promotion import alike, common_dtype

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Compare(Op):
    """z = [x ∘ y] for a relation or logical function ∘ that xp has by this name."""

    constants = ("y",)

    def forward(ctx, x: Array, y: Array, *, by: str) -> Array: return getattr(ctx.xp, by)(x, y)


class Invert(Op):
    """y = not x, bit by bit for integers."""

    constants = ("y",)

    def forward(ctx, x: Array) -> Array: return ctx.xp.invert(x)


def _compared(name: str, by: str | None = None) -> Callable[[Any, Any], Tensor]:
    """The function `name`, which xp has under the name `by`."""

    def compare(input: Any, other: Any) -> Tensor:
        x, y = alike(name, input, other)
        if name.startswith("bitwise") and common_dtype(x, y).kind == "f":
            raise DTypeError(f"{name}: only integers and booleans have bits to combine")
        return Compare.apply(x, y, by=by or name)

    compare.__name__ = compare.__qualname__ = name
    compare.__doc__ = f"{(by or name).replace('_', ' ').capitalize()} of input and other, element by element."
    return compare


eq, ne = _compared("eq", "equal"), _compared("ne", "not_equal")
lt, le = _compared("lt", "less"), _compared("le", "less_equal")
gt, ge = _compared("gt", "greater"), _compared("ge", "greater_equal")
logical_and, logical_or, logical_xor = _compared("logical_and"), _compared("logical_or"), _compared("logical_xor")
bitwise_and, bitwise_or, bitwise_xor = _compared("bitwise_and"), _compared("bitwise_or"), _compared("bitwise_xor")


def logical_not(input: Tensor) -> Tensor:
    """Whether each element is zero."""
    return eq(input, 0)


def bitwise_not(input: Tensor) -> Tensor:
    """Not, bit by bit; of booleans the plain not."""
    if input.array.dtype.kind == "f":
        raise DTypeError("bitwise_not: only integers and booleans have bits to invert")
    return Invert.apply(input)
