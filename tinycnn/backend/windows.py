r"""The textbook kernels that slide a window over images: convolution, unfold and fold, pooling.

Images come as N C H W. Inside they are laid out as N H W C: a window's row is then kW·C neighbouring numbers, and the
result is handed back seen as N C H W, its memory left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinycnn.backend.precision import half_in_single
from tinycnn.geometry import Window
from tinycnn.shapes import product

Array = Any


# How a window slides ──────────────────────────────────────────────────────────────────────────────────────────────────


def _padded(xp: Any, x: Array, window: Window, fill: float = 0) -> Array:
    """x, as N H W C, with its padding on."""
    n, c, h, w = x.shape
    (top, _), (left, _) = window.padding
    out = xp.full((n, *window.padded, c), fill, dtype=x.dtype)
    out[:, top : top + h, left : left + w] = x.transpose(0, 2, 3, 1)
    return out  # N, H and W as padded, C


def _unpadded(x: Array, window: Window) -> Array:
    """The image inside the padding, seen as N C H W again."""
    (top, _), (left, _) = window.padding
    h, w = window.size
    return x[:, top : top + h, left : left + w].transpose(0, 3, 1, 2)


def _places(window: Window) -> Iterator[tuple[slice, slice]]:
    """For each entry of the kernel, row by row, the pixels of the padded image that it meets as it slides."""
    (o_h, o_w), (s_h, s_w), (d_h, d_w) = window.out, window.stride, window.dilation
    for i in range(window.kernel[0]):
        for j in range(window.kernel[1]):
            yield (
                slice(i * d_h, i * d_h + (o_h - 1) * s_h + 1, s_h),
                slice(j * d_w, j * d_w + (o_w - 1) * s_w + 1, s_w),
            )


def _unfold(xp: Any, x: Array, window: Window, groups: int) -> Array:
    """Every window of x as a row, a matrix a group ("im2col"): groups, N·oH·oW, kH·kW·C/groups."""
    n, c = x.shape[:2]
    (k_h, k_w), (o_h, o_w) = window.kernel, window.out
    image = _padded(xp, x, window)
    cols = xp.empty((groups, n, o_h, o_w, k_h * k_w, c // groups), dtype=x.dtype)
    for place, (rows, columns) in enumerate(_places(window)):
        pixels = image[:, rows, columns].reshape(n, o_h, o_w, groups, c // groups)
        cols[:, :, :, :, place] = pixels.transpose(3, 0, 1, 2, 4)
    return cols.reshape(groups, n * o_h * o_w, k_h * k_w * (c // groups))


def _fold(xp: Any, cols: Array, n: int, window: Window, groups: int) -> Array:
    """The adjoint of `_unfold`: each row is added back to the pixels it was read from ("col2im")."""
    (k_h, k_w), (o_h, o_w) = window.kernel, window.out
    c = groups * (cols.shape[2] // (k_h * k_w))
    cols = cols.reshape(groups, n, o_h, o_w, k_h * k_w, c // groups)
    image = xp.zeros((n, *window.padded, c), dtype=cols.dtype)
    for place, (rows, columns) in enumerate(_places(window)):
        image[:, rows, columns] += cols[:, :, :, :, place].transpose(1, 2, 3, 0, 4).reshape(n, o_h, o_w, c)
    return _unpadded(image, window)


def _rows(x: Array, groups: int) -> Array:
    """N C H W seen as a matrix a group, a pixel a row: groups, N·H·W, C/groups."""
    n, c, h, w = x.shape
    return x.transpose(0, 2, 3, 1).reshape(n * h * w, groups, c // groups).transpose(1, 0, 2)


def _as_matrix(w: Array, groups: int) -> Array:
    """The kernels O C/g kH kW as a matrix a group: groups, kH·kW·C/g, O/g."""
    o, c, k_h, k_w = w.shape
    by_group = w.reshape(groups, o // groups, c, k_h * k_w).transpose(0, 3, 2, 1)
    return by_group.reshape(groups, k_h * k_w * c, o // groups)


# Convolution: the three faces of one trilinear form ⟨G, X ⋆ W⟩ ───────────────────────────────────────────────────────


@half_in_single
def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Y[n,o,p,q] = b[o] + Σ_{c,i,j} X[n, c, s·p + d·i − pad, s·q + d·j − pad] · W[o,c,i,j], as one product a group."""
    n, o = len(x), len(w)
    y = _unfold(xp, x, window, groups) @ _as_matrix(w, groups)  # groups, N·oH·oW, O/groups
    y = y.transpose(1, 0, 2).reshape(n, *window.out, o)
    if b is not None:
        y += b
    return y.transpose(0, 3, 1, 2)


@half_in_single
def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄ = the gradient of ⟨G, X ⋆ W⟩ in X: every output pixel's kernel, scaled by G, is added where it looked."""
    cols = _rows(g, groups) @ _as_matrix(w, groups).transpose(0, 2, 1)  # groups, N·oH·oW, kH·kW·C/g
    return _fold(xp, cols, len(g), window, groups)


