"""Tensors out of nothing, or out of Python's and NumPy's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.autograd.node import TensorBase
from tinycnn.errors import DTypeError, ShapeError
from tinycnn.shapes import as_shape, spread


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: numbers, nested lists of them, an array or a Tensor.

    Python floats give the default dtype (float32), integers int64; arrays and Tensors keep theirs.

    Examples
    --------
    >>> tensor([[1, 2], [3, 4]]).dtype, tensor([1.0, 2]).dtype
    (dtype('int64'), dtype('float32'))
    """
    return _from(data, dtype, device, requires_grad, copy=True)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where it can."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    return _from(data, dtype, device, False, copy=False)


asarray = as_tensor


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the array's memory."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy: expected a numpy.ndarray, got {type(ndarray).__name__}")
    dtypes.as_dtype(ndarray.dtype)  # refuses strings, objects, complex numbers
    return Tensor.wrap(ndarray)


def _from(data: Any, dtype: Any, device: Any, requires_grad: bool, copy: bool) -> Tensor:
    if isinstance(data, TensorBase):
        made = data.detach().to(dtype=dtype, device=device)  # type: ignore[attr-defined]  # every TensorBase is a Tensor
        made = Tensor.wrap(made.array.copy() if copy else made.array)
        return made.requires_grad_(requires_grad)
    backend = backends.get(device)
    if type(data) is backend.ndarray and backend.name != "cpu":
        return Tensor.wrap(data.copy() if copy else data).requires_grad_(requires_grad)
    if not isinstance(data, np.ndarray | np.generic):
        host = _host(data)
        if dtype is None:  # Python's float and int mean tinycnn's defaults, not NumPy's
            dtype = dtypes.get_default_dtype() if host.dtype.kind == "f" and not _has_arrays(data) else host.dtype
            dtype = dtypes.get_default_dtype() if host.size == 0 and not _has_arrays(data) else dtype
    else:
        host = np.asarray(data)
    kind = dtypes.as_dtype(host.dtype if dtype is None else dtype)
    host = np.array(host, dtype=kind) if copy else np.asarray(host, dtype=kind)
    return Tensor.wrap(backend.asarray(host)).requires_grad_(requires_grad)


def _host(data: Any) -> Any:
    """Nested lists, with numbers, arrays and one-element tensors in them, as one host array."""
    plain = _plain(data)
    try:
        host = np.asarray(plain)
    except ValueError:
        raise ShapeError(
            "tensor: the nested lists are ragged: every row must have the same length, at every depth"
        ) from None
    if host.dtype.kind not in "fiub":
        raise DTypeError(f"tensor: cannot make numbers of {host.dtype} data; text, None and objects have no value")
    return host


def _plain(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return np.asarray(data.backend.asnumpy(data.array)) if isinstance(data, TensorBase) else data


def _has_arrays(data: Any) -> bool:
    """Whether the first number, as deep as it may lie, brings a dtype of its own."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return hasattr(data, "dtype")


def full(
    size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of this size, full of one value, whose type decides the dtype unless it is given."""
    kind = dtypes.of_scalar(fill_value) if dtype is None else dtypes.as_dtype(dtype)
    made = backends.get(device).xp.full(as_shape("full", size), fill_value, dtype=kind)
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


def _filled(how: str, size: Sequence[int], dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    shape = as_shape(how, size)
    if min(shape, default=0) < 0:
        raise ShapeError(f"{how}: trying to create a tensor with a negative dimension: {shape}")
    return Tensor.wrap(getattr(backends.get(device).xp, how)(shape, dtype=kind)).requires_grad_(requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of input's shape, dtype and device."""
    return _filled("zeros", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of input's shape, dtype and device."""
    return _filled("ones", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of input's shape, dtype and device, its elements whatever lay in memory."""
    return _filled("empty", input.array.shape, dtype or input.array.dtype, device or input.device, requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value in input's shape, dtype and device."""
    return full(input.array.shape, fill_value, dtype=dtype or input.array.dtype, device=device or input.device,
                requires_grad=requires_grad)


def arange(
    start: float, end: float | None = None, step: float = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, … up to, but without, end; integers if all three are."""
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) / step < 0:
        raise ShapeError(f"arange: step {step} never leads from {start} to {end}")
    whole = all(isinstance(number, int) for number in (start, end, step))
    kind = dtypes.as_dtype(dtype) if dtype is not None else dtypes.int64 if whole else dtypes.get_default_dtype()
    made = np.arange(start, end, step, dtype=None if whole else "float64").astype(kind)
    return Tensor.wrap(backends.get(device).asarray(made)).requires_grad_(requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances, from start to end, both included."""
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    made = np.linspace(start, end, steps).astype(kind)
    return Tensor.wrap(backends.get(device).asarray(made)).requires_grad_(requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
    return Tensor.wrap(backends.get(device).xp.eye(n, m, dtype=kind)).requires_grad_(requires_grad)


def is_tensor(obj: Any) -> bool:
    """Whether it is a Tensor."""
    return isinstance(obj, TensorBase)


def numel(input: Tensor) -> int:
    """How many elements it has."""
    return int(input.array.size)
