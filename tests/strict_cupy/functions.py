"""The double's functions: NumPy's, called with what CuPy would take and answering as CuPy would."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import deviations
from .array import ndarray, wrap
from .border import ARRAYS, check_writable, to_device, to_host
from .names import VERSION, Signature
from .syncs import synchronised
from .ufuncs import quietly

# NumPy answers these with a Python or a NumPy scalar; CuPy leaves the answer on the device.
_ANSWER_STAYS = frozenset({"allclose", "array_equal", "array_equiv", "count_nonzero"})

# New arrays that keep the order of the old one's memory.
_KEEP_ORDER = frozenset({"copy", "astype", "zeros_like", "ones_like", "full_like", "require"})

# They wait for the GPU: their result's shape, or whether to raise, depends on values.
_WAIT = frozenset({
    *("argwhere", "average", "bincount", "choose", "compress", "delete", "extract", "flatnonzero", "histogram"),
    *("histogram2d", "histogramdd", "in1d", "intersect1d", "isin", "ix_", "nonzero", "place", "setdiff1d", "setxor1d"),
    *("trim_zeros", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values"),
    *("array2string", "array_repr", "array_str", "save", "savetxt", "savez", "savez_compressed", "poly", "roots"),
})  # fmt: skip

# They change their first argument.
_WRITE = frozenset({"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"})

# They take things that are no device arrays.
_ANYTHING = frozenset({
    *("array_repr", "array_str", "iscomplexobj", "isrealobj", "isscalar", "iterable", "min_scalar_type", "ndim"),
    *("result_type", "shape", "size", "typename", "poly", "roots"),
})  # fmt: skip


class Function:
    """One function, or one method as a function of the array."""

    def __init__(self, title: str, numpy: Callable[..., Any], written: str, *, method: bool = False) -> None:
        self.title = title
        self.__name__ = title.rpartition(".")[2]
        self._signature = Signature(title, written, method=method)
        self._names = self._signature.positional
        self._numpy = numpy
        with contextlib.suppress(TypeError, ValueError):  # some of NumPy's compiled functions have no signature
            kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            parameters = inspect.signature(numpy).parameters.values()
            self._signature.compare([parameter.name for parameter in parameters if parameter.kind in kinds])
        name = self.__name__
        self._first_is_array = bool(self._names) and self._names[0] in ARRAYS and name not in _ANYTHING
        self._roles = ["" if name in _ANYTHING else role for role in self._names]
        self._waits, self._writes = name in _WAIT, name in _WRITE or (method and name in ("fill", "partition", "sort"))
        self._keeps_order = name in _KEEP_ORDER
        self._answer_stays = name in _ANSWER_STAYS
        self._prepare = deviations.PREPARE.get(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._signature.check(len(args), kwargs)
        first = args[0] if args else kwargs.get(self._names[0]) if self._names else None
        if self._first_is_array and type(first) is not ndarray:
            raise TypeError(
                f"{VERSION}: {self.title} takes a device array, not {type(first).__module__}.{type(first).__name__};"
                " write xp.asarray(it), once and early"
            )
        met: list[ndarray] = []
        roles = self._roles if len(args) <= len(self._roles) else [*self._roles, *[self._signature.rest] * len(args)]
        host = [to_host(arg, self.title, role, met) for arg, role in zip(args, roles, strict=False)]
        options = {name: to_host(value, self.title, name, met) for name, value in kwargs.items()}
        if self._prepare is not None:
            host, options = self._prepare(self.title, host, options)
        if self._waits:
            synchronised(self.title)
        self._check_targets(first, args, kwargs)
        with quietly():
            result = self._numpy(*host, **options)
        if self._answer_stays:
            return wrap(np.asarray(result))
        return to_device(result, met, self._keeps_order or "order" in kwargs)

    def _check_targets(self, first: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """What is to be written must be a device array each of whose elements has memory of its own."""
        out = kwargs.get("out")
        if out is None and "out" in self._names and len(args) > self._names.index("out"):
            out = args[self._names.index("out")]
        for target in [out, *([first] if self._writes else [])]:
            if target is None:
                continue
            if type(target) is not ndarray:
                raise TypeError(f"{VERSION}: {self.title} writes into device arrays, not {type(target).__name__}")
            check_writable(target._host, self.title)

    def __repr__(self) -> str:
        return f"<function {self.title} of the strict double>"


def as_method(name: str, written: str) -> Callable[..., Any]:
    """The method `name` of the array, by NumPy's method of that name."""
    function = Function(f"cupy.ndarray.{name}", getattr(np.ndarray, name), written, method=True)

    def method(self: ndarray, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    return method
