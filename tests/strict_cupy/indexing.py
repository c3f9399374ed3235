"""x[index], x[index] = value and ufunc.at: what NumPy checks and CuPy does not."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .array import ndarray, wrap
from .border import PLAIN, Host, check_copy, check_writable
from .names import VERSION
from .syncs import Misuse, synchronised

Advanced = list[tuple[int, Host]]  # the dimension where each index array begins, and the array


def getitem(array: ndarray, index: Any) -> ndarray:
    """A view for slices and integers, even of one element; a copy in C order for index arrays and masks."""
    items, advanced = resolve(index, array._host.shape, "x[index]")
    if advanced:
        return wrap(np.ascontiguousarray(array._host[items]))
    return wrap(array._host[items if Ellipsis in items else (*items, Ellipsis)])


def setitem(array: ndarray, index: Any, value: Any) -> None:
    """Assignment, unless threads of a GPU would race for a place or the value has to come from the host."""
    host = array._host
    items, advanced = resolve(index, host.shape, "x[index] = value")
    value = _value(value, "x[index] = value")
    if advanced:
        check_writable(host, "x[index] = value")
        if np.size(value) > 1:
            _check_distinct(advanced, host.shape)
        host[items] = value
        return
    target = host[items if Ellipsis in items else (*items, Ellipsis)]
    check_writable(target, "x[index] = value")
    if isinstance(value, np.ndarray):
        check_copy(target, value)
    target[...] = value


def scatter(name: str, array: ndarray, index: Any, value: Any, order: np.random.Generator) -> None:
    """ufunc.at, floats in a shuffled order: a GPU adds them as its threads come."""
    title = f"cupy.{name}.at"
    host = array._host
    items, advanced = resolve(index, host.shape, f"{title}(x, index, value)")
    check_writable(host, title)
    value = _value(value, title)
    ufunc = getattr(np, name)
    if not advanced or host.dtype.kind != "f":
        ufunc.at(host, items, value)
        return
    places = np.arange(host.size).reshape(host.shape)[items].ravel()
    values = np.broadcast_to(value, host[items].shape).ravel()
    shuffled = order.permutation(places.size)
    flat = np.ascontiguousarray(host).reshape(-1)
    ufunc.at(flat, places[shuffled], values[shuffled])
    if not np.may_share_memory(flat, host):
        host[...] = flat.reshape(host.shape)


def resolve(index: Any, shape: tuple[int, ...], title: str) -> tuple[tuple[Any, ...], Advanced]:
    """The index as NumPy takes it, and its index arrays, which are found to be in range."""
    items = tuple(_item(item, title) for item in (index if isinstance(index, tuple) else (index,)))
    if not any(isinstance(item, np.ndarray) for item in items):
        return items, []
    used = sum(_dimensions(item) for item in items)
    advanced, axis = [], 0
    for item in items:
        if item is Ellipsis:
            axis += len(shape) - used
        elif isinstance(item, np.ndarray):
            if item.dtype.kind == "b":
                synchronised("mask, whose count of True is the result's shape")
            elif axis < len(shape):
                check_range(item, shape[axis], title)
            advanced.append((axis, item))
            axis += _dimensions(item)
        else:
            axis += _dimensions(item)
    _check_shapes([array for _, array in advanced])
    return items, advanced


def _check_shapes(advanced: list[Host]) -> None:
    """Index arrays that do not broadcast are a ValueError of CuPy's, not an IndexError."""
    shapes = [(int(array.sum()),) if array.dtype.kind == "b" else array.shape for array in advanced]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"operands could not be broadcast together with shapes {shapes}") from None


def check_range(index: Host, length: int, title: str) -> None:
    """CuPy wraps an index that is out of range around, and says nothing."""
    if index.size and not (-length <= index.min() and index.max() < length):
        wrong = int(index.max() if index.max() >= length else index.min())
        raise Misuse(
            f"{title}: index {wrong} is out of range for {length} elements, and {VERSION} reads another without a word;"
            " check the range where the indices come from"
        )


def _item(item: Any, title: str) -> Any:
    kind = type(item)
    if kind is int or item is None or item is Ellipsis:
        return item
    if kind is slice:
        if ndarray in (type(item.start), type(item.stop), type(item.step)):
            raise TypeError(f"{title}: a slice needs its bounds on the host; write int(x), which waits for the GPU")
        return item
    if kind is ndarray:
        found = item._host
    elif isinstance(item, (bool, np.bool_, list, tuple, np.ndarray)):
        found = np.asarray(item)  # CuPy, too, takes the host's lists and arrays as indices
        if not found.size and not isinstance(item, np.ndarray):
            found = found.astype(np.intp)
    else:
        try:
            return operator.index(item)
        except TypeError:
            raise IndexError(f"{title}: {kind.__name__} is no index; integers, slices, None and arrays are") from None
    if found.dtype.kind not in "biu":
        raise IndexError(f"{title}: an index array is of integers or bools, not {found.dtype}; write .astype(xp.int64)")
    return found


def _dimensions(item: Any) -> int:
    """How many dimensions of the array an index takes up."""
    if item is None or item is Ellipsis:
        return 0
    return int(item.ndim) if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


def _value(value: Any, title: str) -> Any:
    if type(value) is ndarray:
        return value._host
    if type(value) in PLAIN or isinstance(value, np.generic):
        return value
    kind = "a NumPy array" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    raise TypeError(f"{VERSION}: {title} takes a device array or a scalar, not {kind}; write xp.asarray(value)")


def _check_distinct(advanced: Advanced, shape: tuple[int, ...]) -> None:
    """Each place may be named once: which of two values stays is chance."""
    coordinates: list[tuple[Host, int]] = []
    for axis, item in advanced:
        parts = item.nonzero() if item.dtype.kind == "b" else (item,)
        coordinates += [(part % max(shape[axis + k], 1), shape[axis + k]) for k, part in enumerate(parts)]
    places: Any = np.zeros((), np.int64)
    for part, length in coordinates:
        places = places * length + part.astype(np.int64)
    if np.unique(places).size < places.size:
        raise Misuse(
            "x[index] = value, or x[index] += value, names a place twice; which value stays is chance on a GPU:"
            " write xp.add.at(x, index, value) to add them all up"
        )
