"""A tensor made larger by repeating itself, and the adjoint, which sums: expand, repeat, tile, sum_to_size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn import shapes
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import ALL
from tinycnn.errors import DomainError, ShapeError, explain
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.copying import Clone
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import as_shape, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Expand(Op):
    """Dimensions of size 1 repeated without copying; the adjoint of `SumToShape`."""

    view = True

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array:
        return x.reshape(shape) if product(shape) == x.size else ctx.xp.broadcast_to(x, shape)  # NumPy's is read-only

    def backward(ctx, g: Tensor) -> Tensor: return sum_to_size(g, ctx.shapes[0])


class SumToShape(Op):
    """The sum over whatever dimensions broadcasting would repeat; the adjoint of `Expand`."""

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array:
        extra = x.ndim - len(shape)
        axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1))
        wide = x if x.dtype.kind == "f" else x.astype("int64")
        return ctx.kernels.total(wide, axes).reshape(shape)

    def backward(ctx, g: Tensor) -> Tensor: return expand(g, ctx.shapes[0])


@checked
def expand(input: Tensor, size: Sequence[int]) -> Tensor:
    """Dimensions of size 1 repeated to `size`, new ones added in front; −1 keeps a size. Nothing is copied."""
    old, new = input.array.shape, as_shape("expand", size)
    extra = len(new) - len(old)
    full = tuple(old[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(new))
    if extra < 0 or min(full, default=0) < 0 or any(n not in (1, m) for n, m in zip(old, full[extra:], strict=True)):
        raise ShapeError(
            explain(
                "expand: only dimensions of size 1 can be expanded, and new ones come in front",
                {"input": old, "size": new},
            )
        )
    return Expand.apply(input, shape=full)


def stretched(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """`input` expanded to a shape; itself if it has that already."""
    return input if input.array.shape == shape else expand(input, shape)


@checked
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` under NumPy's name."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to the shape they broadcast to."""
    shape = shapes.broadcast("broadcast_tensors", *(x.array.shape for x in tensors)) if tensors else ()
    return tuple(stretched(x, shape) for x in tensors)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Vectors as the coordinates of a grid: the i-th result varies along dimension i, with the i-th vector's entries.

    With ``indexing="xy"`` the first two dimensions change places.
    """
    if indexing not in ("ij", "xy"):
        raise DomainError(f"meshgrid: indexing must be 'ij' or 'xy', not {indexing!r}")
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    expect_one_dtype("meshgrid", ALL, **{f"vector {i}": x for i, x in enumerate(given)})
    rank = len(given)
    swapped = (1, 0, *range(2, rank)) if indexing == "xy" and rank > 1 else range(rank)
    lines = [
        reshape(x, (1,) * place + (-1,) + (1,) * (rank - place - 1)) for x, place in zip(given, swapped, strict=True)
    ]
    return broadcast_tensors(*lines)


@checked
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to other's shape."""
    return expand(input, other.array.shape)


@checked
def sum_to_size(input: Tensor, size: Sequence[int]) -> Tensor:
    """The sum over the dimensions that `expand` from `size` would repeat."""
    old, new = input.array.shape, as_shape("sum_to_size", size)
    if old == new and new:
        return input
    if len(new) > len(old) or any(m not in (1, n) for n, m in zip(old[len(old) - len(new) :], new, strict=True)):
        raise ShapeError(
            explain("sum_to_size: size must be one that can be expanded to the input's", {"input": old, "size": new})
        )
    return SumToShape.apply(input, shape=new)


@checked
def repeat(input: Tensor, repeats: Sequence[int]) -> Tensor:
    """The tensor laid out `repeats` times along each dimension, as numpy.tile does."""
    times, shape = as_shape("repeat", repeats, "repeats"), input.array.shape
    if len(times) < len(shape):
        raise ShapeError(f"repeat: needs at least as many numbers as the tensor has dimensions: {times} for {shape}")
    if min(times, default=0) < 0:
        raise ShapeError(f"repeat: a tensor cannot be laid out a negative number of times: {times}")
    shape = (1,) * (len(times) - len(shape)) + shape
    paired = tuple(n for size in shape for n in (1, size))
    wide = tuple(n for pair in zip(times, shape, strict=True) for n in pair)
    whole = tuple(time * size for time, size in zip(times, shape, strict=True))
    return reshape(Clone.apply(expand(reshape(input, paired), wide), order="C"), whole)


@checked
def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """`repeat`, but with fewer numbers than dimensions the first ones are laid out once."""
    times = as_shape("tile", dims, "dims")
    return repeat(input, (1,) * (input.array.ndim - len(times)) + times)
