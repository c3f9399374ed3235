r"""Activations of neural networks: functions of each element by itself that bend the line.

Where a slope jumps, its value at the kink is PyTorch's: 0 for ReLU at 0 and for hardtanh at both ends, the lower side's
for leaky ReLU and ELU.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from tinycnn.autograd.op import Op
from tinycnn.backend import Array
from tinycnn.backend.activations import TANH_CUBE, TANH_SCALE
from tinycnn.errors import DTypeError
from tinycnn.ops.arguments import checked, expect_floating
from tinycnn.ops.choice import sides, where
from tinycnn.ops.elementwise import erf, exp, tanh
from tinycnn.ops.promotion import cast, floating, widened

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


class ReLU(Op):
    r"""y = max(x, 0),   x̄ = ȳ·[y > 0]; 0 at 0

    References
    ----------
    Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """

    def forward(ctx, x: Array, *, overwrite: bool = False) -> Array: return ctx.kernels.relu(x, overwrite)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return ReLUBackward.apply(g, y, overwrite=ctx.may_overwrite)
    def winners(ctx, y: Array, x: Array, *, overwrite: bool = False) -> Array: return y > 0


class ReLUBackward(Op):
    """x̄ = ȳ·[y > 0], linear in ȳ and its own adjoint; flat in y. It may overwrite ȳ."""

    results = ("gx",)

    def forward(ctx, g: Array, y: Array, *, overwrite: bool = False) -> Array:
        return ctx.kernels.relu_backward(g, y, overwrite)

    def backward(ctx, h: Tensor, y: Tensor) -> Any: return ReLUBackward.apply(h, y), None


class Hardtanh(Op):
    r"""y = min(max(x, low), high),   x̄ = ȳ·[low < x < high]: unlike clamp's, the ends let no gradient pass."""

    def forward(ctx, x: Array, *, low: float, high: float) -> Array:
        return ctx.xp.minimum(ctx.xp.maximum(x, low), high)

    def backward(ctx, g: Tensor, x: Tensor, *, low: float, high: float) -> Tensor:
        return where((x <= low) | (x >= high), 0.0, g)

    def winners(ctx, y: Array, x: Array, *, low: float, high: float) -> Array: return sides(x, low, high)


class LeakyReLU(Op):
    r"""y = max(x, 0) + s·min(x, 0),   x̄ = ȳ where x > 0, else s·ȳ

    References
    ----------
    Maas, Hannun and Ng 2013, "Rectifier nonlinearities improve neural network acoustic models", equation 2.
    """

    def forward(ctx, x: Array, *, slope: float) -> Array:
        return ctx.xp.maximum(x, 0) + slope * ctx.xp.minimum(x, 0)

    def backward(ctx, g: Tensor, x: Tensor, *, slope: float) -> Tensor: return where(x > 0, g, g * slope)
    def winners(ctx, y: Array, x: Array, *, slope: float) -> Array: return x > 0


class ELU(Op):
    r"""y = max(x, 0) + α·(e^min(x, 0) − 1),   x̄ = ȳ·α·eˣ where x ≤ 0, else ȳ

    References
    ----------
    Clevert, Unterthiner and Hochreiter 2016, "Fast and accurate deep network learning by exponential linear units
    (ELUs)", equation 15.
    """

    def forward(ctx, x: Array, *, alpha: float) -> Array:
        return ctx.xp.maximum(x, 0) + alpha * ctx.xp.expm1(ctx.xp.minimum(x, 0))

    def backward(ctx, g: Tensor, x: Tensor, *, alpha: float) -> Tensor:
        low = where(x < 0, x, 0.0)  # eˣ itself might be infinite where it is not taken
        return g * where(x <= 0, alpha * exp(low), 1.0)

    def winners(ctx, y: Array, x: Array, *, alpha: float) -> Array: return x > 0


class Sigmoid(Op):
    r"""y = σ(x) = 1 / (1 + e⁻ˣ),   x̄ = ȳ·y·(1 − y)"""

    def forward(ctx, x: Array) -> Array: return ctx.kernels.sigmoid(x)
    def backward(ctx, g: Tensor, y: Tensor) -> Tensor: return g * (y * (1 - y))


class Softplus(Op):
    r"""y = ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|),   x̄ = ȳ·σ(x)"""

    def forward(ctx, x: Array) -> Array:
        return ctx.xp.maximum(x, 0) + ctx.xp.log1p(ctx.xp.exp(-ctx.xp.abs(x)))

    def backward(ctx, g: Tensor, x: Tensor) -> Tensor: return g * Sigmoid.apply(x)


