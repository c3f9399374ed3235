r"""Which way a convolution is computed: each is asked in turn whether it is the one for the geometry.

What a way covers, and where it ceases to gain, stands in its own module; so does what it does for X̄, which is another
convolution, of g with the kernels turned round, or with a stride the sum of what windows scatter.
"""

from __future__ import annotations

from typing import Any

from tinycnn.backend import windows
from tinycnn.backend.cpu import depthwise, grouped
from tinycnn.backend.cpu.convolution import at_once, banded, direct, narrow, pointwise, two_by_two, winograd
from tinycnn.geometry import Window

_FLOATS = "fd"  # the characters of float32 and float64
_NONE = ((0, 0), (0, 0))


def way(dtype: Any, n: int, c: int, o: int, window: Window, groups: int) -> Any:
    """The module whose kernels convolve n images of c channels to o channels.

    The textbook's computes what no other does: integers and empty batches.
    """
    if dtype.char not in _FLOATS or not n or not c:
        return windows
    if groups == c and groups > 1:
        return depthwise.way(dtype, c, o, window)
    if groups == 1 and window.kernel == (1, 1) and window.padding == _NONE:
        return pointwise
    if groups == 1 and at_once.covers(n, c, o, window):
        return at_once
    if groups > 1:
        return grouped
    if min(c, o) <= banded.FEW_CHANNELS and window.dilation == (1, 1):
        if o > banded.FEW_CHANNELS and c * window.kernel[1] < window.out[1]:  # a row of the output has the longer runs
            return narrow
        if banded.covers(n, c, o, window):
            return banded
    if dtype.char == "f" and two_by_two.covers(n, c, o, window):
        return two_by_two
    if dtype.char == "f" and winograd.filter_for(n, c, o, window) is not None:
        return winograd
    return direct
