r"""Convolution on a CPU: entries of the kernel that meet only padding are `trimmed`, then `choice` finds the way.

A way is a module with the four kernels of `windows`, called alike, and the fastest for some geometries. All lay images
out as N H W C.
"""

from __future__ import annotations

from typing import Any

from tinycnn.backend.cpu.convolution.choice import way
from tinycnn.backend.cpu.convolution.trimmed import trim, whole
from tinycnn.backend.precision import half_in_single
from tinycnn.geometry import Window

Array = Any

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight"]


@half_in_single
def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Y = X ⋆ W + b"""
    (n, c), (entries, less) = x.shape[:2], trim(window)
    return way(x.dtype, n, c, len(w), less, groups).conv2d(xp, x, w[entries], b, less, groups)


@half_in_single
def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄ = the gradient of ⟨G, X ⋆ W⟩ in X"""
    (n, o), (entries, less) = g.shape[:2], trim(window)
    return way(g.dtype, n, w.shape[1] * groups, o, less, groups).conv2d_input(xp, g, w[entries], less, groups)


@half_in_single
def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄ = the gradient of ⟨G, X ⋆ W⟩ in W"""
    (n, c), (_, less) = x.shape[:2], trim(window)
    return whole(way(x.dtype, n, c, g.shape[1], less, groups).conv2d_weight(xp, x, g, less, groups), window)


@half_in_single
def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> Any:
    r"""X̄ and W̄"""
    (n, c), (entries, less) = x.shape[:2], trim(window)
    gx, gw = way(x.dtype, n, c, len(w), less, groups).conv2d_backward(xp, g, x, w[entries], less, groups)
    return gx, whole(gw, window)
