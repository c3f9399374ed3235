"""Reading and writing elements by index: slices, integers, None, Ellipsis, integer and boolean arrays.

Reading and adding back are adjoint: GetItem and ScatterInto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import dtypes
from tinycnn.autograd import grad_mode
from tinycnn.autograd.inplace import adopt, check_recordable, check_writable
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, explain
from tinycnn.ops.arguments import checked
from tinycnn.ops.choice import where
from tinycnn.ops.expansion import stretched
from tinycnn.ops.indices import is_array, steps_of
from tinycnn.ops.promotion import cast, stored
from tinycnn.ops.shaping import reshape
from tinycnn.shapes import axis_in, broadcast, existing_axis, integer

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
            written = ctx.xp.zeros(g.array.shape, dtype="bool")
            _at(written, steps[:-1])[steps[-1]] = True
            gx = where(wrap(written), 0.0, g)
        if ctx.needs_input_grad[1]:
            gv = _read(g, steps)
        return gx, gv


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
    once = [slice(0, 1) if stride == 0 else slice(None) for stride in v.strides]  # what was expanded is one value
    v = v[(*once, ...)]
    v = v.copy() if xp.may_share_memory(x, v) else v  # a GPU moves elements in any order
    _at(x, steps[:-1])[steps[-1]] = v


def _is_same_memory(xp: Any, a: Array, b: Array) -> bool:
    """Whether the two arrays are the same elements of the same memory."""
    first = (*[slice(0, 1)] * a.ndim, ...)
    return a.shape == b.shape and a.strides == b.strides and bool(xp.may_share_memory(a[first], b[first]))


def _names_each_once(index: tuple[Any, ...]) -> bool:
    return all(not hasattr(i, "dtype") or i.dtype.kind == "b" for i in index)


def getitem(input: Tensor, index: Any, op: str = "index") -> Tensor:
    """x[index] as in PyTorch and NumPy: a view for slices and integers, a copy for integer and boolean arrays."""
    try:
        steps = steps_of(index, input.backend, input.array.shape)
    except IndexError as error:
        raise _told(op, error, input) from None
    try:
        return _read(input, steps)
    except (IndexError, ValueError) as error:  # masks that do not go together, in NumPy's words or CuPy's
        raise _told(op, error, input) from None


def _told(op: str, error: Exception, input: Tensor) -> IndexRangeError:
    """What NumPy, or `steps_of`, has to say about an index, under the op's name and with the tensor's shape."""
    return IndexRangeError(f"{op}: {str(error).removeprefix('index: ')} (tensor of shape {tuple(input.array.shape)})")


def setitem(input: Tensor, index: Any, value: Any, op: str = "index assignment") -> None:
    """x[index] = value, recorded if either is part of the graph.

    The value is a Tensor, a number or a NumPy array; it is broadcast to the place, and converted to x's dtype. Only of
    a Tensor that is written where an array says, PyTorch, and so we, expect the same dtype.
    """
    try:
        assign(op, input, steps_of(index, input.backend, input.array.shape), value)
    except IndexError as error:
        raise _told(op, error, input) from None


def assign(op: str, input: Tensor, steps: tuple[Any, ...], value: Any) -> None:
    """`setitem` of an index that was looked at before, and brought into steps."""
    place = _at(input.array, steps) if not any(map(is_array, steps[-1])) else None  # a view
    check_writable(op, input if place is None else wrap(place))
    _set(op, input, steps, _assigned(op, input, steps, value))


def _assigned(op: str, input: Tensor, steps: tuple[Any, ...], value: Any) -> Tensor:
    """What is assigned, as a Tensor of input's dtype and device."""
    dtype = input.array.dtype
    if not is_tensor(value):
        if isinstance(value, np.ndarray):
            dtypes.as_dtype(value.dtype)  # refuses text, objects, complex numbers
        elif not isinstance(value, bool | int | float | np.generic):
            raise ArgumentError(f"{op}: takes a Tensor, a number or a NumPy array, not {type(value).__name__}")
        else:
            value = stored(op, value.item() if isinstance(value, np.generic) else value, dtype)
        with np.errstate(all="ignore"):
            return wrap(input.backend.asarray(np.asarray(value).astype(dtype)))
    arrays = [part for part in steps[-1] if is_array(part)]
    filling = value.array.size == 1 and len(arrays) == 1 and arrays[0].dtype.kind == "b"
    if arrays and value.array.dtype != dtype and not filling:
        raise DTypeError(
            f"{op}: a tensor written where an array says must have the dtype of the one it is written to, {dtype}, not"
            f" {value.array.dtype}; convert it with .to(x.dtype)"
        )
    return value if value.backend is input.backend else value.to(input.device)


def _set(op: str, input: Tensor, steps: tuple[Any, ...], value: Tensor) -> None:
    wanted = input._in_graph() or (value._requires_grad and input.array.dtype.kind == "f")
    recorded = grad_mode.is_grad_enabled() and wanted
    try:
        if recorded:
            place = _at(input.array, steps)
            if _is_same_memory(input.backend.xp, place, value.array):  # x[i] += v writes into x[i], then assigns that
                value._give_back()
            check_recordable(op, input)
            value = cast(value, input.array.dtype)
            while value.array.ndim > place.ndim and value.array.shape[0] == 1:
                value = reshape(value, value.array.shape[1:])
            result = SetItem.apply(input, stretched(value, place.shape), steps=steps)
        else:
            _assign(input.backend.xp, input.array, steps, value.array)
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


@checked
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """x[:, …, index], the dimension removed. A view."""
    axis = existing_axis("select", dim, input.array.ndim)
    return getitem(input, (slice(None),) * axis + (integer("select", "index", index),), "select")


@checked
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """x[:, …, start : start + length]. A view."""
    if not input.array.ndim:
        raise ShapeError("narrow: a tensor without dimensions cannot be narrowed")
    axis = axis_in("narrow", dim, input.array.ndim)
    size, first, count = input.array.shape[axis], integer("narrow", "start", start), integer("narrow", "length", length)
    if not -size <= first <= size:
        raise IndexRangeError(f"narrow: start {first} is out of range for dimension {axis} of size {size}")
    first = first + size if first < 0 else first
    if count < 0 or first + count > size:
        raise ShapeError(f"narrow: start {first} and length {count} reach past dimension {axis} of size {size}")
    return GetItem.apply(input, index=(slice(None),) * axis + (slice(first, first + count),))


@checked
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, as a vector; input and mask are broadcast to one shape."""
    if mask.array.dtype != "bool":
        raise DTypeError(f"masked_select: expected a mask of booleans, not {mask.array.dtype}")
    shape = broadcast("masked_select", input.array.shape, mask.array.shape)
    return getitem(stretched(input, shape), stretched(mask, shape)) if shape else getitem(input, mask)


@checked
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of elements that are not zero: a row for each, or a tuple of vectors, one for each dimension."""
    array = input.array if input.array.ndim else input.array.reshape(1)
    found = input.backend.xp.nonzero(array)
    if as_tuple:
        return tuple(wrap(places) for places in found)
    return wrap(input.backend.xp.stack(found, axis=1).astype("int64")[:, : input.array.ndim])
