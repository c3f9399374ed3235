r"""How many floating-point operations a convolution or a product of matrices is, from the shapes that go in and out.

Each number of the result is a sum of products, and a multiply-add is two operations. They are those of the definition,
whatever a kernel does instead: Winograd's algorithm needs fewer, and shows as a higher rate.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

Shape = tuple[int, ...]

#: multiply-adds from the shapes of the two factors and of the result; w is O, C/g, kH, kW
_MULTIPLY_ADDS: dict[str, Callable[[Shape, Shape, Shape], int]] = {
    "Conv2d": lambda x, w, y: prod(y) * prod(w[1:]),
    "Conv2dInput": lambda g, w, x: prod(g) * prod(w[1:]),
    "Conv2dWeight": lambda x, g, w: prod(g) * prod(w[1:]),
    "Linear": lambda x, w, y: prod(y) * x[-1],
    "MatMul": lambda x, y, z: prod(z) * x[-1],
}


def flops_of(op: str, factors: tuple[Shape | None, ...], result: Shape) -> int:
    r"""2 · multiply-adds on the way forward, and on the way back for each factor's gradient; 0 if it is no such op.

    Examples
    --------
    >>> flops_of("Conv2d", ((2, 3, 8, 8), (16, 3, 3, 3), (16,)), (2, 16, 6, 6)) == 2 * (2 * 16 * 6 * 6) * (3 * 3 * 3)
    True
    >>> flops_of("ReLU", ((2, 3),), (2, 3))
    0
    """
    rule = _MULTIPLY_ADDS.get(op)
    if rule is None or len(factors) < 2 or factors[0] is None or factors[1] is None:
        return 0
    return 2 * rule(factors[0], factors[1], result)
