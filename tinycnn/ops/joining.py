"""Tensors put together and taken apart: cat, stack, split, chunk, unbind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ShapeError, explain
from tinycnn.ops.indexing import narrow, select
from tinycnn.ops.promotion import cast, common_dtype
from tinycnn.shapes import axis_in

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Cat(Op):
    """y = the xᵢ one after another along `axis`;   x̄ᵢ = the part of ȳ where xᵢ went"""

    def forward(ctx, *xs: Array, axis: int) -> Array: return ctx.xp.concatenate(xs, axis=axis)

    def backward(ctx, g: Tensor, *, axis: int) -> Any:
        return tuple(split(g, [shape[axis] for shape in ctx.shapes], axis))


class Stack(Op):
    """y = the xᵢ side by side along a new dimension `axis`;   x̄ᵢ = the i-th slice of ȳ"""

    def forward(ctx, *xs: Array, axis: int) -> Array: return ctx.xp.stack(xs, axis=axis)
    def backward(ctx, g: Tensor, *, axis: int) -> Any: return unbind(g, axis)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along `dim`; their other sizes must agree."""
    given = list(tensors)
    if not given:
        raise ShapeError("cat: expected a non-empty list of Tensors")
    xs = [x for x in given if x.array.shape != (0,)] or given[:1]  # PyTorch lets empty vectors join anything
    rank = xs[0].array.ndim
    if rank == 0:
        raise ShapeError("cat: tensors without dimensions cannot be concatenated; use stack")
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
    return Cat.apply(*(cast(x, dtype) for x in xs), axis=axis)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension."""
    xs = list(tensors)
    if not xs:
        raise ShapeError("stack: expected a non-empty list of Tensors")
    if len({x.array.shape for x in xs}) > 1:
        raise ShapeError(
            explain(
                "stack: expects each tensor to be equal size",
                {f"tensor {i}": x.array.shape for i, x in enumerate(xs)},
            )
        )
    dtype = common_dtype(*xs)
    return Stack.apply(*(cast(x, dtype) for x in xs), axis=axis_in("stack", dim, xs[0].array.ndim + 1))


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given size, the last maybe smaller, or of the given sizes, which must sum to the whole."""
    axis = axis_in("split", dim, tensor.array.ndim)
    n = tensor.array.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0 and n:
            raise ShapeError(f"split: split_size must be positive, not {size}")
        sizes = [min(size, n - start) for start in range(0, n, size)] if n else [0]
    else:
        sizes = list(split_size_or_sections)
        if sum(sizes) != n or min(sizes, default=0) < 0:
            raise ShapeError(f"split: the sizes {sizes} must sum to {n}, the size of dimension {axis}")
    parts, start = [], 0
    for size in sizes:
        parts.append(narrow(tensor, axis, start, size))
        start += size
    return tuple(parts)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size, the last maybe smaller."""
    if chunks <= 0:
        raise ShapeError(f"chunk: chunks must be positive, not {chunks}")
    n = input.array.shape[axis_in("chunk", dim, input.array.ndim)]
    return split(input, [0] * chunks, dim) if not n else split(input, max(-(-n // chunks), 1), dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, that dimension removed."""
    axis = axis_in("unbind", dim, input.array.ndim)
    return tuple(select(input, axis, i) for i in range(input.array.shape[axis]))
