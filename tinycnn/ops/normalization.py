r"""One op for all normalisation layers: what differs between them is the axes that are averaged over.

    y = (x − E[x]) / √(σ²[x] + ε) · γ + β

Batch norm averages over N H W, layer norm over the features of one example, instance norm over H W, group norm over
H W and the channels of a group.

References
----------
Ioffe and Szegedy 2015, "Batch normalization", algorithm 1; Ba, Kiros and Hinton 2016, "Layer normalization", eq. 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.ops.expansion import sum_to_size

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Normalize(Op):
    r"""y = x̂·γ + β with x̂ = (x − μ)·r, r = 1/√(σ² + ε); γ and β have shapes that broadcast to x's.

    With ĝ = ȳ·γ:   x̄ = r·(ĝ − E[ĝ] − x̂·E[ĝ·x̂]),   γ̄ = Σ ȳ·x̂,   β̄ = Σ ȳ

    The two means are what μ and σ² owe x: shifting all of x, or stretching it, does not change y.
    """

    results = ("y", "mean", "var")
    constants = ("mean", "var")

    def forward(
        ctx, x: Array, weight: Array | None, bias: Array | None, *, axes: tuple[int, ...], eps: float
    ) -> Any:
        return ctx.kernels.normalize(x, weight, bias, axes, eps)

    def backward(
        ctx, g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, var: Tensor, *, axes: Any, eps: float
    ) -> Any:
        gx, g_normal = NormalizeBackward.apply_all(g, x, weight, mean, var, axes=axes, eps=eps)
        _, asked_weight, asked_bias = ctx.needs_input_grad
        return (
            gx,
            sum_to_size(g_normal, ctx.shapes[1]) if asked_weight else None,
            sum_to_size(g, ctx.shapes[2]) if asked_bias else None,
        )


class NormalizeBackward(Op):
    """x̄ and ȳ·x̂ from ȳ, x and γ. The statistics handed in save their recomputation; they are functions of x."""

    results = ("gx", "g_normal")

    def forward(
        ctx, g: Array, x: Array, weight: Array | None, mean: Array, var: Array, *, axes: tuple[int, ...], eps: float
    ) -> Any:
        return ctx.kernels.normalize_backward(g, x, weight, mean, var, axes, eps)

    @staticmethod
    def composed(
        g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, var: Tensor, *, axes: tuple[int, ...], eps: float
    ) -> tuple[Tensor, Tensor]:
        centred = x - x.mean(axes, keepdim=True)
        r = ((centred * centred).mean(axes, keepdim=True) + eps) ** -0.5
        normal = centred * r
        gw = g if weight is None else g * weight
        gx = r * (gw - gw.mean(axes, keepdim=True) - normal * (gw * normal).mean(axes, keepdim=True))
        return gx, g * normal
