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
from tinycnn.ops.shaping import reshape

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor

Shape = tuple[int, ...] | None


class Normalize(Op):
    r"""y = x̂·γ + β with x̂ = (x − μ)·r, r = 1/√(σ² + ε); γ and β are seen in a `shape` that broadcasts to x's.

    With ĝ = ȳ·γ:   x̄ = r·(ĝ − E[ĝ] − x̂·E[ĝ·x̂]),   γ̄ = Σ ȳ·x̂,   β̄ = Σ ȳ

    The two means are what μ and σ² owe x: shifting all of x, or stretching it, does not change y. Without γ and β, the
    shape is None.
    """

    results = ("y", "mean", "var")
    constants = ("mean", "var")

    def forward(
        ctx, x: Array, weight: Array | None, bias: Array | None, *, axes: tuple[int, ...], eps: float, shape: Shape
    ) -> Any:
        if shape is not None:
            weight = None if weight is None else weight.reshape(shape)
            bias = None if bias is None else bias.reshape(shape)
        return ctx.kernels.normalize(x, weight, bias, axes, eps)

    def backward(
        ctx, g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, var: Tensor, *, axes: Any, eps: float,
        shape: Shape,
    ) -> Any:  # fmt: skip
        _, for_weight, for_bias = ctx.needs_input_grad
        own = (ctx.shapes[1] or ctx.shapes[2]) if for_weight or for_bias else None
        gx, *both = NormalizeBackward.apply_all(
            g, x, weight, mean, var, axes=axes, eps=eps, shape=shape, own=own, overwrite=ctx.may_overwrite
        )
        weight_bar, bias_bar = both or (None, None)
        return gx, weight_bar if for_weight else None, bias_bar if for_bias else None


class NormalizeBackward(Op):
    """x̄, and γ̄ and β̄ if they are asked for in a shape of their `own`, from ȳ, x and γ. It may overwrite ȳ.

    The statistics handed in save their recomputation; they are functions of x.
    """

    results = ("gx", "weight_bar", "bias_bar")

    def forward(
        ctx, g: Array, x: Array, weight: Array | None, mean: Array, var: Array, *, axes: tuple[int, ...], eps: float,
        shape: Shape, own: Shape, overwrite: bool = False,
    ) -> Any:  # fmt: skip
        if weight is not None and shape is not None:
            weight = weight.reshape(shape)
        summed = None if own is None else shape
        gx, *sums = ctx.kernels.normalize_backward(g, x, weight, mean, var, axes, eps, summed, overwrite)
        weight_bar, bias_bar = [t.reshape(own) for t in sums] or (None, None)
        return gx, weight_bar, bias_bar

    @staticmethod
    def composed(
        g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, var: Tensor, *, axes: tuple[int, ...], eps: float,
        shape: Shape, own: Shape,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        if weight is not None and shape is not None:
            weight = reshape(weight, shape)
        centred = x - x.mean(axes, keepdim=True)
        r = ((centred * centred).mean(axes, keepdim=True) + eps) ** -0.5
        normal = centred * r
        gw = g if weight is None else g * weight
        gx = r * (gw - gw.mean(axes, keepdim=True) - normal * (gw * normal).mean(axes, keepdim=True))
        if own is None or shape is None:
            return (gx,)
        return gx, *(reshape(sum_to_size(t, shape), own) for t in (g * normal, g))


class Standardize(Op):
    r"""y = x̂·γ + β with x̂ = (x − μ)·r, r = 1/√(σ² + ε), μ and σ² given: batch norm in evaluation, a single pass.

        x̄ = ȳ·r·γ,   γ̄ = Σ ȳ·x̂,   β̄ = Σ ȳ;   and of what is given   μ̄ = −r·γ·β̄,   σ̄² = −½·r²·γ·γ̄

    All but x are vectors, a number a channel.
    """

    def forward(
        ctx, x: Array, weight: Array | None, bias: Array | None, mean: Array, var: Array, *, eps: float
    ) -> Array:
        return ctx.kernels.standardize(x, weight, bias, mean, var, eps)

    def backward(ctx, g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, var: Tensor, *, eps: float) -> Any:
        _, for_weight, for_bias, for_mean, for_var = ctx.needs_input_grad
        summed = x if for_weight or for_bias or for_mean or for_var else None
        made = StandardizeBackward.apply_all(g, summed, weight, mean, var, eps=eps, overwrite=ctx.may_overwrite)
        if summed is None:
            return made[0], None, None, None, None
        (gx, weight_bar, bias_bar), mean_bar, var_bar = made, None, None
        if for_mean or for_var:
            r = (var + eps) ** -0.5
            scale = r if weight is None else r * weight
            mean_bar, var_bar = -scale * bias_bar, -0.5 * r * scale * weight_bar
        return (
            gx, weight_bar if for_weight else None, bias_bar if for_bias else None, mean_bar if for_mean else None,
            var_bar if for_var else None,
        )  # fmt: skip


class StandardizeBackward(Op):
    """x̄, and γ̄ and β̄ if x is given, from ȳ, x, γ and the statistics. It may overwrite ȳ."""

    results = ("gx", "weight_bar", "bias_bar")

    def forward(
        ctx, g: Array, x: Array | None, weight: Array | None, mean: Array, var: Array, *, eps: float,
        overwrite: bool = False,
    ) -> Any:  # fmt: skip
        gx, *sums = ctx.kernels.standardize_backward(g, x, weight, mean, var, eps, overwrite)
        weight_bar, bias_bar = sums or (None, None)
        return gx, weight_bar, bias_bar

    @staticmethod
    def composed(
        g: Tensor, x: Tensor | None, weight: Tensor | None, mean: Tensor, var: Tensor, *, eps: float
    ) -> tuple[Tensor, ...]:
        pixels = tuple(range(2, g.array.ndim))
        shape = (-1, *(1 for _ in pixels))
        r = reshape((var + eps) ** -0.5, shape)
        gx = g * (r if weight is None else r * reshape(weight, shape))
        if x is None:
            return (gx,)
        return gx, (g * (x - reshape(mean, shape)) * r).sum((0, *pixels)), g.sum((0, *pixels))
