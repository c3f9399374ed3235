"""Reading and writing elements by index: slices, integer and boolean arrays, gather and scatter.

Reading and adding back are adjoint: GetItem with ScatterInto, Gather with ScatterAdd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.autograd import grad_mode
from tinycnn.autograd.inplace import adopt, check_recordable, check_writable
from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array, Backend
from tinycnn.errors import DTypeError, ShapeError, explain
from tinycnn.ops.promotion import cast
from tinycnn.ops.shaping import expand, reshape
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
    """y = x with v written at [index], in x's own memory;   x̄ = ȳ with zeros there, v̄ = ȳ[index]"""

    def forward(ctx, x: Array, v: Array, *, index: Any) -> Array:
        _assign(ctx.xp, x, index, v)
        return x

    def backward(ctx, g: Tensor, *, index: Any) -> Any:
        gx = gv = None
        if ctx.needs_input_grad[0]:
            keep = ctx.xp.ones(g.array.shape, dtype=g.array.dtype)
            keep[index] = 0
            gx = g * wrap(keep)
        if ctx.needs_input_grad[1]:
            gv = GetItem.apply(g, index=index)
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


def _assign(xp: Any, x: Array, index: Any, v: Array) -> None:
    x[index] = v.copy() if xp.may_share_memory(x, v) else v  # a GPU moves elements in any order


def _names_each_once(index: tuple[Any, ...]) -> bool:
    return all(not hasattr(i, "dtype") or i.dtype.kind == "b" for i in index)


def prepared(index: Any, backend: Backend, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """An index as the backend takes it: a tuple of integers, slices, None, Ellipsis and arrays of its own."""
    parts = index if isinstance(index, tuple) else (index,)
    ready: list[Any] = []
    for part in parts:
        if is_tensor(part):
            part = part.array
        if isinstance(part, list | range | tuple):
            part = np.asarray([p.item() if is_tensor(p) else p for p in part])
            part = part.astype("int64") if part.size == 0 else part
        if isinstance(part, slice):
            part = slice(*(_integer(i) for i in (part.start, part.stop, part.step)))
            if part.step is not None and part.step <= 0:
                raise ValueError("slice step must be positive; reverse with flip()")
        elif hasattr(part, "dtype"):
            if part.dtype.kind == "f":
                raise IndexError("tensors used as indices must be integers or booleans, not floating point numbers")
            part = part if isinstance(part, np.generic) else backend.asarray(part)
            part = part.astype("int64" if part.dtype == "uint8" else part.dtype)  # a copy, which backward may rely on
        elif part is not None and part is not Ellipsis and not isinstance(part, bool):
            part = _integer(part)
        ready.append(part)
    if sum(map(_consumed, ready)) > len(shape):
        raise IndexError(f"too many indices for a tensor of dimension {len(shape)}")
    _check_range(ready, backend, shape)
    if not any(part is Ellipsis for part in ready):
        ready.append(Ellipsis)  # NumPy would make a copy of a single element
    return tuple(ready)


def _consumed(part: Any) -> int:
    """How many dimensions of the tensor this part of an index speaks of."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return int(part.ndim) if hasattr(part, "dtype") and part.dtype.kind == "b" else 1


def _integer(i: Any) -> int | None:
    if i is None:
        return None
    if is_tensor(i):
        i = i.item()
    if not hasattr(i, "__index__"):
        raise IndexError(
            "only integers, slices (:), ellipsis (...), None and integer or boolean tensors are indices,"
            f" not {type(i).__name__}"
        )
    return int(i.__index__())


def _check_range(index: list[Any], backend: Backend, shape: tuple[int, ...]) -> None:
    """CuPy lets indices out of range wrap round in silence; NumPy checks by itself."""
    if backend.name == "cpu":
        return
    dim = 0
    for place, part in enumerate(index):
        if part is Ellipsis:
            dim = len(shape) - sum(map(_consumed, index[place + 1 :]))
            continue
        if hasattr(part, "dtype") and part.dtype.kind in "iu":
            check_index("index", wrap(part), shape[dim])
        dim += _consumed(part)


def check_index(op: str, index: Tensor, size: int, lowest: int | None = None) -> None:
    """Raise IndexError unless every index lies in [−size, size), or in [lowest, size)."""
    array = index.array
    if not array.size:
        return
    least = -size if lowest is None else lowest
    bad = (array < least) | (array >= size)
    if bool(bad.any()):
        worst = int(array[bad].ravel()[0])
        raise IndexError(f"{op}: index {worst} is out of bounds for dimension of size {size}")


def getitem(input: Tensor, index: Any) -> Tensor:
    """x[index] as in PyTorch and NumPy: a view for slices and integers, a copy for integer and boolean arrays."""
    ready = prepared(index, input.backend, input.array.shape)
    try:
        return GetItem.apply(input, index=ready)
    except IndexError as error:
        raise IndexError(f"{error} (tensor of shape {tuple(input.array.shape)})") from None


def setitem(input: Tensor, index: Any, value: Any, op: str = "index assignment") -> None:
    """x[index] = value, recorded if either is part of the graph."""
    xp = input.backend.xp
    check_writable(op, input)
    ready = prepared(index, input.backend, input.array.shape)
    if not is_tensor(value):
        dtype = np.asarray(value).dtype if not isinstance(value, bool | int | float) else None
        if isinstance(value, float) and input.array.dtype.kind in "iub":
            value = int(value)  # an assignment converts, as in PyTorch
        value = wrap(xp.asarray(np.asarray(value, dtype=dtype), dtype=input.array.dtype))
    recorded = grad_mode.is_grad_enabled() and (input._requires_grad or value._requires_grad)
    if value.backend is not input.backend:
        value = value.to(input.device)
    try:
        if recorded:
            check_recordable(op, input)
            place = input.array[ready].shape
            value = cast(value, input.array.dtype)
            while value.array.ndim > len(place) and value.array.shape[0] == 1:
                value = reshape(value, value.array.shape[1:])
            result = SetItem.apply(input, expand(value, place), index=ready)
        else:
            _assign(xp, input.array, ready, value.array)
    except ValueError:  # NumPy's, or our own ShapeError
        raise ShapeError(
            explain(
                f"{op}: the value does not fit the place",
                {"place": input.array[ready].shape, "value": value.array.shape},
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
        return reshape(gather(reshape(input, 1), 0, reshape(index, -1)), index.array.shape)
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
