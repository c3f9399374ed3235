r"""Softmax: logits become probabilities, row by row.

    yₖ = e^{zₖ} / Σᵢ e^{zᵢ}

The same number may be taken off all logits of a row, since numerator and denominator then shrink by the same factor.
With the largest taken off no exponent is above 0, so nothing overflows, and one of them is 0, so the sum is at least 1.

Each output depends on every logit of its row: zₖ stands in its own numerator and in everybody's denominator,

    ∂yᵢ/∂zₖ = yᵢ · ([i = k] − yₖ)

and the chain rule sums over the outputs of the row:

    z̄ₖ = Σᵢ ȳᵢ · ∂yᵢ/∂zₖ = yₖ · (ȳₖ − Σᵢ ȳᵢ·yᵢ)

Source: Bridle 1990, "Training stochastic model recognition algorithms as networks can lead to maximum mutual
information estimation of parameters"; in the lecture, the formula under "Softmax Classifier".
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def forward(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))    # N, K
    return e / e.sum(axis=1, keepdims=True)


def backward(g, z):
    y = forward(z)                                 # N, K
    shared = (g * y).sum(axis=1, keepdims=True)    # N, 1: what the denominator passes back
    return y * (g - shared)
