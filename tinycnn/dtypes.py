"""Number types: PyTorch's names for NumPy's dtypes, and PyTorch's rule for which type a result has.

The types fall into three categories, bool < integer < floating. A result takes the highest category among its operands,
and within that category the widest type; but Python scalars, and then tensors of no dimensions, have a say only when
they bring a higher category. So ``float32 + 2.0`` stays float32 (nothing silently becomes float64), ``int64 + 2.0`` is
the default float32, and ``float16 + int64`` is float16, where NumPy would go to float64.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinycnn.errors import DTypeError

DType = np.dtype[Any]

float16 = half = np.dtype("float16")
float32 = float_ = np.dtype("float32")
float64 = double = np.dtype("float64")
uint8 = np.dtype("uint8")
int8 = np.dtype("int8")
int16 = short = np.dtype("int16")
int32 = int_ = np.dtype("int32")
int64 = long = np.dtype("int64")
bool_ = np.dtype("bool")

_default: DType = float32
_BY_PYTHON_TYPE: dict[object, DType] = {bool: bool_, int: int64}
NAMES = ("float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
FLOATING: frozenset[DType] = frozenset((float16, float32, float64))
INTEGERS: frozenset[DType] = frozenset((uint8, int8, int16, int32, int64))
NUMBERS = FLOATING | INTEGERS
ALL = NUMBERS | {bool_}


def get_default_dtype() -> DType:
    """The floating type of new tensors: float32 unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Choose the floating type of new tensors."""
    global _default
    chosen = as_dtype(dtype)
    if chosen.kind != "f":
        raise DTypeError(f"set_default_dtype: only floating types can be the default, not {chosen}")
    _default = chosen


def as_dtype(dtype: Any) -> DType:
    """The dtype meant by a name, a NumPy type or a Python type: ``float`` is float64 here, as in PyTorch.

    Examples
    --------
    >>> as_dtype("int64"), as_dtype(float)
    (dtype('int64'), dtype('float64'))
    """
    try:
        found = _BY_PYTHON_TYPE.get(dtype) or np.dtype(dtype)
    except TypeError:
        raise DTypeError(f"dtype: {dtype!r} is no number type") from None
    if found not in ALL:
        raise DTypeError(f"dtype: {found} is not supported; tinycnn computes in {', '.join(sorted(map(str, ALL)))}")
    return found


def is_floating(dtype: DType) -> bool:
    """Whether tensors of this type can carry gradients."""
    return dtype.kind == "f"


def of_scalar(value: Any) -> DType:
    """The type a Python scalar has when it stands alone: bool, int64 or the default floating type."""
    if isinstance(value, np.generic):
        return as_dtype(value.dtype)
    return _default if isinstance(value, float) else _BY_PYTHON_TYPE.get(type(value), _default)


def _category(dtype: DType) -> int:
    return 2 if dtype.kind == "f" else 0 if dtype.kind == "b" else 1


def result_type(operands: Iterable[tuple[DType, int]]) -> DType:
    """PyTorch's promotion of operands, each a (dtype, rank): 0 a scalar, 1 a tensor of no dimensions, 2 a tensor.

    Examples
    --------
    >>> result_type([(float32, 2), (float64, 0)]), result_type([(int64, 2), (float32, 0)])
    (dtype('float32'), dtype('float32'))
    >>> result_type([(float16, 2), (int64, 2)])
    dtype('float16')
    """
    result: DType | None = None
    for rank in (2, 1, 0):
        same: DType | None = None
        for dtype, its_rank in operands:
            if its_rank == rank:
                same = dtype if same is None else _promote(same, dtype)
        if same is not None and (result is None or _category(same) > _category(result)):
            result = same
    assert result is not None, "result_type needs an operand"
    return result


def _promote(a: DType, b: DType) -> DType:
    if a == b:
        return a
    if _category(a) != _category(b):
        return a if _category(a) > _category(b) else b
    return np.promote_types(a, b)
