"""Reading and writing elements by index: slices, integer and boolean arrays, gather and scatter.

Reading and adding back are adjoint: GetItem with ScatterInto, Gather with ScatterZeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.autograd import grad_mode
from tinycnn.autograd.inplace import adopt, check_recordable, check_writable
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import DTypeError, ShapeError, explain
from tinycnn.ops.expansion import expand
from tinycnn.ops.indices import check_index, steps_of
from tinycnn.ops.promotion import cast
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import axis_in

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class GetItem(Op):
    """y = x[index],   x̄ = zeros with ȳ added at [index]; a view for slices and integers"""

    view = True

    def forward(ctx, x: Array, *, index: Any) -> Array: return x[index]
    def backward(ctx, g: Tensor, *, index: Any) -> Tensor: return ScatterInto.apply(g, index=index, shape=ctx.shapes[0])


class ScatterInto(Op):
    """y = zeros of `shape` with x added at [index], twice where the index says so twice; the adjoint of `GetItem`."""

    def forward(ctx, x: Array, *, index: Any, shape: tuple[int, ...]) -> Array:
        if _names_each_once(index):
            y = ctx.xp.zeros(shape, dtype=x.dtype)
            y[index] = x
            return y
        return ctx.kernels.scatter_add(shape, index, x)

    def backward(ctx, g: Tensor, *, index: Any, shape: tuple[int, ...]) -> Tensor: return GetItem.apply(g, index=index)


class SetItem(Op):
    """y = x with v written at x[index], in x's own memory;   x̄ = ȳ with zeros there, v̄ = ȳ[index]"""

    def forward(ctx, x: Array, v: Array, *, steps: tuple[Any, ...]) -> Array:
        _assign(ctx.xp, x, steps, v)
        return x

    def backward(ctx, g: Tensor, *, steps: tuple[Any, ...]) -> Any:
        gx = gv = None
        if ctx.needs_input_grad[0]:
            keep = ctx.xp.ones(g.array.shape, dtype=g.array.dtype)
            _at(keep, steps[:-1])[steps[-1]] = 0
            gx = g * wrap(keep)
        if ctx.needs_input_grad[1]:
            gv = _read(g, steps)
        return gx, gv


class Gather(Op):
    """y[…i…] = x[…index[…i…]…] along `axis`;   x̄ = zeros with ȳ added where it was read"""

    def forward(ctx, x: Array, index: Array, *, axis: int) -> Array: return x[_grid(ctx.xp, index, axis)]

    def backward(ctx, g: Tensor, index: Tensor, *, axis: int) -> Any:
        return ScatterZeros.apply(g, index, axis=axis, shape=ctx.shapes[0]), None


class ScatterZeros(Op):
    """y = zeros of `shape` with y[…index[…i…]…] += x[…i…] along `axis`; the adjoint of `Gather`"""

    def forward(ctx, x: Array, index: Array, *, axis: int, shape: tuple[int, ...]) -> Array:
        return ctx.kernels.scatter_add(shape, _grid(ctx.xp, index, axis), x)

    def backward(ctx, g: Tensor, index: Tensor, *, axis: int, shape: tuple[int, ...]) -> Any:
        return Gather.apply(g, index, axis=axis), None


def _grid(xp: Any, index: Array, axis: int) -> tuple[Array, ...]:
    """Indices for every dimension: `index` along `axis`, the element's own place along the others."""
    places = []
    for dim, size in enumerate(index.shape):
        shape = [1] * index.ndim
        shape[dim] = size
        places.append(index if dim == axis else xp.arange(size).reshape(shape))
    return tuple(places)


def _at(array: Array, steps: tuple[Any, ...]) -> Array:
    """array[first][second]…"""
    for step in steps:
        array = array[step]
    return array


def _read(x: Tensor, steps: tuple[Any, ...]) -> Tensor:
    for step in steps:
        x = GetItem.apply(x, index=step)
    return x


def _assign(xp: Any, x: Array, steps: tuple[Any, ...], v: Array) -> None:
    v = v.copy() if xp.may_share_memory(x, v) else v  # a GPU moves elements in any order
    _at(x, steps[:-1])[steps[-1]] = v


def _names_each_once(index: tuple[Any, ...]) -> bool:
    return all(not hasattr(i, "dtype") or i.dtype.kind == "b" for i in index)


