"""Tensors put together and taken apart: cat, stack, split, chunk, unbind and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, DTypeError, ShapeError, explain
from tinycnn.ops.arguments import checked
from tinycnn.ops.promotion import cast, common_dtype
from tinycnn.ops.shaping import reshape, squeeze
from tinycnn.shapes import as_shape, axis_in, existing_axis, integer

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Cat(Op):
    """y = the xᵢ one after another along `axis`, empty vectors left out;   x̄ᵢ = the part of ȳ where xᵢ went"""

    def forward(ctx, *xs: Array, axis: int) -> Array:
        return ctx.xp.concatenate([x for x in xs if x.shape != (0,)] or xs, axis=axis)

    def backward(ctx, g: Tensor, *, axis: int) -> Any:
        parts = split(g, [0 if shape == (0,) else shape[axis] for shape in ctx.shapes], axis)
        return tuple(reshape(part, shape) for part, shape in zip(parts, ctx.shapes, strict=True))


class Split(Op):
    """The parts yᵢ of x along `axis` that have these sizes, views;   x̄ = the ȳᵢ one after another; adjoint of `Cat`"""

    view = True

    def forward(ctx, x: Array, *, axis: int, sizes: Sequence[int]) -> Any:
        ctx.results = tuple(f"y{i}" for i in range(len(sizes)))
        whole, ends = (slice(None),) * axis, accumulate(sizes)
        return tuple(x[(*whole, slice(end - size, end))] for size, end in zip(sizes, ends, strict=True))

    def backward(ctx, *gs: Tensor, axis: int) -> Tensor: return Cat.apply(*gs, axis=axis)


class Stack(Op):
    """y = the xᵢ side by side along a new dimension `axis`;   x̄ᵢ = the i-th slice of ȳ"""

    def forward(ctx, *xs: Array, axis: int) -> Array: return ctx.xp.stack(xs, axis=axis)
    def backward(ctx, g: Tensor, *, axis: int) -> Any: return unbind(g, axis)


# Together ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(op: str, tensors: Any) -> list[Tensor]:
    """The tensors of a tuple or a list, which must have some and nothing else."""
    if not isinstance(tensors, tuple | list):
        raise ArgumentError(f"{op}: takes a tuple or a list of Tensors, not {type(tensors).__name__}")
    for place, x in enumerate(tensors):
        if not is_tensor(x):
            raise ArgumentError(f"{op}: takes Tensors alone, but number {place} is {type(x).__name__}")
    if not tensors:
        raise ShapeError(f"{op}: expected a non-empty list of Tensors")
    return list(tensors)


@checked
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along `dim`; their other sizes must agree. Vectors without elements join anything.

    Examples
    --------
    >>> import tinycnn
    >>> tinycnn.cat([tinycnn.tensor([1, 2]), tinycnn.tensor([0.5])])
    tensor([1.0000, 2.0000, 0.5000])
    """
    given = _listed("cat", tensors)
    xs = [x for x in given if x.array.shape != (0,)] or given
    if any(not x.array.ndim for x in xs):
        raise ShapeError("cat: tensors without dimensions cannot be concatenated; use stack")
    rank = xs[0].array.ndim
    axis = axis_in("cat", dim, rank)
    for x in xs:
        if x.array.ndim != rank or any(
            a != b for i, (a, b) in enumerate(zip(x.array.shape, xs[0].array.shape, strict=True)) if i != axis
        ):
            raise ShapeError(
                explain(
                    f"cat: sizes of tensors must match except in dimension {axis}",
                    {f"tensor {i}": t.array.shape for i, t in enumerate(xs)},
                )
            )
    dtype = common_dtype(*given)
    return Cat.apply(*(cast(x, dtype) for x in given), axis=axis)


