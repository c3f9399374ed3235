r"""Layer normalisation: each example gets mean 0 and variance 1 over its own features, then a scale and a shift.

    μ = E[x]     σ² = E[(x − μ)²]     r = 1/√(σ² + ε)     x̂ = (x − μ)·r     y = γ ⊙ x̂ + β

The means E run over the last axis, the D features, once for each example: the others in the batch play no part, and
one example alone is enough. γ and β have one entry for each feature, shared by all examples:

    β̄ = Σ ȳ        γ̄ = Σ ȳ ⊙ x̂                  over all axes but the last

Let ĝ = ȳ ⊙ γ be the gradient that arrives at x̂. As in batch normalisation, x acts directly, through μ and through σ²:

    x̄ = r·(ĝ − E[ĝ] − x̂·E[ĝ·x̂])

but here γ differs from term to term of the means, and cannot be taken out of them: E[ȳ ⊙ γ] is not E[ȳ]·γ.

Source: Ba, Kiros and Hinton 2016, "Layer normalization", equations 3 and 4; the lecture's equation 5.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def normalize(x, eps):
    """x̂, of x's shape, and r, one for each example: …, 1."""
    mean = x.mean(axis=-1, keepdims=True)    # …, 1
    var = x.var(axis=-1, keepdims=True)      # …, 1: the sum of squares / D
    r = 1 / np.sqrt(var + eps)
    return (x - mean) * r, r


def forward(x, weight, bias, eps=1e-5):
    normal, _ = normalize(x, eps)    # …, D
    return normal * weight + bias


def backward(g, x, weight, bias, eps=1e-5):
    normal, r = normalize(x, eps)          # …, D and …, 1
    examples = tuple(range(x.ndim - 1))    # all axes but the last

    gbias = g.sum(axis=examples)                                              # D
    gweight = (g * normal).sum(axis=examples)                                 # D
    gnormal = g * weight                                                      # …, D: ĝ
    through_mean = gnormal.mean(axis=-1, keepdims=True)                       # …, 1
    through_var = normal * (gnormal * normal).mean(axis=-1, keepdims=True)    # …, D
    gx = r * (gnormal - through_mean - through_var)
    return gx, gweight, gbias