def getitem(input: Tensor, index: Any) -> Tensor:
    """x[index] as in PyTorch and NumPy: a view for slices and integers, a copy for integer and boolean arrays."""
    steps = steps_of(index, input.backend, input.array.shape)
    try:
        return _read(input, steps)
    except IndexError as error:
        raise IndexError(f"{error} (tensor of shape {tuple(input.array.shape)})") from None


def setitem(input: Tensor, index: Any, value: Any, op: str = "index assignment") -> None:
    """x[index] = value, recorded if either is part of the graph."""
    xp = input.backend.xp
    check_writable(op, input)
    steps = steps_of(index, input.backend, input.array.shape)
    if not is_tensor(value):
        if isinstance(value, float) and input.array.dtype.kind in "iu":
            value = int(value)  # an assignment converts, as in PyTorch
        value = wrap(xp.asarray(np.asarray(value), dtype=input.array.dtype))
    recorded = grad_mode.is_grad_enabled() and (input._requires_grad or value._requires_grad)
    if value.backend is not input.backend:
        value = value.to(input.device)
    try:
        if recorded:
            check_recordable(op, input)
            place = _at(input.array, steps).shape
            value = cast(value, input.array.dtype)
            while value.array.ndim > len(place) and value.array.shape[0] == 1:
                value = reshape(value, value.array.shape[1:])
            result = SetItem.apply(input, expand(value, place), steps=steps)
        else:
            _assign(xp, input.array, steps, value.array)
    except ValueError:  # NumPy's, or our own ShapeError
        raise ShapeError(
            explain(
                f"{op}: the value does not fit the place",
                {"place": _at(input.array, steps).shape, "value": value.array.shape},
            )
        ) from None
    input._bump_version()
    if recorded:
        adopt(input, result)


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """x[:, …, index], the dimension removed."""
    axis = axis_in("select", dim, input.array.ndim)
    return getitem(input, (slice(None),) * axis + (index,))


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """x[:, …, start : start + length]."""
    axis = axis_in("narrow", dim, input.array.ndim)
    size = input.array.shape[axis]
    start = start + size if start < 0 else start
    if not 0 <= start <= size or length < 0 or start + length > size:
        raise ShapeError(f"narrow: start {start} and length {length} reach past dimension {dim} of size {size}")
    return GetItem.apply(input, index=(slice(None),) * axis + (slice(start, start + length),))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that `index`, a vector of integers, names."""
    axis = axis_in("index_select", dim, input.array.ndim)
    return getitem(input, (slice(None),) * axis + (index,))


def _fitting(op: str, input: Tensor, dim: int, index: Tensor) -> int:
    axis = axis_in(op, dim, input.array.ndim)
    if index.array.dtype.kind not in "iu":
        raise DTypeError(f"{op}: expected an index of type int64, but got {index.array.dtype}")
    if index.array.ndim != input.array.ndim or any(
        i > n for d, (i, n) in enumerate(zip(index.array.shape, input.array.shape, strict=True)) if d != axis
    ):
        raise ShapeError(
            explain(
                f"{op}: the index must have the input's rank, and be no larger but along dim {axis}",
                {"input": input.array.shape, "index": index.array.shape},
            )
        )
    check_index(op, index, input.array.shape[axis], 0)
    return axis


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and so on: picks along one dimension."""
    if not input.array.ndim:
        return reshape(gather(reshape(input, (1,)), 0, reshape(index, (-1,))), index.array.shape)
    return Gather.apply(input, index, axis=_fitting("gather", input, dim, index))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with src[i][j][k] added at [index[i][j][k]][j][k] for dim 0, and so on; the adjoint of `gather`."""
    axis = _fitting("scatter_add", input, dim, index)
    ours, theirs = index.array.shape, src.array.shape
    if len(ours) != len(theirs) or any(i > n for i, n in zip(ours, theirs, strict=True)):
        raise ShapeError(
            explain(
                "scatter_add: the index must be no larger than src in any dimension",
                {"index": ours, "src": theirs},
            )
        )
    part = getitem(src, tuple(slice(n) for n in ours))
    return input + ScatterZeros.apply(part, index, axis=axis, shape=input.array.shape)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of elements that are not zero: a row for each, or a tuple of vectors, one for each dimension."""
    array = input.array if input.array.ndim else input.array.reshape(1)
    found = input.backend.xp.nonzero(array)
    if as_tuple:
        return tuple(wrap(places) for places in found)
    return wrap(input.backend.xp.stack(found, axis=1).astype("int64")[:, : input.array.ndim])
