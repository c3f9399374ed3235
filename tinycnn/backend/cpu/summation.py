"""Long sums: how rounding errors are kept from piling up."""

from __future__ import annotations

from typing import Any

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
                x = _shortened(xp, x, axis)
            if len(axes) > 1:  # several axes at once, NumPy would go along as if they were one
                x = x.sum(axis=axis, keepdims=True, dtype=x.dtype)
    return x.sum(axis=axes, dtype=x.dtype)


def _shortened(xp: Any, x: Array, axis: int) -> Array:
    """x with each block of rows along `axis` replaced by its sum; rows that fill no block stay."""
    count = x.shape[axis] // _BLOCK
    whole, rest = xp.split(x, [count * _BLOCK], axis)
    blocks = whole.reshape(*x.shape[:axis], count, _BLOCK, *x.shape[axis + 1 :])
    return xp.concatenate([blocks.sum(axis + 1), rest], axis)
