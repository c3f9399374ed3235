r"""Convolution: the same small kernel is laid on every place of the image.

    y[n,o,p,q] = b[o] + Σ_{c,i,j} x[n, c, s·p + i, s·q + j] · w[o,c,i,j]

with a stride of s, and x padded with zeros all around first. An image of H × W, after padding, has room for

    oH = ⌊(H − kH)/s⌋ + 1,    oW = ⌊(W − kW)/s⌋ + 1

places; if the stride does not divide H − kH, the last rows are seen by no window, and so for columns.

Each number in the formula is differentiated by asking where it is used:

    b[o] is added to every output of its channel          b̄[o] = Σ_{n,p,q} ȳ[n,o,p,q]
    w[o,c,i,j] meets one pixel in every window            w̄[o,c,i,j] = Σ_{n,p,q} ȳ[n,o,p,q] · x[n, c, s·p + i, s·q + j]
    x[n,c,u,v] is met once by every window over it        x̄[n,c,u,v] = Σ ȳ[n,o,p,q] · w[o,c,i,j]
                                                          over o and all p, q, i, j with s·p + i = u, s·q + j = v

The last sum is easier from the other side: for each place (i, j) of the kernel, the pixels it met as it slid are
x[:, :, i::s, j::s]; add to them what comes back through w[:, :, i, j]. A pixel under several windows is added to
several times. At the end the padding is cut off.

Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II; Goodfellow, Bengio
and Courville 2016, "Deep learning", equations 9.8, 9.11 and 9.13; Dumoulin and Visin 2016, "A guide to convolution
arithmetic for deep learning", relationship 6 (the number of places).
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# Students read this as an example, and annotations would stand between them and the formula.

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pad(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def windows(x, kernel, stride):
    """Every window of x, as a view: N, C, oH, oW, kH, kW."""
    return sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::stride, ::stride]


def forward(x, weight, bias, stride=1, padding=0):
    seen = windows(pad(x, padding), weight.shape[2:], stride)    # N, C, oH, oW, kH, kW
    y = np.einsum("ncpqij,ocij->nopq", seen, weight)             # N, O, oH, oW
    return y + bias[:, None, None]


def backward(g, x, weight, bias, stride=1, padding=0):
    (h, w), (kh, kw), (oh, ow) = x.shape[2:], weight.shape[2:], g.shape[2:]
    padded = pad(x, padding)                    # N, C, H + 2·padding, W + 2·padding
    seen = windows(padded, (kh, kw), stride)    # N, C, oH, oW, kH, kW

    gbias = g.sum(axis=(0, 2, 3))                                       # O
    gweight = np.einsum("nopq,ncpqij->ocij", g, seen)                   # O, C, kH, kW
    gpadded = np.zeros_like(padded)
    for i in range(kh):
        for j in range(kw):
            met = np.s_[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride]
            gpadded[met] += np.einsum("nopq,oc->ncpq", g, weight[:, :, i, j])
    gx = gpadded[:, :, padding : padding + h, padding : padding + w]    # N, C, H, W
    return gx, gweight, gbias
