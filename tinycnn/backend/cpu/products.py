r"""Products of matrices, shared among our own threads while BLAS keeps to one.

BLAS would share out a large product by itself, as fast. But its threads stay awake for a while afterwards, waiting for
another product, and with them the core that the next kernel wants to share its tiles with. Left to BLAS, the products
made a ResNet-50's step take 1.3 times as long, and a ResNet-18's 1.4 times, few as they are; alone, each takes 0.9 to 1
of BLAS's time here. So no product of ours is left to several threads of BLAS.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.backend import blas
from tinycnn.backend.cpu import slim, tall
from tinycnn.backend.precision import half_in_single
from tinycnn.backend.threads import cut, parts, scratch, share, sharing

Array = Any

_ALONE = 1 << 18  # multiplications that BLAS gives to one thread anyway
_QUICK = 1 << 22  # multiplications whose time is that of a few calls
_SHARED = 1 << 23  # of fewer one thread is done before the other has begun

_WEIGHTS = 1 << 15  # entries of a matrix that a slim one meets in pieces
_SUMS = 1 << 20  # and of a result of few sums each that is made so

IN_A_ROW = 448  # numbers that BLAS adds up, unless its kernels are AVX2's; more it takes in parts
FEW_MULTIPLICATIONS = 1 << 24  # in which little time is lost

_SHORT = 32  # sums that need no care
_STRETCH = 64  # products that are added up in a row, or twice as many of long sums
_LONG = 1024
_WHOLE = range(257, IN_A_ROW + 1)  # numbers that are added up in parts of any large product
_SMALL = 1 << 16  # entries of a result that stays in a core's cache while stretches are added up in it
_AT_ONCE = 1 << 17  # entries of what stretches make


def product(a: Array, b: Array, out: Array | None = None, exact: bool = False) -> Array:
    """A·B of two matrices, in `out` if it is given: cut along its longest side, a part for each thread.

    Be it the rows of A (an image's many pixels), the columns of B, or what is summed over (the pixels again, where the
    gradient of a kernel is made of them): then the parts' sums are added up in order. It is as fast as BLAS's own way.
    If it is to be `exact`, fewer numbers are added up in a row: in double precision, by stretches, or in parts, as
    `_exact_way` finds for the sizes.
    """
    (m, k), n = a.shape, b.shape[1]
    matmul: Any = _exact_way(m, k, n) if exact and a.dtype.char == "f" else np.matmul
    if m * k * n <= _ALONE or a.dtype != b.dtype or a.dtype.char not in "fd":
        return matmul(a, b, out=out)
    out = np.empty((m, n), a.dtype) if out is None else out
    if matmul is np.matmul and a.dtype.char == "f" and tall.covers(m, k, n):
        tall.product(a, b, out)
        return out
    long = k > max(m, n)
    alone = m * k * n < _SHARED or (sharing() and not long)  # of a long sum the parts are more exact
    some = [slice(None)] if alone else parts(max(m, k, n))
    sums = [out, *(np.empty((m, n), a.dtype) for _ in some[1:])] if long else []

    def multiply(part: int) -> None:
        ours = some[part]
        if sums:
            matmul(a[:, ours], b[ours], out=sums[part])
        elif m >= n:
            matmul(a[ours], b, out=out[ours])
        else:
            matmul(a, b[:, ours], out=out[:, ours])

    share(multiply, len(some))
    for more in sums[1:]:
        out += more
    return out


def _exact_way(m: int, k: int, n: int) -> Any:
    """The way that costs little for these sizes; `np.matmul` where sums are short, or a second pass would take time.

    PyTorch adds up some sixteen numbers side by side in most of its sums over pixels, and over channels where there is
    a stride: of 200 in a row, ours would have four times its error.
    """
    if k <= _SHORT:
        return np.matmul
    if m * k * n <= _ALONE:
        return in_double
    if k > 2 * _STRETCH and m * n <= _SMALL:
        return by_stretches
    return in_parts if k in _WHOLE or (k > _STRETCH and m * k * n <= FEW_MULTIPLICATIONS) else np.matmul


def by_stretches(a: Array, b: Array, out: Array | None = None) -> Array:
    """A·B, or the sum of a stack of such products, of which no more than 64 or 128 numbers are added up in a row.

    BLAS adds up hundreds one by one, and loses digits as `summation` says. The worst entry of a kernel's gradient was
    then off by up to five times as much as PyTorch's. It costs a tenth of the product's time.
    """
    a, b = (x if x.ndim > 2 else x[None] for x in (a, b))
    if b.itemsize not in b.strides[1:]:  # one entry of each kernel, of all that lie between
        b = b.copy("K")
    (_, m, k), n = a.shape, b.shape[2]
    out = np.empty((m, n), a.dtype) if out is None else out
    stretch = _STRETCH if k < _LONG else 2 * _STRETCH
    count = k // stretch if k > 2 * _STRETCH else 0
    rest, at_once = count * stretch, max(1, _AT_ONCE // max(1, len(a) * m * n))
    if rest < k or not count:
        np.matmul(a[:, :, rest:], b[:, rest:]).sum(axis=0, out=out)
    else:
        out[...] = 0
    rows = unpacked_part(m, stretch * n)
    for first in range(0, count, at_once):
        some = slice(first * stretch, min(first + at_once, count) * stretch)
        left = a[:, :, some].reshape(len(a), -1, rows, min(at_once, count - first), stretch).transpose(0, 3, 1, 2, 4)
        right = b[:, some].reshape(len(b), -1, 1, stretch, n)
        made = np.matmul(left, right, out=scratch("stretches", (*left.shape[:4], n), out.dtype)).reshape(-1, m, n)
        out += made[0] if len(made) == 1 else made.sum(axis=0)
    return out


def in_parts(a: Array, b: Array, out: Array | None = None) -> Array:
    """A·B, what is summed over cut into a few parts, their sums added up: of two, they have 0.7 of the error."""
    first, *others = cut(a.shape[1], max(2, -(-2 * a.shape[1] // IN_A_ROW)))
    out = np.matmul(a[:, first], b[first], out=out)
    for some in others:
        out += np.matmul(a[:, some], b[some], out=scratch("part", out.shape, out.dtype))
    return out


def in_double(a: Array, b: Array, out: Array | None = None) -> Array:
    """A·B, rounded but once."""
    made = np.matmul(a.astype(np.float64), b.astype(np.float64)).astype(np.float32)
    if out is None:
        return made
    out[...] = made
    return out


def unpacked_part(count: int, work: int) -> int:
    """Of `count` rows, of so many multiplications each, as many as BLAS multiplies as they lie: one of equal parts.

    That spares packing them. All, where no such part is near, or where BLAS packs whatever it is given.
    """
    most = blas.unpacked() // max(1, work)
    return next((some for some in range(min(most, count), max(most // 4, 1), -1) if count % some == 0), count or 1)


@half_in_single
def matmul(xp: Any, x: Array, y: Array) -> Array:
    """X·Y of matrices or of stacks of them; of a large and a slim one, as those of a linear layer, in pieces."""
    if x.ndim != 2 or y.ndim != 2:
        return _stacked(x, y)
    if x.dtype == y.dtype == np.float32:
        (m, k), n = x.shape, y.shape[1]
        if k * n >= _WEIGHTS and slim.are_few(m, y):
            return slim.few_rows(x, y)
        if m * n >= _SUMS and 0 < k <= slim.SUMMED:
            return slim.few_summed(x, y)
    return product(x, y, exact=_few_but_long(x, y))


def _few_but_long(x: Array, y: Array) -> bool:
    """Whether these are few sums, each of many numbers; PyTorch makes them of as many as a core adds at once."""
    k, work = x.shape[-1], x.size * y.shape[-1]
    few = (k > 2 * _STRETCH and work <= _ALONE) or (k > IN_A_ROW and work <= _QUICK)
    return bool(few and x.dtype.char == y.dtype.char == "f")


def _stacked(x: Array, y: Array) -> Array:
    """The products of as many matrices, dealt out to the threads."""
    if _few_but_long(x, y):
        return in_double(x, y)
    work = x.size * y.shape[-1]
    if work <= _ALONE or x.shape[:-2] != y.shape[:-2]:
        return np.matmul(x, y)
    z = np.empty((*x.shape[:-1], y.shape[-1]), np.result_type(x, y))
    some = parts(len(z)) if work >= _SHARED else [slice(None)]

    def multiply(part: int) -> None:
        np.matmul(x[some[part]], y[some[part]], out=z[some[part]])

    share(multiply, len(some))
    return z
