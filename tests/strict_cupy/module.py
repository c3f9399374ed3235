"""``xp``: the double as a module, with all that CuPy has and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import methods
from .array import ndarray, wrap
from .cuda import Cuda
from .deviations import OWN, not_played
from .functions import Function
from .names import RECORD, VERSION, Signature, instead, lacks
from .ufuncs import Ufunc

_TYPES = (np.dtype, np.finfo, np.iinfo, np.ndindex)  # besides the scalars', those that are of the host in CuPy, too
_NONE = "NumPy 2 has no {name}, though {version} has{hint}"


class Own:
    """A function that the double has from CuPy alone."""

    def __init__(self, title: str, function: Callable[..., Any], written: str) -> None:
        self.title, self.__name__ = title, title.rpartition(".")[2]
        self._signature, self._function = Signature(title, written), function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._signature.check(len(args), kwargs)
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<function {self.title} of the strict double>"


class Namespace:
    """A module of CuPy's. A name is looked up in the record when it is first used."""

    def __init__(self, title: str, numpy: Any, **rooms: Any) -> None:
        self.__name__ = title
        self._numpy = numpy
        self._functions: dict[str, str] = RECORD["functions"].get(title, {})
        self.__dict__.update(rooms)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python looks for these on whatever it meets
            raise AttributeError(name)
        value = self._find(name)
        self.__dict__[name] = value
        return value

    def _find(self, name: str) -> Any:
        title = self.__name__
        ufuncs, top = RECORD["ufuncs"].get(title, {}), title == "cupy"
        known = [*self._functions, *ufuncs, *(RECORD["types"] + RECORD["values"] if top else [])]
        if name not in known:
            raise lacks(title, name, known)
        if name in OWN and name in self._functions:
            return Own(f"{title}.{name}", OWN[name], self._functions[name])
        if not hasattr(self._numpy, name):
            raise AttributeError(_NONE.format(name=name, version=VERSION, hint=instead(name, dir(self._numpy))))
        if name in ufuncs:
            return Ufunc(name) if top else getattr(xp, name)
        value = getattr(self._numpy, name)
        if name in self._functions:
            return Function(f"{title}.{name}", value, self._functions[name])
        if name in RECORD["values"] and not isinstance(value, (float, type(None), type(np.s_))):
            raise NotImplementedError(f"the double does not play xp.{name}; write xp.concatenate or xp.arange")
        if isinstance(value, type) and not (issubclass(value, np.generic) or value in _TYPES):
            raise NotImplementedError(f"the double does not play xp.{name}; write functions that NumPy and CuPy share")
        return value

    def __repr__(self) -> str:
        return f"<module '{self.__name__}', the strict double of {VERSION}>"


class Generator:
    """Random numbers from the device. It has few methods; and a draw on the host starts both backends equal."""

    def __init__(self, seed: Any = None) -> None:
        self._host = np.random.default_rng(seed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in RECORD["generator methods"]:
            raise lacks("random.Generator", name, list(RECORD["generator methods"]))
        written = RECORD["generator methods"][name]
        return Function(f"cupy.random.Generator.{name}", getattr(self._host, name), written)


class Random(Namespace):
    """``xp.random``: the Generator; the functions around one global state are refused."""

    def __init__(self) -> None:
        super().__init__("cupy.random", np.random, default_rng=Generator, Generator=Generator)

    def _find(self, name: str) -> Any:
        if name not in self._functions:
            raise lacks("random", name, list(self._functions))
        raise NotImplementedError(f"cupy.random.{name} draws from a global state; write xp.asarray(a draw on the host)")


class Special(Namespace):
    """``cupyx.scipy.special``, of which NumPy has nothing: what Python's math has of it."""

    def __init__(self) -> None:
        super().__init__("cupyx.scipy.special", math)

    def _find(self, name: str) -> Any:
        known = [*self._functions, *RECORD["ufuncs"][self.__name__]]
        if name not in known:
            raise lacks(self.__name__, name, known)
        function = {"erf": math.erf, "erfc": math.erfc, "gammaln": math.lgamma}.get(name)
        if function is None:
            raise NotImplementedError(f"the double does not play {self.__name__}.{name}; write it with xp's functions")
        each = np.vectorize(function, otypes=[float])

        def special(x: ndarray) -> ndarray:
            return wrap(each(x._host).astype(x.dtype) if x.size else x._host.copy())

        return special


methods.attach()

_rooms = {
    "ndarray": ndarray,
    "ufunc": Ufunc,
    "cuda": Cuda(),
    "fft": Namespace("cupy.fft", np.fft),
    "linalg": Namespace("cupy.linalg", np.linalg),
    "random": Random(),
    "__version__": RECORD["version"],
    **dict.fromkeys(("ElementwiseKernel", "RawKernel", "RawModule", "ReductionKernel"), not_played),
}
xp: Any = Namespace("cupy", np, **_rooms)
xp.lib = Namespace("cupy.lib", None)
xp.lib.stride_tricks = Namespace("cupy.lib.stride_tricks", np.lib.stride_tricks)
special = Special()
