"""Long sums: how rounding errors are kept from piling up.

One by one, the n-th number meets a sum n times as large, and loses as many digits: in float32, a million rows are left
with 5. Of sums of stretches, then added up themselves, 7 are left. The shorter the stretches, the more exact they are,
and the more sums are left to be added up; so whatever makes a sum has stretches as short as cost it little:

    here                     32         rows, added up by NumPy
    products.by_stretches    64, 128    products of matrices: of shorter ones BLAS makes less in its time
    convolution.two_by_two   32 … 64    the same, added up by a product that follows anyway
    winograd_products        65 … 128   channels, by BLAS; the parts are added up after it
    depthwise.rows           17 … 128   a number that leaves no rest, for a call more would be needed
    sheets                   16         whose sums are put together in float64, where no more is lost

References
----------
Higham 1993, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, section 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.precision import half_in_single

Array = Any

_BLOCK = 32


@half_in_single
def total(xp: Any, x: Array, axes: tuple[int, ...]) -> Array:
    """Σ x over `axes`, no more than 64 numbers added up in a row. Along contiguous memory NumPy does so by itself."""
    for axis in axes if x.dtype.kind == "f" and x.size >= 2 * _BLOCK else ():
        if x.strides[axis] != x.itemsize:
            while x.shape[axis] >= 2 * _BLOCK:
                x = _shortened(x, axis)
            if len(axes) > 1:  # several axes at once, NumPy would go along as if they were one
                x = np.add.reduce(x, axis, keepdims=True)
    return np.add.reduce(x, axes, x.dtype)


def _shortened(x: Array, axis: int) -> Array:
    """x with each block of rows along `axis` replaced by its sum; rows that fill no block stay."""
    before, rows, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    count, every = rows // _BLOCK, (slice(None),) * axis
    whole = x if rows == count * _BLOCK else x[(*every, slice(count * _BLOCK))]
    blocks = np.add.reduce(whole.reshape(*before, count, _BLOCK, *after), axis + 1)
    return blocks if whole is x else np.concatenate([blocks, x[(*every, slice(count * _BLOCK, None))]], axis)
