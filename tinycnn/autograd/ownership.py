"""Whose memory it is: whether it may be written to, or given away, because nobody else can see it.

CPython counts who refers to an object, so the answer is a proof: a cotangent that was handed on, a saved tensor, one
gradient for two inputs, a view, memory that a kernel keeps for its next use, all have others that hold them. Where the
counts are not known for sure, nothing is proven, and whoever asks makes a copy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor
    from tinycnn.backend import Array


def _counting() -> Callable[[Any], int]:
    """What tells how many references there are to an object: too many to prove anything where some may go uncounted.

    From 3.14 on a variable may lend its reference to whom it calls, and without the global lock other threads may take
    one between the look and the write. What a debugger, a tracer or a traceback holds is counted as everything else.
    """
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    known = sys.implementation.name == "cpython" and sys.version_info < (3, 14) and locked
    return sys.getrefcount if known else lambda _: 2**31


_count = _counting()
_LOOKING = 2  # the variable that stands for what is looked at, and the look at its count


def owned(gradients: tuple[Tensor | None, ...], place: int) -> bool:
    """Whether the gradient at this place is held by the tuple alone, that by the caller, and its memory by it.

    No variable of the caller may stand for the gradient.
    """
    g = gradients[place]
    if g is None or _count(g) > 1 + _LOOKING or _count(gradients) > 1 + _LOOKING or g._view_of is not None:
        return False
    return g._postponed is not None or sole(g.array)


def sole(memory: Array, holders: int = 1) -> bool:
    """Whether an array is held by no more than that, and the whole that it shows a part of by the array alone.

    What must not be written to, as NumPy's broadcast arrays, is nobody's own; nor is a view of nothing.
    """
    if _count(memory) > holders + _LOOKING:
        return False
    whole = memory.base
    if whole is None:
        return True
    writable = memory.size and getattr(memory.flags, "writeable", True)  # CuPy's arrays all are
    return bool(writable) and _count(whole) <= 1 + _LOOKING and not is_expanded(memory)


def is_expanded(array: Array) -> bool:
    """Whether one place in memory is several elements."""
    if 0 not in array.strides or not array.size:
        return False
    return any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True))
