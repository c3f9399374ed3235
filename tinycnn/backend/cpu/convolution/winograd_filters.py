r"""Minimal filters: m outputs of a filter of 3 taps for m + 2 products instead of 3·m.

How does one get by with fewer products than the definition has? By taking the filter for a product of polynomials. Let
P have the 3 coefficients w, and Q some m coefficients q. The coefficients of P·Q are sums of products w[j]·q[i], i + j
alike; weighted by numbers d they are the same sum that q makes of the outputs y of the filter w over the pixels d:

    Σₗ d[l]·(P·Q)[l]  =  Σᵢⱼ d[i + j]·w[j]·q[i]  =  Σᵢ q[i]·y[i]          y[i] = Σⱼ w[j]·d[i + j]                (1)

P·Q has a = m + 2 coefficients, and is known from its values at a points, of which each costs ONE product, P(t)·Q(t).
This is how Toom and Cook multiply long numbers. The points are a − 1 small integers t, and infinity, where the
"value" of a polynomial is its leading coefficient. To evaluate is to multiply by powers of t, and Lagrange's formula
leads back:

    A (a × m)   values of Q       A[k, i] = t_kⁱ          at infinity  0 … 0 1
    G (a × 3)   values of P       G[k, j] = t_kʲ / N_k    at infinity  0 0 1          N_k = Π (t_k − t_l) over l ≠ k
    B (a × a)   coefficients      column k: those of Π (x − t_l) over l ≠ k;          at infinity, over all l

so that P·Q = B·[(G w) ⊙ (A q)]. (Lagrange's denominators N_k went into G: kernels are fewer than pixels.) Put this into
(1), read it as linear in q, and there is Winograd's filter, a products in the middle:

    y = Aᵀ·[(G w) ⊙ (Bᵀ d)]                                                                                     (2)

Its derivative in w is (1) read as linear in w, and needs the same a products: w̄ = Gᵀ·[(A ȳ) ⊙ (Bᵀ d)].

For images, each matrix is applied to rows and to columns: Y = Aᵀ·[(G w Gᵀ) ⊙ (Bᵀ d B)]·A makes m × m outputs for a·a
products. Two such filters are made here:

    F(2)   t = 0, 1, −1           16 products for 36    A and B hold only 0, 1 and −1: as exact as the direct sum
    F(4)   t = 0, 1, −1, 2, −2    36 products for 144   entries up to 8, which cost a float32 one or two digits of its 7

References
----------
Winograd 1980, "Arithmetic Complexity of Computations", chapter 5.
Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4. Their F(2) differs in two signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def toom_cook(points: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """A, G and B of the filter of 3 taps that evaluates at these points and at infinity.

    Examples
    --------
    >>> A, G, B = toom_cook((0, 1, -1))
    >>> B.T @ [10, 11, 12, 13]  # differences and sums of four pixels
    array([ 2., 23.,  1.,  2.])
    """
    t = np.array(points, dtype=np.float64)
    a = len(t) + 1
    others = [np.delete(t, k) for k in range(len(t))]
    scale = np.array([np.prod(here - there) for here, there in zip(t, others, strict=True)])
    A = np.vstack([np.vander(t, a - 2, increasing=True), np.eye(a - 2)[-1]])  # a, m
    G = np.vstack([np.vander(t, 3, increasing=True) / scale[:, None], np.eye(3)[-1]])  # a, 3
    B = np.zeros((a, a))
    for column, roots in zip(B.T, [*others, t], strict=True):
        column[: len(roots) + 1] = np.poly(roots)[::-1]  # the polynomial with these roots, its constant first
    return A, G, B


class Filter:
    """F(m × m, 3 × 3) on flattened squares: M x Mᵀ of a square x is M ⊗ M, Kronecker's product, times x row by row.

    Attributes
    ----------
    kernel, mirrored : (a·a, 9)     G x Gᵀ of a kernel, and of one that is turned round by 180°
    patch : (a·a, a·a)              Bᵀ x B
    outputs : (m·m, a·a)            Aᵀ x A
    spread : (a·a, m·m)             A x Aᵀ
    tiles : int                     how many a core transforms at once; see `winograd_strips`
    """

    def __init__(self, points: tuple[int, ...], tiles: int) -> None:
        A, G, B = toom_cook(points)
        self.a, self.m = A.shape
        self.tiles = tiles
        self.kernel, self.mirrored = _on_both_sides(G), _on_both_sides(G[:, ::-1])
        self.patch = _on_both_sides(B.T)
        self.outputs, self.spread = _on_both_sides(A.T), _on_both_sides(A)


def _on_both_sides(matrix: Array) -> Array:
    return np.ascontiguousarray(np.kron(matrix, matrix), dtype=np.float32)


F2 = Filter((0, 1, -1), tiles=200)
F4 = Filter((0, 1, -1, 2, -2), tiles=100)
