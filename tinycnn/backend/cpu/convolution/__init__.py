r"""Convolution on a CPU: entries of the kernel that meet only padding are `trimmed`, then `choice` finds the way.

A way is a module with the four kernels of `windows`, called alike, and the fastest for some geometries. All lay images
out as N H W C.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from tinycnn.backend.cpu.convolution import direct, pointwise
from tinycnn.backend.cpu.convolution.choice import way
from tinycnn.backend.cpu.convolution.trimmed import among_zeros, trim, whole
from tinycnn.backend.cpu.postponing import AmongZeros, pays
from tinycnn.backend.matmul_precision import get_float32_matmul_precision
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.quiet import quietly
from tinycnn.geometry import Window

Array = Any
Plan = tuple[Any, tuple[slice, ...], Window]

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight", "postpone_conv2d_weight"]


@half_in_single
def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Y = X ⋆ W + b"""
    ours, entries, less = _plan(x, x.shape[1], len(w), window, groups)
    return ours.conv2d(xp, x, w[entries], b, less, groups)


@half_in_single
def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄ = the gradient of ⟨G, X ⋆ W⟩ in X"""
    ours, entries, less = _plan(g, w.shape[1] * groups, len(w), window, groups)
    return ours.conv2d_input(xp, g, w[entries], less, groups)


@half_in_single
def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄ = the gradient of ⟨G, X ⋆ W⟩ in W"""
    ours, _, less = _plan(x, x.shape[1], g.shape[1], window, groups)
    return whole(ours.conv2d_weight(xp, x, g, less, groups), window)


@half_in_single
def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> Any:
    r"""X̄ and W̄"""
    ours, entries, less = _plan(x, x.shape[1], len(w), window, groups)
    gx, gw = ours.conv2d_backward(xp, g, x, w[entries], less, groups)
    return gx, whole(gw, window)


def postpone_conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> AmongZeros | None:
    r"""W̄ of large kernels that are trimmed, its zeros to be written later; None if it is made with X̄, at once."""
    if x.dtype.char != "f" or not pays(g.shape[1] * x.shape[1] // groups * math.prod(window.kernel)):
        return None
    ours, _, less = _plan(x, x.shape[1], g.shape[1], window, groups)
    apart = ours is pointwise or (ours is direct and window.stride != (1, 1))
    if less.kernel == window.kernel or not apart:
        return None
    return among_zeros(quietly(ours.conv2d_weight, xp, x, g, less, groups), window)


def _plan(image: Array, c: int, o: int, window: Window, groups: int) -> Plan:
    """The way from c to o channels, the entries of the kernel that meet a pixel, and the window of these."""
    return _planned(image.dtype, len(image), c, o, window, groups, get_float32_matmul_precision())


@functools.lru_cache(1024)  # layers ask for the same ones at every step
def _planned(dtype: Any, n: int, c: int, o: int, window: Window, groups: int, precision: str) -> Plan:
    """`precision` is what `way` asks for by itself."""
    entries, less = trim(window)
    return way(dtype, n, c, o, less, groups), entries, less