class Smooth(Op):
    r"""y = f(x),   x̄ = ȳ·f′(x): what the smooth activations have in common.

    The slope f′(x) is computed beside y, where the costly part of f is at hand, and kept if a gradient may be asked
    for: SiLU's `kernel` is `silu`, which makes y, and `silu_and_slope` makes both.
    """

    results: tuple[str, ...] = ("y", "slope")
    constants = ("slope",)
    kernel: ClassVar[str]

    def forward(ctx, x: Array) -> Any:
        if any(ctx.needs_input_grad):
            return getattr(ctx.kernels, f"{ctx.kernel}_and_slope")(x)
        ctx.results = ("y",)
        return getattr(ctx.kernels, ctx.kernel)(x)

    def backward(ctx, g: Tensor, x: Tensor, slope: Tensor) -> Tensor:
        return SmoothBackward.apply(g, x, slope, derivative=ctx.derivative)

    @staticmethod
    def derivative(x: Tensor) -> Tensor:
        """f′(x) once more, written with ops, for derivatives of higher order."""
        raise NotImplementedError


class SmoothBackward(Op):
    """x̄ = ȳ·f′(x), given the slope f′(x), which is a function of x."""

    results = ("gx",)

    def forward(ctx, g: Array, x: Array, slope: Array, *, derivative: Callable[[Tensor], Tensor]) -> Array:
        return ctx.xp.multiply(g, slope)

    @staticmethod
    def composed(g: Tensor, x: Tensor, slope: Tensor, *, derivative: Callable[[Tensor], Tensor]) -> Tensor:
        return g * derivative(x)


class SiLU(Smooth):
    r"""y = x·σ(x),   x̄ = ȳ·σ(x)·(1 + x·(1 − σ(x)))

    References
    ----------
    Elfwing, Uchibe and Doya 2018, "Sigmoid-weighted linear units for neural network function approximation in
    reinforcement learning", equations 6 and 7.
    """

    kernel = "silu"

    @staticmethod
    def derivative(x: Tensor) -> Tensor:
        s = Sigmoid.apply(x)
        return s * (1 + x * (1 - s))


class GELU(Smooth):
    r"""y = x·Φ(x),   x̄ = ȳ·(Φ(x) + x·φ(x)), where Φ is the normal distribution function and φ = Φ′ its density.

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """

    kernel = "gelu"

    @staticmethod
    def derivative(x: Tensor) -> Tensor:
        probability = 0.5 * (1 + erf(x * math.sqrt(0.5)))
        density = exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
        return probability + x * density


class TanhGELU(Smooth):
    r"""y = ½x·(1 + t) with t = tanh u, u = √(2/π)·(x + 0.044715·x³),   x̄ = ȳ·½·(1 + t + x·(1 − t²)·u′)

    References
    ----------
    Hendrycks and Gimpel 2016, "Gaussian error linear units (GELUs)", section 2.
    """

    kernel = "tanh_gelu"

    @staticmethod
    def derivative(x: Tensor) -> Tensor:
        t = tanh(TANH_SCALE * (x + TANH_CUBE * (x * x * x)))
        bend = TANH_SCALE * (1 + 3 * TANH_CUBE * (x * x))  # u′
        return 0.5 * (1 + t + x * (1 - t * t) * bend)


def in_single(name: str, input: Tensor) -> Tensor:
    """`input`, which must be of floating numbers, half precision in single."""
    expect_floating(name, input)
    wide: Tensor = widened(input)
    return wide


def activated(name: str, op: type[Op], input: Tensor, **options: float) -> Tensor:
    """What `op` makes of a floating Tensor; half precision is computed in single and rounded once."""
    return cast(op.apply(in_single(name, input), **options), input.array.dtype)


def clipped(name: str, op: type[Op], input: Tensor, **bounds: float) -> Tensor:
    """What `op` makes of a Tensor, integers too, by cutting off what is too low or too high."""
    dtype = input.array.dtype
    if dtype.kind == "b":
        raise DTypeError(f"{name}: boolean inputs are not supported; x.float() makes numbers of them")
    if dtype.kind in "iu":
        bounds = {end: int(bound) for end, bound in bounds.items()}
        if dtype.kind == "u" and min(bounds.values(), default=0) < 0:
            raise DTypeError(f"{name}: {dtype} has no numbers below 0, but a limit is {min(bounds.values())}")
    return op.apply(input, **bounds)


@checked
def relu(input: Tensor) -> Tensor:
    """max(x, 0)."""
    return clipped("relu", ReLU, input)


def relu_over(input: Tensor) -> Tensor:
    """The same, and the input's memory may be the result's."""
    return clipped("relu", ReLU, input) if input.array.dtype.kind != "f" else ReLU.apply(input, overwrite=True)


@checked
def sigmoid(input: Tensor) -> Tensor:
    """σ(x) = 1 / (1 + e⁻ˣ); integers are promoted."""
    return Sigmoid.apply(floating(input))


@checked
def logsigmoid(input: Tensor) -> Tensor:
    """ln σ(x) = −ln(1 + e⁻ˣ), which neither overflows nor loses small values."""
    return cast(-Softplus.apply(-in_single("logsigmoid", input)), input.array.dtype)
