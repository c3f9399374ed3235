r"""Max pooling: of each window, the largest number.

    y[n,c,p,q] = max_{i,j} x[n, c, s·p + i, s·q + j]

Windows of k × k, s apart; each channel by itself. Padding, if there is any, is −∞, so that it never wins: 0 would beat
a window of negative numbers.

An output is a copy of one input, its window's winner, and moves with it alone: all other inputs of the window could
change a little and the maximum would stay. So the whole ȳ goes to the winner and nothing to the others, and a pixel
that wins in several windows, where they overlap, gets the sum:

    x̄[n,c,u,v] = Σ ȳ[n,c,p,q]    over the windows (p, q) in which (u, v) is the winner

Between equals the first wins, counted row by row. There must be one winner: if all equals got ȳ, the gradient would be
counted several times.

Source: Ranzato, Huang, Boureau and LeCun 2007, "Unsupervised learning of invariant feature hierarchies with
applications to object recognition"; Krizhevsky, Sutskever and Hinton 2012, "ImageNet classification with deep
convolutional neural networks", section 3.4; in the lecture, the pooling layers of AlexNet (Figure 8).
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pad(x, padding):
    border = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return np.pad(x, border, constant_values=-np.inf)


def windows(x, kernel_size, stride):
    """Every window of x, its entries in one row: N, C, oH, oW, k·k."""
    seen = sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))[:, :, ::stride, ::stride]
    return seen.reshape(*seen.shape[:4], kernel_size * kernel_size)


def forward(x, kernel_size=2, stride=2, padding=0):
    return windows(pad(x, padding), kernel_size, stride).max(axis=-1)    # N, C, oH, oW


def backward(g, x, kernel_size=2, stride=2, padding=0):
    (h, w), (oh, ow) = x.shape[2:], g.shape[2:]
    padded = pad(x, padding)                                         # N, C, H + 2·padding, W + 2·padding
    winner = windows(padded, kernel_size, stride).argmax(axis=-1)    # N, C, oH, oW: the first of equals

    gpadded = np.zeros_like(padded)
    for i in range(kernel_size):
        for j in range(kernel_size):
            met = np.s_[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride]
            won = winner == i * kernel_size + j                           # N, C, oH, oW
            gpadded[met] += g * won
    return gpadded[:, :, padding : padding + h, padding : padding + w]    # N, C, H, W
