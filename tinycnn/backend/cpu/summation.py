"""Long sums: how rounding errors are kept from piling up."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend.precision import half_in_single

Array = Any

_BLOCK = 32


@half_in_single
def total(xp: Any, x: Array, axes: tuple[int, ...]) -> Array:
    r"""Σ x over `axes`, no more than 64 numbers added up in a row.

    One by one, the n-th number meets a sum n times as large, and loses as many digits: in float32, a million rows are
    left with 5. Sums of blocks, then added up themselves, keep 7. NumPy does so along contiguous memory only.

    References
    ----------
    Higham 1993, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, section 3.
    """
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
