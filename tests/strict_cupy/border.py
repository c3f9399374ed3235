"""The border: arguments on their way to NumPy, and results on their way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .array import ndarray, wrap
from .names import VERSION
from .syncs import Misuse

Host = np.ndarray[Any, Any]

PLAIN = frozenset({int, float, bool, complex, str, type(None), slice, type(Ellipsis), type, np.dtype})

# Parameters that steer what the host does: it must know them, so they are no device arrays.
STEERING = frozenset({
    *("shape", "newshape", "new_shape", "axis", "axes", "axis1", "axis2", "axisa", "axisb", "axisc", "source"),
    *("destination", "k", "n", "N", "M", "num", "decimals", "ddof", "pad_width", "minlength", "reps", "kth", "start"),
    *("indices_or_sections", "window_shape", "strides", "order", "dtype", "keepdims", "side", "kind", "ndmin", "dims"),
    *("rtol", "atol", "equal_nan", "max_work", "ndim", "deg", "copy", "casting", "constant_values", "end_values"),
})  # fmt: skip

# Parameters that hold one array (or, but for the first of a function, one scalar): CuPy makes no array of a list there.
ARRAYS = frozenset({
    *("a", "b", "x", "y", "x1", "x2", "a1", "a2", "ar", "ar1", "ar2", "arr", "arr1", "arr2", "ary", "array", "m", "v"),
    *("condition", "dst", "src", "weights", "prototype", "element", "test_elements", "values", "mask", "vals", "val"),
    *("a_min", "a_max", "prepend", "append", "fp", "xp", "z", "p", "filt", "out"),
})  # fmt: skip

# Parameters for which CuPy copies a NumPy array to the device, or needs it on the host.
HOST_TOO = STEERING | {"indices", "ind", "repeats"}


def to_host(value: Any, title: str, name: str, met: list[ndarray]) -> Any:
    """The argument `name` of the function `title` as NumPy is to have it; device arrays on the way are put in `met`."""
    kind = type(value)
    if kind is ndarray:
        if name in STEERING:
            raise TypeError(f"{VERSION}: {title} needs {name} on the host; write int(x), which waits for the GPU")
        met.append(value)
        return value._host
    if kind in PLAIN or isinstance(value, (np.generic, type)):
        return value
    if isinstance(value, np.ndarray):
        if name not in HOST_TOO:
            raise TypeError(f"{title} was given a NumPy array as {name}; write xp.asarray({name}), once and early")
        return value
    if isinstance(value, (list, tuple)):
        if name in ARRAYS and not (name == "out" and kind is tuple):
            raise TypeError(f"{VERSION}: {title} takes an array as {name}, not a {kind.__name__}; write xp.asarray")
        if name == "tup" and not all(isinstance(part, (ndarray, np.ndarray)) for part in value):
            raise TypeError(f"{VERSION}: {title} joins device arrays only; write xp.asarray of the other parts")
        parts = [to_host(part, title, name, met) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if callable(value):
        raise NotImplementedError(f"the double does not call back: {title}({name}={value!r}); write array expressions")
    return value


def to_device(result: Any, met: Sequence[ndarray], keep_order: bool = False) -> Any:
    """What NumPy returned, as CuPy returns it: scalars as arrays of no dimensions, new arrays in C order."""
    if isinstance(result, np.ndarray):
        for array in met:
            if result is array._host:
                return array  # as out= and no-ops do
        if not (keep_order or result.flags.c_contiguous or _is_view(result, met)):
            result = np.ascontiguousarray(result)
        return wrap(result)
    if isinstance(result, np.generic):
        return wrap(np.asarray(result))
    if isinstance(result, (list, tuple)):
        parts = [to_device(part, met, keep_order) for part in result]
        return parts if isinstance(result, list) else tuple(parts) if type(result) is tuple else type(result)(*parts)
    return result


def _is_view(host: Host, met: Sequence[ndarray]) -> bool:
    return any(np.may_share_memory(host, array._host) for array in met)


def check_writable(host: Host, title: str) -> None:
    """Raise unless each element has memory of its own: a GPU's threads would write over each other."""
    if not host.flags.writeable or (not host.flags.c_contiguous and _folded(host)):
        raise Misuse(
            f"{title} writes into a view of shape {host.shape} and strides {host.strides}, in which elements share"
            " their memory; write into a copy"
        )


def _folded(host: Host) -> bool:
    """Whether two elements may lie in the same place. Exact for all that slicing and transposing make."""
    reach = host.itemsize
    for stride, length in sorted((abs(s), n) for s, n in zip(host.strides, host.shape, strict=True) if n != 1):
        if stride < reach and host.size:
            return True
        reach += stride * (length - 1)
    return False


def check_copy(target: Host, source: Host) -> None:
    """Raise where CuPy copies memory in one go from a range to another that it overlaps."""
    if (
        target.flags.c_contiguous
        and (target.shape, target.strides, target.dtype) == (source.shape, source.strides, source.dtype)
        and target.__array_interface__["data"] != source.__array_interface__["data"]
        and np.may_share_memory(target, source)
    ):
        raise Misuse("x[i:j] = x[k:l] between ranges that overlap is a race on a GPU; write x[i:j] = x[k:l].copy()")
