r"""Which entries of a kernel look where, along one direction, when its stride parts the pixels into phases.

At place p of the window, entry i meets the padded pixel s·p + d·i. All its pixels leave the same remainder divided by
s: they are of one phase, and in that they are neighbours, numbers p + ⌊d·i/s⌋. With stride 2 and three entries:

    pixels     0 1 2 3 4 5 6        phase 0:  0 2 4 6        entry 0 looks at its number p, entry 2 at p + 1
    place 0    0 1 2                phase 1:  1 3 5          entry 1 looks at its number p
    place 1        0 1 2
    place 2            0 1 2

Entries of one phase are evenly spaced, in the kernel and in what they look at, so they are dealt with together: as
`Taps`. The way back reads the picture in columns: pixel 2·u got something from entry 0 at place u and from entry 2 at
place u − 1, pixel 2·u + 1 from entry 1 at place u. There the gradient is the source, and the image, by phases, the
target.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from tinycnn.geometry import Window


class Taps(NamedTuple):
    """Entries of the kernel, along one direction, that lead from one phase of the source to one of the target."""

    source: int  # the phase of what is looked at
    target: int  # the phase of where the sum goes
    first: int  # where the first of them looks, seen from where its sum goes
    step: int  # and each other, seen from the one before
    entries: slice  # of the kernel
    number: int  # how many they are


class Axis(NamedTuple):
    """Along one direction: where the phases of source and target lie, and the taps that lead from one to the other."""

    source_first: int  # the pixel of the source at the first place of phase 0
    source_step: int
    target_first: int  # and so of the target
    target_step: int
    places: int  # of a phase of the target, a sum each
    reach: int  # how many more of the source are looked at
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
