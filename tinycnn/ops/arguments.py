"""Arguments as PyTorch takes them: of the types that a function's annotations name, and under NumPy's names too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import ArgumentError

F = TypeVar("F", bound=Callable[..., Any])
Rule = tuple[str, Callable[[Any], bool]]  # what a kind is called, and whether a value is of it

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}

_KINDS: dict[str, Rule] = {
    "Tensor": ("a Tensor", is_tensor),
    "Scalar": ("a number", lambda x: isinstance(x, bool | int | float | np.number | np.bool_)),
    "bool": ("a bool", lambda x: isinstance(x, bool)),
    "str": ("a string", lambda x: isinstance(x, str)),
    "None": ("None", lambda x: x is None),
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
    ... def total(input: "Tensor", dim: "int" = 0, keepdim: "bool" = False): ...
    >>> total(2.0)
    Traceback (most recent call last):
    tinycnn.errors.ArgumentError: total: input must be a Tensor, not float
    """
    rules: dict[str, list[Rule]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        kinds = str(parameter.annotation).split(" | ")
        rules[name] = [_KINDS[kind] for kind in kinds] if _KINDS.keys() >= set(kinds) else []
    in_order = tuple(rules.items())

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        for value, (name, rule) in zip(args, in_order, strict=False):
            _check(function.__name__, name, value, rule)
        for name in NUMPY_NAMES.keys() & named.keys() - rules.keys():
            if NUMPY_NAMES[name] in rules.keys() - named.keys():
                named[NUMPY_NAMES[name]] = named.pop(name)
        for name, value in named.items():
            _check(function.__name__, name, value, rules.get(name, []))
        return function(*args, **named)

    return call  # type: ignore[return-value]  # the same signature, which the checker cannot see


def _check(op: str, name: str, value: Any, rule: list[Rule]) -> None:
    if rule and not any(fits(value) for _, fits in rule):
        hint = "; tinycnn.tensor makes one" if "a Tensor" in dict(rule) and hasattr(value, "__len__") else ""
        kinds = " or ".join(kind for kind, _ in rule)
        raise ArgumentError(f"{op}: {name} must be {kinds}, not {type(value).__name__}{hint}")
