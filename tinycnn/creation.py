"""Tensors out of nothing: zeros, ones, arange and their kin; those made of data are in `tinycnn.conversion`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.autograd.node import TensorBase
from tinycnn.errors import ArgumentError, DomainError, DTypeError, ShapeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.promotion import fitted
from tinycnn.shapes import as_shape, integer, spread


def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, TensorBase)


@checked
def numel(input: Tensor) -> int:
    """How many elements it has."""
    return int(input.array.size)


def _kind(dtype: Any) -> dtypes.DType:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


def _size(op: str, size: Any) -> tuple[int, ...]:
    shape = as_shape(op, size)
    if min(shape, default=0) < 0:
        raise ShapeError(f"{op}: trying to create a tensor with a negative dimension: {shape}")
    return shape


def _number(op: str, name: str, value: Any) -> Any:
    """A number of Python, from one of NumPy's or a tensor of one element as well."""
    if isinstance(value, TensorBase) and value.array.size == 1:
        return value.array.item()
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise ArgumentError(f"{op}: {name} must be a number, not {type(value).__name__}")
    return value


# Of one value ────────────────────────────────────────────────────────────────────────────────────────────────────────


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this size, full of one value, whose type decides the dtype unless it is given."""
    value = _number("full", "fill_value", fill_value)
    kind = dtypes.of_scalar(value) if dtype is None else dtypes.as_dtype(dtype)
    made = backends.get(device).xp.full(_size("full", size), fitted("full", value, kind), dtype=kind)
    return Tensor.wrap(made).requires_grad_(requires_grad)


def _filled(op: str, size: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    made = getattr(backends.get(device).xp, op)(_size(op, size), dtype=_kind(dtype))
    return Tensor.wrap(made).requires_grad_(requires_grad)


@spread
def zeros(size: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros: ``zeros(2, 3)`` or ``zeros((2, 3))``."""
    return _filled("zeros", size, dtype, device, requires_grad)


@spread
def ones(size: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones: ``ones(2, 3)`` or ``ones((2, 3))``."""
    return _filled("ones", size, dtype, device, requires_grad)


@spread
def empty(size: Sequence[int], *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose elements are whatever lay in memory."""
    return _filled("empty", size, dtype, device, requires_grad)


@checked
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value in input's shape, dtype and device."""
    return full(input.array.shape, fill_value, dtype=dtype or input.array.dtype, device=device or input.device,
                requires_grad=requires_grad)


@checked
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of input's shape, dtype and device."""
    return _filled("zeros", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


@checked
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of input's shape, dtype and device."""
    return _filled("ones", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


@checked
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of input's shape, dtype and device, its elements whatever lay in memory."""
    return _filled("empty", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    rows, columns = _size("eye", (n, n if m is None else m))
    made = backends.get(device).xp.eye(rows, columns, dtype=_kind(dtype))
    return Tensor.wrap(made).requires_grad_(requires_grad)


# Of equal steps ──────────────────────────────────────────────────────────────────────────────────────────────────────


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start (0 if left out), start + step, … up to, but without, end; integers if all three are."""
    first, last = (0, start) if end is None else (0 if start is None else start, end)
    first, last, by = _number("arange", "start", first), _number("arange", "end", last), _number("arange", "step", step)
    whole = all(isinstance(number, int) for number in (first, last, by))
    kind = dtypes.int64 if whole and dtype is None else _steps_in("arange", dtype)
    if not math.isfinite(first) or not math.isfinite(last) or (by and (last - first) / by < 0):
        raise DomainError(f"arange: step {by} never leads from {first} to {last}")
    if kind == dtypes.int64:
        first, last, by, whole = int(first), int(last), int(by), True
    if not by:
        raise DomainError("arange: step must not be 0")
    count = -((first - last) // by) if whole else math.ceil((last - first) / by)
    if kind.kind != "f":
        first, by = int(first), int(by)
    made = (first + by * np.arange(count, dtype="int64" if kind.kind != "f" else "float64")).astype(kind)
    return Tensor.wrap(backends.get(device).asarray(made)).requires_grad_(requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances, from start to end, both included."""
    first, last = _number("linspace", "start", start), _number("linspace", "end", end)
    count, kind = integer("linspace", "steps", steps), _steps_in("linspace", dtype)
    if count < 0:
        raise DomainError(f"linspace: the number of steps must not be negative, but it is {count}")
    if kind.kind != "f":
        first, last = (int(fitted("linspace", end_point, kind)) for end_point in (first, last))
    made = np.linspace(first, last, count).astype(kind)
    return Tensor.wrap(backends.get(device).asarray(made)).requires_grad_(requires_grad)


def _steps_in(op: str, dtype: Any) -> dtypes.DType:
    kind = _kind(dtype)
    if kind == dtypes.bool_:
        raise DTypeError(f"{op}: there are no steps from False to True; choose a dtype of numbers")
    return kind
