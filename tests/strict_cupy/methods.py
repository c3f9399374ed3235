"""Gives the array its operators and its methods: those of the record, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from . import indexing
from .array import ndarray, wrap
from .functions import Function, as_method
from .names import RECORD, VERSION
from .ufuncs import Ufunc

_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "lshift": "left_shift", "rshift": "right_shift", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARE = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
_UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}

_NUMBERS = frozenset({int, float, bool, complex, ndarray})
_NO_EQUALITY: Any = object.__eq__


def _operable(other: Any, function: Callable[..., Any]) -> bool:
    """Whether an operator is to try (a NumPy array is refused by the ufunc) or to leave it to `other`.

    CuPy leaves it to objects whose ``__array_ufunc__`` is None or whose ``__array_priority__`` is above its own 100;
    other objects' ``__radd__`` is never asked.
    """
    if type(other) in _NUMBERS or isinstance(other, (np.generic, np.ndarray)):
        return True
    missing = object()
    theirs = getattr(other, "__array_ufunc__", missing)
    if theirs is None or (theirs is missing and getattr(other, "__array_priority__", 0) > ndarray.__array_priority__):
        return False
    kind = type(other).__name__
    raise TypeError(
        f"{VERSION}: {function.__name__} of a device array and a {kind}; write xp.asarray(it), or give {kind} an"
        " __array_priority__ above 100 if it has the reflected operators"
    )


def _forward(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(self, other) if _operable(other, function) else NotImplemented


def _reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(other, self) if _operable(other, function) else NotImplemented


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: function(self, other, out=self)


def _equality(function: Callable[..., Any], unlike: bool) -> Callable[..., Any]:
    """Elementwise, and with what has no equality of its own, such as None and Ellipsis, an array of False."""

    def compare(self: ndarray, other: Any) -> Any:
        if other is None or type(other).__eq__ is _NO_EQUALITY:
            return wrap(np.full(self.shape, unlike))
        return function(self, other) if _operable(other, function) else NotImplemented

    return compare


def _unary(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: function(self)


def set_from_host(self: ndarray, arr: Any, stream: Any = None) -> None:
    """Copy a NumPy array of the same shape and dtype into this one."""
    if not isinstance(arr, np.ndarray) or (arr.dtype, arr.shape) != (self.dtype, self.shape):
        raise TypeError(f"{VERSION}: set() takes a NumPy array of {self.dtype} and shape {self.shape}; write x[...] =")
    self._host[...] = arr


def _scattering(name: str) -> Callable[..., NoReturn]:
    def method(self: ndarray, *args: Any) -> NoReturn:
        ufunc = {"scatter_add": "add", "scatter_max": "maximum", "scatter_min": "minimum"}[name]
        raise TypeError(f"{VERSION}: ndarray.{name} is deprecated; write xp.{ufunc}.at(x, index, value)")

    return method


def _unplayed(name: str) -> Callable[..., NoReturn]:
    def method(self: ndarray, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(f"NumPy has no ndarray.{name}; write the function xp.{name}, if both have it")

    return method


def _flat(self: ndarray) -> NoReturn:
    raise NotImplementedError("the double has no x.flat: on a GPU each element would be a launch; write x.ravel()")


def attach() -> None:
    """Set them all on the class."""
    for name, ufunc_name in _BINARY.items():
        ufunc = Ufunc(ufunc_name)
        setattr(ndarray, f"__{name}__", _forward(ufunc))
        setattr(ndarray, f"__r{name}__", _reflected(ufunc))
        setattr(ndarray, f"__i{name}__", _in_place(ufunc))
    for name, ufunc_name in _COMPARE.items():
        ufunc = Ufunc(ufunc_name)
        setattr(ndarray, f"__{name}__", _forward(ufunc) if name[0] in "lg" else _equality(ufunc, name == "ne"))
    for name, ufunc_name in _UNARY.items():
        setattr(ndarray, f"__{name}__", _unary(Ufunc(ufunc_name)))
    matmul = Function("cupy.matmul", np.matmul, RECORD["functions"]["cupy"]["matmul"])
    rest: dict[str, Callable[..., Any]] = {"matmul": matmul, "divmod": Ufunc("divmod")}  # no in-place form
    for name, function in rest.items():
        setattr(ndarray, f"__{name}__", _forward(function))
        setattr(ndarray, f"__r{name}__", _reflected(function))

    own: dict[str, Any] = {
        "__getitem__": indexing.getitem,
        "__setitem__": indexing.setitem,
        "set": set_from_host,
        "flat": property(_flat),
        **{name: _scattering(name) for name in ("scatter_add", "scatter_max", "scatter_min")},
    }
    for name, value in own.items():
        setattr(ndarray, name, value)
    for name, written in RECORD["methods"].items():
        if name not in ndarray.__dict__:
            setattr(ndarray, name, as_method(name, written) if hasattr(np.ndarray, name) else _unplayed(name))
