r"""Activations in tiles, and Φ in single precision, of which NumPy has no function.

Φ is a hyperbolic tangent, bent a little: Φ(x) = ½·(1 + tanh u(x)) with an odd u that a polynomial meets. GELU's
well-known approximation is its beginning, u ≈ √(2/π)·(x + 0.044715·x³); with five terms more, what is left, 7·10⁻⁸,
cannot be told from float32's rounding. NumPy's tanh is quick: GELU takes a fortieth of the time of `error_function`.

Slopes are made beside the values, where the exponential is at hand. That takes two thirds of the time of making them on
the way back, for memory as large as the result's.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinycnn.backend import activations as reference
from tinycnn.backend.cpu.elementwise import tiled
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import scratch

Array = Any

#: Coefficients of u(x)/x in x², the highest power first: the polynomial for which the largest error of x·Φ(x), over all
#: |x| < 6.5, is smallest. Beyond, it goes on rising, and Φ is 0 or 1 to the last bit.
_BEND = (1.80561698e-9, -1.33446435e-7, 3.96910987e-6, -5.52401614e-5, -3.31299840e-5, 3.63342835e-2, 7.97884216e-1)


#: As the textbook has it, fewer numbers than this, which are in the cache anyhow, take less time. Of more, tiles take,
#: on two threads and the textbook's time being 1,
#:
#:                           2²⁰   2²²   2²⁴ numbers
#:     sigmoid               0.58  0.46  0.40
#:     silu                  0.50  0.41  0.40
#:     silu_and_slope        0.53  0.41  0.32
#:     tanh_gelu             0.44  0.32  0.24
#:     tanh_gelu_and_slope   0.28  0.23  0.19
#:     gelu                  0.02  0.02  0.01
#:     gelu_and_slope        0.03  0.02  0.02
_LEAST = {
    "sigmoid": 1 << 18, "silu": 1 << 17, "silu_and_slope": 1 << 16,
    "gelu": 0, "gelu_and_slope": 0, "tanh_gelu": 1 << 13, "tanh_gelu_and_slope": 1 << 13,
}  # fmt: skip


def _or_else(textbook: Callable[..., Any], work: Callable[..., Any], results: int = 1) -> Callable[..., Any]:
    """A kernel that computes by ``work(*made, *tiles)``; as the textbook does what no tiles are made of."""

    @functools.wraps(textbook)
    def kernel(xp: Any, *arrays: Array) -> Any:
        many = arrays[0].size >= _LEAST[textbook.__name__] and arrays[0].dtype.kind == "f"
        made = tiled(work, *arrays, results=results) if many else None
        if made is None:
            return textbook(xp, *arrays)
        return made if results > 1 else made[0]

    return half_in_single(kernel)


def _in_single(tuned: Callable[..., Any], textbook: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that is exact to single precision only, and left to the textbook in double."""
    return functools.wraps(textbook)(lambda xp, x: (textbook if x.dtype == "float64" else tuned)(xp, x))


# Kinks ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

_AT_ONCE = 1 << 20  # numbers that one thread compares as fast as two, for they are in the cache


@half_in_single
def relu(xp: Any, x: Array, overwrite: bool = False) -> Array:
    """By `clip`, to which NumPy gives vector instructions: maximum(x, 0) takes two to four times as long.

    It leaves −0 as it is, as PyTorch does and the textbook does not.
    Up to 4 MiB at one go, in less time than tiles are handed out. In place of x, large arrays take half the time.
    """
    if x.dtype.kind != "f":
        return reference.relu(xp, x)
    if x.size <= _AT_ONCE:
        return x.clip(0, math.inf, out=x if overwrite else None)
    made = tiled(_relu, x, overwrite=overwrite)
    return reference.relu(xp, x) if made is None else x if overwrite else made[0]


def _relu(out: Array, x: Array) -> None:
    x.clip(0, math.inf, out=out)


