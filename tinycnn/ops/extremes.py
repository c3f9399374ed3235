"""The largest and the smallest, of all or along dimensions, in PyTorch's overloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tinycnn.autograd.node import is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, IndexRangeError, ShapeError
from tinycnn.ops import choice
from tinycnn.ops.arguments import checked
from tinycnn.ops.comparison import eq, ne
from tinycnn.ops.ordering import ValuesIndices, arg_extreme, taken
from tinycnn.ops.promotion import cast
from tinycnn.ops.reduction import ALL, Dim, kept, needs_dim, spread, sum
from tinycnn.ops.shaping import squeeze
from tinycnn.shapes import axes_in, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class MinMax(NamedTuple):
    """What `aminmax` returns; unpacks as ``min, max``."""

    min: Any
    max: Any

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\nmin={self.min!r},\nmax={self.max!r})"


class Extreme(Op):
    """y = the largest ("max") or smallest ("min") over `axes`,   x̄ = ȳ shared evenly among the equals

    NaN is larger, and smaller, than any number. It equals nothing, so that x̄ is NaN too; with `equal_nan` it is shared
    among the NaNs.
    """

    def forward(ctx, x: Array, *, axes: tuple[int, ...], by: str, equal_nan: bool) -> Array:
        return getattr(x, by)(axis=axes)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor, *, axes: tuple[int, ...], equal_nan: bool) -> Tensor:
        top = spread(y, axes, x.array.shape)
        equals = eq(x, top) | ne(x, x) & ne(top, top) if equal_nan else eq(x, top)
        winners = cast(equals, g.array.dtype)
        return spread(g / sum(winners, axes), axes, x.array.shape) * winners if axes else g * winners

    def winners(ctx, y: Array, x: Array, *, axes: tuple[int, ...], by: str, equal_nan: bool) -> Array:
        return x == ctx.xp.expand_dims(y, axes)


@checked
def amax(input: Tensor, dim: Dim = ALL, keepdim: bool = False) -> Tensor:
    """The largest over `dim`; equals share the gradient."""
    return _extreme("amax", input, dim, keepdim, "max")


@checked
def amin(input: Tensor, dim: Dim = ALL, keepdim: bool = False) -> Tensor:
    """The smallest over `dim`; equals share the gradient."""
    return _extreme("amin", input, dim, keepdim, "min")


def _extreme(op: str, input: Tensor, dim: Any, keepdim: bool, by: str, equal_nan: bool = False) -> Tensor:
    shape, axes = input.array.shape, axes_in(op, dim, input.array.ndim)
    if not product([shape[a] for a in axes]):
        nothing = f"{op}: there is no {by}imum of nothing: the shape is {tuple(shape)}"
        if dim is None or (isinstance(dim, tuple | list) and not dim):
            raise ShapeError(nothing)
        raise IndexRangeError(f"{nothing}, dim {dim}")
    y = Extreme.apply(input, axes=axes, by=by, equal_nan=equal_nan)
    return kept(y, axes, shape) if keepdim else y


@checked
def max(input: Tensor, dim: Any = ALL, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The largest of all; with a dimension, (values, indices) along it; with a Tensor, the elementwise maximum.

    Of all, equals share the gradient; along a dimension the first has it.
    """
    return _overloaded("max", input, dim, keepdim, other)


@checked
def min(input: Tensor, dim: Any = ALL, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """The smallest of all; with a dimension, (values, indices) along it; with a Tensor, the elementwise minimum.

    Of all, equals share the gradient; along a dimension the first has it.
    """
    return _overloaded("min", input, dim, keepdim, other)


def _overloaded(by: str, input: Tensor, dim: Any, keepdim: bool, other: Any) -> Any:
    if is_tensor(dim):
        dim, other = ALL, dim
    if other is not None:
        if dim is not ALL or keepdim:
            raise ArgumentError(f"{by}: takes another Tensor, or dim and keepdim, not both")
        return (choice.maximum if by == "max" else choice.minimum)(input, other)
    needs_dim(by, dim, keepdim)
    if dim is ALL:
        return _extreme(by, input, ALL, False, by, equal_nan=True)
    if dim is None:
        raise ArgumentError(f"{by}: dim must be an integer, not None; leave it out for the {by}imum of all")
    index = arg_extreme(by, input, dim, True)
    values = taken(input, dim, index)
    return ValuesIndices(values, index) if keepdim else ValuesIndices(squeeze(values, dim), squeeze(index, dim))


@checked
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """(smallest, largest) of all, or along one dimension."""
    axes = ALL if dim is None else (dim,)
    return MinMax(amin(input, axes, keepdim), amax(input, axes, keepdim))
