"""Tensors out of nothing: zeros, ones, arange and their kin; those made of data are in `tinycnn.conversion`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.errors import DomainError, DTypeError
from tinycnn.ops.arguments import checked
from tinycnn.ops.promotion import fitted, scalar
from tinycnn.shapes import integer, new_shape, spread


def _kind(dtype: Any) -> dtypes.DType:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)


# Of one value ────────────────────────────────────────────────────────────────────────────────────────────────────────


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this size, full of one value, whose type decides the dtype unless it is given."""
    value = scalar("full", "fill_value", fill_value)
    kind = dtypes.of_scalar(value) if dtype is None else dtypes.as_dtype(dtype)
    made = backends.get(device).xp.full(new_shape("full", size), fitted("full", value, kind), dtype=kind)
    return Tensor.wrap(made).requires_grad_(requires_grad)


def _filled(op: str, size: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    made = getattr(backends.get(device).xp, op)(new_shape(op, size), dtype=_kind(dtype))
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
    rows, columns = new_shape("eye", (n, n if m is None else m))
    made = backends.get(device).xp.eye(rows, columns, dtype=_kind(dtype))
    return Tensor.wrap(made).requires_grad_(requires_grad)


# Of equal steps ──────────────────────────────────────────────────────────────────────────────────────────────────────


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start (0 if left out), start + step, … up to, but without, end; integers if all three are."""
    first, last = (0, start) if end is None else (0 if start is None else start, end)
    first, last, by = scalar("arange", "start", first), scalar("arange", "end", last), scalar("arange", "step", step)
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
    first, last = scalar("linspace", "start", start), scalar("linspace", "end", end)
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
