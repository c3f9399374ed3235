"""Operations that move elements without computing: reshape, permute, expand, flip, roll and their kin.

They come in adjoint pairs, each the other's backward: reshape and reshape back, expand and sum_to_shape.
Most results are views: they look at the input's memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn import shapes
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ShapeError, explain
from tinycnn.shapes import as_shape, axis_in, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Reshape(Op):
    """The same elements in the same order, in another shape; back to the old one."""

    view = True

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array: return x.reshape(shape)
    def backward(ctx, g: Tensor) -> Tensor: return reshape(g, ctx.shapes[0])


class Permute(Op):
    """The dimensions in another order; back by the inverse permutation."""

    view = True

    def forward(ctx, x: Array, *, dims: tuple[int, ...]) -> Array: return x.transpose(dims)

    def backward(ctx, g: Tensor, *, dims: tuple[int, ...]) -> Tensor:
        return Permute.apply(g, dims=tuple(sorted(range(len(dims)), key=dims.__getitem__)))


class Expand(Op):
    """Dimensions of size 1 repeated without copying; the adjoint of `SumToShape`."""

    view = True

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array: return ctx.xp.broadcast_to(x, shape)
    def backward(ctx, g: Tensor) -> Tensor: return sum_to_shape(g, ctx.shapes[0])


class SumToShape(Op):
    """The sum over whatever dimensions broadcasting would repeat; the adjoint of `Expand`."""

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array:
        extra = x.ndim - len(shape)
        axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1))
        wide = "float32" if x.dtype == "float16" else None  # long sums in half precision would lose their end
        return x.sum(axis=axes, keepdims=True, dtype=wide).reshape(shape).astype(x.dtype, copy=False)

    def backward(ctx, g: Tensor) -> Tensor: return expand(g, ctx.shapes[0])


class Flip(Op):
    """The order of the elements along `axes` reversed; its own adjoint."""

    def forward(ctx, x: Array, *, axes: tuple[int, ...]) -> Array: return ctx.xp.flip(x, axes).copy()
    def backward(ctx, g: Tensor, *, axes: tuple[int, ...]) -> Tensor: return Flip.apply(g, axes=axes)


class Roll(Op):
    """The elements moved on by `shifts`, those that leave coming in at the other end; back by −shifts."""

    def forward(ctx, x: Array, *, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> Array:
        return ctx.xp.roll(x, shifts if axes is not None else shifts[0], axes)

    def backward(ctx, g: Tensor, *, shifts: tuple[int, ...], axes: tuple[int, ...] | None) -> Tensor:
        return Roll.apply(g, shifts=tuple(-s for s in shifts), axes=axes)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape; one size may be −1 and is worked out. A view where the strides allow it."""
    old, new = input.array.shape, as_shape(shape)
    if new == old:
        return Reshape.apply(input, shape=new)
    count = product(old)
    known = product([n for n in new if n != -1])
    if new.count(-1) == 1 and known and count % known == 0:
        new = tuple(count // known if n == -1 else n for n in new)
    if -1 in new or product(new) != count or min(new, default=0) < 0:
        raise ShapeError(
            explain(
                f"reshape: shape {list(new)} is invalid for input of size {count}",
                {"input": old, "shape": new},
                "the sizes must multiply to the number of elements; at most one may be -1",
            )
        )
    return Reshape.apply(input, shape=new)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in the order `dims`."""
    order = as_shape(dims)
    rank = input.array.ndim
    axes = tuple(axis_in("permute", d, rank) for d in order)
    if sorted(axes) != list(range(rank)):
        raise ShapeError(f"permute: dims {order} must name each of the {rank} dimensions of {input.array.shape} once")
    return Permute.apply(input, dims=axes)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions dim0 and dim1 exchanged."""
    rank = input.array.ndim
    a, b = axis_in("transpose", dim0, rank), axis_in("transpose", dim1, rank)
    dims = list(range(rank))
    if rank:
        dims[a], dims[b] = b, a
    return Permute.apply(input, dims=tuple(dims))


def t(input: Tensor) -> Tensor:
    """A matrix transposed; fewer dimensions stay as they are."""
    if input.array.ndim > 2:
        raise ShapeError(f"t: expects a tensor of at most 2 dimensions, not {input.array.ndim}; use transpose or mT")
    return transpose(input, 0, -1) if input.array.ndim == 2 else input


def movedim(input: Tensor, source: int, destination: int) -> Tensor:
    """Dimension `source` moved to place `destination`, the others kept in order."""
    rank = input.array.ndim
    moved, place = axis_in("movedim", source, rank), axis_in("movedim", destination, rank)
    dims = [d for d in range(rank) if d != moved]
    dims.insert(place, moved)
    return Permute.apply(input, dims=tuple(dims[:rank]))


def expand(input: Tensor, *sizes: Any) -> Tensor:
    """Dimensions of size 1 repeated to `sizes`, new ones added in front; −1 keeps a size. Nothing is copied."""
    old, new = input.array.shape, as_shape(sizes)
    if old == new:
        return input
    extra = len(new) - len(old)
    full = tuple(old[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(new))
    if extra < 0 or min(full, default=0) < 0 or any(n not in (1, m) for n, m in zip(old, full[extra:], strict=True)):
        raise ShapeError(
            explain(
                "expand: only dimensions of size 1 can be expanded, and new ones come in front",
                {"input": old, "sizes": new},
            )
        )
    return Expand.apply(input, shape=full)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` under NumPy's name."""
    return expand(input, tuple(size))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to other's shape."""
    return expand(input, other.array.shape)


def sum_to_shape(input: Tensor, *size: Any) -> Tensor:
    """The sum over the dimensions that `expand` from `size` would repeat (PyTorch's sum_to_size)."""
    shape = as_shape(size)
    return input if shape == input.array.shape else SumToShape.apply(input, shape=shape)


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Dimensions of size 1 taken away: all of them, or those named."""
    shape = input.array.shape
    axes = shapes.axes_in("squeeze", dim, len(shape))
    return reshape(input, tuple(n for i, n in enumerate(shape) if n != 1 or i not in axes))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 put in at `dim`."""
    shape = list(input.array.shape)
    shape.insert(axis_in("unsqueeze", dim, len(shape) + 1), 1)
    return reshape(input, tuple(shape))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim made one."""
    shape = input.array.shape
    first, last = axis_in("flatten", start_dim, len(shape)), axis_in("flatten", end_dim, len(shape))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(input, (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into several; one of `sizes` may be −1."""
    shape = input.array.shape
    axis = axis_in("unflatten", dim, len(shape))
    known = product([n for n in sizes if n != -1])
    parts = tuple(shape[axis] // max(known, 1) if n == -1 else n for n in sizes)
    if product(parts) != shape[axis] or sizes.count(-1) > 1 or (-1 in sizes and not known):
        raise ShapeError(f"unflatten: sizes {tuple(sizes)} do not multiply up to the size of dim {dim}, {shape[axis]}")
    return reshape(input, (*shape[:axis], *parts, *shape[axis + 1 :]))


def repeat(input: Tensor, *sizes: Any) -> Tensor:
    """The tensor laid out `sizes` times along each dimension, as numpy.tile does."""
    times, shape = as_shape(sizes), input.array.shape
    if len(times) < len(shape):
        raise ShapeError(f"repeat: needs at least as many numbers as the tensor has dimensions: {times} for {shape}")
    shape = (1,) * (len(times) - len(shape)) + shape
    paired = tuple(n for size in shape for n in (1, size))
    wide = tuple(n for pair in zip(times, shape, strict=True) for n in pair)
    whole = tuple(time * size for time, size in zip(times, shape, strict=True))
    return reshape(expand(reshape(input, paired), wide), whole)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """`repeat`, but with fewer numbers than dimensions the first ones are laid out once."""
    times = as_shape(dims)
    return repeat(input, (1,) * (input.array.ndim - len(times)) + times)


def flip(input: Tensor, *dims: Any) -> Tensor:
    """The order along `dims` reversed; always a copy."""
    return Flip.apply(input, axes=shapes.axes_in("flip", as_shape(dims), input.array.ndim) if as_shape(dims) else ())


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved on by `shifts` along `dims`, round and round; without dims, as if flattened."""
    by = tuple(shifts) if isinstance(shifts, Sequence) else (shifts,)
    if dims is None:
        return Roll.apply(input, shifts=by, axes=None)
    axes = tuple(axis_in("roll", d, input.array.ndim) for d in (dims if isinstance(dims, Sequence) else (dims,)))
    if len(axes) != len(by):
        raise ShapeError(f"roll: shifts and dims must be as many: {by} and {axes}")
    return Roll.apply(input, shifts=by, axes=axes)
