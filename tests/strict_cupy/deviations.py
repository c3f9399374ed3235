"""Functions in which CuPy is not NumPy: checks that NumPy makes and CuPy does not, and functions of CuPy's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from . import cuda
from .array import ndarray, poison, supported, wrap
from .border import Host
from .indexing import check_range
from .names import VERSION
from .syncs import Misuse, synchronised

Arguments = tuple[list[Any], dict[str, Any]]

# Checks before NumPy is called ───────────────────────────────────────────────────────────────────────────────────────


def _argument(host: list[Any], options: dict[str, Any], position: int, name: str, default: Any = None) -> Any:
    return host[position] if len(host) > position else options.get(name, default)


def _take(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    axis = _argument(host, options, 2, "axis")
    indices = np.asarray(_argument(host, options, 1, "indices"))
    check_range(indices, host[0].size if axis is None else host[0].shape[axis], title)
    return host, options


def _along_axis(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    put = title.endswith("put_along_axis")
    axis = _argument(host, options, 3 if put else 2, "axis", -1)
    indices = np.asarray(_argument(host, options, 1, "indices"))
    check_range(indices, host[0].size if axis is None else host[0].shape[axis], title)
    if put and np.size(_argument(host, options, 2, "values")) > 1:
        _check_distinct(np.sort(indices % host[0].shape[axis or 0], axis=axis or 0), axis or 0, title)
    return host, options


def _put(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    indices = np.asarray(_argument(host, options, 1, "indices"))
    check_range(indices, host[0].size, title)
    if np.size(_argument(host, options, 2, "values")) > 1:
        _check_distinct(np.sort(indices.ravel() % host[0].size), 0, title)
    return host, options


def _check_distinct(ordered: Host, axis: int, title: str) -> None:
    if (np.diff(ordered, axis=axis) == 0).any():
        raise Misuse(f"{title} names a place twice; which value stays is chance on a GPU: write xp.add.at to add up")


def _where(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    if len(host) + len(options) == 1:
        synchronised("cupy.where(condition), whose count of True is the result's shape")
    return host, options


def _repeat(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    if isinstance(_argument(host, options, 1, "repeats"), np.ndarray):
        synchronised("cupy.repeat with an array of counts, whose sum is the result's shape")
    return host, options


def _astype(title: str, host: list[Any], options: dict[str, Any]) -> Arguments:
    if options.get("casting") is not None or options.get("subok") is not None:
        raise TypeError(f"{VERSION}: casting= and subok= of {title} are not supported yet; check the dtypes before")
    return host, options


PREPARE: dict[str, Callable[[str, list[Any], dict[str, Any]], Arguments]] = {
    "take": _take,
    "take_along_axis": _along_axis,
    "put_along_axis": _along_axis,
    "put": _put,
    "where": _where,
    "repeat": _repeat,
    "astype": _astype,
}

# CuPy's own ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def array(
    obj: Any, dtype: Any = None, copy: Any = True, order: str = "K", subok: bool = False, ndmin: int = 0,
    *, blocking: bool = False,
) -> ndarray:  # fmt: skip
    """A device array of what is on the host, copied, or of device arrays."""
    if subok:
        raise NotImplementedError(f"{VERSION} has no subok=True; leave it out")
    if type(obj) is ndarray:
        made = np.array(obj._host, dtype, copy=copy, order=order, ndmin=ndmin)  # type: ignore[call-overload]
        return obj if made is obj._host else wrap(made)
    if copy is False:
        raise ValueError(f"{VERSION}: from the host to the device there is no way without a copy; write xp.asarray(it)")
    layout: Any = ("F" if getattr(getattr(obj, "flags", None), "fnc", False) else "C") if order in "KA" else order
    made = np.array(_unwrapped(obj), dtype, copy=True, order=layout, ndmin=ndmin)
    if made.dtype == object:
        supported(made.dtype)
    return wrap(made)


def _unwrapped(obj: Any) -> Any:
    """The host's side of nested sequences of nothing but device arrays; all else as it is."""
    if not isinstance(obj, (list, tuple)) or not obj:
        return obj
    parts = [_unwrapped(part) for part in obj]
    if all(type(part) is ndarray for part in parts):
        return [part._host for part in parts]
    return parts


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    """`array`, but no copy is made of what is on the device already."""
    return array(a, dtype, copy, order or "K")


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, None, "C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, None, "F", ndmin=1)


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> Host:
    """A copy on the host; the host's own arrays as they are."""
    if type(a) is ndarray:
        return a.get(order=order, out=out)
    host = np.asarray(a, order=order)  # type: ignore[call-overload]
    if out is None:
        return host  # type: ignore[no-any-return]
    out[...] = host
    return out  # type: ignore[no-any-return]


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    """Uninitialised memory, poisoned."""
    return ndarray(shape, dtype, order=order)


def empty_like(prototype: Any, dtype: Any = None, order: Any = "K", subok: Any = None, shape: Any = None) -> ndarray:
    """Uninitialised memory of another array's shape, poisoned."""
    if type(prototype) is not ndarray:
        kind = type(prototype).__name__
        raise TypeError(f"{VERSION}: empty_like takes a device array, not {kind}; write xp.empty(shape)")
    return wrap(poison(np.empty_like(prototype._host, dtype, order, shape=shape)))


def as_strided(x: Any, shape: Any = None, strides: Any = None) -> ndarray:
    """A view that stays inside the memory it views: beyond it, a GPU reads what it finds."""
    if type(x) is not ndarray:
        raise TypeError(f"{VERSION}: as_strided takes a device array, not {type(x).__name__}; write xp.asarray(it)")
    view = np.lib.stride_tricks.as_strided(x._host, shape, strides)
    memory = x._host
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    (low, high), (first, last) = np.lib.array_utils.byte_bounds(memory), np.lib.array_utils.byte_bounds(view)
    if view.size and not (low <= first and last <= high):
        excess = max(low - first, last - high)
        raise Misuse(f"as_strided: shape {shape} with strides {strides} ends {excess} bytes outside the array's memory")
    return wrap(view)


def get_array_module(*args: Any) -> Any:
    """The double's ``xp`` if a device array is among the arguments, else NumPy."""
    from .module import xp

    return xp if any(type(arg) is ndarray for arg in args) else np


def not_played(*args: Any, **kwargs: Any) -> NoReturn:
    """What stands for functions that a test on the double has no use for."""
    raise NotImplementedError("the double runs no CUDA and keeps no files; write the plain expression of xp")


OWN: dict[str, Callable[..., Any]] = {
    "array": array,
    "asarray": asarray,
    "asanyarray": asarray,
    "ascontiguousarray": ascontiguousarray,
    "asfortranarray": asfortranarray,
    "asnumpy": asnumpy,
    "empty": empty,
    "empty_like": empty_like,
    "as_strided": as_strided,
    "get_array_module": get_array_module,
    "is_available": lambda: True,
    "get_default_memory_pool": cuda.MemoryPool,
    "get_default_pinned_memory_pool": cuda.MemoryPool,
    **dict.fromkeys(("fuse", "memoize", "from_dlpack", "fromDlpack", "load", "save", "savez"), not_played),
}
