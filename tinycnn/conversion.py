"""Tensors out of data: Python's numbers and lists, NumPy's arrays, and whatever speaks DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn import backend as backends
from tinycnn import dtypes
from tinycnn._tensor import Tensor
from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError, DeviceError, DomainError, DTypeError, FormatError, ShapeError
from tinycnn.ops.copying import clone

_PYTHONS = frozenset((bool, int, float))


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`: numbers, nested lists of them, an array or a Tensor.

    Python floats give the default dtype (float32), integers int64; arrays and Tensors keep theirs.

    Examples
    --------
    >>> tensor([[1, 2], [3, 4]]).dtype, tensor([1.0, 2]).dtype
    (dtype('int64'), dtype('float32'))
    """
    return _made("tensor", data, dtype, device, copy=True).requires_grad_(requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where it can; a Tensor stays in its graph."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    return _made("as_tensor", data, dtype, device, copy=False)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor: sharing memory where it can, always a copy with ``copy=True``, never one with ``copy=False``.

    Raises
    ------
    DomainError
        If ``copy=False`` and a copy is needed.
    """
    made = as_tensor(obj, dtype, device)
    source = obj.array if is_tensor(obj) else obj
    shared = made is obj or (isinstance(source, np.ndarray) and np.may_share_memory(made.array, source))
    if copy is False and not shared:
        raise DomainError("asarray: a copy is needed to bring this into a tensor of that dtype and device")
    made = clone(made) if copy and shared else made
    return made if made.requires_grad or not requires_grad else made.requires_grad_()


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the array's memory, also if that is not to be written to."""
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(f"from_numpy: expected a numpy.ndarray, got {type(ndarray).__name__}")
    return Tensor.wrap(_checked("from_numpy", ndarray))


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of another library's: NumPy's, CuPy's, PyTorch's, JAX's, by the DLPack protocol.

    Raises
    ------
    ArgumentError
        If it does not speak DLPack.
    """
    if not hasattr(ext_tensor, "__dlpack__") or not hasattr(ext_tensor, "__dlpack_device__"):
        raise ArgumentError(f"from_dlpack: expected an array that has __dlpack__, got {type(ext_tensor).__name__}")
    place = {1: "cpu", 2: "cuda"}.get(int(ext_tensor.__dlpack_device__()[0]))
    if place is None:
        raise DeviceError("from_dlpack: tinycnn computes on 'cpu' and 'cuda', and the array is on neither")
    array = backends.get(place).xp.from_dlpack(ext_tensor)
    dtypes.as_dtype(array.dtype)
    made = Tensor.wrap(array) if device is None else Tensor.wrap(array).to(device)
    if copy is False and made.array is not array:
        raise DomainError(f"from_dlpack: the array is on {place!r}, so a tensor on {device!r} is a copy")
    return clone(made) if copy and made.array is array else made


# The way in ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _made(op: str, data: Any, dtype: Any, device: Any, copy: bool) -> Tensor:
    if is_tensor(data):
        found = data.detach().to(dtype=dtype, device=device)
        return Tensor.wrap(found.array.copy(order="K")) if copy else found
    backend = backends.get(device)
    if type(data) is backend.ndarray and backend.name != "cpu":
        return Tensor.wrap(data.copy() if copy else data)
    if hasattr(data, "__array__"):
        host = _checked(op, np.asarray(data))
        kind = host.dtype if dtype is None else dtypes.as_dtype(dtype)
    else:
        host = _host(op, data)
        kind = _common(data) if dtype is None else dtypes.as_dtype(dtype)
        _check_fit(op, host, kind)
    with np.errstate(all="ignore"):
        host = np.array(host, dtype=kind) if copy else np.asarray(host, dtype=kind)
    return Tensor.wrap(backend.asarray(host))


def _checked(op: str, array: Any) -> Any:
    """The array as NumPy's own class; DTypeError if its dtype is none of ours, FormatError if its bytes are swapped."""
    if not array.dtype.isnative:
        raise FormatError(
            f"{op}: the array's numbers are in foreign byte order ({array.dtype.str});"
            " convert them with array.astype(array.dtype.newbyteorder('='))"
        )
    dtypes.as_dtype(array.dtype)  # refuses strings, objects, complex numbers
    return np.asarray(array)


def _host(op: str, data: Any) -> Any:
    """Nested lists, with numbers, arrays and one-element tensors in them, as one host array."""
    plain = _plain(op, data)
    try:
        host = np.asarray(plain)
    except ValueError:
        if _mixed(data):
            raise ArgumentError(f"{op}: a number and a list stand side by side in the nested lists") from None
        raise ShapeError(
            f"{op}: the nested lists are ragged: every row must have the same length, at every depth"
        ) from None
    if host.dtype.kind in "uO" and _leaves(data) <= _PYTHONS:
        raise DomainError(f"{op}: a number does not fit into 64 bits")
    if host.dtype.kind not in "fiub":
        raise DTypeError(f"{op}: cannot make numbers of {host.dtype} data; text, None and objects have no value")
    return host


def _mixed(data: Any) -> bool:
    """Whether numbers and lists stand side by side, at any depth."""
    nested = [item for item in data if isinstance(item, list | tuple)]
    return 0 < len(nested) < len(data) or any(map(_mixed, nested))


def _plain(op: str, data: Any) -> Any:
    """The nested lists with numbers for the tensors in them, each of its own dtype."""
    if isinstance(data, list | tuple):
        return [_plain(op, item) for item in data]
    if not is_tensor(data):
        return data
    if data.array.size != 1:
        raise ShapeError(
            f"{op}: only tensors of one element stand for numbers in a list, not one of shape {data.array.shape};"
            " stack and cat join tensors"
        )
    return data.backend.asnumpy(data.array).reshape(())


def _leaves(data: Any) -> set[Any]:
    """What the nested lists are made of: Python's types, and the dtypes of what brings one of its own."""
    if hasattr(data, "dtype"):
        return {np.dtype(data.dtype)}
    if not isinstance(data, list | tuple | range):
        return {type(data)}
    kinds = set(map(type, data))
    return kinds if kinds <= _PYTHONS else set().union(*map(_leaves, data))


def _common(data: Any) -> dtypes.DType:
    """The dtype that holds all of `data`, Python's floats being of the default one."""
    named = {float: dtypes.get_default_dtype(), int: dtypes.int64, bool: dtypes.bool_}
    found = [(named.get(kind, kind), 2) for kind in _leaves(data)]
    return dtypes.result_type(found) if found else dtypes.get_default_dtype()


def _check_fit(op: str, host: Any, kind: dtypes.DType) -> None:
    """Refuse numbers that an integer dtype cannot hold, instead of letting them wrap round."""
    if kind.kind not in "iu" or not host.size:
        return
    limits = np.iinfo(kind)
    negative = kind.kind == "u" and host.dtype.kind == "i"  # the integer −x may stand for 2ⁿ − x, as in PyTorch
    least = -limits.max if negative else limits.min
    if not (np.isfinite(host).all() and host.min() >= least and host.max() <= limits.max):
        raise DomainError(f"{op}: a number cannot be converted to {kind} without overflow")
