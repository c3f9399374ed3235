"""The error function, which NumPy lacks, for any array module."""

from __future__ import annotations

import functools
from typing import Any

from tinycnn.backend.precision import half_in_single

Array = Any

# Coefficients, highest power first, of Cody's three rational approximations, for |x| ≤ 0.46875, ≤ 4 and beyond.
_ERF = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_ERFC = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
_TAIL = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1),
        *(1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2),
        2.33520497626869185e-3,
    ),
)


@half_in_single
def erf(xp: Any, x: Array) -> Array:
    r"""erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, to a few units in the last place of float64.

    Three ranges, each a quotient of polynomials: erf itself near 0, and beyond it 1 − erfc, with e^(−x²) taken out.

    References
    ----------
    Cody 1969, "Rational Chebyshev approximations for the error function", Math. Comp. 23.
    """
    a = xp.abs(x)
    near = xp.minimum(a, 0.46875)
    middle = xp.clip(a, 0.46875, 4.0)
    far = xp.clip(a, 4.0, 6.0)  # erf is 1 to the last bit from 6 on
    inverse = 1 / (far * far)
    tail = (0.564189583547756287 - inverse * _quotient(inverse, _TAIL)) / far  # 0.564… = 1/√π
    result = xp.where(a <= 4.0, 1 - xp.exp(-middle * middle) * _quotient(middle, _ERFC), 1 - xp.exp(-far * far) * tail)
    result = xp.where(a <= 0.46875, near * _quotient(near * near, _ERF), result)
    return xp.where(x != x, x, xp.copysign(result, x))


def _quotient(x: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    """One polynomial over another, by Horner's rule."""
    top, bottom = (functools.reduce(lambda acc, c: acc * x + c, powers, 0.0) for powers in coefficients)
    return top / bottom
