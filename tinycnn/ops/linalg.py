"""Products of matrices: matmul and the affine map of a linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn import shapes
from tinycnn.autograd.grad_mode import is_grad_enabled
from tinycnn.autograd.op import Op
from tinycnn.autograd.postponing import postponed
from tinycnn.backend import Array
from tinycnn.dtypes import NUMBERS
from tinycnn.errors import ShapeError, explain
from tinycnn.ops.arguments import checked, expect_one_dtype
from tinycnn.ops.arithmetic import add, mul
from tinycnn.ops.expansion import stretched
from tinycnn.ops.promotion import Scalar, wrapped
from tinycnn.ops.shaping import reshape, squeeze, transpose, unsqueeze

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class MatMul(Op):
    """Z = X·Y for matrices, or stacks of as many,   X̄ = Z̄·Yᵀ,   Ȳ = Xᵀ·Z̄"""

    results = ("z",)
    serves = (("x", "y"), ("y", "x"))

    def forward(ctx, x: Array, y: Array) -> Array: return ctx.kernels.matmul(x, y)

    def backward(ctx, g: Tensor, x: Tensor, y: Tensor) -> Any:
        return MatMulBackward.apply_asked(g, x, y, asked=ctx.needs_input_grad)


class MatMulBackward(Op):
    """X̄ = Z̄·Yᵀ,   Ȳ = Xᵀ·Z̄: those of them that are asked for, at once"""

    results = ("gx", "gy")

    def forward(ctx, g: Array, x: Array | None, y: Array | None, *, asked: tuple[bool, bool]) -> Any:
        gx = ctx.kernels.matmul(g, ctx.xp.swapaxes(y, -1, -2)) if asked[0] else None
        gy = ctx.kernels.matmul(ctx.xp.swapaxes(x, -1, -2), g) if asked[1] else None
        return gx, gy

    @staticmethod
    def composed(g: Tensor, x: Tensor, y: Tensor, *, asked: tuple[bool, bool]) -> Any:
        gx = g @ transpose(y, -1, -2) if asked[0] else None
        gy = transpose(x, -1, -2) @ g if asked[1] else None
        return gx, gy


class Linear(Op):
    """Y = X·Wᵀ + b, a row of X an example"""

    serves = (("x", "w"), ("w", "x"))

    def forward(ctx, x: Array, w: Array, b: Array | None) -> Array:
        y = ctx.kernels.matmul(x, w.T)
        if b is not None:
            y += b
        return y

    def backward(ctx, g: Tensor, x: Tensor, w: Tensor) -> Any:
        asks_x, asks_w, asks_b = ctx.needs_input_grad
        later = ctx.kernels.postpone(g.array.T, x.array) if asks_w and not is_grad_enabled() else None
        gx, gw, gb = LinearBackward.apply_asked(g, x, w, asked=(asks_x, asks_w and later is None, asks_b))
        return gx, gw if later is None else postponed(later), gb


class LinearBackward(Op):
    """X̄ = Ȳ·W,   W̄ = Ȳᵀ·X,   b̄ = the sum of Ȳ's rows: those of them that are asked for, at once"""

    results = ("gx", "gw", "gb")

    def forward(ctx, g: Array, x: Array | None, w: Array | None, *, asked: tuple[bool, bool, bool]) -> Any:
        gx = ctx.kernels.matmul(g, w) if asked[0] else None
        gw = ctx.kernels.matmul(g.T, x) if asked[1] else None
        gb = ctx.kernels.total(g, (0,)) if asked[2] else None
        return gx, gw, gb

    @staticmethod
    def composed(g: Tensor, x: Tensor, w: Tensor, *, asked: tuple[bool, bool, bool]) -> Any:
        gx = g @ w if asked[0] else None
        gw = transpose(g, 0, 1) @ x if asked[1] else None
        gb = g.sum(0) if asked[2] else None
        return gx, gw, gb