@half_in_single
def relu_backward(xp: Any, g: Array, y: Array, overwrite: bool = False) -> Array:
    """In place of g, large arrays take two thirds of the time."""
    if g.dtype.kind == "f":
        if g.size <= _AT_ONCE // 2 and g.strides == y.strides:
            made = g if overwrite else np.empty_like(g)
            _relu_backward(made, g, y)
            return made
        tiles = tiled(_relu_backward, g, y, overwrite=overwrite)
        if tiles is not None:
            return tiles[0]
    return reference.relu_backward(xp, g, y)


def _relu_backward(out: Array, g: Array, y: Array) -> None:
    """The bits of g, as an integer, times 0 or 1, which keeps ∞ and NaN: in a tenth of the time of `where`."""
    passes = np.less_equal(y, 0)
    passes = np.logical_not(passes, out=passes if passes.ndim else None)  # without dimensions, a scalar
    bits = np.int32 if g.itemsize == 4 else np.int64
    np.multiply(g.view(bits), passes, out=out.view(bits))


# Sigmoids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sigmoid(out: Array, x: Array) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)


def _silu(out: Array, x: Array) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    np.divide(x, out, out=out)


def _silu_and_slope(out: Array, slope: Array, x: Array) -> None:
    _sigmoid(out, x)
    np.subtract(1, out, out=slope)
    slope *= x
    slope += 1
    slope *= out
    out *= x


# GELU ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _normal(out: Array, x: Array, square: Array) -> None:
    """Φ(x) by the tangent, and x² beside it."""
    np.square(x, out=square)
    np.multiply(square, _BEND[0], out=out)
    for coefficient in _BEND[1:-1]:  # Horner's rule
        out += coefficient
        out *= square
    out += _BEND[-1]
    out *= x
    np.tanh(out, out=out)
    out += 1
    out *= 0.5


def _gelu(out: Array, x: Array) -> None:
    _normal(out, x, scratch("square", x.shape, x.dtype))
    out *= x


def _gelu_and_slope(out: Array, slope: Array, x: Array) -> None:
    _normal(out, x, slope)
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= x
    slope *= 1 / math.sqrt(2 * math.pi)
    slope += out
    out *= x


def _tanh_gelu(out: Array, x: Array) -> None:
    _tangent(out, x, scratch("square", x.shape, x.dtype))
    out += 1
    out *= 0.5
    out *= x


def _tanh_gelu_and_slope(out: Array, slope: Array, x: Array) -> None:
    _tangent(out, x, slope)  # t
    slope *= 3 * reference.TANH_CUBE * reference.TANH_SCALE
    slope += reference.TANH_SCALE  # u′
    slope *= x
    rest = np.square(out, out=scratch("rest", x.shape, x.dtype))
    np.subtract(1, rest, out=rest)
    slope *= rest
    out += 1
    slope += out
    slope *= 0.5
    out *= 0.5
    out *= x


def _tangent(out: Array, x: Array, square: Array) -> None:
    """tanh(√(2/π)·(x + 0.044715·x³)), and x² beside it."""
    np.square(x, out=square)
    np.multiply(square, reference.TANH_CUBE * reference.TANH_SCALE, out=out)
    out += reference.TANH_SCALE
    out *= x
    np.tanh(out, out=out)


sigmoid = _or_else(reference.sigmoid, _sigmoid)
silu = _or_else(reference.silu, _silu)
silu_and_slope = _or_else(reference.silu_and_slope, _silu_and_slope, 2)
tanh_gelu = _or_else(reference.tanh_gelu, _tanh_gelu)
tanh_gelu_and_slope = _or_else(reference.tanh_gelu_and_slope, _tanh_gelu_and_slope, 2)
gelu = _in_single(_or_else(reference.gelu, _gelu), reference.gelu)
gelu_and_slope = _in_single(_or_else(reference.gelu_and_slope, _gelu_and_slope, 2), reference.gelu_and_slope)
