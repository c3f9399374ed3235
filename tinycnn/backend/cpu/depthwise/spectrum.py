r"""Depthwise convolution by the convolution theorem, its Fourier transforms being matrix products.

What is a sum over the entries of the kernel becomes one product of complex numbers for each frequency:

    Ŷ = X̂ ⊙ conj Ŵ          X̄̂ = Ĝ ⊙ Ŵ          W̄̂ = Σₙ X̂ ⊙ conj Ĝ

A 7×7 kernel takes 49 products a pixel, its spectrum five or so. That pays because the transforms are what a CPU does
best: along H, and then along W, that of all channels is a product with a matrix of cosines and sines, at BLAS's rate,
and an image is some thirty calls in all. A fast Fourier transform would take fewer multiplications, and be slower.

Of X, W and Y each only needs a list of the places where it has its entries,

    x at h          w at d·i − pad          y at s·p          modulo the length L of the transform,

so that stride, dilation and padding cost nothing. L is just long enough that nothing comes in again at the other end.

Against products of whole rows (`rows`), forward and backward of a 7×7 kernel take 0.4 of the time at 56² and 0.3 of it
at 28² and 14², those of a 5×5 kernel 0.45 to 0.65. The error is once or twice that of the sum, but spreads over the
image, as a NaN or an infinity does: where there is one, the convolution is done again by rows.

References
----------
Mathieu, Henaff and LeCun 2014, "Fast training of convolutional networks through FFTs", section 2.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from tinycnn.backend.cpu.depthwise import rows
from tinycnn.backend.threads import get_num_threads, parts, scratch, share
from tinycnn.geometry import Window

Array = Any

_SPECTRUM = 1_500_000  # bytes of a tile's spectrum: little more than the second-level cache of a core

__all__ = ["conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight"]


# The four kernels, for groups = C = O and in single precision ────────────────────────────────────────────────────────


def conv2d(xp: Any, x: Array, w: Array, b: Array | None, window: Window, groups: int) -> Array:
    r"""Ŷ = X̂ ⊙ conj Ŵ; b is added to the frequency 0, which is the sum over all places."""
    at_x, at_w, at_y = _transforms(window)
    y = np.empty((len(x), *window.out, groups), dtype=x.dtype)
    images, tiles = x.transpose(0, 2, 3, 1), _tiles(len(x), groups, at_x)
    kernels = _kernels(w, at_w, tiles)

    def work(number: int) -> None:
        n, channels = tiles[number]
        made = _product(at_x.analyse(images[n, :, :, channels], "x"), kernels[channels.start], conjugate=True)
        if b is not None:
            made[0, :, :, 0, 0] += b[channels] * at_x.area
        at_y.synthesise(made, y[n, :, :, channels])

    share(work, len(tiles))
    return y.transpose(0, 3, 1, 2) if _sound(y) else rows.conv2d(xp, x, w, b, window, groups)


def conv2d_input(xp: Any, g: Array, w: Array, window: Window, groups: int) -> Array:
    r"""X̄̂ = Ĝ ⊙ Ŵ"""
    return _backward(xp, g, None, w, window, groups)[0]


def conv2d_weight(xp: Any, x: Array, g: Array, window: Window, groups: int) -> Array:
    r"""W̄̂ = Σₙ X̂ ⊙ conj Ĝ"""
    return _backward(xp, g, x, None, window, groups)[1]


def conv2d_backward(xp: Any, g: Array, x: Array, w: Array, window: Window, groups: int) -> tuple[Array, Array]:
    r"""X̄ and W̄, of one Ĝ."""
    in_x, in_w = _backward(xp, g, x, w, window, groups)
    return in_x, in_w


def _backward(xp: Any, g: Array, x: Array | None, w: Array | None, window: Window, groups: int) -> Any:
    """The gradients for which there is what they are made of. Each thread sums W̄̂ over its part, in its order."""
    at_x, at_w, at_y = _transforms(window)
    gs, tiles = g.transpose(0, 2, 3, 1), _tiles(len(g), groups, at_x)
    shares = parts(len(tiles))
    if w is not None:
        gx, kernels = np.empty((len(g), *window.size, groups), dtype=g.dtype), _kernels(w, at_w, tiles)
    if x is not None:
        images, sums = x.transpose(0, 2, 3, 1), np.zeros((len(shares), *at_x.shape, groups), dtype=g.dtype)

    def work(part: int) -> None:
        for n, channels in tiles[shares[part]]:
            got = at_y.analyse(gs[n, :, :, channels], "g")
            if w is not None:
                at_x.synthesise(_product(got, kernels[channels.start]), gx[n, :, :, channels])
            if x is not None:
                seen = at_x.analyse(images[n, :, :, channels], "x")
                made = _product(seen, got, conjugate=True)
                for image in range(made.shape[2]):
                    sums[part, ..., channels] += made[:, :, image : image + 1]

    share(work, len(shares))
    in_x = in_w = None
    if w is not None:
        in_x = gx.transpose(0, 3, 1, 2) if _sound(gx) else rows.conv2d_input(xp, g, w, window, groups)
    if x is not None:
        gw = np.empty((1, *window.kernel, groups), dtype=g.dtype)
        at_w.synthesise(sums.sum(0), gw)
        in_w = _as_kernels(gw) if _sound(gw) else rows.conv2d_weight(xp, x, g, window, groups)
    return in_x, in_w


def _tiles(n: int, c: int, transform: _Transform) -> list[tuple[slice, slice]]:
    """Images and channels with a spectrum that the cache holds; tiles for all threads."""
    channel = 4 * transform.area  # bytes of its spectrum
    blocks = max(1, round(c * channel / _SPECTRUM), -(-get_num_threads() // n))
    channels = -(-c // blocks // 16) * 16
    images = max(1, min(round(_SPECTRUM / (channels * channel)), n // get_num_threads()))
    return [
        (slice(i, min(i + images, n)), slice(k, min(k + channels, c)))
        for k in range(0, c, channels) for i in range(0, n, images)
    ]  # fmt: skip


def _kernels(w: Array, at_w: _Transform, tiles: list[tuple[slice, slice]]) -> dict[int, Array]:
    """Ŵ for each block of channels, by its first."""
    blocks = {channels.start: channels for _, channels in tiles}
    by_place = w.transpose(1, 2, 3, 0)  # 1, kH, kW, O
    return {start: at_w.analyse(by_place[..., block], "w").copy() for start, block in blocks.items()}


def _as_kernels(gw: Array) -> Array:
    """1 kH kW O as O 1 kH kW."""
    return np.ascontiguousarray(gw.transpose(3, 0, 1, 2))


def _sound(images: Array) -> bool:
    """Whether all is finite: what is not has spread to every pixel of its channel, so one is looked at."""
    return bool(np.isfinite(images[:, 0, 0]).all())


def _product(a: Array, b: Array, conjugate: bool = False) -> Array:
    """a ⊙ b, or a ⊙ conj b."""
    four, out = scratch("parts", (2, *a.shape), a.dtype), scratch("product", a.shape, a.dtype)
    np.multiply(a, b[:, None], out=four)
    (rr, ir), (ri, ii) = four  # the real or imaginary part of a, then that of b
    (np.add if conjugate else np.subtract)(rr, ii, out=out[0])
    (np.subtract if conjugate else np.add)(ir, ri, out=out[1])
    return out


# The transform ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Transform(NamedTuple):
    r"""The discrete Fourier transform of real images, between their places and the frequencies.

    Along one direction, real numbers are a sum of cosines and sines of frequencies u ≤ L/2, and so along two they are

        Σ_{u,v} (cc·cos θ cos φ + cs·cos θ sin φ + sc·sin θ cos φ + ss·sin θ sin φ),     θ = 2πu·h/L,  φ = 2πv·w/L.

    Four coefficients stand for the complex ones of the frequencies (u, v) and (u, −v): they are

        (cc ∓ ss) − i·(sc ± cs).

    A spectrum is an array of real and imaginary parts, whose sign is left out; v and −v; images; u; v; channels.
    """

    area: int  # the lengths along H and W, multiplied
    shape: tuple[int, ...]  # of a channel's spectrum
    to_rows: Array  # cosines and sines along H: 2·(L/2 + 1), places
    to_columns: Array
    from_rows: Array
    from_columns: Array

    def analyse(self, images: Array, name: str) -> Array:
        """The spectrum of images N H W C."""
        n, h, w, c = images.shape
        u, v = self.shape[3:]
        if not images.flags.c_contiguous:
            copy = scratch("image", images.shape, images.dtype)
            np.copyto(copy, images)
            images = copy
        half = scratch("half", (n, 2 * u, w * c), images.dtype)
        np.matmul(self.to_rows, images.reshape(n, h, w * c), out=half)
        four = scratch("four", (n, 2 * u, 2 * v, c), images.dtype)
        np.matmul(self.to_columns, half.reshape(n, 2 * u, w, c), out=four)
        spectrum = scratch(name, (2, 2, n, u, v, c), images.dtype)
        (cc, cs), (sc, ss) = _quarters(four)
        np.subtract(cc, ss, out=spectrum[0, 0])
        np.add(cc, ss, out=spectrum[0, 1])
        np.add(sc, cs, out=spectrum[1, 0])
        np.subtract(sc, cs, out=spectrum[1, 1])
        return spectrum

    def synthesise(self, spectrum: Array, images: Array) -> None:
        """Fill in the images of which this is the spectrum."""
        n, h, w, c = images.shape
        u, v = self.shape[3:]
        four = scratch("four", (n, 2 * u, 2 * v, c), images.dtype)
        (cc, cs), (sc, ss) = _quarters(four)
        np.add(spectrum[0, 0], spectrum[0, 1], out=cc)
        np.subtract(spectrum[0, 1], spectrum[0, 0], out=ss)
        np.add(spectrum[1, 0], spectrum[1, 1], out=sc)
        np.subtract(spectrum[1, 0], spectrum[1, 1], out=cs)
        half = scratch("half", (n, 2 * u, w, c), images.dtype)
        np.matmul(self.from_columns, four, out=half)
        whole = images if images.flags.c_contiguous else scratch("image", images.shape, images.dtype)
        np.matmul(self.from_rows, half.reshape(n, 2 * u, w * c), out=whole.reshape(n, h, w * c))
        if whole is not images:
            np.copyto(images, whole)


def _quarters(four: Array) -> Array:
    """Cosine or sine along H, and along W, first: 2, 2, images, u, v, channels; no copy is made."""
    n, u, v, c = four.shape
    return four.reshape(n, 2, u // 2, 2, v // 2, c).transpose(1, 3, 0, 2, 4, 5)


@functools.lru_cache(64)
def _transforms(window: Window) -> tuple[_Transform, _Transform, _Transform]:
    """Those of x, w and y."""
    sizes = lengths(window)
    shape = (2, 2, 1, *(length // 2 + 1 for length in sizes))
    made = []
    for of in range(3):
        pairs = [_matrices(length, _places(window, axis)[of]) for axis, length in enumerate(sizes)]
        made.append(_Transform(sizes[0] * sizes[1], shape, *(pair[way] for way in (0, 1) for pair in pairs)))
    return made[0], made[1], made[2]


@functools.lru_cache(256)
def lengths(window: Window) -> tuple[int, int]:
    """How long the transform is along H and along W: all places lie within, and no two of x and w + y fall together."""
    x, w, y = zip(*(_places(window, axis) for axis in (0, 1)), strict=True)
    high, wide = (int(max(x[axis][-1] - w[axis][0], y[axis][-1] + w[axis][-1])) + 1 for axis in (0, 1))
    return high, wide


def _places(window: Window, axis: int) -> tuple[Array, Array, Array]:
    """Where the entries of x, w and y are along a direction."""
    at_x, at_w, at_y = np.arange(window.size[axis]), np.arange(window.kernel[axis]), np.arange(window.out[axis])
    return at_x, at_w * window.dilation[axis] - window.padding[axis][0], at_y * window.stride[axis]


def _matrices(length: int, places: Array) -> tuple[Array, Array]:
    """To the cosines and sines of all frequencies, and back. Every frequency but 0 and L/2 stands for two."""
    frequencies = np.arange(length // 2 + 1)
    angles = 2 * np.pi / length * (np.multiply.outer(frequencies, places) % length)  # the rest: small, and exact
    there = np.concatenate([np.cos(angles), np.sin(angles)])
    count = np.where(2 * frequencies % length == 0, 1, 2)
    back = there.T * np.tile(count, 2) / (length * np.sqrt(2))  # the sum of two coefficients, halved
    return there.astype(np.float32), np.ascontiguousarray(back, dtype=np.float32)
