"""Operations that make few numbers out of many: sums, means, variances, products."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from typing import TYPE_CHECKING, Any

from tinycnn.autograd.grad_mode import is_grad_enabled
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.dtypes import as_dtype, int64
from tinycnn.errors import ArgumentError, DTypeError
from tinycnn.ops.arguments import checked, expect_floating
from tinycnn.ops.choice import where
from tinycnn.ops.comparison import eq, ne
from tinycnn.ops.copying import clone
from tinycnn.ops.elementwise import exp, sqrt
from tinycnn.ops.expansion import stretched
from tinycnn.ops.indexing import narrow
from tinycnn.ops.joining import cat
from tinycnn.ops.promotion import Scalar, cast, floating, widened
from tinycnn.ops.shaping import flip, reshape
from tinycnn.shapes import axes_in, axis_in, product

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Dim = int | Sequence[int] | None
ALL: Any = []  # a dim that was left out: all are reduced, and cannot be kept


class Sum(Op):
    """y = Σ x over `axes`,   x̄ = ȳ everywhere"""

    def forward(ctx, x: Array, *, axes: tuple[int, ...]) -> Array: return ctx.kernels.total(x, axes)
    def backward(ctx, g: Tensor, *, axes: tuple[int, ...]) -> Tensor: return spread(g, axes, ctx.shapes[0])


class Var(Op):
    r"""y = Σ (x − μ)² / f over `axes`, μ the mean and f the degrees of freedom,   x̄ = ȳ·2·(x − μ) / f

    Without degrees of freedom, f ≤ 0, y is ∞, and NaN where all x = μ.
    """

    def forward(ctx, x: Array, *, axes: tuple[int, ...], freedom: float) -> Array:
        count = product([x.shape[a] for a in axes])
        centred = x - kept(ctx.kernels.total(x, axes), axes, x.shape) / count  # E[x²] − E[x]² would cancel
        return ctx.kernels.total(centred * centred, axes) / max(freedom, 0.0)

    def backward(ctx, g: Tensor, x: Tensor, *, axes: tuple[int, ...], freedom: float) -> Tensor:
        centred = x - mean(x, axes, keepdim=True) if axes else x - x  # a single number is its own mean
        return spread(g, axes, x.array.shape) * (centred * (2 / freedom if freedom else float("inf")))


class CumSum(Op):
    """yᵢ = x₀ + … + xᵢ,   x̄ᵢ = ȳᵢ + ȳᵢ₊₁ + …"""

    def forward(ctx, x: Array, *, axis: int) -> Array:
        wide = {"float16": "float32", "float32": "float64"}.get(x.dtype.name, x.dtype)  # added up one after the other
        return ctx.xp.cumsum(x, axis=axis, dtype=wide).astype(x.dtype, copy=False)

    def backward(ctx, g: Tensor, *, axis: int) -> Tensor: return flip(cumsum(flip(g, (axis,)), axis), (axis,))


class LogSumExp(Op):
    """y = ln Σ eˣ over `axes`, its largest term taken out so that nothing overflows,   x̄ = ȳ·e^(x − y)"""

    def forward(ctx, x: Array, *, axes: tuple[int, ...]) -> Array:
        top = x.max(axis=axes, keepdims=True)
        top = ctx.xp.where(ctx.xp.isfinite(top), top, 0)
        return ctx.xp.log(ctx.kernels.total(ctx.xp.exp(x - top), axes)) + top.squeeze(axes)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor, *, axes: tuple[int, ...]) -> Tensor:
        return spread(g, axes, x.array.shape) * exp(x - spread(y, axes, x.array.shape))


def spread(g: Tensor, axes: tuple[int, ...], shape: tuple[int, ...]) -> Tensor:
    """A reduction's result, or its gradient, laid over what was reduced."""
    return stretched(kept(g, axes, shape), shape)


