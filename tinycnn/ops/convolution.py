r"""Convolution and its two derivatives: the three faces of one trilinear form.

    ⟨G, X ⋆ W⟩ = Σ G[n,o,p,q] · X[n, c, s·p + d·i − pad, s·q + d·j − pad] · W[o,c,i,j]

Take away G, X or W, and what is left is the convolution Y = X ⋆ W, the gradient in the input, or the gradient in the
weight. Each is linear in its two arguments, so the backward of each is the other two: the family is closed, and
derivatives of every order are there. A layer's bias is added on the way, where it costs nothing; and its gradients are
made by one op: two of them read the same windows, and the third is a sum that is not worth an op of its own.

References
----------
LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.grad_mode import is_grad_enabled
from tinycnn.autograd.op import Op
from tinycnn.autograd.postponing import postponed
from tinycnn.backend import Array
from tinycnn.geometry import Window

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Conv2d(Op):
    """Y = X ⋆ W + b, a number of b an output channel,   b̄ = Ȳ summed over N and pixels"""

    serves = (("x", "w"), ("w", "x"))

    def forward(ctx, x: Array, w: Array, b: Array | None, *, window: Window, groups: int) -> Array:
        return ctx.kernels.conv2d(x, w, b, window, groups)

    def backward(ctx, g: Tensor, x: Tensor, w: Tensor, *, window: Window, groups: int) -> Any:
        asks_x, asks_w, asks_b = ctx.needs_input_grad
        later = None
        if asks_w and not is_grad_enabled():
            later = ctx.kernels.postpone_conv2d_weight(x.array, g.array, window, groups)
        asked = asks_x, asks_w and later is None, asks_b
        gx, gw, gb = Conv2dBackward.apply_asked(g, x, w, asked=asked, window=window, groups=groups)
        return gx, gw if later is None else postponed(later), gb


class Conv2dBackward(Op):
    """X̄, W̄ and b̄: those of them that are asked for, at once"""

    results = ("gx", "gw", "gb")

    def forward(
        ctx, g: Array, x: Array | None, w: Array | None, *, asked: tuple[bool, bool, bool], window: Window, groups: int
    ) -> Any:
        gx = gw = None
        if asked[0] and asked[1]:
            gx, gw = ctx.kernels.conv2d_backward(g, x, w, window, groups)
        elif asked[0]:
            gx = ctx.kernels.conv2d_input(g, w, window, groups)
        elif asked[1]:
            gw = ctx.kernels.conv2d_weight(x, g, window, groups)
        gb = ctx.kernels.total(g, (0, 2, 3)) if asked[2] else None
        return gx, gw, gb

    @staticmethod
    def composed(
        g: Tensor, x: Tensor, w: Tensor, *, asked: tuple[bool, bool, bool], window: Window, groups: int
    ) -> Any:
        gx = Conv2dInput.apply(g, w, window=window, groups=groups) if asked[0] else None
        gw = Conv2dWeight.apply(x, g, window=window, groups=groups) if asked[1] else None
        gb = g.sum((0, 2, 3)) if asked[2] else None
        return gx, gw, gb


class Conv2dInput(Op):
    """X̄ = the gradient of ⟨G, X ⋆ W⟩ in X; as a layer, the transposed convolution of G"""

    serves = (("g", "w"), ("w", "g"))

    def forward(ctx, g: Array, w: Array, *, window: Window, groups: int) -> Array:
        return ctx.kernels.conv2d_input(g, w, window, groups)

    def backward(ctx, h: Tensor, g: Tensor, w: Tensor, *, window: Window, groups: int) -> Any:
        return (
            Conv2d.apply(h, w, None, window=window, groups=groups) if ctx.needs_input_grad[0] else None,
            Conv2dWeight.apply(h, g, window=window, groups=groups) if ctx.needs_input_grad[1] else None,
        )


class Conv2dWeight(Op):
    """W̄ = the gradient of ⟨G, X ⋆ W⟩ in W"""

    serves = (("x", "g"), ("g", "x"))

    def forward(ctx, x: Array, g: Array, *, window: Window, groups: int) -> Array:
        return ctx.kernels.conv2d_weight(x, g, window, groups)

    def backward(ctx, v: Tensor, x: Tensor, g: Tensor, *, window: Window, groups: int) -> Any:
        return (
            Conv2dInput.apply(g, v, window=window, groups=groups) if ctx.needs_input_grad[0] else None,
            Conv2d.apply(x, v, None, window=window, groups=groups) if ctx.needs_input_grad[1] else None,
        )
