r"""The phases of a stride: which entries of a kernel reach which pixels of the image, and through which windows over g.

With stride s only every s-th entry of the kernel reaches a given pixel. Pixel s·t + a meets the entries i₀ + s·m, where
i₀ ≡ a + pad modulo s, in the windows t + q − m with q = (a + pad − i₀)/s:

    x̄[s·t + a] = Σ_m g[t + q − m] · w[i₀ + s·m]         w̄[i₀ + s·m] = Σ_t g[t + q − m] · x[s·t + a]

So each phase a is a correlation of stride 1 of g with every s-th entry of the kernel, turned around. No product with a
zero is computed, as there would be were zeros put between the pixels of g. Stride 1 has one phase, which is all.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from tinycnn.geometry import Window

_ALL = slice(None)


class Phase(NamedTuple):
    """Pixels of x, the entries of the kernel that reach them, and the window over g in which they do."""

    pixels: tuple[slice, slice, slice]  # of N H W C
    entries: tuple[slice, slice, slice, slice]  # of O C kH kW
    window: Window


def phases(window: Window) -> list[Phase]:
    """All phases, s·s of them where the image has so many pixels."""
    found = []
    for (rows, i, height, k_h, top), (columns, j, width, k_w, left) in product(_along(window, 0), _along(window, 1)):
        over_g = Window(window.out, (k_h, k_w), (1, 1), ((top, 0), (left, 0)), window.dilation, (height, width))
        found.append(Phase((_ALL, rows, columns), (_ALL, _ALL, i, j), over_g))
    return found


def _along(window: Window, axis: int) -> list[tuple[slice, slice, int, int, int]]:
    """Of each phase: pixels and entries, how many of both, and the padding before g. A stride has no dilation."""
    size, k, s, d = window.size[axis], window.kernel[axis], window.stride[axis], window.dilation[axis]
    found = []
    for a in range(min(s, size)):
        place = a + window.padding[axis][0]
        entries = len(range(place % s, k, s))
        found.append((slice(a, None, s), slice(place % s, None, s), len(range(a, size, s)), entries,
                      d * (entries - 1) - place // s))  # fmt: skip
    return found