def kept(y: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """A reduction's result, the reduced dimensions kept with size 1."""
    return y.reshape(tuple(1 if i in axes else n for i, n in enumerate(shape)))


def needs_dim(op: str, dim: Any, keepdim: bool) -> None:
    """Refuse a keepdim where no dimension is named, as PyTorch does."""
    if keepdim and dim is ALL:
        raise ArgumentError(f"{op}: keepdim=True needs a dim to keep")


def accumulated(op: str, input: Tensor, dtype: Any) -> Tensor:
    """`input` as what it is added up in: dtype, or int64 for integers and booleans."""
    if dtype is not None and as_dtype(dtype).kind != "f" and input._requires_grad and is_grad_enabled():
        raise DTypeError(f"{op}: the input requires a gradient, and {as_dtype(dtype)} results have none; detach() it")
    return cast(input, dtype or (input.array.dtype if input.array.dtype.kind == "f" else int64))


# Sums ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def sum(input: Tensor, dim: Dim = ALL, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over `dim`, or of all; integers and booleans add up in int64."""
    needs_dim("sum", dim, keepdim)
    x = accumulated("sum", input, dtype)
    return _sum(x, axes_in("sum", dim, x.array.ndim), keepdim)


def _sum(x: Tensor, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    y = Sum.apply(x, axes=axes)
    return kept(y, axes, x.array.shape) if keepdim else y


@checked
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """`sum` with each NaN counted as 0."""
    return sum(where(ne(input, input), 0, input), dim, keepdim, dtype=dtype)


@checked
def mean(input: Tensor, dim: Dim = ALL, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over `dim`, or of all."""
    needs_dim("mean", dim, keepdim)
    x = input if dtype is None else cast(input, dtype)
    expect_floating("mean", x, "say mean(x.float())")
    axes = axes_in("mean", dim, x.array.ndim)
    count = product([x.array.shape[a] for a in axes])
    total = _sum(widened(x), axes, keepdim)
    return cast(total / count if count else total + nan, x.array.dtype)  # of nothing: NaN, but flat


@checked
def cumsum(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The running sum along `dim`; integers and booleans add up in int64."""
    x = accumulated("cumsum", input, dtype)
    axis = axis_in("cumsum", dim, x.array.ndim)
    return CumSum.apply(x, axis=axis) if x.array.ndim else clone(x)


@checked
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """ln Σ eˣ over `dim`."""
    if dim is None:
        raise ArgumentError("logsumexp: dim must be an integer or several, not None")
    x = floating(input)
    axes = axes_in("logsumexp", dim, x.array.ndim)
    if not x.array.size:  # no largest term to take out; ln 0 = −∞
        return sum(exp(x), axes, keepdim) - inf
    y = cast(LogSumExp.apply(widened(x), axes=axes), x.array.dtype)
    return kept(y, axes, x.array.shape) if keepdim else y


# Variances ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: Scalar | None = None,
) -> Tensor:
    r"""Σ (x − μ)² / (n − correction) over `dim`, μ the mean of n numbers; `unbiased` says correction 1, or else 0.

    Called ``var(input, unbiased)``, ``var(input, dim, unbiased, keepdim)`` or ``var(input, dim, correction=1)``. Where
    n ≤ correction, the variance is infinite, and that of equals NaN.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([1.0, 2.0, 6.0])
    >>> x.var(), x.var(correction=0), x.var(0, unbiased=False)
    (tensor(7.), tensor(4.6667), tensor(4.6667))
    """
    return _variance("var", input, dim, unbiased, keepdim, correction)


@checked
def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: Scalar | None = None,
) -> Tensor:
    """The square root of `var`, and called as that is."""
    return root(_variance("std", input, dim, unbiased, keepdim, correction))


@checked
def var_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: Scalar | None = None,
) -> tuple[Tensor, Tensor]:
    """`var` and `mean`, called as `var` is."""
    y = _variance("var_mean", input, dim, unbiased, keepdim, correction)
    return y, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@checked
def std_mean(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: Scalar | None = None,
) -> tuple[Tensor, Tensor]:
    """`std` and `mean`, called as `var` is."""
    y = _variance("std_mean", input, dim, unbiased, keepdim, correction)
    return root(y), mean(input, None if isinstance(dim, bool) else dim, keepdim)


def _variance(op: str, input: Tensor, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Tensor:
    if isinstance(dim, bool) and unbiased is None and not keepdim:  # var(x, unbiased)
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{op}: give unbiased or correction, not both: unbiased=True is correction=1")
    expect_floating(op, input, f"say {op}(x.float())")
    taken_off = correction if correction is not None else 1 if unbiased is None else int(unbiased)
    shape, axes = input.array.shape, axes_in(op, dim, input.array.ndim)
    freedom = product([shape[a] for a in axes]) - float(taken_off)
    if dim is None:  # PyTorch's slope, too, knows no less than none here, but does along a dimension
        freedom = max(freedom, 0.0)
    y = cast(Var.apply(widened(input), axes=axes, freedom=freedom), input.array.dtype)
    return kept(y, axes, shape) if keepdim else y


def root(x: Tensor, p: float = 2) -> Tensor:
    """x^(1/p), and 0 for its gradient at 0, where it has no slope."""
    zero = eq(x, 0)
    inside = where(zero, 1.0, x)
    return where(zero, 0.0, sqrt(inside) if p == 2 else inside ** (1 / p))


# Products ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@checked
def prod(input: Tensor, dim: int = ALL, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product along `dim`, or of all, multiplied pairwise in a tree: its gradient is exact where factors are 0."""
    needs_dim("prod", dim, keepdim)
    x = accumulated("prod", input, dtype)
    shape, whole = x.array.shape, dim is ALL
    axis = 0 if whole else axis_in("prod", dim, len(shape))
    y = widened(reshape(x, (-1,)) if whole or not shape else x)
    if y.array.shape[axis] == 1:  # one factor is the product, but not in the same memory
        y = clone(y)
    while (n := y.array.shape[axis]) != 1:
        if n and n % 2 == 0:
            y = narrow(y, axis, 0, n // 2) * narrow(y, axis, n // 2, n // 2)
        else:  # one more factor 1 makes their number even, or the product of nothing 1
            y = cat([y, _one_like(y, axis)], axis)
    axes = tuple(range(len(shape))) if whole else (axis,)
    result = tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdim or i not in axes)
    return cast(reshape(y, result), x.array.dtype)


def _one_like(y: Tensor, axis: int) -> Tensor:
    shape = tuple(1 if i == axis else n for i, n in enumerate(y.array.shape))
    return type(y).wrap(y.backend.xp.ones(shape, dtype=y.array.dtype))