@half_in_single
def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄ = the gradient of ⟨G, X ⋆ W⟩ in W: every window, weighted by the G it led to, is summed over N and pixels."""
    (k_h, k_w), o, c = window.kernel, g.shape[1], x.shape[1] // groups
    w = _rows(g, groups).transpose(0, 2, 1) @ _unfold(xp, x, window, groups)  # groups, O/groups, kH·kW·C/g
    return xp.ascontiguousarray(w.reshape(o, k_h, k_w, c).transpose(0, 3, 1, 2))


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    r"""X̄ and W̄, for whom both read the same windows."""
    return conv2d_input(xp, g, w, window, groups), conv2d_weight(xp, x, g, window, groups)


# Unfold and fold, as layers ──────────────────────────────────────────────────────────────────────────────────────────


def unfold(xp: Any, x: Array, window: Window) -> Array:
    """Every window of x as a column, its channels one after another: N, C·kH·kW, oH·oW. The adjoint of `fold`."""
    n, c = x.shape[:2]
    k, length = product(window.kernel), product(window.out)
    rows = _unfold(xp, x, window, 1).reshape(n, length, k, c)
    return rows.transpose(0, 3, 2, 1).reshape(n, c * k, length)


@half_in_single
def fold(xp: Any, columns: Array, window: Window) -> Array:
    """Each column added back to the pixels of its window."""
    n, k, length = len(columns), product(window.kernel), product(window.out)
    c = columns.shape[1] // k
    rows = columns.reshape(n, c, k, length).transpose(0, 3, 2, 1).reshape(1, n * length, k * c)
    return _fold(xp, rows, n, window, 1)


# Pooling ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def max_pool2d(xp: Any, x: Array, window: Window) -> tuple[Array, Array]:
    """The largest value of each window, and its place in the window, counted row by row.

    The first of equals wins; NaN beats all, the last of them all; padding never wins, not even against −∞ alone.
    """
    lowest = -xp.inf if x.dtype.kind == "f" else int(xp.iinfo(x.dtype).min)
    image = _padded(xp, x, window, lowest)
    n, c = x.shape[:2]
    best = xp.full((n, *window.out, c), lowest, dtype=x.dtype)
    winner = xp.zeros_like(best, dtype="int64")
    winner += xp.asarray(_first_valid(window))[:, :, None]
    for place, (rows, columns) in enumerate(_places(window)):
        value = image[:, rows, columns]
        better = (value > best) | (value != value)
        best = xp.where(better, value, best)
        winner = xp.where(better, place, winner)
    if product(window.kernel) <= 255:
        winner = winner.astype("uint8")  # for it is kept until backward
    return best.transpose(0, 3, 1, 2), winner.transpose(0, 3, 1, 2)


def maxima2d(xp: Any, x: Array, window: Window) -> Array:
    """The largest value of each window, and no word on where it is."""
    return max_pool2d(xp, x, window)[0]


def _first_valid(window: Window) -> Any:
    """For each window, the place of its first pixel that is not padding: oH, oW, on the host."""
    first = []
    for axis in (0, 1):
        starts = np.arange(window.out[axis]) * window.stride[axis] - window.padding[axis][0]
        first.append(np.maximum(0, -(starts // window.dilation[axis])))
    return first[0][:, None] * window.kernel[1] + first[1]


def pick(xp: Any, x: Array, winner: Array, window: Window) -> Array:
    """From each window of x the pixel at the place that `winner` names. Linear in x; the adjoint of `unpick`."""
    image = _padded(xp, x, window)
    winner = winner.transpose(0, 2, 3, 1)
    out = xp.zeros(winner.shape, dtype=x.dtype)
    for place, (rows, columns) in enumerate(_places(window)):
        out = xp.where(winner == place, image[:, rows, columns], out)
    return out.transpose(0, 3, 1, 2)


@half_in_single
def unpick(xp: Any, g: Array, winner: Array, window: Window) -> Array:
    """Each g is added to the pixel of its window that `winner` names; the others get nothing."""
    n, c = g.shape[:2]
    g, winner = g.transpose(0, 2, 3, 1), winner.transpose(0, 2, 3, 1)
    image = xp.zeros((n, *window.padded, c), dtype=g.dtype)
    for place, (rows, columns) in enumerate(_places(window)):
        image[:, rows, columns] += xp.where(winner == place, g, 0)  # a product would make NaN of 0·∞
    return _unpadded(image, window)


@half_in_single
def sum_pool2d(xp: Any, x: Array, window: Window) -> Array:
    """The sum of each window; padding counts as 0. The adjoint of `spread2d`."""
    n, c = x.shape[:2]
    image = _padded(xp, x, window)
    out = xp.zeros((n, *window.out, c), dtype=x.dtype)
    for rows, columns in _places(window):
        out += image[:, rows, columns]
    return out.transpose(0, 3, 1, 2)


@half_in_single
def spread2d(xp: Any, g: Array, window: Window) -> Array:
    """Each g is added to every pixel of its window."""
    n, c = g.shape[:2]
    g = g.transpose(0, 2, 3, 1)
    image = xp.zeros((n, *window.padded, c), dtype=g.dtype)
    for rows, columns in _places(window):
        image[:, rows, columns] += g
    return _unpadded(image, window)
