"""Diagonals of matrices, read and written, and the triangles above and below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ShapeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.copying import clone
from tinycnn.ops.shaping import movedim
from tinycnn.shapes import axis_in, integer

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Diagonal(Op):
    """y[…i] = x[…i, i + offset], below the diagonal x[…i − offset, i], a view;   x̄ = zeros with ȳ on that diagonal"""

    view = True

    def forward(ctx, x: Array, *, offset: int) -> Array: return _diagonal(ctx.xp, x, offset)

    def backward(ctx, g: Tensor, *, offset: int) -> Tensor:
        return DiagonalInto.apply(g, offset=offset, shape=ctx.shapes[0][-2:])


class DiagonalInto(Op):
    """Y = zeros, stacks of matrices of `shape`, with x on the diagonal `offset`; the adjoint of `Diagonal`."""

    def forward(ctx, x: Array, *, offset: int, shape: tuple[int, int]) -> Array:
        y = ctx.xp.zeros((*x.shape[:-1], *shape), dtype=x.dtype)
        _diagonal(ctx.xp, y, offset)[...] = x
        return y

    def backward(ctx, g: Tensor, *, offset: int) -> Tensor: return Diagonal.apply(g, offset=offset)


class Triangle(Op):
    """Y = X with zeros above the diagonal k (`tril`) or below it (`triu`); its own adjoint."""

    def forward(ctx, x: Array, *, by: str, k: int) -> Array: return getattr(ctx.xp, by)(x, k)
    def backward(ctx, g: Tensor, *, by: str, k: int) -> Tensor: return Triangle.apply(g, by=by, k=k)


def _diagonal(xp: Any, x: Array, offset: int) -> Array:
    """A view of the diagonal: one step along it is one step along each of the last two dimensions."""
    below = x[..., max(-offset, 0) :, max(offset, 0) :]
    shape = (*below.shape[:-2], min(below.shape[-2:]))
    return xp.lib.stride_tricks.as_strided(below, shape, (*below.strides[:-2], sum(below.strides[-2:])))


@checked
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal over dim1 and dim2, as a last dimension; `offset` counts to the right of the main one. A view."""
    rank = input.array.ndim
    axes = axis_in("diagonal", dim1, rank, "dim1"), axis_in("diagonal", dim2, rank, "dim2")
    if axes[0] == axes[1]:
        raise ShapeError(f"diagonal: dim1 and dim2 must be two dimensions, not {dim1} and {dim2}")
    return Diagonal.apply(movedim(input, axes, (-2, -1)), offset=integer("diagonal", "offset", offset))


@checked
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A vector as the diagonal of a square matrix of zeros, or a copy of a matrix's diagonal."""
    k, rank = integer("diag", "diagonal", diagonal), input.array.ndim
    if rank not in (1, 2):
        raise ShapeError(f"diag: takes a vector or a matrix, not {rank} dimensions; diagonal() takes more")
    if rank == 2:
        return clone(Diagonal.apply(input, offset=k))
    size = input.array.shape[0] + abs(k)
    return DiagonalInto.apply(input, offset=k, shape=(size, size))


@checked
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.array.ndim != 2:
        raise ShapeError(f"trace: takes a matrix, not {input.array.ndim} dimensions")
    return Diagonal.apply(input, offset=0).sum()


@checked
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above the diagonal."""
    return _triangle("tril", input, diagonal)


@checked
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below the diagonal."""
    return _triangle("triu", input, diagonal)


def _triangle(by: str, input: Tensor, diagonal: int) -> Tensor:
    if input.array.ndim < 2:
        raise ShapeError(f"{by}: takes matrices, and stacks of them, not {input.array.ndim} dimensions")
    return Triangle.apply(input, by=by, k=integer(by, "diagonal", diagonal))
