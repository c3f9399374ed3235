"""How long a vector is, by any norm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinycnn.errors import DomainError, ShapeError
from tinycnn.ops.arguments import checked, expect_floating
from tinycnn.ops.choice import where
from tinycnn.ops.comparison import eq, ne
from tinycnn.ops.elementwise import abs
from tinycnn.ops.extremes import amax, amin
from tinycnn.ops.promotion import Scalar, cast, widened
from tinycnn.ops.reduction import Dim, root, sum

if TYPE_CHECKING:
    from tinycnn._tensor import Tensor


@checked
def norm(
    input: Tensor, p: Scalar | str | None = "fro", dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) over `dim`; "fro" is 2, ±inf the largest or smallest magnitude, 0 the count of nonzeros.

    Flat at 0, where a norm has no slope.

    Examples
    --------
    >>> import tinycnn
    >>> x = tinycnn.tensor([3.0, -4.0])
    >>> x.norm(), x.norm(1), x.norm(float("inf"))
    (tensor(5.), tensor(7.), tensor(4.))
    """
    x = input if dtype is None else cast(input, dtype)
    expect_floating("norm", x, "say norm(x.float())")
    if isinstance(p, str) and p != "fro":
        raise DomainError(f'norm: p must be a number or "fro", not {p!r}')
    power = 2.0 if p is None or isinstance(p, str) else float(p)
    return cast(_norm(widened(x), power, dim, keepdim), x.array.dtype)


def _norm(x: Tensor, p: float, dim: Dim, keepdim: bool) -> Tensor:
    if math.isinf(p):
        return (amax if p > 0 else amin)(abs(x), dim, keepdim)
    if p == 0:
        return sum(cast(ne(x, 0), x.array.dtype), dim, keepdim)
    if p == 1:
        return sum(abs(x), dim, keepdim)
    if p == 2:
        return root(sum(x * x, dim, keepdim))
    if p < 0 and not x.array.size:
        raise ShapeError(f"norm: there is no {p} norm of nothing: the shape is {tuple(x.array.shape)}")
    zero = eq(x, 0)  # below p = 1 a power is infinitely steep there, and the norm flat by convention
    powers = where(zero, 0.0 if p > 0 else math.inf, abs(where(zero, 1.0, x)) ** p)
    return root(sum(powers, dim, keepdim), p)
