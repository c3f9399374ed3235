r"""How starting values get into a tensor, and the switch that keeps them out."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad

F = TypeVar("F", bound=Callable[..., Tensor])

_switch = threading.local()


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
