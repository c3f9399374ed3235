"""Making operands alike before an op sees them: one dtype (`Cast`) and one shape (`Expand`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import dtypes, shapes
from tinycnn.autograd.node import TensorBase, is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import DTypeError
from tinycnn.ops.expansion import expand

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Scalar = bool | int | float


class Cast(Op):
    """y = x in another floating type,   x̄ = ȳ in x's own"""

    def forward(ctx, x: Array, *, dtype: Any) -> Array: return x.astype(dtype)
    def backward(ctx, g: Tensor) -> Tensor: return cast(g, ctx.dtypes[0])


class CastToConstant(Op):
    """y = x from or to an integer or boolean type: no gradient passes."""

    constants = ("y",)

    def forward(ctx, x: Array, *, dtype: Any) -> Array: return x.astype(dtype)


def cast(input: Tensor, dtype: Any) -> Tensor:
    """`input` in another dtype; itself if it has it already."""
    old, new = input.array.dtype, dtypes.as_dtype(dtype)
    if old == new:
        return input
    return (Cast if old.kind == new.kind == "f" else CastToConstant).apply(input, dtype=new)


def widened(input: Tensor) -> Tensor:
    """`input`, in float32 if it is in half precision, whose range sums and powers soon leave."""
    return cast(input, np.float32) if input.array.dtype == np.float16 else input


def floating(op: str, input: Tensor) -> Tensor:
    """`input`, integers promoted to the default floating type, as for all functions with values in between.

    Raises
    ------
    TypeError
        If it is no Tensor.
    """
    if not isinstance(input, TensorBase):
        raise TypeError(f"{op}: takes a Tensor, not {type(input).__name__}; tinycnn.tensor(...) makes one")
    return input if input.array.dtype.kind == "f" else cast(input, dtypes.get_default_dtype())


def operand(op: str, x: Any) -> Any:
    """A Tensor or a Python number; NumPy's arrays and scalars are turned into these, anything else is a TypeError."""
    if isinstance(x, np.generic):  # before the next line: a numpy.float64 is a Python float, too
        return x.item()
    if is_tensor(x) or isinstance(x, bool | int | float):
        return x
    if isinstance(x, np.ndarray):
        return wrap(x)
    raise TypeError(f"{op}: takes Tensors, numbers and NumPy arrays, not {type(x).__name__}")


def common_dtype(*xs: Any) -> dtypes.DType:
    """PyTorch's result type of Tensors and Python numbers."""
    return dtypes.result_type(
        [(x.array.dtype, 2 if x.array.ndim else 1) if is_tensor(x) else (dtypes.of_scalar(x), 0) for x in xs]
    )


def alike(op: str, *operands: Any, floating: bool = False) -> tuple[Any, ...]:
    """The operands promoted to one dtype and broadcast to one shape. Python numbers stay numbers.

    With `floating`, integers are promoted to the default floating type.
    """
    first = operands[0]
    if isinstance(first, TensorBase) and all(_fits(x, first.array) for x in operands):
        return tuple(x if isinstance(x, TensorBase) else float(x) for x in operands)  # nothing to do, the usual case
    xs = tuple(operand(op, x) for x in operands)
    tensors = [x for x in xs if is_tensor(x)]
    if not tensors:
        raise TypeError(f"{op}: expected a Tensor among its operands, got {[type(x).__name__ for x in operands]}")
    dtype, shape = common_dtype(*xs), shapes.broadcast(op, *(x.array.shape for x in tensors))
    if floating and dtype.kind != "f":
        dtype = dtypes.get_default_dtype()
    return tuple(expand(cast(x, dtype), shape) if is_tensor(x) else _number(op, x, dtype) for x in xs)


def _fits(x: Any, array: Array) -> bool:
    """Whether x is combined with a floating array as it stands: its like, or a number, which widens no such array."""
    if isinstance(x, TensorBase):
        return bool(x.array.dtype == array.dtype and x.array.shape == array.shape and array.dtype.kind == "f")
    return array.dtype.kind == "f" and isinstance(x, float | int)


def _number(op: str, x: Scalar, dtype: dtypes.DType) -> Scalar:
    """A Python number of the kind that NumPy combines with `dtype` without widening it."""
    if dtype.kind in "iu" and not np.iinfo(dtype).min <= x <= np.iinfo(dtype).max:
        raise DTypeError(f"{op}: the number {x} cannot be converted to {dtype} without overflow")
    return float(x) if dtype.kind == "f" else int(x) if dtype.kind in "iu" else x
