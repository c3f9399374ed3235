"""The array of the double: a NumPy array behind a border that only what CuPy allows can cross."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .names import RECORD, VERSION, lacks
from .syncs import synchronised

_DTYPES = frozenset(np.dtype(code) for code in "?bhilqBHILQefdFD")

_TO_HOST = "; write xp.asnumpy(x) or x.get() where the host is to have it"


class ndarray:
    """An array on the pretended device. ``ndarray(shape, dtype)`` is uninitialised memory, as in CuPy: poisoned."""

    __slots__ = ("__weakref__", "_host")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]  # as every array

    _host: np.ndarray[Any, Any]

    def __init__(
        self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: str = "C"
    ) -> None:
        if memptr is not None or strides is not None:
            raise NotImplementedError("the double has no device memory to point to; write xp.empty(shape, dtype)")
        self._host = poison(np.empty(shape, supported(np.dtype(dtype)), order=order))  # type: ignore[call-overload]

    # What it is ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def shape(self) -> Any:
        return self._host.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        view = self._host.reshape(shape)
        if view.size and not np.shares_memory(view, self._host):
            raise AttributeError("x.shape = shape cannot be had without a copy; write x = x.reshape(shape)")
        self._host = view

    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    strides = property(lambda self: self._host.strides)
    real = property(lambda self: wrap(self._host.real))
    imag = property(lambda self: wrap(self._host.imag))
    T = property(lambda self: self if self._host.ndim < 2 else wrap(self._host.T))
    mT = property(lambda self: wrap(self._host.swapaxes(-1, -2)))

    @property
    def base(self) -> ndarray | None:
        return wrap(self._host.base) if isinstance(self._host.base, np.ndarray) else None

    @property
    def flags(self) -> Flags:
        return Flags(self._host)

    @property
    def data(self) -> MemoryPointer:
        return MemoryPointer(self._host)

    @property
    def device(self) -> Any:
        from .cuda import Device

        return Device(0)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """As other libraries look for it; the memory it points to is the host's."""
        layout = {"shape": self.shape, "typestr": self.dtype.str, "descr": self.dtype.descr, "strides": self.strides}
        return {**layout, "data": (self.data.ptr, False), "stream": 1, "version": 3}

    def __getattr__(self, name: str) -> NoReturn:  # reached only for names that are not there
        raise lacks("ndarray", name, [*RECORD["methods"], *RECORD["attributes"]])

    # What the host may learn of it, by waiting ───────────────────────────────────────────────────────────────────────

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray[Any, Any]:
        """A copy on the host."""
        synchronised("copy to the host")
        if out is None:
            return np.array(self._host, order=order)  # type: ignore[call-overload, no-any-return]
        if not isinstance(out, np.ndarray) or (out.dtype, out.shape) != (self.dtype, self.shape):
            raise TypeError(f"{VERSION}: get(out=) takes a NumPy array of {self.dtype} and shape {self.shape}")
        out[...] = self._host
        return out

    def item(self) -> Any:
        """The one element, as a Python scalar."""
        synchronised("item()")
        return self._host.item()

    def tolist(self) -> Any:
        synchronised("tolist()")
        return self._host.tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        synchronised("tobytes()")
        return self._host.tobytes(order)

    def __float__(self) -> float:
        synchronised("float()")
        return float(self._host)

    def __int__(self) -> int:
        synchronised("int()")
        return int(self._host)

    def __complex__(self) -> complex:
        synchronised("complex()")
        return complex(self._host)

    def __bool__(self) -> bool:
        if self._host.size != 1:
            raise ValueError(f"an array of shape {self.shape} is neither true nor false; write .any(), .all() or .size")
        synchronised("bool(), which every `if x` is")
        return bool(self._host)

    def __repr__(self) -> str:
        synchronised("repr()")
        return repr(self._host)

    def __str__(self) -> str:
        synchronised("str()")
        return str(self._host)

    def __format__(self, spec: str) -> str:
        synchronised("format()")
        return format(self._host[()], spec)

    # Python's own ────────────────────────────────────────────────────────────────────────────────────────────────────

    if TYPE_CHECKING:  # attached in methods.py, with the operators

        def __getitem__(self, index: Any) -> ndarray: ...

    def __len__(self) -> int:
        if not self._host.ndim:
            raise TypeError("len() of an array of no dimensions")
        return len(self._host)

    def __iter__(self) -> Iterator[ndarray]:
        return (self[i] for i in range(len(self)))

    def __copy__(self) -> ndarray:
        return wrap(self._host.copy())

    def __deepcopy__(self, memo: Any) -> ndarray:
        return wrap(self._host.copy())

    # What it refuses ─────────────────────────────────────────────────────────────────────────────────────────────────

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TypeError(f"{VERSION}: a device array does not become a NumPy array by itself{_TO_HOST}")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> NoReturn:
        raise TypeError(f"numpy.{function.__name__} was given a device array; write xp.{function.__name__}{_TO_HOST}")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if any(isinstance(value, np.ndarray) for value in inputs):
            raise TypeError(f"{name} of a device array and a NumPy array; write xp.asarray(the NumPy array)")
        operator = _REFLECTED.get(name)
        if operator and method == "__call__" and not kwargs and isinstance(inputs[0], np.generic):
            return getattr(self, operator)(inputs[0])  # np.float32(2) * x, which arrives here as np.multiply
        raise TypeError(f"numpy.{name} was given a device array; write xp.{name}{_TO_HOST}")

    def __index__(self) -> NoReturn:
        raise TypeError(f"{VERSION}: the host needs a number here; write int(x), which waits for the GPU")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a device array is not pickled here; write xp.asnumpy(x) into a file of a plain format")

    def __dlpack__(self, **kwargs: Any) -> NoReturn:
        raise TypeError(f"a device array does not become a NumPy array through DLPack{_TO_HOST}")

    def dump(self, file: Any) -> NoReturn:
        self.__reduce_ex__(0)

    def dumps(self) -> NoReturn:
        self.__reduce_ex__(0)


