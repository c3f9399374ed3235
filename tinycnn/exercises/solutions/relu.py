r"""ReLU: keep what is positive, and set the rest to 0.

    y = max(x, 0)

Each output depends on one input alone. Where x > 0 it is y = x, with slope 1; where x < 0 it is y = 0, with slope 0:

    x̄ = ȳ · [x > 0]            [·] is 1 where the condition holds, else 0

At x = 0 the two pieces meet and there is no derivative; any number between 0 and 1 is a subgradient. We take 0, as
PyTorch does.

Source: Nair and Hinton 2010, "Rectified linear units improve restricted Boltzmann machines"; in the lecture, the g of
equation 4.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np


def forward(x):
    return np.maximum(x, 0)


def backward(g, x):
    return g * (x > 0)
