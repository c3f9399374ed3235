"""A submission with two mistakes, for the tour of the README: `tinycnn grade docs/example/conv2d.py` finds them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def forward(x, weight, bias, stride=1, padding=0):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(x, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None]


def backward(g, x, weight, bias, stride=1, padding=0):
    (h, w), (kh, kw) = g.shape[2:], weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    gx, gweight = np.zeros_like(padded), np.zeros_like(weight)
    for i in range(kh):
        for j in range(kw):
            rows, columns = slice(i, i + stride * h, stride), slice(j, j + stride * w, stride)
            gx[:, :, rows, columns] = np.einsum("nohw,oc->nchw", g, weight[:, :, i, j])
            gweight[:, :, i, j] = np.einsum("nohw,nchw->oc", g, padded[:, :, rows, columns])
    inside = slice(padding, padding + x.shape[2]), slice(padding, padding + x.shape[3])
    return gx[:, :, *inside], gweight, g.mean((0, 2, 3))