@checked
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension."""
    xs = _listed("stack", tensors)
    axis = axis_in("stack", dim, xs[0].array.ndim + 1)
    if len({x.array.shape for x in xs}) > 1:
        raise ShapeError(
            explain(
                "stack: expects each tensor to be equal size",
                {f"tensor {i}": x.array.shape for i, x in enumerate(xs)},
            )
        )
    dtype = common_dtype(*xs)
    return Stack.apply(*(cast(x, dtype) for x in xs), axis=axis)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one after another: along their columns, or vectors and numbers along the only dimension."""
    xs = [x if x.array.ndim else reshape(x, (1,)) for x in _listed("hstack", tensors)]
    return cat(xs, 0 if xs[0].array.ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one above the other; a vector is a row."""
    return cat([x if x.array.ndim > 1 else reshape(x, (1, -1)) for x in _listed("vstack", tensors)])


# Apart ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given size, the last maybe smaller, or of the given sizes, which must sum to the whole. Views."""
    if isinstance(split_size_or_sections, tuple | list):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size, (axis, n) = integer("split", "split_size", split_size_or_sections), _along("split", tensor, dim)
    if size < 0 or (n and not size):
        raise ShapeError(f"split: split_size must be positive, not {size}")
    return Split.apply_all(tensor, axis=axis, sizes=[min(size, n - start) for start in range(0, n, size)] if n else [0])


@checked
def split_with_sizes(tensor: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given sizes, which must sum to the whole. Views."""
    sizes, (axis, n) = as_shape("split", split_sizes, "split_sizes"), _along("split", tensor, dim)
    if sum(sizes) != n or min(sizes, default=0) < 0:
        raise ShapeError(f"split: the sizes {list(sizes)} must sum to {n}, the size of dimension {axis}")
    return Split.apply_all(tensor, axis=axis, sizes=sizes)


@checked
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size, the last maybe smaller. Views."""
    count, (axis, n) = integer("chunk", "chunks", chunks), _along("chunk", input, dim)
    if count <= 0:
        raise ShapeError(f"chunk: chunks must be positive, not {count}")
    return split(input, max(-(-n // count), 1), axis) if n else Split.apply_all(input, axis=axis, sizes=[0] * count)


@checked
def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """As many parts as said, their sizes differing by 1 at most, or the parts before, between and behind indices."""
    axis, n = _along("tensor_split", input, dim)
    if is_tensor(indices_or_sections):
        indices_or_sections = _as_numbers(indices_or_sections)
    if isinstance(indices_or_sections, tuple | list):
        places = as_shape("tensor_split", indices_or_sections, "indices")
    else:
        count = integer("tensor_split", "sections", indices_or_sections)
        if count <= 0:
            raise ShapeError(f"tensor_split: the number of sections must be positive, not {count}")
        places = tuple(i * (n // count) + min(i, n % count) for i in range(1, count))
    whole = (slice(None),) * axis
    ends = zip((0, *places), (*places, n), strict=True)
    return tuple(input[(*whole, slice(start, end))] for start, end in ends)


def _as_numbers(indices_or_sections: Tensor) -> Any:
    """What a tensor says of where to split: one number, or a list of them."""
    array = indices_or_sections.array
    if array.dtype != "int64":
        raise DTypeError(f"tensor_split: a tensor of indices or sections must be of int64, not {array.dtype}")
    if array.ndim > 1:
        raise ShapeError(f"tensor_split: a tensor of indices is a vector, but its shape is {array.shape}")
    return indices_or_sections.tolist()


def _along(op: str, tensor: Tensor, dim: int) -> tuple[int, int]:
    """The dimension to cut, and its size."""
    if not tensor.array.ndim:
        raise ShapeError(f"{op}: a tensor without dimensions cannot be taken apart")
    axis = axis_in(op, dim, tensor.array.ndim)
    return axis, tensor.array.shape[axis]


@checked
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, that dimension removed. Views."""
    axis = existing_axis("unbind", dim, input.array.ndim)
    parts = Split.apply_all(input, axis=axis, sizes=[1] * input.array.shape[axis])
    return tuple(squeeze(part, axis) for part in parts)
