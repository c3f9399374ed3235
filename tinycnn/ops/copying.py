"""Copies: of a tensor's memory, and to another device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn import backend as backends
from tinycnn.autograd.op import Op
from tinycnn.autograd.ownership import is_expanded
from tinycnn.backend import Array
from tinycnn.ops.arguments import checked

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Clone(Op):
    """y = x in memory of its own,   x̄ = ȳ"""

    def forward(ctx, x: Array, *, order: str) -> Array: return x.copy(order=order)
    def backward(ctx, g: Tensor) -> Tensor: return g


class Transfer(Op):
    """y = x on another device,   x̄ = ȳ on x's own"""

    def forward(ctx, x: Array, *, to: Any) -> Array: return to.asarray(ctx.backend.asnumpy(x))
    def backward(ctx, g: Tensor) -> Tensor: return transfer(g, ctx.backend)


@checked
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy with its own memory, in the graph; ``detach().clone()`` leaves the graph.

    Memory keeps its order, but where the tensor was expanded: then it is row-major.
    """
    return Clone.apply(input, order="C" if is_expanded(input.array) else "K")


@checked
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The same tensor if its memory is in row-major order, else a copy that is."""
    return input if input.array.flags.c_contiguous else Clone.apply(input, order="C")


def transfer(input: Tensor, to: backends.Backend) -> Tensor:
    """`input` on a backend's device; itself if it is there."""
    return input if input.backend is to else Transfer.apply(input, to=to)
