"""Operations that move elements without computing: reshape, permute, squeeze, flip, roll and their kin.

Each undoes itself on the way back. Most results are views: they look at the input's memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn import dtypes
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, DTypeError, ShapeError, explain
from tinycnn.ops.arguments import checked
from tinycnn.ops.copying import clone, contiguous
from tinycnn.shapes import as_shape, axes_in, axis_in, existing_axis, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Reshape(Op):
    """The same elements in the same order, in another shape; back to the old one."""

    view = True

    def forward(ctx, x: Array, *, shape: tuple[int, ...]) -> Array: return x.reshape(shape)
    def backward(ctx, g: Tensor) -> Tensor: return Reshape.apply(g, shape=ctx.shapes[0])


class Reinterpret(Op):
    """The same bytes read as numbers of another dtype, which has no derivative."""

    view = True
    constants = ("y",)

    def forward(ctx, x: Array, *, dtype: Any) -> Array: return x.view(dtype)


class Permute(Op):
    """The dimensions in another order; back by the inverse permutation."""

    view = True

    def forward(ctx, x: Array, *, dims: tuple[int, ...]) -> Array: return x.transpose(dims)

    def backward(ctx, g: Tensor, *, dims: tuple[int, ...]) -> Tensor:
        return Permute.apply(g, dims=tuple(sorted(range(len(dims)), key=dims.__getitem__)))


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


@checked
def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in another shape; one size may be −1 and is worked out. A view where the strides allow it.

    Examples
    --------
    >>> import tinycnn
    >>> tinycnn.reshape(tinycnn.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return _reshaped("reshape", input, shape)


def _reshaped(op: str, input: Tensor, shape: Sequence[int]) -> Tensor:
    return Reshape.apply(input, shape=_filled_in(op, input.array.shape, as_shape(op, shape, "shape")))


def _filled_in(op: str, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    """The new shape, its −1 replaced; ShapeError unless it holds as many elements as the old."""
    if new == old:
        return new
    count = product(old)
    known = product([n for n in new if n != -1])
    works_out = new.count(-1) == 1 and known and count % known == 0
    full = tuple(count // known if n == -1 else n for n in new) if works_out else new
    if product(full) != count or min(full, default=0) < 0:
        raise ShapeError(
            explain(
                f"{op}: shape {list(new)} is invalid for input of size {count}",
                {"input": old, "shape": new},
                "the sizes must multiply to the number of elements; at most one may be -1",
            )
        )
    return full


@checked
def view(input: Tensor, size: Any = None, dtype: Any = None) -> Tensor:
    """`reshape`: a view wherever one is possible. Where the strides forbid it, this copies and PyTorch's raises.

    Of a dtype instead of a size, the same bytes read as numbers of that type.
    """
    wanted = size if dtype is None else dtype
    if wanted is None or (size is not None and dtype is not None):
        raise ArgumentError("view: takes a size or a dtype, one of the two")
    return _reshaped("view", input, wanted) if isinstance(wanted, tuple | list) else _reinterpreted(input, wanted)


def _reinterpreted(input: Tensor, dtype: Any) -> Tensor:
    new, array = dtypes.as_dtype(dtype), input.array
    old_size, new_size = array.dtype.itemsize, new.itemsize
    if old_size == new_size:
        return Reinterpret.apply(input, dtype=new)
    rows = [stride for stride, size in zip(array.strides[:-1], array.shape[:-1], strict=True) if size > 1]
    if (
        not array.ndim
        or array.strides[-1] != old_size
        or (array.shape[-1] * old_size) % new_size
        or any(stride % new_size for stride in rows)
    ):
        raise DTypeError(
            explain(
                f"view: {old_size} bytes an element cannot be read as {new}, which has {new_size}",
                {"shape": array.shape, "dtype": array.dtype},
                "the last dimension must lie in one piece, and hold whole elements of the new type; to convert"
                " values use x.to(dtype)",
            )
        )
    return Reinterpret.apply(input, dtype=new)


@checked
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` in other's shape."""
    return reshape(input, other.array.shape)


@checked
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(contiguous(input), (-1,))


@checked
def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The dimensions in the order `dims`."""
    order, rank = as_shape("permute", dims, "dims"), input.array.ndim
    if len(order) != rank:
        raise ShapeError(f"permute: dims {order} must name each of the {rank} dimensions of {input.array.shape} once")
    axes = tuple(axis_in("permute", d, rank) for d in order)
    if len(set(axes)) < rank:
        raise ShapeError(f"permute: dims {order} name one of the {rank} dimensions of {input.array.shape} twice")
    return Permute.apply(input, dims=axes)


@checked
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Dimensions dim0 and dim1 exchanged."""
    rank = input.array.ndim
    a, b = axis_in("transpose", dim0, rank, "dim0"), axis_in("transpose", dim1, rank, "dim1")
    dims = list(range(rank))
    if rank:
        dims[a], dims[b] = b, a
    return Permute.apply(input, dims=tuple(dims))


