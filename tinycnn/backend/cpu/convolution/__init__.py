r"""Convolution on a CPU: the kernels hand each geometry to the way that `choice` finds the fastest for it.

A way is a module with the four kernels of `windows`, called alike. All lay images out as N H W C.
"""

from __future__ import annotations

from typing import Any

from tinycnn.backend.cpu.convolution.choice import way
from tinycnn.backend.precision import half_in_single
from tinycnn.geometry import Window

Array = Any

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight"]


@half_in_single
def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Y = X ⋆ W + b"""
    n, c = x.shape[:2]
    return way(x.dtype, n, c, len(w), window, groups).conv2d(xp, x, w, b, window, groups)


@half_in_single
def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄ = the gradient of ⟨G, X ⋆ W⟩ in X"""
    n, o = g.shape[:2]
    return way(g.dtype, n, w.shape[1] * groups, o, window, groups).conv2d_input(xp, g, w, window, groups)


@half_in_single
def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄ = the gradient of ⟨G, X ⋆ W⟩ in W"""
    n, c = x.shape[:2]
    return way(x.dtype, n, c, g.shape[1], window, groups).conv2d_weight(xp, x, g, window, groups)


@half_in_single
def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> Any:
    r"""X̄ and W̄"""
    n, c = x.shape[:2]
    return way(x.dtype, n, c, len(w), window, groups).conv2d_backward(xp, g, x, w, window, groups)