#: which method of the array is meant when a NumPy scalar stands on the left
_REFLECTED = {
    "add": "__radd__", "subtract": "__rsub__", "multiply": "__rmul__", "divide": "__rtruediv__", "power": "__rpow__",
    "floor_divide": "__rfloordiv__", "remainder": "__rmod__", "matmul": "__rmatmul__", "divmod": "__rdivmod__",
    "bitwise_and": "__rand__", "bitwise_or": "__ror__", "bitwise_xor": "__rxor__",
    "left_shift": "__rlshift__", "right_shift": "__rrshift__",
    "less": "__gt__", "less_equal": "__ge__", "greater": "__lt__", "greater_equal": "__le__",
    "equal": "__eq__", "not_equal": "__ne__",
}  # fmt: skip


class Flags:
    """The three flags that CuPy knows, and the two it makes of them."""

    def __init__(self, host: np.ndarray[Any, Any]) -> None:
        self.c_contiguous, self.f_contiguous = host.flags.c_contiguous, host.flags.f_contiguous
        self.owndata = host.base is None
        self.forc, self.fnc = host.flags.forc, host.flags.fnc

    def __getitem__(self, name: str) -> bool:
        if name not in ("C_CONTIGUOUS", "F_CONTIGUOUS", "OWNDATA"):
            raise KeyError(f"{VERSION} has no flags[{name!r}]; it knows C_CONTIGUOUS, F_CONTIGUOUS and OWNDATA")
        return bool(getattr(self, name.lower()))

    def __getattr__(self, name: str) -> NoReturn:
        raise lacks("ndarray.flags", name, ["c_contiguous", "f_contiguous", "owndata", "forc", "fnc"])


class MemoryPointer:
    """Where an array begins, for comparing; nothing is to be read there."""

    def __init__(self, host: np.ndarray[Any, Any]) -> None:
        self.ptr = host.__array_interface__["data"][0]
        self.device_id = 0


def wrap(host: np.ndarray[Any, Any]) -> ndarray:
    """The device array over this memory, which it shares."""
    supported(host.dtype)
    array = ndarray.__new__(ndarray)
    array._host = host
    return array


def supported(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype again, if a device array can have it."""
    if dtype not in _DTYPES:
        raise ValueError(f"{VERSION} has no arrays of {dtype}; write bool, an int, a complex or float64")
    return dtype


def poison(host: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Fill uninitialised memory with what no result survives: NaN, or the largest integer."""
    kind = host.dtype.kind
    host.fill(np.nan if kind in "fc" else True if kind == "b" else np.iinfo(host.dtype).max)
    return host