@checked
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The product of matrices, of vectors, or of stacks of matrices whose leading dimensions broadcast.

    Examples
    --------
    >>> import tinycnn
    >>> tinycnn.ones(2, 3) @ tinycnn.ones(3)
    tensor([3., 3.])
    """
    return product_of("matmul", input, other)


def product_of(op: str, input: Tensor, other: Tensor) -> Tensor:
    """`matmul`, its errors in the name of `op`."""
    expect_one_dtype(op, NUMBERS, input=input, other=other)
    x_shape, y_shape = input.array.shape, other.array.shape
    if not x_shape or not y_shape:
        raise ShapeError(f"{op}: both arguments need to be at least 1-dimensional; multiply by a number with *")
    inner = y_shape[0] if len(y_shape) == 1 else y_shape[-2]
    if x_shape[-1] != inner:
        raise ShapeError(
            explain(
                f"{op}: inner sizes differ, {x_shape[-1]} ≠ {inner}",
                {"input": x_shape, "other": y_shape},
                "the last size of input must equal the last but one of other; transpose one of them?",
            )
        )
    x = unsqueeze(input, 0) if len(x_shape) == 1 else input
    y = unsqueeze(other, 1) if len(y_shape) == 1 else other
    if y.array.ndim == 2 and x.array.ndim > 2:  # one large product instead of many small ones
        rows = reshape(x, (shapes.product(x_shape[:-1]), x_shape[-1]))
        z = reshape(MatMul.apply(rows, y), (*x_shape[:-1], y.array.shape[-1]))
    else:
        stack = shapes.broadcast(op, x.array.shape[:-2], y.array.shape[:-2])
        z = MatMul.apply(stretched(x, (*stack, *x.array.shape[-2:])), stretched(y, (*stack, *y.array.shape[-2:])))
    if len(x_shape) == 1:
        z = squeeze(z, -2)
    return squeeze(z, -1) if len(y_shape) == 1 else z


@checked
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    return _of_ranks("mm", "two matrices", (2, 2), input, mat2)


@checked
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two stacks of as many matrices."""
    if input.array.shape[:1] != mat2.array.shape[:1]:
        raise ShapeError(f"bmm: expects two stacks of as many matrices, not {input.array.shape} and {mat2.array.shape}")
    return _of_ranks("bmm", "two stacks of as many matrices", (3, 3), input, mat2)


@checked
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector."""
    return _of_ranks("mv", "a matrix and a vector", (2, 1), input, vec)


@checked
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors."""
    return _of_ranks("dot", "two vectors", (1, 1), input, tensor)


@checked
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """y[i, j] = input[i]·vec2[j], of two vectors."""
    if (input.array.ndim, vec2.array.ndim) != (1, 1):
        raise ShapeError(f"outer: expects two vectors, not shapes {input.array.shape} and {vec2.array.shape}")
    return mul(unsqueeze(input, 1), vec2)


@checked
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """beta·input + alpha·mat1·mat2, of two matrices and what broadcasts to their product; beta 0 leaves input out."""
    z = _of_ranks("addmm", "two matrices", (2, 2), mat1, mat2)
    expect_one_dtype("addmm", NUMBERS, input=input, mat1=mat1)
    scaled = z if alpha == 1 else mul(z, wrapped("addmm", alpha, z.array.dtype))
    y = stretched(input, z.array.shape)
    return add(mul(y, wrapped("addmm", beta, z.array.dtype)), scaled) if beta else scaled


def _of_ranks(op: str, what: str, ranks: tuple[int, int], x: Tensor, y: Tensor) -> Tensor:
    if (x.array.ndim, y.array.ndim) != ranks:
        raise ShapeError(f"{op}: expects {what}, not shapes {x.array.shape} and {y.array.shape}; see matmul")
    return product_of(op, x, y)


@checked
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input · weightᵀ + bias, over the last dimension of `input`.

    Parameters
    ----------
    input : Tensor, (*, in_features)
    weight : Tensor, (out_features, in_features)
    bias : Tensor, (out_features,), optional

    Raises
    ------
    ShapeError
        If the sizes do not fit.
    """
    expect_one_dtype("linear", NUMBERS, input=input, weight=weight, bias=bias)
    shape, w = input.array.shape, weight.array.shape
    if len(w) == 1:
        y = matmul(input, weight)
        return y if bias is None else y + bias
    laid = () if bias is None else bias.array.shape
    facts = {"input  * in": shape, "weight out in": w, "bias   out": None if bias is None else laid}
    if not shape or len(w) != 2 or shape[-1] != w[1]:
        one_image = len(shape) > 1 and shape[0] > 1 and len(w) == 2 and shapes.product(shape) == w[1]
        raise ShapeError(
            explain(
                f"linear: mat1 and mat2 shapes cannot be multiplied: the input has {shape[-1] if shape else 'no'}"
                f" features, the weight takes {w[-1] if w else 'none'}",
                facts,
                "is it one image without its batch? x.unsqueeze(0) makes a batch of one" if one_image else
                "flatten(x, 1) before the first linear layer? After another image size, its in_features change too",
            )
        )
    rows = input if len(shape) == 2 else reshape(input, (shapes.product(shape[:-1]), shape[-1]))
    flat = (rows.array.shape[0], w[0])
    if len(laid) > 2 or (laid != w[:1] and any(n not in (1, m) for n, m in zip(laid[::-1], flat[::-1], strict=False))):
        raise ShapeError(explain(f"linear: the bias must have one entry for each of {w[0]} output features", facts))
    y = Linear.apply(rows, weight, stretched(bias, (w[0],)) if bias is not None and len(laid) < 2 else None)
    y = y if bias is None or len(laid) < 2 else y + bias
    return y if len(shape) == 2 else reshape(y, (*shape[:-1], w[0]))
