"""Arguments as PyTorch takes them: of the types that annotations name, of one dtype, on one device."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from tinycnn.autograd.node import TensorBase
from tinycnn.dtypes import ALL, FLOATING, DType
from tinycnn.errors import ArgumentError, DeviceError, DTypeError, explain

F = TypeVar("F", bound=Callable[..., Any])

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}

_NUMBERS = (bool, int, float, np.number, np.bool_, tuple, list, np.ndarray)  # and what holds them

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
    tinycnn.errors.ArgumentError: total: input must be a Tensor, not float; tinycnn.tensor makes one
    """
    code, said = function.__code__, function.__annotations__  # reading a signature would take ten times as long
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    kinds = {name: str(said.get(name, "")).split(" | ") for name in names}
    types: dict[str, tuple[type, ...]] = {
        name: sum((_KINDS[kind][1] for kind in named), ()) if _KINDS.keys() >= set(named) else (object,)
        for name, named in kinds.items()
    }
    meant = {name: ours for name, ours in NUMPY_NAMES.items() if ours in types and name not in types}
    looked_at = [(place, name, types[name]) for place, name in enumerate(names) if types[name] != (object,)]

    def refuse(name: str, value: Any) -> None:
        wanted = " or ".join(_KINDS[kind][0] for kind in kinds[name])
        hint = _way_to_a_tensor(value) if "Tensor" in kinds[name] else ""
        raise ArgumentError(f"{function.__name__}: {name} must be {wanted}, not {type(value).__name__}{hint}")

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        given = len(args)
        for place, name, allowed in looked_at:
            if place < given and not isinstance(args[place], allowed):
                refuse(name, args[place])
        if named:
            if not meant.keys().isdisjoint(named):
                for name in meant.keys() & named.keys():
                    if meant[name] not in named:
                        named[meant[name]] = named.pop(name)
            for name, value in named.items():
                if not isinstance(value, types.get(name, object)):
                    refuse(name, value)
        return function(*args, **named)

    return call  # type: ignore[return-value]  # the same signature, which the checker cannot see


def expect_tensor(op: str, name: str, value: Any) -> None:
    """Raise an ArgumentError unless it is a Tensor."""
    if not isinstance(value, TensorBase):
        kind = type(value).__name__
        raise ArgumentError(f"{op}: {name} must be a Tensor, not {kind}{_way_to_a_tensor(value)}")


def _way_to_a_tensor(value: Any) -> str:
    if value is None:
        return "; does the forward before it lack its return?"
    if hasattr(value, "named_parameters"):  # a module
        return f"; a layer is made first and called then: {type(value).__name__}(…)(x)"
    if isinstance(value, tuple | list) and any(isinstance(part, TensorBase) for part in value):
        return "; pick one of those in it, or join them with tinycnn.stack"
    return "; tinycnn.tensor makes one" if isinstance(value, _NUMBERS) else ""


def expect_one_dtype(op: str, takes: frozenset[DType] = FLOATING, /, **given: Any) -> None:
    """Raise a DTypeError unless all of these, those left out aside, have the same dtype, and it is one of `takes`."""
    dtype = None
    for tensor in given.values():
        if tensor is not None:
            if dtype is None:
                dtype = tensor.array.dtype
            elif tensor.array.dtype is not dtype:
                break
    else:  # the usual case, in half the time that a set takes
        if dtype is None or dtype in takes:
            return
    found = {tensor.array.dtype for tensor in given.values() if tensor is not None}
    if len(found) > 1 or not takes.issuperset(found):
        tensors = {name: tensor for name, tensor in given.items() if tensor is not None}
        names = _listed([*tensors])
        hint = "x.float() makes a tensor float32, model.double() a model float64, which NumPy's numbers often are"
        if takes is not ALL and any(dtype.kind in "iu" for dtype in found):
            hint = "x.float() makes integers float32; of an image of bytes x.float() / 255 makes numbers from 0 to 1"
        raise DTypeError(
            explain(
                f"{op}: expected {names} to have one {'floating dtype' if takes is FLOATING else 'dtype'}"
                if len(found) > 1 or takes is FLOATING
                else f"{op}: {names} cannot be {found.pop()}, only {_listed(sorted(map(str, takes)))}",
                {name: f"{tensor.array.dtype}, shape {tensor.array.shape}" for name, tensor in tensors.items()},
                hint,
            )
        )


def expect_floating(op: str, tensor: Any, hint: str = "x.float() makes it so", name: str = "input") -> None:
    """Raise a DTypeError unless the tensor's numbers are floating."""
    if tensor.array.dtype.kind != "f":
        raise DTypeError(f"{op}: the {name} must be floating, but got {tensor.array.dtype}; {hint}")


def expect_one_device(op: str, **given: Any) -> None:
    """Raise a DeviceError unless all of these, those left out aside, lie on the same device."""
    kind = None
    for tensor in given.values():
        if tensor is not None:
            if kind is None:
                kind = type(tensor.array)
            elif type(tensor.array) is not kind:
                break
    else:
        return
    found = {name: tensor.backend.name for name, tensor in given.items() if tensor is not None}
    if len(set(found.values())) > 1:
        raise DeviceError(
            explain(
                f"{op}: expected all tensors to be on the same device",
                found,
                "model.to(device) moves a model, x = x.to(device) its data",
            )
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
