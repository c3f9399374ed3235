r"""Minimal filters: m outputs of a filter of k taps for little more than m + k − 1 products instead of m·k.

How does one get by with fewer products than the definition has? By taking the filter for a product of polynomials. Let
P have the k coefficients w, and Q some m coefficients q. The coefficients of P·Q are sums of products w[j]·q[i], i + j
alike; weighted by numbers d they are the same sum that q makes of the outputs y of the filter w over the pixels d:

    Σₗ d[l]·(P·Q)[l]  =  Σᵢⱼ d[i + j]·w[j]·q[i]  =  Σᵢ q[i]·y[i]          y[i] = Σⱼ w[j]·d[i + j]                (1)

P·Q has m + k − 1 coefficients, and is known from its remainders modulo polynomials without common roots whose degrees
add up to that: Chinese remainders. Modulo x − t the remainder is the value at t, and costs ONE product, P(t)·Q(t). This
is how Toom and Cook multiply long numbers. At infinity the "value" of a polynomial is its leading coefficient. Modulo
x² + 1 (its roots are ±i) a polynomial leaves r + s·x, and two such remainders are multiplied by the same trick, from
their values at 1, −1 and infinity: three products, (r + s)·(r′ + s′), (r − s)·(r′ − s′) and s·s′.

    A (a × m)       the a values of Q                        modulo x − t, A[·, i] = tⁱ;    at infinity  0 … 0 1
    G (a × k)       those of P, over common denominators
    B (m+k−1 × a)   leads back to the coefficients           P·Q = B·[(G w) ⊙ (A q)]

(The denominators went into G: kernels are fewer than pixels.) Put this into (1), read it as linear in q, and there is
Winograd's filter, a products in the middle:

    y = Aᵀ·[(G w) ⊙ (Bᵀ d)]                                                                                     (2)

Its derivative in w is (1) read as linear in w, and needs the same a products: w̄ = Gᵀ·[(A ȳ) ⊙ (Bᵀ d)].

For images, each matrix is applied to rows and to columns: Y = Aᵀ·[(G w Gᵀ) ⊙ (Bᵀ d B)]·A makes m × m outputs for a·a
products. Such filters are made here, of 3 and of 5 taps:

    F(2, 3)   0, 1, −1, ∞                           16 products for  36
    F(4, 3)   0, 1, −1, ∞, x² + 1                   49 products for 144
    F(4, 5)   0, 1, −1, ∞, x² + x + 1, x² − x + 1  100 products for 400
    F(4, 3)   0, 1, −1, ½, −2, ∞                    36 products for 144   which cost a float32 one of its 7 digits

Powers of a number grow or vanish, unless it lies on the unit circle, where there are few real ones. That is what makes
the last inexact. The others have but roots of unity, of the second, fourth and sixth order. Remainders modulo quadratic
polynomials cost a few more products than points would, but no digits: A and B hold nothing but 0, ±1 and ±2, and these
filters are as exact as the direct sum. (With 2 and −2, the points that one finds in most libraries, the last would err
three times as much.)

References
----------
Winograd 1980, "Arithmetic Complexity of Computations", chapter 5.
Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4. Their F(2) differs in two signs.
Blahut 1985, "Fast Algorithms for Digital Signal Processing", chapter 3: Winograd's short convolutions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Polynomial = tuple[float, ...]  # its coefficients, the constant first, the leading one 1

# what two remainders are multiplied at: a number at itself, r + s·x at 1, −1 and infinity
_VALUES = {1: np.array([[1]]), 2: np.array([[1, 1], [1, -1], [0, 1]])}


def at(*points: float) -> tuple[Polynomial, ...]:
    """The polynomials x − t, modulo which another leaves its value at t."""
    return tuple((-t, 1) for t in points)


def minimal(m: int, k: int, moduli: tuple[Polynomial, ...]) -> tuple[Array, Array, Array]:
    """A, G and B of the filter of k taps and m outputs that multiplies modulo these polynomials, and at infinity.

    Examples
    --------
    >>> A, G, B = minimal(2, 3, at(0, 1, -1))
    >>> B.T @ [10, 11, 12, 13]  # differences and sums of four pixels
    array([-2., 23.,  1.,  2.])
    """
    A, G = _values(m, moduli), _values(k, moduli)
    pairs = (A[:, :, None] * G[:, None, :]).reshape(len(A), m * k)  # coefficient i of A's values times j of G's
    i, j, l = np.indices((m, k, m + k - 1)).reshape(3, m * k, m + k - 1)
    B = np.linalg.lstsq(pairs.T, np.where(i + j == l, 1.0, 0.0), rcond=None)[0].T  # B @ pairs: where i + j is l
    B[np.abs(B) < 1e-9] = 0
    scale = np.where(B, np.abs(B), np.inf).min(axis=0)
    return A, G * scale[:, None], np.round(B / scale, 9)


def _values(n: int, moduli: tuple[Polynomial, ...]) -> Array:
    """A polynomial's n coefficients to its values: modulo each of `moduli`, and at infinity."""
    rows = [_VALUES[len(modulus) - 1] @ _remainders(n, modulus) for modulus in moduli]
    return np.vstack([*rows, np.eye(n)[-1:]])


def _remainders(n: int, modulus: Polynomial) -> Array:
    """1, x, x² … xⁿ⁻¹ modulo a polynomial, a column each."""
    shift = np.eye(len(modulus) - 1, k=-1)  # multiplies a remainder by x: the highest power is replaced
    shift[:, -1] = np.negative(modulus[:-1])
    return np.stack([np.linalg.matrix_power(shift, i)[:, 0] for i in range(n)], axis=1)


class Filter:
    """F(m × m, k × k) on flattened squares: M x Mᵀ of a square x is M ⊗ M, Kronecker's product, times x row by row.

    Attributes
    ----------
    m, taps, side, a : int          pixels of a square, taps of a kernel, pixels of a patch, and products, along an axis
    kernel, mirrored : (a·a, k·k)   G x Gᵀ of a kernel, and of one that is turned round by 180°
    pixels : (a, side)              Bᵀ
    outputs : (m·m, a·a)            Aᵀ x A
    spread : (a·a, m·m)             A x Aᵀ
    squares : int                   how many a core transforms at once; see `winograd_strips`
    """

    def __init__(self, m: int, taps: int, moduli: tuple[Polynomial, ...], squares: int) -> None:
        A, G, B = minimal(m, taps, moduli)
        self.m, self.taps, self.squares = m, taps, squares
        self.side, self.a = B.shape
        self.kernel, self.mirrored = _on_both_sides(G), _on_both_sides(G[:, ::-1])
        self.pixels = np.ascontiguousarray(B.T, dtype=np.float32)
        self.outputs, self.spread = _on_both_sides(A.T), _on_both_sides(A)


def _on_both_sides(matrix: Array) -> Array:
    return np.ascontiguousarray(np.kron(matrix, matrix), dtype=np.float32)


F2 = Filter(2, 3, at(0, 1, -1), squares=200)
F4 = Filter(4, 3, (*at(0, 1, -1), (1, 0, 1)), squares=100)
F45 = Filter(4, 5, (*at(0, 1, -1), (1, 1, 1), (1, -1, 1)), squares=100)
F4_INEXACT = Filter(4, 3, at(0, 1, -1, 0.5, -2), squares=100)
