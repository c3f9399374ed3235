"""Windows of an image laid out as columns, and columns added back to the image: an adjoint pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.geometry import Window

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Unfold(Op):
    """y[n, (c, i, j), (p, q)] = x[n, c, s·p + d·i − pad, s·q + d·j − pad];   x̄ = `Fold` of ȳ"""

    def forward(ctx, x: Array, *, window: Window) -> Array: return ctx.kernels.unfold(x, window)
    def backward(ctx, g: Tensor, *, window: Window) -> Tensor: return Fold.apply(g, window=window)


class Fold(Op):
    """Each column added back to the pixels of its window; the adjoint of `Unfold`"""

    def forward(ctx, x: Array, *, window: Window) -> Array: return ctx.kernels.fold(x, window)
    def backward(ctx, h: Tensor, *, window: Window) -> Tensor: return Unfold.apply(h, window=window)
