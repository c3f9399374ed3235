"""A border put around a tensor, and cut off again: an adjoint pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinycnn.autograd.op import Op
from tinycnn.backend import Array

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Pad(Op):
    """A border of `value` around x, (before, after) for each dimension; the adjoint of `Crop`."""

    def forward(ctx, x: Array, *, widths: tuple[tuple[int, int], ...], value: float) -> Array:
        shape = tuple(n + before + after for n, (before, after) in zip(x.shape, widths, strict=True))
        y = ctx.xp.full(shape, value, dtype=x.dtype)
        y[_inside(widths, x.shape)] = x
        return y

    def backward(ctx, g: Tensor, *, widths: tuple[tuple[int, int], ...]) -> Tensor:
        return Crop.apply(g, widths=widths)


class Crop(Op):
    """What is left when a border of `widths` is cut off; the adjoint of `Pad`."""

    def forward(ctx, x: Array, *, widths: tuple[tuple[int, int], ...]) -> Array:
        inner = tuple(n - before - after for n, (before, after) in zip(x.shape, widths, strict=True))
        return x[_inside(widths, inner)].copy()

    def backward(ctx, g: Tensor, *, widths: tuple[tuple[int, int], ...]) -> Tensor:
        return Pad.apply(g, widths=widths, value=0)


def _inside(widths: tuple[tuple[int, int], ...], inner: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(before, before + n) for (before, _), n in zip(widths, inner, strict=True))
