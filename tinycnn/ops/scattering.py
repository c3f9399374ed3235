"""Elements picked, written and added along one dimension, each at a place of its own: gather, scatter and their kin.

Reading and adding back are adjoint: Gather and ScatterZeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.node import is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import ALL
from tinycnn.errors import ArgumentError, DomainError, DTypeError, IndexRangeError, RankError, ShapeError, explain
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.copying import clone
from tinycnn.ops.expansion import stretched
from tinycnn.ops.indexing import GetItem, ScatterInto, assign, getitem
from tinycnn.ops.indices import check_index
from tinycnn.ops.promotion import Scalar, cast, wrapped
from tinycnn.ops.shaping import ravel, reshape
from tinycnn.shapes import axis_in, broadcast, existing_axis, integer

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


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


def _fitting(op: str, input: Tensor, dim: int, index: Tensor, src: Any = None, lowest: int | None = 0) -> int:
    """The dimension meant, the index having been looked at: its dtype, its shape, its range."""
    axis = axis_in(op, dim, input.array.ndim)
    if is_tensor(src):
        expect_one_dtype(op, ALL, input=input, source=src)
    sizes, ours = index.array.shape, input.array.shape
    if not index.array.size:
        return axis
    _integers(op, index)
    if len(sizes) != len(ours) or any(i > n for d, (i, n) in enumerate(zip(sizes, ours, strict=True)) if d != axis):
        raise ShapeError(
            explain(
                f"{op}: the index must have the input's rank, and be no larger but along dim {axis}",
                {"input": ours, "index": sizes},
            )
        )
    if is_tensor(src):
        theirs = src.array.shape
        if len(sizes) != len(theirs) or any(i > n for i, n in zip(sizes, theirs, strict=True)):
            raise ShapeError(
                explain(
                    f"{op}: the index must be no larger than src in any dimension", {"index": sizes, "src": theirs}
                )
            )
    check_index(op, index, axis, ours[axis], lowest)
    return axis


def _integers(op: str, index: Tensor) -> None:
    if index.array.dtype not in ("int64", "int32"):
        raise DTypeError(f"{op}: expected an index of type int64 or int32, but got {index.array.dtype}")


def _vector(x: Any) -> Any:
    """A tensor without dimensions as a vector of one."""
    return reshape(x, (1,)) if is_tensor(x) and not x.array.ndim else x


@checked
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and so on: picks along one dimension."""
    return _gathered("gather", input, dim, index, 0)


def _gathered(op: str, input: Tensor, dim: int, index: Tensor, lowest: int | None) -> Tensor:
    x, places = _vector(input), _vector(index)
    axis = _fitting(op, x, dim, places, lowest=lowest)
    if index.array.size:
        return reshape(Gather.apply(x, places, axis=axis), index.array.shape)
    return reshape(getitem(ravel(input), ravel(cast(index, "int64"))), index.array.shape)


@checked
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`input` with src[i][j][k] added at [index[i][j][k]][j][k] for dim 0, and so on; the adjoint of `gather`."""
    x, places, added = _vector(input), _vector(index), _vector(src)
    axis = _fitting("scatter_add", x, dim, places, added)
    part = getitem(added, tuple(slice(n) for n in places.array.shape))
    if not index.array.size:  # of whatever shape, it adds nothing
        places, part = (reshape(t, (0,) * x.array.ndim) for t in (places, part))
    y = x + ScatterZeros.apply(part, places, axis=axis, shape=x.array.shape)
    return reshape(y, input.array.shape)


@checked
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None) -> Tensor:
    """`input` with src[i][j][k], or one value, written at [index[i][j][k]][j][k] for dim 0, and so on."""
    if (src is None) == (value is None):
        raise ArgumentError("scatter: takes src, a Tensor, or value, a number")
    written = _vector(value if src is None else src)
    x, places = _vector(input), _vector(index)
    axis = _fitting("scatter", x, dim, places, written)
    y = clone(x)
    if index.array.size:
        if is_tensor(written):
            written = getitem(written, tuple(slice(n) for n in places.array.shape))
        assign("scatter", y, (_grid(y.backend.xp, places.array.astype("int64"), axis),), written)
    return reshape(y, input.array.shape)


@checked
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` where the other dimensions broadcast; without dim, from the flattened tensors."""
    if dim is None:
        return _gathered("take_along_dim", ravel(input), 0, ravel(indices), None)
    if input.array.ndim != indices.array.ndim:
        raise ShapeError(
            explain(
                "take_along_dim: input and indices must have as many dimensions",
                {"input": input.array.shape, "indices": indices.array.shape},
            )
        )
    axis = existing_axis("take_along_dim", dim, input.array.ndim)
    both = [list(x.array.shape) for x in (input, indices)]
    along = [sizes.pop(axis) for sizes in both]
    shape = broadcast("take_along_dim", *map(tuple, both))
    x, places = (
        stretched(t, (*shape[:axis], n, *shape[axis:])) for t, n in zip((input, indices), along, strict=True)
    )
    return _gathered("take_along_dim", x, axis, places, None)


