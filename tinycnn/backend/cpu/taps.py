r"""Which entries of a kernel look where, along one direction, when its stride parts the pixels into phases."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from tinycnn.geometry import Window


class Taps(NamedTuple):
    """Entries of the kernel, along one direction, that lead from one phase of the source to one of the target."""

    source: int  # the phases
    target: int
    first: int  # where the first of them looks, seen from where its sum goes
    step: int  # and each other, seen from the one before
    entries: slice
    number: int


class Axis(NamedTuple):
    """Along one direction: the pixels of a phase, `places` for sums and `reach` more to look at, and the taps."""

    source_first: int  # the pixel of the source at the first place of phase 0
    source_step: int
    target_first: int
    target_step: int
    places: int
    reach: int
    taps: tuple[Taps, ...]


@functools.lru_cache(256)
def forward(window: Window, axis: int) -> Axis:
    """Entry i meets the padded pixels s·p + d·i: of the phase (d·i) mod s those from ⌊d·i/s⌋ on."""
    k, s, d = window.kernel[axis], window.stride[axis], window.dilation[axis]
    common = math.gcd(s, d)
    taps = []
    for r in range(min(k, s // common)):  # those that meet one phase
        count = len(range(r, k, s // common))
        taps.append(Taps(r * d % s, 0, r * d // s, d // common, slice(r, None, s // common), count))
    return Axis(-window.padding[axis][0], s, 0, 1, window.out[axis], (k - 1) * d // s, tuple(taps))


@functools.lru_cache(256)
def backward(window: Window, axis: int) -> Axis:
    """The padded pixel s·u + a got something from the p = u − ⌊d·i/s⌋, by the entries i with (d·i) mod s = a."""
    k, s, d, before = window.kernel[axis], window.stride[axis], window.dilation[axis], window.padding[axis][0]
    common, reach = math.gcd(s, d), (k - 1) * d // s
    taps = []
    for r in range(min(k, s // common)):
        *_, last = ours = range(r, k, s // common)
        entries = slice(last, None, -(s // common))  # backwards: the last entry comes from the first g
        taps.append(Taps(0, r * d % s, reach - last * d // s, d // common, entries, len(ours)))
    first, end = before // s, -(-(before + window.size[axis]) // s)
    return Axis(first - reach, 1, first * s - before, s, end - first, reach, tuple(taps))
