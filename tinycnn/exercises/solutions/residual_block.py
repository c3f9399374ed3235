r"""A residual block: what two layers make of x is added to x itself.

    F(x) = W₂ relu(W₁ x)
    y = relu(F(x) + x)

The layers are dense ones, without biases, as the paper writes its example; in a ResNet they are convolutions, and
nothing below would change but the products. x has D features, W₁ makes M of them, and W₂ makes D again, so that x can
be added.

With a = W₁ x, h = relu(a) and t = W₂ h + x, from the last line to the first:

    t̄ = ȳ ⊙ [t > 0]             the outer relu
    W̄₂ = Σₙ t̄ₙ hₙᵀ,   h̄ = W₂ᵀ t̄
    ā = h̄ ⊙ [a > 0]             the inner relu
    W̄₁ = Σₙ āₙ xₙᵀ
    x̄ = t̄ + W₁ᵀ ā               x was used twice: by the skip connection, and by F

The first term of x̄ is the point of the whole: a gradient passes through the sum as it came, however small W₁ and W₂
are, and so reaches the first of a hundred blocks.

Source: He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition", equation 1 and Figure 2; in the
lecture, Figure 14.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def layers(x, w1, w2):
    """h, after the first layer and its relu, and t, the sum before the last relu: N, M and N, D."""
    h = np.maximum(x @ w1.T, 0)
    return h, h @ w2.T + x


def forward(x, w1, w2):
    _, t = layers(x, w1, w2)
    return np.maximum(t, 0)


def backward(g, x, w1, w2):
    h, t = layers(x, w1, w2)

    gt = g * (t > 0)     # N, D
    gw2 = gt.T @ h       # D, M
    gh = gt @ w2         # N, M
    ga = gh * (h > 0)    # N, M: h > 0 where a > 0
    gw1 = ga.T @ x       # M, D
    gx = gt + ga @ w1    # N, D
    return gx, gw1, gw2