@checked
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name."""
    return transpose(input, axis0, axis1)


@checked
def t(input: Tensor) -> Tensor:
    """A matrix transposed; fewer dimensions stay as they are."""
    if input.array.ndim > 2:
        raise ShapeError(f"t: expects a tensor of at most 2 dimensions, not {input.array.ndim}; use transpose or mT")
    return transpose(input, 0, -1)


@checked
def mT(input: Tensor) -> Tensor:
    """The last two dimensions exchanged: each matrix of a stack transposed."""
    if input.array.ndim == 1:
        raise ShapeError("mT: transposes matrices, and stacks of them; this tensor has one dimension")
    return transpose(input, -1, -2) if input.array.ndim else transpose(input, 0, 0)


@checked
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """The dimensions `source` moved to the places `destination`, the others kept in order."""
    if isinstance(source, tuple | list) != isinstance(destination, tuple | list):
        raise ArgumentError("movedim: source and destination must both be integers, or both tuples of integers")
    rank, pair = input.array.ndim, (_several(source), _several(destination))
    if len(pair[0]) != len(pair[1]):
        raise ShapeError(f"movedim: source and destination must be as many: {pair[0]} and {pair[1]}")
    moved, places = (tuple(axis_in("movedim", d, rank) for d in dims) for dims in pair)
    if len(set(moved)) < len(moved) or len(set(places)) < len(places):
        raise ShapeError(f"movedim: a dimension is named twice, in source {pair[0]} or in destination {pair[1]}")
    order = [d for d in range(rank) if d not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        order.insert(place, axis)
    return Permute.apply(input, dims=tuple(order[:rank]))


def _several(numbers: Any) -> tuple[Any, ...]:
    return tuple(numbers) if isinstance(numbers, tuple | list) else (numbers,)


@checked
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Dimensions of size 1 taken away: all of them, or those named."""
    shape = input.array.shape
    axes = range(len(shape)) if dim is None else axes_in("squeeze", dim, len(shape)) if _several(dim) else ()
    return reshape(input, tuple(n for i, n in enumerate(shape) if n != 1 or i not in axes))


@checked
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 put in at `dim`."""
    shape = list(input.array.shape)
    shape.insert(axis_in("unsqueeze", dim, len(shape) + 1), 1)
    return reshape(input, shape)


@checked
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim made one."""
    shape = input.array.shape
    first = axis_in("flatten", start_dim, len(shape), "start_dim")
    last = axis_in("flatten", end_dim, len(shape), "end_dim")
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if first == last and shape:
        return input
    return Reshape.apply(input, shape=(*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]))


@checked
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` split into several; one of `sizes` may be −1."""
    shape, parts = input.array.shape, as_shape("unflatten", sizes, "sizes")
    axis = axis_in("unflatten", dim, len(shape))
    if not parts:
        raise ShapeError("unflatten: sizes must not be empty")
    try:
        parts = _filled_in("unflatten", shape[axis : axis + 1] or (1,), parts)
    except ShapeError:
        raise ShapeError(
            f"unflatten: sizes {parts} do not multiply up to the size of dim {dim}, {(*shape, 1)[axis]}"
        ) from None
    return reshape(input, (*shape[:axis], *parts, *shape[axis + 1 :]))


@checked
def flip(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The order along `dims` reversed; always a copy."""
    given = as_shape("flip", dims, "dims")
    return Flip.apply(input, axes=axes_in("flip", given, input.array.ndim) if given else ())


@checked
def fliplr(input: Tensor) -> Tensor:
    """A matrix with its columns in reverse order."""
    return _turned("fliplr", input, 1)


@checked
def flipud(input: Tensor) -> Tensor:
    """A matrix with its rows in reverse order."""
    return _turned("flipud", input, 0)


def _turned(op: str, input: Tensor, dim: int) -> Tensor:
    if input.array.ndim <= dim:
        raise ShapeError(f"{op}: needs at least {dim + 1} dimensions, not {input.array.ndim}")
    return flip(input, (dim,))


@checked
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved on by `shifts` along `dims`, round and round; without dims, as if flattened."""
    by = as_shape("roll", _several(shifts), "shifts")
    along = () if dims is None else as_shape("roll", _several(dims), "dims")
    if not along and len(by) == 1:
        return Roll.apply(input, shifts=by, axes=None)
    if len(along) != len(by) or not by:
        raise ShapeError(f"roll: shifts and dims must be as many: {by} and {along}")
    if not input.array.size:
        return clone(input)
    return Roll.apply(input, shifts=by, axes=tuple(existing_axis("roll", d, input.array.ndim) for d in along))
