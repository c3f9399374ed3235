"""Pooling: the largest or the sum of each window, with the ops that carry gradients back and forth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.geometry import Window

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class MaxPool2d(Op):
    r"""y = the largest of each window, and its place there;   x̄ = ȳ at that place, the first of equals

    Where neither a gradient nor `indices` are asked for, no places are looked for.
    """

    results: tuple[str, ...] = ("y", "winner")
    constants = ("winner",)

    def forward(ctx, x: Array, *, window: Window, indices: bool = True) -> Any:
        if indices or any(ctx.needs_input_grad):
            return ctx.kernels.max_pool2d(x, window)
        ctx.results = ("y",)
        return ctx.kernels.maxima2d(x, window)

    def backward(ctx, g: Tensor, winner: Tensor, *, window: Window) -> Any:
        return Unpick.apply(g, winner, window=window)

    def winners(ctx, made: Any, x: Array, *, window: Window, indices: bool = True) -> Array:
        return (made if isinstance(made, tuple) else ctx.kernels.max_pool2d(x, window))[1]


class Unpick(Op):
    """Each g put where its window's winner was; linear in g, the adjoint of `Pick`"""

    def forward(ctx, g: Array, winner: Array, *, window: Window) -> Array: return ctx.kernels.unpick(g, winner, window)

    def backward(ctx, h: Tensor, winner: Tensor, *, window: Window) -> Any:
        return Pick.apply(h, winner, window=window), None


class Pick(Op):
    """From each window of x what stands at the winner's place; linear in x, the adjoint of `Unpick`"""

    def forward(ctx, x: Array, winner: Array, *, window: Window) -> Array: return ctx.kernels.pick(x, winner, window)

    def backward(ctx, g: Tensor, winner: Tensor, *, window: Window) -> Any:
        return Unpick.apply(g, winner, window=window), None


class SumPool2d(Op):
    """y = the sum of each window, padding counting as 0;   x̄ = `Spread2d` of ȳ"""

    def forward(ctx, x: Array, *, window: Window) -> Array: return ctx.kernels.sum_pool2d(x, window)
    def backward(ctx, g: Tensor, *, window: Window) -> Tensor: return Spread2d.apply(g, window=window)


class Spread2d(Op):
    """Each g added to all pixels of its window; the adjoint of `SumPool2d`"""

    def forward(ctx, g: Array, *, window: Window) -> Array: return ctx.kernels.spread2d(g, window)
    def backward(ctx, h: Tensor, *, window: Window) -> Tensor: return SumPool2d.apply(h, window=window)
