r"""Batch normalisation in training: each channel gets mean 0 and variance 1 over the batch, then a scale and a shift.

    μ = E[x]     σ² = E[(x − μ)²]     r = 1/√(σ² + ε)     x̂ = (x − μ)·r     y = γ·x̂ + β

The means E run over N, H and W, that is over m = N·H·W numbers, once for each channel. σ² divides by m, not by m − 1.

γ and β are used m times in each channel, so their gradients are sums over all of these:

    β̄ = Σ ȳ        γ̄ = Σ ȳ·x̂

For x, let ĝ = ȳ·γ be the gradient that arrives at x̂. One x acts on all outputs of its channel, in three ways:

    directly                    r·ĝ
    through μ                   every x̂ has −r·μ in it, and ∂μ/∂x = 1/m:          −r·E[ĝ]
    through r                   ∂r/∂σ² = −r³/2 and ∂σ²/∂x = 2·(x − μ)/m:           −r·x̂·E[ĝ·x̂]

    x̄ = r·(ĝ − E[ĝ] − x̂·E[ĝ·x̂])

(σ² depends on μ as well, but its derivative, −2·E[x − μ], is 0.) So x̄ has mean 0 and, but for ε, no part along x̂:
moving or stretching a whole channel of x changes nothing.

Source: Ioffe and Szegedy 2015, "Batch normalization: accelerating deep network training by reducing internal
covariate shift", algorithm 1 and the formulas after it, here simplified; the lecture's equation 5.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np

AXES = (0, 2, 3)    # N, H and W: what is averaged over


def per_channel(v):
    return v[:, None, None]    # C, 1, 1


def normalize(x, eps):
    """x̂, of x's shape, and r: 1, C, 1, 1."""
    mean = x.mean(axis=AXES, keepdims=True)    # 1, C, 1, 1
    var = x.var(axis=AXES, keepdims=True)      # 1, C, 1, 1: the sum of squares / m
    r = 1 / np.sqrt(var + eps)
    return (x - mean) * r, r


def forward(x, weight, bias, eps=1e-5):
    normal, _ = normalize(x, eps)    # N, C, H, W
    return normal * per_channel(weight) + per_channel(bias)


def backward(g, x, weight, bias, eps=1e-5):
    normal, r = normalize(x, eps)    # N, C, H, W and 1, C, 1, 1

    gbias = g.sum(axis=AXES)                                                    # C
    gweight = (g * normal).sum(axis=AXES)                                       # C
    gnormal = g * per_channel(weight)                                           # N, C, H, W: ĝ
    through_mean = gnormal.mean(axis=AXES, keepdims=True)                       # 1, C, 1, 1
    through_var = normal * (gnormal * normal).mean(axis=AXES, keepdims=True)    # N, C, H, W
    gx = r * (gnormal - through_mean - through_var)
    return gx, gweight, gbias