@checked
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that `index`, a vector of integers, names."""
    axis = _slices("index_select", input, dim, index)
    places = _vector(index).array.astype("int64")  # a copy, for backward to keep
    y = GetItem.apply(_vector(input), index=(slice(None),) * axis + (places,))
    return y if input.array.ndim else reshape(y, ())


@checked
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Scalar = 1) -> Tensor:
    """`input` with alpha times the slices of `source` added to those that `index` names, twice where it does so."""
    x, added, axis = _vector(input), _vector(source), _slices("index_add", input, dim, index)
    expect_one_dtype("index_add", ALL, input=input, source=source)
    places = _vector(index).array
    shape = (*x.array.shape[:axis], len(places), *x.array.shape[axis + 1 :])
    if added.array.shape != shape:
        raise RankError(
            explain(
                "index_add: source must have a slice for each index, and the input's other sizes",
                {"input": input.array.shape, "index": index.array.shape, "source": source.array.shape},
            )
        )
    part = added if alpha == 1 else added * wrapped("index_add", alpha, added.array.dtype)
    y = x + ScatterInto.apply(part, index=(slice(None),) * axis + (places.astype("int64"),), shape=x.array.shape)
    return reshape(y, input.array.shape)


def _slices(op: str, input: Tensor, dim: int, index: Tensor) -> int:
    """The dimension whose slices are meant; the index must be a vector of integers in its range."""
    axis = axis_in(op, dim, input.array.ndim)
    if index.array.ndim > 1:
        raise IndexRangeError(f"{op}: the index must be a vector, not of shape {index.array.shape}")
    _integers(op, index)
    check_index(op, index, axis, (*input.array.shape, 1)[axis], 0)
    return axis


@checked
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flattened input at these places, in index's shape."""
    if index.array.dtype != "int64":
        raise DTypeError(f"take: expected an index of type int64, but got {index.array.dtype}")
    return reshape(getitem(ravel(input), _vector(index), "take"), index.array.shape)


@checked
def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each slice along `dim` as often as `repeats` says, for all or for each; without dim, of the flattened tensor.

    Of `input` alone, how often each index is to stand: ``repeat_interleave(tensor([2, 1]))`` is 0, 0, 1.
    """
    xp = input.backend.xp
    if repeats is None:
        return wrap(_repeated(xp, len(input), input))
    x = ravel(input) if dim is None else _vector(input)
    axis = axis_in("repeat_interleave", 0 if dim is None else dim, x.array.ndim)
    places = _repeated(xp, x.array.shape[axis], repeats)
    return GetItem.apply(x, index=(slice(None),) * axis + (places,))


def _repeated(xp: Any, size: int, repeats: Any) -> Array:
    """The numbers 0 … size − 1, each as often as `repeats` says."""
    if not is_tensor(repeats):
        counts = [integer("repeat_interleave", "repeats", repeats)]
    elif repeats.array.ndim > 1 or repeats.array.dtype not in ("int64", "int32"):
        raise DTypeError("repeat_interleave: repeats must be a number, or a vector of type int64 or int32")
    else:
        counts = repeats.reshape(-1).tolist()
    if len(counts) not in (1, size):
        raise ShapeError(f"repeat_interleave: {len(counts)} numbers of repeats do not fit a dimension of size {size}")
    if min(counts, default=0) < 0:
        raise DomainError(f"repeat_interleave: repeats must not be negative: {counts}")
    return xp.repeat(xp.arange(size), counts * size if len(counts) == 1 else counts)
