r"""From logits to probabilities: softmax and its logarithm, with closed-form backwards.

    softmax(x)ₖ = e^{xₖ} / Σᵢ e^{xᵢ}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.errors import ArgumentError
from tinycnn.ops.arguments import checked, expect_floating
from tinycnn.ops.elementwise import exp
from tinycnn.ops.promotion import cast, widened
from tinycnn.ops.reduction import sum
from tinycnn.ops.shaping import unsqueeze
from tinycnn.shapes import axis_in

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class Softmax(Op):
    """yₖ = e^{xₖ} / Σ e^{xᵢ},   x̄ = y·(ȳ − Σ ȳᵢ·yᵢ)

    As Σ yᵢ = 1 for every x, any number c may be taken off ȳ: y·(c − Σ c·yᵢ) = 0, and so are its derivatives. Of a y
    that is nearly 1, ȳ − Σ ȳᵢ·yᵢ is a small rest, all its digits cancelled; so the ȳ of the largest y is taken off
    first, a mere number to the graph, and what was to cancel is 0.
    """

    def forward(ctx, x: Array, *, axis: int) -> Array: return ctx.kernels.softmax(x, axis)

    def backward(ctx, g: Tensor, y: Tensor, *, axis: int) -> Tensor:
        largest = ctx.xp.expand_dims(y.array.argmax(axis), axis)
        g = g - type(g).wrap(ctx.xp.take_along_axis(g.array, largest, axis))
        return y * (g - sum(g * y, axis, keepdim=True))


class LogSoftmax(Op):
    """yₖ = xₖ − ln Σ e^{xᵢ},   x̄ = ȳ − softmax(x)·Σ ȳᵢ"""

    def forward(ctx, x: Array, *, axis: int) -> Array: return ctx.kernels.log_softmax(x, axis)
    def backward(ctx, g: Tensor, y: Tensor, *, axis: int) -> Tensor: return g - exp(y) * sum(g, axis, keepdim=True)


class CrossEntropy(Op):
    """ℓ = −Σₙ ln softmax(x)[n, tₙ] / d,   x̄ = ℓ̄·(softmax(x) − one-hot t) / d: predicted less true, over N or 1."""

    results = ("loss", "logp")
    constants = ("logp",)

    def forward(ctx, x: Array, labels: Array, *, divisor: int) -> Any:
        return ctx.kernels.cross_entropy(x, labels, divisor)

    def backward(ctx, g: Tensor, x: Tensor, labels: Tensor, logp: Tensor, *, divisor: int) -> Any:
        return CrossEntropyBackward.apply(g, x, labels, logp, divisor=divisor), None


class CrossEntropyBackward(Op):
    """x̄ from ℓ̄ and x. The logarithms handed in save their recomputation; they are a function of x."""

    results = ("gx",)

    def forward(ctx, g: Array, x: Array, labels: Array, logp: Array, *, divisor: int) -> Array:
        return ctx.kernels.cross_entropy_backward(g, logp, labels, divisor)

    @staticmethod
    def composed(g: Tensor, x: Tensor, labels: Tensor, logp: Tensor, *, divisor: int) -> Tensor:
        classes = type(x).wrap(x.backend.xp.arange(x.array.shape[1]).reshape(-1, *(1 for _ in x.array.shape[2:])))
        truth = cast(unsqueeze(labels, 1) == classes, x.array.dtype)
        return (Softmax.apply(x, axis=1) - truth) * (g / divisor)


@checked
def softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """Probabilities along `dim`: all positive, adding up to 1."""
    return _along("softmax", Softmax, input, dim, dtype)


@checked
def log_softmax(input: Tensor, dim: int | None = None, dtype: Any = None) -> Tensor:
    """The logarithms of `softmax`, computed without taking the logarithm of a number that rounded to 0."""
    return _along("log_softmax", LogSoftmax, input, dim, dtype)


def _along(name: str, op: type[Op], input: Tensor, dim: int | None, dtype: Any) -> Tensor:
    if dim is None:
        raise ArgumentError(f"{name}: say where the classes are: dim=1 for N K and N K H W, dim=-1 for the last")
    axis, x = axis_in(name, dim, input.array.ndim), cast(input, dtype or input.array.dtype)
    expect_floating(name, x, "say dtype=tinycnn.float32")
    if not x.array.size:
        return x + 0
    wide = widened(x)  # half precision loses small probabilities, on the way back too
    y = op.apply(wide, axis=axis) if x.array.ndim else op.apply(wide.reshape(1), axis=axis).reshape(())
    return cast(y, x.array.dtype)
