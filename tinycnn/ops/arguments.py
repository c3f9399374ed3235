"""Arguments as PyTorch takes them: of the types that a function's annotations name, and under NumPy's names too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinycnn.autograd.node import TensorBase
from tinycnn.errors import ArgumentError

F = TypeVar("F", bound=Callable[..., Any])

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "Tensor": ("a Tensor", (TensorBase,)),
    "Scalar": ("a number", (bool, int, float, np.number, np.bool_)),
    "bool": ("a bool", (bool,)),
    "str": ("a string", (str,)),
    "None": ("None", (type(None),)),
}


def checked(function: F) -> F:
    """Let `function` refuse what its annotations do not name, and take ``axis=`` for ``dim=`` as PyTorch does.

    An annotation is read as it is written, ``"Tensor | None"`` say; one with a name that is not in the table allows
    anything: dimensions, for one, are looked at where they are used.

    Raises
    ------
    ArgumentError
        Naming the function, the argument and what it may be.

    Examples
    --------
    >>> @checked
    ... def total(input: Tensor, dim: int = 0, keepdim: bool = False): ...
    >>> total(2.0)
    Traceback (most recent call last):
    tinycnn.errors.ArgumentError: total: input must be a Tensor, not float
    """
    kinds = {name: str(p.annotation).split(" | ") for name, p in inspect.signature(function).parameters.items()}
    types: dict[str, tuple[type, ...]] = {
        name: sum((_KINDS[kind][1] for kind in named), ()) if _KINDS.keys() >= set(named) else (object,)
        for name, named in kinds.items()
    }
    in_order = tuple(types.items())

    def refuse(name: str, value: Any) -> None:
        hint = "; tinycnn.tensor makes one" if "Tensor" in kinds[name] and hasattr(value, "__len__") else ""
        wanted = " or ".join(_KINDS[kind][0] for kind in kinds[name])
        raise ArgumentError(f"{function.__name__}: {name} must be {wanted}, not {type(value).__name__}{hint}")

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        for value, (name, allowed) in zip(args, in_order, strict=False):
            if not isinstance(value, allowed):
                refuse(name, value)
        for name in NUMPY_NAMES.keys() & named.keys() - types.keys() if named else ():
            if NUMPY_NAMES[name] in types.keys() - named.keys():
                named[NUMPY_NAMES[name]] = named.pop(name)
        for name, value in named.items():
            if not isinstance(value, types.get(name, object)):
                refuse(name, value)
        return function(*args, **named)

    return call  # type: ignore[return-value]  # the same signature, which the checker cannot see
