"""Verdicts: whether all or any elements are nonzero, how many are, whether two tensors agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import DomainError, DTypeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.comparison import eq, isfinite, ne
from tinycnn.ops.promotion import Scalar, cast, floating
from tinycnn.ops.reduction import Dim, kept, sum
from tinycnn.shapes import axes_in

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Test(Op):
    """Whether all or any elements are nonzero, by xp's name."""

    constants = ("y",)

    def forward(ctx, x: Array, *, by: str, axes: tuple[int, ...]) -> Array: return getattr(ctx.xp, by)(x, axis=axes)


@checked
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are nonzero; the empty tuple names no dimension, so that each stands for itself."""
    return _tested("all", input, dim, keepdim)


@checked
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether any element is nonzero; the empty tuple names no dimension, so that each stands for itself."""
    return _tested("any", input, dim, keepdim)


def _tested(by: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor:
    axes = () if isinstance(dim, tuple | list) and not dim else axes_in(by, dim, input.array.ndim)
    y = Test.apply(input, by=by, axes=axes) if axes else ne(input, 0)
    y = kept(y, axes, input.array.shape) if keepdim else y
    return cast(y, "uint8") if input.array.dtype == "uint8" else y  # PyTorch's booleans of old


@checked
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are nonzero."""
    return sum(ne(input, 0), axes_in("count_nonzero", dim, input.array.ndim))


@checked
def isclose(
    input: Tensor, other: Tensor, rtol: Scalar = 1e-5, atol: Scalar = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where |input − other| ≤ atol + rtol·|other|, both of one dtype; infinities are close to themselves only."""
    if input.array.dtype != other.array.dtype:
        raise DTypeError(f"isclose: the dtypes must be equal, but are {input.array.dtype} and {other.array.dtype}")
    if rtol < 0 or atol < 0:
        raise DomainError(f"isclose: rtol and atol must not be negative, but are {rtol} and {atol}")
    near = eq(input, other)
    if equal_nan:
        near = near | ne(input, input) & ne(other, other)
    if rtol == atol == 0:
        return near
    x, y = floating(input), floating(other)
    distance = (x - y).abs()
    return near | isfinite(distance) & (distance <= atol + (rtol * y).abs())


@checked
def allclose(
    input: Tensor, other: Tensor, rtol: Scalar = 1e-5, atol: Scalar = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


@checked
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    return input.array.shape == other.array.shape and bool(all(eq(input, other)))
