r"""y = x·Wᵀ + b, and its gradients."""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations


def forward(x, weight, bias):
    return x @ weight.T + bias    # N, O


def backward(g, x, weight, bias):
    gx = g @ weight               # N, I
    gweight = g.T @ x             # O, I: each row of the batch adds its share
    gbias = g.sum(axis=0)         # O
    return gx, gweight, gbias
