"""Making operands alike before an op sees them: one dtype (`Cast`) and one shape (`Expand`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn import dtypes, shapes
from tinycnn.autograd.node import TensorBase, is_tensor, wrap
from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError, DomainError
from tinycnn.ops.expansion import stretched

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
    if (old := input.array.dtype) is dtype or old == (new := dtypes.as_dtype(dtype)):
        return input
    return (Cast if old.kind == new.kind == "f" else CastToConstant).apply(input, dtype=new)


def widened(input: Any) -> Any:
    """`input`, in float32 if it is in half precision, whose range sums and powers soon leave."""
    return cast(input, np.float32) if is_tensor(input) and input.array.dtype == np.float16 else input


def floating(input: Tensor) -> Tensor:
    """`input`, integers promoted to the default floating type, as for all functions with values in between."""
    return input if input.array.dtype.kind == "f" else cast(input, dtypes.get_default_dtype())


# Operands ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def operand(op: str, x: Any) -> Any:
    """A Tensor or a Python number; NumPy's arrays and scalars are turned into these, anything else is a TypeError."""
    if isinstance(x, np.generic):  # before the next line: a numpy.float64 is a Python float, too
        return x.item()
    if is_tensor(x) or isinstance(x, bool | int | float):
        return x
    if isinstance(x, np.ndarray):
        dtypes.as_dtype(x.dtype)  # refuses text, objects, complex numbers
        return wrap(x)
    raise ArgumentError(f"{op}: takes Tensors, numbers and NumPy arrays, not {type(x).__name__}")


def scalar(op: str, name: str, value: Any) -> Scalar:
    """A Python number, from one of NumPy's or a Tensor without dimensions as well.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if is_tensor(value) and not value.array.ndim:
        return value.array.item()  # type: ignore[no-any-return]  # an element of a number type
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise ArgumentError(f"{op}: {name} must be a number, not {type(value).__name__}")
    return value


def dtype_of(x: Any) -> dtypes.DType:
    """The dtype of a Tensor, or the one that a Python number has when it stands alone."""
    return x.array.dtype if is_tensor(x) else dtypes.of_scalar(x)


def common_dtype(*xs: Any) -> dtypes.DType:
    """PyTorch's result type of Tensors and Python numbers."""
    return dtypes.result_type([(dtype_of(x), (2 if x.array.ndim else 1) if is_tensor(x) else 0) for x in xs])


def wrapped(op: str, x: Scalar, dtype: dtypes.DType) -> Scalar:
    """A Python number of the kind that NumPy combines with `dtype` without widening it; integers wrap around."""
    if dtype.kind == "f":
        return float(x)
    if dtype.kind == "b":
        return bool(x)
    if not -(2**63) <= x < 2**64:
        raise DomainError(f"{op}: the number {x} does not fit into 64 bits")
    least, count = int(np.iinfo(dtype).min), 256**dtype.itemsize
    return (int(x) - least) % int(count) + least


def fitted(op: str, x: Scalar, dtype: dtypes.DType) -> Scalar:
    """`wrapped`, but the number must be in dtype's range; where this is unsigned, an integer −x may stand for 2ⁿ − x.

    Raises
    ------
    DomainError
        If it is not.
    """
    infinite = dtype.kind == "f" and isinstance(x, float) and not math.isfinite(x)  # some integers are no floats
    if dtype.kind != "b" and not infinite:
        most = float(np.finfo(dtype).max) if dtype.kind == "f" else np.iinfo(dtype).max
        turns = dtype.kind == "u" and not isinstance(x, float)
        least = -most if dtype.kind == "f" or turns else np.iinfo(dtype).min
        if not least <= x <= most:
            raise DomainError(f"{op}: the number {x} cannot be converted to {dtype} without overflow")
    return wrapped(op, x, dtype)


def stored(op: str, x: Scalar, dtype: dtypes.DType) -> Scalar:
    """`fitted`, but half precision takes what is beyond its range as infinite: so do where and x[i] = v in PyTorch."""
    if dtype == dtypes.float16 and 65504 < abs(x) < 2.0**1023:
        return math.copysign(65504 if abs(x) < 65520 else math.inf, x)  # half-way to the next number of 5 exponent bits
    return fitted(op, x, dtype)


def alike(op: str, *operands: Any, floating: bool = False, number: Callable[..., Scalar] = wrapped) -> tuple[Any, ...]:
    """The operands promoted to one dtype and broadcast to one shape. Python numbers stay numbers.

    With `floating`, integers are promoted to the default floating type; `number` says what becomes of Python numbers
    that are beyond the range of the dtype.
    """
    first = operands[0] if isinstance(operands[0], TensorBase) else operands[-1]
    if isinstance(first, TensorBase) and first.array.dtype.kind == "f":
        shape, dtype = first.array.shape, first.array.dtype
        made: list[Any] = []
        for x in operands:
            if isinstance(x, TensorBase):
                if x.array.shape != shape or x.array.dtype is not dtype:
                    break
                made.append(x)
            elif isinstance(x, (float, int)) and -65504 <= x <= 65504:  # within the range of any such type
                made.append(float(x))
            else:
                break
        else:  # nothing to do, the usual case
            return tuple(made)
    xs = tuple(operand(op, x) for x in operands)
    tensors = [x for x in xs if is_tensor(x)]
    if not tensors:
        names = [type(x).__name__ for x in operands]
        raise ArgumentError(f"{op}: expected a Tensor among its operands, got {names}")
    dtype, shape = common_dtype(*xs), shapes.broadcast(op, *(x.array.shape for x in tensors))
    if floating and dtype.kind != "f":
        dtype = dtypes.get_default_dtype()
    return tuple(stretched(cast(x, dtype), shape) if is_tensor(x) else number(op, x, dtype) for x in xs)
