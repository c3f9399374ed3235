r"""Log-softmax and negative log-likelihood: from logits and labels to the loss of a softmax classifier.

    ln pₖ = zₖ − ln Σᵢ e^{zᵢ}                  of each row
    ℓ     = −1/N · Σₙ ln p[n, tₙ]              the mean over the batch

ln p is never taken of p, which rounds to 0 for a logit far below the others: with m the largest logit of the row,

    ln Σᵢ e^{zᵢ} = m + ln Σᵢ e^{zᵢ − m}        no term overflows, and the logarithm is of a number from 1 to K

A logit acts on the loss of its row in two ways: it is the true class's, or it is not, and in both cases it stands in
the sum. As ∂(ln Σ e^{zᵢ})/∂zₖ = e^{zₖ} / Σ e^{zᵢ} = pₖ,

    z̄[n, k] = ℓ̄/N · (p[n, k] − [k = tₙ])

prediction minus truth. The labels are integers: nothing flows back to them.

Source: the lecture's equations 2 and 3; Bishop 2006, "Pattern recognition and machine learning", equations 4.108 and
4.109.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def log_softmax(z):
    shifted = z - z.max(axis=1, keepdims=True)    # N, K
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def forward(z, target):
    rows = np.arange(len(z))    # N
    return -log_softmax(z)[rows, target].mean()


def backward(g, z, target):
    p = np.exp(log_softmax(z))            # N, K
    truth = np.eye(z.shape[1])[target]    # N, K: a 1 in each row, at its label
    return g * (p - truth) / len(z)
