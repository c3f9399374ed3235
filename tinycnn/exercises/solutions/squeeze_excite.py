r"""Squeeze and excitation: look at all channels, then decide how much of each to let through.

    z = GlobalAvgPool(U)         the squeeze: a number for each channel of each image      z: N, C
    h = relu(W₁ z)                                                                         h: N, S
    s = σ(W₂ h)                  the excitation: a gate in (0, 1) for each channel         s: N, C
    X̂ = U ⊙ s                    the same gate for all pixels of a channel                 X̂: N, C, H, W

Backward goes through the four lines from the last to the first. With a = W₂ h and b = W₁ z,

    s̄ = Σ_{pixels} ȳ ⊙ U         a gate is used H·W times
    ā = s̄ ⊙ s ⊙ (1 − s)          the slope of σ
    W̄₂ = Σₙ āₙ hₙᵀ,   h̄ = W₂ᵀ ā
    b̄ = h̄ ⊙ [b > 0]              the slope of relu
    W̄₁ = Σₙ b̄ₙ zₙᵀ,   z̄ = W₁ᵀ b̄
    Ū = ȳ ⊙ s + z̄ / (H·W)        U was used twice: scaled by its gate, and averaged into z

There are no biases, as in the paper's formula. σ is written ½(1 + tanh(a/2)), the same function, which no large
number makes overflow.

Source: the lecture's equation 4; Hu, Shen, Albanie, Sun and Wu 2019, "Squeeze-and-excitation networks", equations 2
to 4.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def excite(u, w1, w2):
    """z, h and s: N, C and N, S and N, C."""
    z = u.mean(axis=(2, 3))
    h = np.maximum(z @ w1.T, 0)
    s = 0.5 * (1 + np.tanh(h @ w2.T / 2))
    return z, h, s


def forward(u, w1, w2):
    _, _, s = excite(u, w1, w2)
    return u * s[:, :, None, None]


def backward(g, u, w1, w2):
    z, h, s = excite(u, w1, w2)
    pixels = u.shape[2] * u.shape[3]

    gs = (g * u).sum(axis=(2, 3))                                   # N, C
    ga = gs * s * (1 - s)                                           # N, C
    gw2 = ga.T @ h                                                  # C, S
    gh = ga @ w2                                                    # N, S
    gb = gh * (h > 0)                                               # N, S
    gw1 = gb.T @ z                                                  # S, C
    gz = gb @ w1                                                    # N, C
    gu = g * s[:, :, None, None] + gz[:, :, None, None] / pixels    # N, C, H, W
    return gu, gw1, gw2
