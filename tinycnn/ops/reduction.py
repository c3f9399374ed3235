"""Operations that make few numbers out of many: sums, means, variances, extremes, products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import int64
from tinycnn.errors import DTypeError, ShapeError
from tinycnn.ops import arithmetic
from tinycnn.ops.arithmetic import where
from tinycnn.ops.comparison import eq, ne
from tinycnn.ops.elementwise import exp, log, sqrt
from tinycnn.ops.expansion import expand
from tinycnn.ops.indexing import narrow
from tinycnn.ops.joining import cat
from tinycnn.ops.ordering import ValuesIndices, arg_extreme, taken
from tinycnn.ops.promotion import cast, floating, widened
from tinycnn.ops.shaping import flip, reshape, squeeze
from tinycnn.shapes import axes_in, axis_in, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Dim = int | Sequence[int] | None


class Sum(Op):
    """y = Σ x over `axes`,   x̄ = ȳ everywhere"""

    def forward(ctx, x: Array, *, axes: tuple[int, ...]) -> Array:
        wide = "float32" if x.dtype == "float16" else x.dtype  # long sums in half precision would lose their end
        return x.sum(axis=axes, dtype=wide).astype(x.dtype, copy=False)

    def backward(ctx, g: Tensor, *, axes: tuple[int, ...]) -> Tensor: return _spread(g, axes, ctx.shapes[0])


class Extreme(Op):
    """y = the largest ("max") or smallest ("min") over `axes`,   x̄ = ȳ shared evenly among the equals"""

    def forward(ctx, x: Array, *, axes: tuple[int, ...], by: str) -> Array: return getattr(x, by)(axis=axes)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor, *, axes: tuple[int, ...]) -> Tensor:
        winners = cast(x == _spread(y, axes, x.array.shape), g.array.dtype)
        return _spread(g / sum(winners, axes), axes, x.array.shape) * winners


class CumSum(Op):
    """yᵢ = x₀ + … + xᵢ,   x̄ᵢ = ȳᵢ + ȳᵢ₊₁ + …"""

    def forward(ctx, x: Array, *, axis: int) -> Array:
        wide = "float32" if x.dtype == "float16" else x.dtype
        return ctx.xp.cumsum(x, axis=axis, dtype=wide).astype(x.dtype, copy=False)

    def backward(ctx, g: Tensor, *, axis: int) -> Tensor: return flip(cumsum(flip(g, (axis,)), axis), (axis,))


class LogSumExp(Op):
    """y = ln Σ eˣ over `axes`, its largest term taken out so that nothing overflows,   x̄ = ȳ·e^(x − y)"""

    def forward(ctx, x: Array, *, axes: tuple[int, ...]) -> Array:
        top = x.max(axis=axes, keepdims=True)
        top = ctx.xp.where(ctx.xp.isfinite(top), top, 0)
        return (ctx.xp.log(ctx.xp.exp(x - top).sum(axis=axes, keepdims=True)) + top).squeeze(axes)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor, *, axes: tuple[int, ...]) -> Tensor:
        return _spread(g, axes, x.array.shape) * exp(x - _spread(y, axes, x.array.shape))


class Test(Op):
    """Whether all or any elements are nonzero, by xp's name."""

    constants = ("y",)

    def forward(ctx, x: Array, *, by: str, axes: tuple[int, ...]) -> Array: return getattr(ctx.xp, by)(x, axis=axes)


