"""What the functions here ask of their arguments besides their types: one device, one dtype, integers."""

from __future__ import annotations

from operator import index
from typing import Any

from tinycnn.dtypes import FLOATING, DType
from tinycnn.errors import ArgumentError, DeviceError, DTypeError, explain


def expect_one_dtype(op: str, takes: frozenset[DType] = FLOATING, /, **given: Any) -> None:
    """Raise a DTypeError unless all of these, those left out aside, have the same dtype, and it is one of `takes`."""
    found = {name: tensor.array.dtype for name, tensor in given.items() if tensor is not None}
    if len(set(found.values())) > 1 or not takes.issuperset(found.values()):
        kind = "floating dtype" if takes is FLOATING else f"dtype out of {_listed(sorted(map(str, takes)))}"
        raise DTypeError(
            explain(
                f"{op}: expected {_listed([*found])} to have one {kind}",
                found,
                "x.float() makes a tensor float32, model.double() a model float64",
            )
        )


def expect_one_device(op: str, **given: Any) -> None:
    """Raise a DeviceError unless all of these, those left out aside, lie on the same device."""
    found = {name: tensor.backend.name for name, tensor in given.items() if tensor is not None}
    if len(set(found.values())) > 1:
        raise DeviceError(
            explain(
                f"{op}: expected all tensors to be on the same device",
                found,
                "model.to(device) moves a model, x = x.to(device) its data",
            )
        )


def expect_integer(op: str, name: str, value: Any) -> int:
    """`value` as Python's integer; an ArgumentError if it is none."""
    try:
        if not isinstance(value, bool):
            return index(value)
    except TypeError:
        pass
    raise ArgumentError(f"{op}: {name} must be an integer, not {value!r}")


def _listed(names: list[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
