"""Convolution and pooling, as loops over the places of the kernel or over the windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradcheck.planted.bug import Pair, bug, distinct, normal

Array = Any


def spot(i: int, j: int, size: tuple[int, ...], stride: int = 1, dilation: int = 1) -> tuple[Any, ...]:
    """Where the places (i, j) of all windows lie."""
    top, left = i * dilation, j * dilation
    return np.s_[..., top:top + stride * (size[0] - 1) + 1:stride, left:left + stride * (size[1] - 1) + 1:stride]


def conv(x: Array, w: Array, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Array:
    p, (o, c, kh, kw) = padding, w.shape
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    size = [(n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[2:], (kh, kw), strict=True)]
    y = np.zeros((len(x), o, *size))
    for group in range(groups):
        outs, ins = np.s_[group * (o // groups):(group + 1) * (o // groups)], np.s_[group * c:(group + 1) * c]
        for i in range(kh):
            for j in range(kw):
                seen = x[:, ins][spot(i, j, size, stride, dilation)]
                y[:, outs] += np.einsum("nchw,oc->nohw", seen, w[outs, :, i, j])
    return y


def conv_backward(
    g: Array, x: Array, w: Array, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> Array:
    p, (o, c, kh, kw), size = padding, w.shape, g.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    gx, gw = np.zeros_like(x), np.zeros_like(w)
    for group in range(groups):
        outs, ins = np.s_[group * (o // groups):(group + 1) * (o // groups)], np.s_[group * c:(group + 1) * c]
        for i in range(kh):
            for j in range(kw):
                at = spot(i, j, size, stride, dilation)
                gx[:, ins][at] += np.einsum("nohw,oc->nchw", g[:, outs], w[outs, :, i, j])
                gw[outs, :, i, j] = np.einsum("nohw,nchw->oc", g[:, outs], x[:, ins][at])
    return gx[:, :, p:x.shape[2] - p, p:x.shape[3] - p], gw


def conv_transpose(x: Array, w: Array, stride: int = 2) -> Array:
    (n, _, h, v), (_, o, kh, kw) = x.shape, w.shape
    y = np.zeros((n, o, stride * (h - 1) + kh, stride * (v - 1) + kw))
    for i in range(kh):
        for j in range(kw):
            y[spot(i, j, (h, v), stride)] += np.einsum("nchw,co->nohw", x, w[:, :, i, j])
    return y


def conv_transpose_backward(g: Array, x: Array, w: Array, stride: int = 2) -> Array:
    gx, gw, kh, kw = np.zeros_like(x), np.zeros_like(w), *w.shape[2:]
    for i in range(kh):
        for j in range(kw):
            seen = g[spot(i, j, x.shape[2:], stride)]
            gx += np.einsum("nohw,co->nchw", seen, w[:, :, i, j])
            gw[:, :, i, j] += np.einsum("nchw,nohw->co", x, seen)
    return gx, gw


def avg_pool(x: Array, k: int = 2, stride: int = 2) -> Array:
    size = [(n - k) // stride + 1 for n in x.shape[2:]]
    return sum(x[spot(i, j, size, stride)] for i in range(k) for j in range(k)) / k**2


def avg_pool_backward(g: Array, x: Array, k: int = 2, stride: int = 2) -> Array:
    gx = np.zeros_like(x)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            gx[:, :, i * stride:i * stride + k, j * stride:j * stride + k] += g[:, :, i, j, None, None] / k**2
    return gx


def avg_pool_counted(x: Array, k: int = 3) -> Array:
    """Padding of 1 on each side, which is not counted in the mean."""
    y = np.zeros_like(x)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            y[:, :, i, j] = x[:, :, max(i - 1, 0):i + 2, max(j - 1, 0):j + 2].mean((2, 3))
    return y


def avg_pool_counted_backward(g: Array, x: Array, k: int = 3) -> Array:
    gx = np.zeros_like(x)
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            window = gx[:, :, max(i - 1, 0):i + 2, max(j - 1, 0):j + 2]
            window += g[:, :, i, j, None, None] / (window.shape[2] * window.shape[3])
    return gx


def bins(n: int, parts: int) -> list[slice]:
    return [slice(n * k // parts, -(-n * (k + 1) // parts)) for k in range(parts)]


def adaptive_pool(x: Array, parts: int = 2) -> Array:
    rows, columns = bins(x.shape[2], parts), bins(x.shape[3], parts)
    return np.stack([np.stack([x[:, :, r, c].mean((2, 3)) for c in columns], -1) for r in rows], -2)


def adaptive_pool_backward(g: Array, x: Array, parts: int = 2) -> Array:
    gx = np.zeros_like(x)
    for i, r in enumerate(bins(x.shape[2], parts)):
        for j, c in enumerate(bins(x.shape[3], parts)):
            window = gx[:, :, r, c]
            window += g[:, :, i, j, None, None] / (window.shape[2] * window.shape[3])
    return gx


def max_pool(x: Array, k: int = 2, stride: int = 2) -> Array:
    size = [(n - k) // stride + 1 for n in x.shape[2:]]
    return np.max([x[spot(i, j, size, stride)] for i in range(k) for j in range(k)], 0)


def max_pool_backward(g: Array, x: Array, k: int = 2, stride: int = 2) -> Array:
    gx = np.zeros_like(x)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            at = np.s_[:, :, i * stride:i * stride + k, j * stride:j * stride + k]
            window = x[at]
            gx[at] += g[:, :, i, j, None, None] * (window == window.max((2, 3), keepdims=True))
    return gx


def global_pool(x: Array) -> Array:
    return x.mean((2, 3))


def global_pool_backward(g: Array, x: Array) -> Array:
    return np.broadcast_to(g[:, :, None, None] / (x.shape[2] * x.shape[3]), x.shape).copy()


KERNEL, TURNED = "g[:, outs], w[outs, :, i, j])", "g[:, outs], w[outs, :, kh - 1 - i, kw - 1 - j])"
CUT = "gx[:, :, p:x.shape[2] - p, p:x.shape[3] - p]"

PAIRS = (
    Pair("convolution", conv, conv_backward, (normal(3, 2, 5, 4), normal(4, 2, 3, 2)), (
        bug("the kernel is not turned", KERNEL, TURNED, "x", "flipped"),
        bug("overlapping windows overwrite", "gx[:, ins][at] +=", "gx[:, ins][at] =", "x", "overwritten"),
        bug("the kernel's gradient is turned", "gw[outs, :, i, j] =", "gw[outs, :, -1 - i, -1 - j] =", "w", "flipped"),
        bug("only the first image's share", '"nohw,nchw->oc", g[:, outs], x[:, ins][at]',
            '"nohw,nchw->oc", g[:1, outs], x[:1, ins][at]', "w", "missing-sum"),
        bug("averaged over the images", "], gw", "], gw / len(x)", "w", "scale"),
        bug("averaged over the places", "], gw", "], gw / (size[0] * size[1])", "w", "scale"),
        bug("the last row of windows left out", 'g[:, outs], x[:, ins][at])',
            'g[:, outs, :-1], x[:, ins][at][..., :-1, :])', "w", "stride-remainder", "missing-sum"),
        bug("a kernel's gradient with channels in and out poured the wrong way", "], gw",
            "], gw.swapaxes(0, 1).reshape(w.shape)", "w", "transposed"),
    )),
    Pair("convolution", conv, conv_backward, (normal(2, 3, 4, 4), normal(3, 3, 3, 3)), (
        bug("channels in and out of the kernel exchanged", '"nohw,oc->nchw"', '"nohw,co->nchw"', "x", "transposed"),
        bug("rows and columns of the kernel's gradient exchanged", "gw[outs, :, i, j] =", "gw[outs, :, j, i] =", "w",
            "transposed"),
        bug("the padding is cut off on one side only", CUT, "gx[:, :, :-2 * p, :-2 * p]", "x", "flipped", "entries"),
        bug("rows and columns of g exchanged", "g[:, outs], x[:, ins][at]", "g[:, outs].swapaxes(2, 3), x[:, ins][at]",
            "w", "transposed", "wrong-axis"),
    ), {"padding": 1}),
    Pair("strided convolution", conv, conv_backward, (normal(2, 2, 6, 6), normal(2, 2, 3, 3)), (
        bug("the gradient shifted by the remainder", CUT, "np.roll(gx, 1, (2, 3))", "x", "flipped", "stride-remainder"),
        bug("the last row of windows is left out", '"nohw,oc->nchw", g[:, outs]',
            '"nohw,oc->nchw", g[:, outs] * (np.arange(size[0]) < size[0] - 1)[:, None]', "x",
            "stride-remainder", "missing-sum"),
        bug("what no window reaches gets the border's gradient", CUT,
            "np.pad(gx[:, :, :-1, :-1], ((0, 0), (0, 0), (0, 1), (0, 1)), 'edge')", "x", "stride-remainder"),
        bug("overlapping windows overwrite", "gx[:, ins][at] +=", "gx[:, ins][at] =", "x", "overwritten"),
    ), {"stride": 2}),
    Pair("dilated convolution", conv, conv_backward, (normal(2, 2, 6, 5), normal(2, 2, 2, 2)), (
        bug("the dilation is forgotten for x", "gx[:, ins][at] +=", "gx[:, ins][spot(i, j, size, stride)] +=", "x",
            "entries"),
        bug("the kernel is not turned", KERNEL, TURNED, "x", "flipped"),
        bug("the kernel has the wrong sign", "], gw", "], -gw", "w", "sign"),
    ), {"dilation": 2}),
    Pair("grouped convolution", conv, conv_backward, (normal(2, 4, 4, 4), normal(4, 2, 2, 2)), (
        bug("only the first group comes back to x", "gx[:, ins][at] +=", "gx[:, ins][at] += (group == 0) *", "x",
            "missing-term", "missing-sum", "entries"),
        bug("the groups of the kernel's gradient exchanged", "gw[outs, :, i, j] =", "gw[::-1][outs, :, i, j] =", "w",
            "flipped", "entries"),
        bug("a group counts half, as in a mean over groups", "], gw", "], gw / groups", "w", "scale"),
    ), {"groups": 2}),
    Pair("depthwise convolution", conv, conv_backward, (normal(2, 3, 4, 4), normal(3, 1, 3, 3)), (
        bug("the kernel is not turned", KERNEL, TURNED, "x", "flipped"),
        bug("channels in reverse", CUT, "gx[:, ::-1, p:x.shape[2] - p, p:x.shape[3] - p]", "x", "flipped"),
        bug("the last image's share alone", '"nohw,nchw->oc", g[:, outs], x[:, ins][at]',
            '"nohw,nchw->oc", g[-1:, outs], x[-1:, ins][at]', "w", "missing-sum", "overwritten"),
    ), {"padding": 1, "groups": 3}),
    Pair("transposed convolution", conv_transpose, conv_transpose_backward, (normal(2, 2, 3, 2), normal(2, 2, 3, 3)), (
        bug("channels in and out of the kernel exchanged", '"nohw,co->nchw"', '"nohw,oc->nchw"', "x", "transposed"),
        bug("the kernel is turned", "seen, w[:, :, i, j])", "seen, w[:, :, kh - 1 - i, kw - 1 - j])", "x", "flipped"),
        bug("one place of the kernel for the sum over all", "gx +=", "gx =", "x", "overwritten", "missing-sum"),
        bug("the kernel's gradient with in and out exchanged", '"nchw,nohw->co"', '"nchw,nohw->oc"', "w", "transposed"),
    )),
    Pair("average pooling", avg_pool, avg_pool_backward, (normal(2, 2, 5, 6),), (
        bug("not divided by the window", " / k**2", "", "x", "scale"),
        bug("divided by the side of the window", "k**2", "k", "x", "scale"),
        bug("the last row of windows left out", "range(g.shape[2])", "range(g.shape[2] - 1)", "x", "stride-remainder",
            "missing-sum"),
    )),
    Pair("average pooling", avg_pool, avg_pool_backward, (normal(2, 2, 5, 5),), (
        bug("overlapping windows overwrite", "+= g[", "= g[", "x", "overwritten"),
        bug("the stride is forgotten", "i * stride:i * stride + k", "i:i + k", "x", "entries"),
    ), {"k": 3, "stride": 2}),
    Pair("average pooling", avg_pool_counted, avg_pool_counted_backward, (normal(2, 2, 4, 5),), (
        bug("the padding is counted", "(window.shape[2] * window.shape[3])", "k**2", "x", "scale", "entries"),
        bug("overlapping windows overwrite", "window += g[:, :, i, j, None, None] /",
            "window[:] = g[:, :, i, j, None, None] /", "x", "overwritten"),
    )),
    Pair("adaptive pooling", adaptive_pool, adaptive_pool_backward, (normal(2, 2, 5, 7),), (
        bug("bins that share a row overwrite", "window += g[:, :, i, j, None, None] /",
            "window[:] = g[:, :, i, j, None, None] /", "x", "overwritten"),
        bug("bins as long as the shortest", "bins(x.shape[2], parts)", "[slice(0, 2), slice(2, 4)]", "x",
            "entries", "stride-remainder"),
        bug("not divided by the bin", " / (window.shape[2] * window.shape[3])", "", "x", "scale"),
    )),
    Pair("max pooling", max_pool, max_pool_backward, (distinct(2, 2, 4, 6),), (
        bug("the whole window gets the gradient", " * (window == window.max((2, 3), keepdims=True))",
            " * np.ones_like(window)", "x", "entries"),
        bug("the smallest gets it", "window.max(", "window.min(", "x", "entries"),
        bug("shared among the window", "g[:, :, i, j, None, None]", "g[:, :, i, j, None, None] / k**2", "x", "scale"),
        bug("the largest of each row gets it", "max((2, 3)", "max((3,)", "x", "entries", "wrong-axis"),
        bug("the last column of windows is left out", "range(g.shape[3])", "range(g.shape[3] - 1)", "x",
            "stride-remainder", "missing-sum"),
    )),
    Pair("overlapping max pooling", max_pool, max_pool_backward, (distinct(2, 2, 5, 5),), (
        bug("overlapping windows overwrite", "gx[at] +=", "gx[at] =", "x", "overwritten"),
        bug("the largest of the batch gets it", "window.max((2, 3)", "window.max((0, 2, 3)", "x", "entries",
            "wrong-axis"),
    ), {"k": 3, "stride": 1}),
    Pair("global pooling", global_pool, global_pool_backward, (normal(2, 3, 3, 4),), (
        bug("not divided by H·W", " / (x.shape[2] * x.shape[3])", "", "x", "scale"),
        bug("divided by the number of images", "(x.shape[2] * x.shape[3])", "len(x)", "x", "scale"),
        bug("g is left out", "g[:, :, None, None]", "np.ones(g.shape)[:, :, None, None]", "x", "ignores-upstream"),
    )),
)
