"""Which element is largest, and which comes where: indices, and what stands at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import int64
from tinycnn.errors import DTypeError, IndexRangeError, ShapeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.arithmetic import sub, zeros_like
from tinycnn.ops.copying import clone
from tinycnn.ops.indexing import narrow
from tinycnn.ops.promotion import cast
from tinycnn.ops.scattering import Gather
from tinycnn.ops.shaping import flip, reshape, squeeze
from tinycnn.shapes import axis_in, integer

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class ValuesIndices(NamedTuple):
    """What max, min, sort and topk along a dimension return; unpacks as ``values, indices``."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\nvalues={self.values!r},\nindices={self.indices!r})"


class Arg(Op):
    """An ordering's indices (argmax, argmin, argsort), by xp's name: the first of equals; NaN wins, and sorts last."""

    constants = ("y",)

    def forward(ctx, x: Array, *, by: str, axis: int, options: dict[str, Any]) -> Array:
        return getattr(ctx.xp, by)(x, axis=axis, **options).astype("int64", copy=False)

    def winners(ctx, y: Array, x: Array, *, by: str, axis: int, options: dict[str, Any]) -> Array: return y


def taken(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """`gather` of indices that were just found, and so need no look at their range."""
    if not input.array.ndim:
        return clone(input)
    return Gather.apply(input, index, axis=axis_in("gather", dim, input.array.ndim))


@checked
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first largest element, along `dim` or of the flattened tensor."""
    return _index_of("argmax", input, dim, keepdim)


@checked
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first smallest element, along `dim` or of the flattened tensor."""
    return _index_of("argmin", input, dim, keepdim)


def _index_of(op: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if input.array.dtype.kind == "b":
        raise DTypeError(f"{op}: booleans have no order; say x.int() to find the first True")
    return arg_extreme(op, input, dim, keepdim)


def arg_extreme(op: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """The index of the largest or smallest, as the name of the op ends."""
    x, shape = reshape(input, (-1,)) if dim is None else input, input.array.shape
    axis = 0 if dim is None else axis_in(op, dim, x.array.ndim)
    x = x if x.array.ndim else reshape(x, (1,))
    if not x.array.shape[axis]:
        raise IndexRangeError(f"{op}: expected reduction dim {axis} to have elements; the shape is {tuple(shape)}")
    y = Arg.apply(x, by=f"arg{op[-3:]}", axis=axis, options={})
    if keepdim:
        return reshape(y, tuple(1 if dim is None or i == axis else n for i, n in enumerate(shape)))
    return reshape(y, ()) if dim is None or not shape else y


@checked
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that sort along `dim`, NaN as the largest; equals keep their order, `stable` or not."""
    return _order("argsort", input, dim, descending)


def _order(op: str, input: Tensor, dim: int, descending: bool) -> Tensor:
    axis = axis_in(op, dim, input.array.ndim)
    if not input.array.ndim:
        return cast(zeros_like(input), int64)
    if not descending:
        return Arg.apply(input, by="argsort", axis=axis, options={"kind": "stable"})
    order = Arg.apply(flip(input, (axis,)), by="argsort", axis=axis, options={"kind": "stable"})
    return sub(input.array.shape[axis] - 1, flip(order, (axis,)))


@checked
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> ValuesIndices:
    """(values, indices) sorted along `dim`, NaN as the largest; equals keep their order, `stable` or not."""
    index = _order("sort", input, dim, descending)
    return ValuesIndices(taken(input, dim, index), index)


@checked
def msort(input: Tensor) -> Tensor:
    """The values sorted along the first dimension."""
    return sort(input, 0).values


@checked
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The k largest (or smallest) along `dim`, in order, NaN as the largest: (values, indices)."""
    axis, count = axis_in("topk", dim, input.array.ndim), integer("topk", "k", k)
    size = input.array.shape[axis] if input.array.ndim else 1
    if input.array.dtype.kind == "b":
        raise DTypeError("topk: booleans have no order; say x.int()")
    if not 0 <= count <= size:
        raise ShapeError(f"topk: selected index k = {count} out of range for a dimension of size {size}")
    if not input.array.ndim:
        return ValuesIndices(clone(input), argsort(input))
    index = narrow(argsort(input, axis, largest), axis, 0, count)
    return ValuesIndices(taken(input, axis, index), index)


@checked
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The k-th smallest along `dim`, counted from 1, NaN as the largest: (values, indices)."""
    axis, count = axis_in("kthvalue", dim, input.array.ndim), integer("kthvalue", "k", k)
    size = input.array.shape[axis] if input.array.ndim else 1
    if input.array.dtype.kind == "b":
        raise DTypeError("kthvalue: booleans have no order; say x.int()")
    if not size:
        raise IndexRangeError(f"kthvalue: expected dim {axis} to have elements; the shape is {input.array.shape}")
    if not 1 <= count <= size:
        raise ShapeError(f"kthvalue: selected number k = {count} out of range for a dimension of size {size}")
    order = argsort(input, axis)
    index = narrow(order, axis, count - 1, 1) if input.array.ndim else order
    values = taken(input, axis, index)
    return ValuesIndices(values, index) if keepdim else ValuesIndices(squeeze(values, axis), squeeze(index, axis))
