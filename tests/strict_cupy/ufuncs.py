"""The double's ufuncs: NumPy's with CuPy's keywords, and of their methods those that CuPy has."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from . import indexing
from .array import ndarray
from .border import PLAIN, check_writable, to_device
from .names import RECORD, VERSION, instead

KEYWORDS = frozenset({"out", "casting", "dtype"})

#: what add.at shuffles by; ``reset()`` starts it anew
scatter_order = np.random.default_rng(0)


def quietly() -> Any:
    """A division by zero warns nobody on a GPU."""
    return np.errstate(all="ignore")


class Ufunc:
    """An elementwise function of device arrays and scalars."""

    def __init__(self, name: str) -> None:
        entry = RECORD["ufuncs"]["cupy"][name]
        self.name = self.__name__ = name
        self.nin, self.nout = entry["nin"], entry["nout"]
        self.nargs = self.nin + self.nout
        self._at = entry.get("at", "").split()
        self._numpy = getattr(np, name)
        self._extra = {"order": "C"} if isinstance(self._numpy, np.ufunc) else {}  # CuPy's results are in C order

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.nin <= len(args) <= self.nargs:
            raise TypeError(f"{VERSION}: {self.name} takes {self.nin} arrays, not {len(args)}; write out= by name")
        host = [arg._host if type(arg) is ndarray else self._scalar(arg) for arg in args]
        if not kwargs and len(host) == self.nin:
            with quietly():
                return to_device(self._numpy(*host, **self._extra), ())
        return self._with_options(args, host, kwargs)

    def _with_options(self, args: tuple[Any, ...], host: list[Any], kwargs: dict[str, Any]) -> Any:
        if not KEYWORDS.issuperset(kwargs):
            name = next(name for name in kwargs if name not in KEYWORDS)
            hint = {"where": "; write xp.where(mask, f(x), x)"}.get(name) or instead(name, KEYWORDS, {})
            raise TypeError(f"{VERSION} has no {name}= in cupy.{self.name}, only out=, casting= and dtype={hint}")
        out = kwargs.pop("out", None)
        outs = args[self.nin :] or (out if isinstance(out, tuple) else () if out is None else (out,))
        for array in outs:
            if type(array) is not ndarray:
                kind = type(array).__name__
                raise TypeError(f"{VERSION}: {self.name}(out=) takes a device array, not {kind}; write xp.empty_like")
            check_writable(array._host, f"{self.name}(out=)")
        if outs:
            kwargs["out"] = outs[0]._host if len(outs) == 1 else tuple(array._host for array in outs)
        with quietly():
            result = self._numpy(*host[: self.nin], **kwargs, **self._extra)
        return to_device(result, outs)

    def _scalar(self, value: Any) -> Any:
        """The value, if CuPy takes such a scalar."""
        if type(value) in PLAIN or isinstance(value, np.generic):
            return value
        if isinstance(value, np.ndarray):
            raise TypeError(f"{self.name} was given a NumPy array; write xp.asarray(it), once and early")
        raise TypeError(
            f"{VERSION}: {self.name} takes device arrays and scalars, not {type(value).__name__}; write xp.asarray(it)"
        )

    # ufunc.at and its like ───────────────────────────────────────────────────────────────────────────────────────────

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        """a[indices] = self(a[indices], b), a place that is named twice being met twice."""
        if not self._at:
            known = ", ".join(name for name, entry in RECORD["ufuncs"]["cupy"].items() if "at" in entry)
            raise NotImplementedError(f"{VERSION} has no {self.name}.at; there are {known}")
        if type(a) is not ndarray:
            raise TypeError(f"cupy.{self.name}.at changes a device array, not {type(a).__name__}; write xp.asarray(it)")
        if a.dtype.name not in self._at:
            raise TypeError(f"{VERSION}: {self.name}.at is for {', '.join(self._at)}, not {a.dtype}; write .astype")
        with quietly():
            indexing.scatter(self.name, a, indices, b, scatter_order)

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        if self.name in ("add", "multiply"):
            return (array.sum if self.name == "add" else array.prod)(axis, dtype, out, keepdims)
        self._none("reduce", "x.max, x.min, x.all or x.any")

    def accumulate(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        if self.name in ("add", "multiply"):
            return (array.cumsum if self.name == "add" else array.cumprod)(axis, dtype, out)
        self._none("accumulate", "a loop over the axis")

    def outer(self, a: Any, b: Any, **kwargs: Any) -> Any:
        return self(a[(..., *(None,) * b.ndim)], b, **kwargs)

    def _none(self, method: str, hint: str) -> NoReturn:
        raise NotImplementedError(f"{VERSION} has {method} for add and multiply, not for {self.name}; write {hint}")

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{VERSION}: cupy.{self.name} has no {name}{instead(name, RECORD['ufunc methods'], {})}")

    def __repr__(self) -> str:
        return f"<ufunc 'cupy_{self.name}'>"


def reset() -> None:
    """Start the shuffling of scatter-adds anew, so that a test does not depend on those before it."""
    scatter_order.bit_generator.state = np.random.default_rng(0).bit_generator.state