def _spread(g: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A reduction's result, or its gradient, laid over what was reduced."""
    return expand(_kept(g, axes, shape), shape)


def _kept(y: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    return reshape(y, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`, or of all; integers and booleans add up in int64."""
    x = cast(input, dtype or (input.array.dtype if input.array.dtype.kind == "f" else int64))
    axes = axes_in("sum", dim, x.array.ndim)
    y = Sum.apply(x, axes=axes)
    return _kept(y, axes, x.array.shape) if keepdim else y


def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`, or of all."""
    x = input if dtype is None else cast(input, dtype)
    if x.array.dtype.kind != "f":
        raise DTypeError(f"mean: the input must be floating, but got {x.array.dtype}; say mean(x.float())")
    count = product([x.array.shape[a] for a in axes_in("mean", dim, x.array.ndim)])
    return cast(sum(widened(x), dim, keepdim) / count, x.array.dtype)


def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> Tensor:
    """Σ (x − x̄)² / (n − correction) over `dim`; `unbiased` says correction 1 or 0."""
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, unbiased = None, dim
    if input.array.dtype.kind != "f":
        raise DTypeError(f"var: the input must be floating, but got {input.array.dtype}")
    correction = correction if unbiased is None else int(unbiased)
    axes = axes_in("var", dim, input.array.ndim)
    centred = input - mean(input, axes, keepdim=True) if axes else input - input
    left = product([input.array.shape[a] for a in axes]) - correction
    squares = sum(centred * centred, axes or None, keepdim)
    return squares / left if left > 0 else squares / 0.0


def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float = 1
) -> Tensor:
    """The square root of `var`."""
    return _root(var(input, dim, unbiased, keepdim, correction=correction))


def _root(x: Tensor, p: float = 2) -> Tensor:
    """x^(1/p), and 0 for its gradient at 0, where it has no slope."""
    zero = eq(x, 0)
    inside = where(zero, 1.0, x)
    return where(zero, 0.0, sqrt(inside) if p == 2 else inside ** (1 / p))


def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest over `dim`; equals share the gradient."""
    return _extreme("amax", input, dim, keepdim, "max")


def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest over `dim`; equals share the gradient."""
    return _extreme("amin", input, dim, keepdim, "min")


def _extreme(op: str, input: Tensor, dim: Dim, keepdim: bool, by: str) -> Tensor:
    axes = axes_in(op, dim, input.array.ndim)
    if not product([input.array.shape[a] for a in axes]):
        raise ShapeError(f"{op}: there is no {by}imum of nothing: the shape is {tuple(input.array.shape)}, dim {dim}")
    y = Extreme.apply(input, axes=axes, by=by)
    return _kept(y, axes, input.array.shape) if keepdim else y


def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest of all; with a dimension, (values, indices) along it; with a Tensor, the elementwise maximum."""
    return _overloaded("max", input, dim, keepdim)


def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest of all; with a dimension, (values, indices) along it; with a Tensor, the elementwise minimum."""
    return _overloaded("min", input, dim, keepdim)


def _overloaded(by: str, input: Tensor, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return _extreme(by, input, (), False, by)
    if not isinstance(dim, int):
        return getattr(arithmetic, f"{by}imum")(input, dim)
    index = arg_extreme(f"arg{by}", input, dim, True)
    values = taken(input, dim, index)
    return ValuesIndices(values, index) if keepdim else ValuesIndices(squeeze(values, dim), squeeze(index, dim))


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product along `dim`, or of all, multiplied pairwise in a tree: its gradient is exact where factors are 0."""
    x = cast(input, dtype or (input.array.dtype if input.array.dtype.kind == "f" else int64))
    axis = 0 if dim is None else axis_in("prod", dim, x.array.ndim)
    y = reshape(x, (-1,)) if dim is None or not x.array.ndim else x
    while (n := y.array.shape[axis]) != 1:
        if n and n % 2 == 0:
            y = narrow(y, axis, 0, n // 2) * narrow(y, axis, n // 2, n // 2)
        else:  # one more factor 1 makes their number even, or the product of nothing 1
            y = cat([y, _one_like(y, axis)], axis)
    shape = x.array.shape
    if keepdim:
        return reshape(y, tuple(1 if dim is None or i == axis else n for i, n in enumerate(shape)))
    return reshape(y, () if dim is None else tuple(n for i, n in enumerate(shape) if i != axis))


def _one_like(y: Tensor, axis: int) -> Tensor:
    shape = tuple(1 if i == axis else n for i, n in enumerate(y.array.shape))
    return type(y).wrap(y.backend.xp.ones(shape, dtype=y.array.dtype))


def cumsum(input: Tensor, dim: int) -> Tensor:
    """The running sum along `dim`."""
    x = cast(input, input.array.dtype if input.array.dtype.kind == "f" else int64)
    axis = axis_in("cumsum", dim, x.array.ndim)
    return CumSum.apply(x, axis=axis) if x.array.ndim else x


def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """ln Σ eˣ over `dim`."""
    input = floating("logsumexp", input)
    axes = axes_in("logsumexp", dim, input.array.ndim)
    if not input.array.size:  # no largest term to take out; ln 0 = −∞
        return log(sum(exp(input), axes, keepdim))
    y = LogSumExp.apply(input, axes=axes)
    return _kept(y, axes, input.array.shape) if keepdim else y


def norm(input: Tensor, p: Any = 2, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """(Σ |x|ᵖ)^(1/p), p = "fro" being 2; p = inf gives the largest magnitude, p = 0 how many are not 0."""
    p = 2 if p == "fro" else p
    x = widened(floating("norm", input))
    magnitude = abs(x)
    if p == float("inf"):
        y = amax(magnitude, dim, keepdim)
    elif p == 0:
        y = sum(cast(ne(x, 0), x.array.dtype), dim, keepdim)
    else:
        total = sum(x * x if p == 2 else magnitude**p, dim, keepdim)
        y = total if p == 1 else _root(total, p)
    return cast(y, input.array.dtype)


def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are nonzero."""
    axes = axes_in("all", dim, input.array.ndim)
    y = Test.apply(input, by="all", axes=axes)
    return _kept(y, axes, input.array.shape) if keepdim else y


def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether any element is nonzero."""
    axes = axes_in("any", dim, input.array.ndim)
    y = Test.apply(input, by="any", axes=axes)
    return _kept(y, axes, input.array.shape) if keepdim else y


def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are nonzero."""
    return sum(ne(input, 0), dim)


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |input − other| ≤ atol + rtol·|other| everywhere."""
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    """Where |input − other| ≤ atol + rtol·|other|."""
    near = eq(input, other) | (abs(input - other) <= atol + rtol * abs(other)) & (abs(other) < float("inf"))
    return near | ne(input, input) & ne(other, other) if equal_nan else near


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements."""
    return input.array.shape == other.array.shape and bool(all(input == other))
