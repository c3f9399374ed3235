r"""A strict double of CuPy: NumPy behind a border, to find on the host what would go wrong on a GPU.

    from tests import strict_cupy as double

    xp = double.xp                          # in CuPy's place
    x = xp.asarray(numpy_array)             # a device array: not an ndarray of NumPy's, and none that turns into one
    with double.count_syncs() as n:
        y = xp.exp(x).sum()                 # of no dimensions, and still on the device
    assert n == 0                           # float(y) would have made it 1

It raises AttributeError and TypeError where CuPy does: names and keywords that CuPy has not (names.json, written by
record_names.py), implicit conversion, mixtures of host and device. It raises `Misuse` where CuPy says nothing and goes
wrong: indices that are out of range or, in an assignment, named twice; writes into views that overlap themselves. What
`empty` returns is poisoned, and floats are scatter-added in a shuffled order.

It is a NumPy array underneath: races, rounding, launches and speed are not its business. What passes here has not been
run on a GPU.
"""

from __future__ import annotations

from typing import Any

from .array import ndarray
from .module import special, xp
from .names import VERSION
from .syncs import Misuse, Syncs, count_syncs, syncs
from .ufuncs import reset as _reset_order

__all__ = ["VERSION", "Misuse", "Syncs", "backend", "count_syncs", "ndarray", "reset", "special", "syncs", "xp"]


def backend() -> Any:
    """tinycnn's backend "cuda" over the double, with the reference kernels."""
    from tinycnn.backend import Backend, Kernels

    return Backend("cuda", xp, Kernels(xp), asnumpy=xp.asnumpy, synchronize=xp.cuda.get_current_stream().synchronize)


def reset() -> None:
    """Forget the synchronisations counted and start the shuffling anew: each test begins alike."""
    syncs.reset()
    _reset_order()
