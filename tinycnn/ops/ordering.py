"""Which element is largest, and which comes where: indices, and what stands at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import int64
from tinycnn.errors import ShapeError
from tinycnn.ops.arithmetic import sub
from tinycnn.ops.indexing import Gather, narrow
from tinycnn.ops.promotion import cast
from tinycnn.ops.shaping import flip, reshape
from tinycnn.shapes import axis_in

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class ValuesIndices(NamedTuple):
    """What max, min, sort and topk along a dimension return; unpacks as ``values, indices``."""

    values: Any
    indices: Any


class Arg(Op):
    """An ordering's indices (argmax, argmin, argsort), by xp's name: the first of equals; NaN wins, and sorts last."""

    constants = ("y",)

    def forward(ctx, x: Array, *, by: str, axis: int, options: dict[str, Any]) -> Array:
        return getattr(ctx.xp, by)(x, axis=axis, **options).astype("int64", copy=False)


def taken(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """`gather` of indices that were just found, and so need no look at their range."""
    return Gather.apply(input, index, axis=axis_in("gather", dim, input.array.ndim)) if input.array.ndim else input


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first largest element, along `dim` or of the flattened tensor."""
    return arg_extreme("argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """The index of the first smallest element, along `dim` or of the flattened tensor."""
    return arg_extreme("argmin", input, dim, keepdim)


def arg_extreme(by: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """What `argmax` and `argmin` have in common; `by` is the name of one."""
    x = reshape(input, (-1,)) if dim is None else input
    axis = 0 if dim is None else axis_in(by, dim, x.array.ndim)
    if not x.array.ndim:
        x = reshape(x, (1,))
    if not x.array.shape[axis]:
        raise IndexError(f"{by}: expected reduction dim {axis} to have elements; the shape is {input.array.shape}")
    y = Arg.apply(x, by=by, axis=axis, options={})
    shape = input.array.shape
    if keepdim:
        return reshape(y, tuple(1 if dim is None or i == axis else n for i, n in enumerate(shape)))
    return reshape(y, ()) if dim is None or not shape else y


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The indices that sort along `dim`; equals keep their order."""
    axis = axis_in("argsort", dim, input.array.ndim)
    if not input.array.ndim:
        return cast(input * 0, int64)
    if not descending:
        return Arg.apply(input, by="argsort", axis=axis, options={"kind": "stable"})
    order = Arg.apply(flip(input, (axis,)), by="argsort", axis=axis, options={"kind": "stable"})
    return sub(input.array.shape[axis] - 1, flip(order, (axis,)))


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> ValuesIndices:
    """(values, indices) sorted along `dim`."""
    index = argsort(input, dim, descending)
    return ValuesIndices(taken(input, dim, index), index)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The k largest (or smallest) along `dim`, in order: (values, indices)."""
    axis = axis_in("topk", dim, input.array.ndim)
    n = input.array.shape[axis] if input.array.ndim else 1
    if not 0 <= k <= n:
        raise ShapeError(f"topk: selected index k = {k} out of range for a dimension of size {n}")
    if not input.array.ndim:
        return ValuesIndices(input, argsort(input))
    index = narrow(argsort(input, axis, largest), axis, 0, k)
    return ValuesIndices(taken(input, axis, index), index)
