"""What all functions here ask of their arguments: Tensors, and of one floating dtype."""

from __future__ import annotations

from typing import Any

from tinycnn.autograd.node import is_tensor
from tinycnn.errors import DTypeError, explain


def expect_tensors(op: str, **given: Any) -> None:
    """Raise a TypeError if one of these is no Tensor; None is what was left out."""
    for name, value in given.items():
        if value is not None and not is_tensor(value):
            hint = "; tinycnn.from_numpy makes one of an array" if hasattr(value, "__array__") else ""
            raise TypeError(f"{op}: {name} must be a Tensor, not {type(value).__name__}{hint}")


def expect_one_dtype(op: str, **given: Any) -> None:
    """Raise a DTypeError unless all of these, those left out aside, have the same floating dtype."""
    found = {name: tensor.array.dtype for name, tensor in given.items() if tensor is not None}
    if len(set(found.values())) > 1 or any(dtype.kind != "f" for dtype in found.values()):
        raise DTypeError(
            explain(
                f"{op}: expected {_listed([*found])} to have one floating dtype",
                found,
                "x.float() makes a tensor float32, model.double() a model float64",
            )
        )


def _listed(names: list[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
