"""What a loaded object is, in terms that JSON can hold: for tinycnn's objects and PyTorch's alike."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any


def described(value: Any) -> Any:
    """Types, order, strides and every number."""
    if hasattr(value, "requires_grad"):
        numbers = value.detach()
        numbers = numbers.float() if str(numbers.dtype) == "torch.bfloat16" else numbers
        return {
            "tensor": str(numbers.dtype).removeprefix("torch."),
            "shape": list(numbers.shape),
            "stride": list(value.stride()),
            "requires_grad": value.requires_grad,
            "numbers": numbers.tolist(),
        }
    if isinstance(value, dict):
        items = [[described(key), described(item)] for key, item in value.items()]
        return {
            "ordered" if isinstance(value, OrderedDict) else "dict": items,
            **({"_metadata": described(value._metadata)} if hasattr(value, "_metadata") else {}),
        }
    if isinstance(value, set | frozenset):
        return {type(value).__name__: sorted(map(described, value), key=repr)}
    if isinstance(value, tuple):
        return {type(value).__name__: [described(item) for item in value]}
    if isinstance(value, list):
        return [described(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return {"dtype": str(value).removeprefix("torch.").replace("bfloat16", "float32")}
