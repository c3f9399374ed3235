"""Whose memory a gradient is: whether it may be written to, and given away, because nobody else can see it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

_count: Callable[[Any], int] = getattr(sys, "getrefcount", lambda _: 2**31)  # where nobody counts, nothing is proven
_COUNTED = 3  # the one holder, a variable here, and the look at the count


def owned(gradients: tuple[Tensor | None, ...], place: int) -> bool:
    """Whether the gradient at this place is held by the tuple alone, and its memory by the gradient alone.

    CPython counts who refers to an object, so this is a proof. A cotangent that was handed on, a tensor that was saved,
    one gradient for two inputs, a view, memory that a kernel keeps for its next use: all of these have others that hold
    them. The tuple must be held by the caller alone, and no variable may stand for the gradient.
    """
    g = gradients[place]
    if g is None or _count(g) > _COUNTED or _count(gradients) > _COUNTED or g._view_of is not None:
        return False
    memory = g.array
    if _count(memory) > _COUNTED:
        return False
    whole = memory.base  # what the array shows a part of, or in another order
    return whole is None or (_count(whole) <= _COUNTED and 0 not in memory.strides)
