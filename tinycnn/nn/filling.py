r"""How starting values get into a tensor, and the switch that keeps them out."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad

F = TypeVar("F", bound=Callable[..., Tensor])

_switch = threading.local()
_PART = 1 << 16  # numbers, half a MiB of doubles


@contextlib.contextmanager
def left_alone() -> Iterator[None]:
    """Within the block, and in this thread alone, functions marked as `filling` leave their tensor as it is."""
    before, _switch.on = getattr(_switch, "on", False), True
    try:
        yield
    finally:
        _switch.on = before


def filling(function: F) -> F:
    """Mark a function that gives its first argument, a tensor, starting values, and returns it."""

    @wraps(function)
    def fill(tensor: Tensor, *args: Any, **options: Any) -> Tensor:
        return tensor if getattr(_switch, "on", False) else function(tensor, *args, **options)

    return fill  # type: ignore[return-value]  # the same signature, which the checker cannot see


def write(tensor: Tensor, values: Any) -> Tensor:
    """Copy a host array into the tensor, in its dtype and on its device, unseen by the graph."""
    with no_grad():
        return tensor.copy_(Tensor.wrap(tensor.backend.asarray(values.astype(tensor.dtype))))


def write_drawn(tensor: Tensor, draw: Callable[[int], Any]) -> Tensor:
    """Fill the tensor with what ``draw(count)`` gives, a part after the other.

    The numbers are those of one large draw. But generators make doubles, and VGG's first linear layer would need 822 MB
    for them, and half of that again on the way to single precision; uniform ones take 0.7 of the time in parts.
    """
    array = tensor.array
    in_place = isinstance(array, np.ndarray) and array.flags.c_contiguous and array.flags.writeable
    values = array if in_place else np.empty(array.shape, tensor.dtype)
    flat = values.reshape(-1)
    for start in range(0, flat.size, _PART):
        part = flat[start : start + _PART]
        part[...] = draw(part.size)
    if not in_place:
        return write(tensor, values)
    tensor._bump_version()
    return tensor
