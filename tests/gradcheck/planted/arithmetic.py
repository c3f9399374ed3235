"""Arithmetic with broadcasting, products of matrices, sums, and what is indexed or joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradcheck.planted.bug import Pair, bug, labels, normal, positive, signed

Array = Any


def add(x: Array, b: Array) -> Array:
    return x + b


def add_backward(g: Array, x: Array, b: Array) -> Array:
    return g, g.sum(0)


def scaled(x: Array, w: Array) -> Array:
    return x * w


def scaled_backward(g: Array, x: Array, w: Array) -> Array:
    return g * w, (g * x).sum(0)


def divide(x: Array, d: Array) -> Array:
    return x / d


def divide_backward(g: Array, x: Array, d: Array) -> Array:
    return g / d, -(g * x / d**2).sum(1, keepdims=True)


def matmul(a: Array, b: Array) -> Array:
    return a @ b


def matmul_backward(g: Array, a: Array, b: Array) -> Array:
    return g @ b.T, a.T @ g


def square(a: Array, b: Array) -> Array:
    return a @ b


def square_backward(g: Array, a: Array, b: Array) -> Array:
    return g @ b.T, a.T @ g


def stacked(a: Array, b: Array) -> Array:
    return a @ b                                        # N, M, K  and  K, L: one b for all


def stacked_backward(g: Array, a: Array, b: Array) -> Array:
    return g @ b.T, np.einsum("nmk,nml->kl", a, g)


def mean(x: Array) -> Array:
    return x.mean(1)


def mean_backward(g: Array, x: Array) -> Array:
    return np.repeat(g[:, None], x.shape[1], 1) / x.shape[1]


def variance(x: Array) -> Array:
    return x.var(1, ddof=1)


def variance_backward(g: Array, x: Array) -> Array:
    return 2 * g[:, None] * (x - x.mean(1, keepdims=True)) / (x.shape[1] - 1)


def logsumexp(x: Array) -> Array:
    return np.log(np.exp(x).sum(1))


def logsumexp_backward(g: Array, x: Array) -> Array:
    e = np.exp(x)
    return g[:, None] * e / e.sum(1, keepdims=True)


def cumsum(x: Array) -> Array:
    return x.cumsum(1)


def cumsum_backward(g: Array, x: Array) -> Array:
    return np.flip(np.flip(g, 1).cumsum(1), 1)


def normalized(x: Array) -> Array:
    return x / np.sqrt((x**2).sum(1, keepdims=True))


def normalized_backward(g: Array, x: Array) -> Array:
    r = np.sqrt((x**2).sum(1, keepdims=True))
    y = x / r
    return (g - y * (g * y).sum(1, keepdims=True)) / r


def embedding(weight: Array, index: Array) -> Array:
    return weight[index]


def embedding_backward(g: Array, weight: Array, index: Array) -> Array:
    gw = np.zeros_like(weight)
    np.add.at(gw, index, g)
    return gw


def concat(x: Array, z: Array) -> Array:
    return np.concatenate([x, z], 1)


def concat_backward(g: Array, x: Array, z: Array) -> Array:
    k = x.shape[1]
    return g[:, :k], g[:, k:]


def dense_block(x: Array, w: Array) -> Array:
    return np.concatenate([x, x @ w], 1)


def dense_block_backward(g: Array, x: Array, w: Array) -> Array:
    k = x.shape[1]
    return g[:, :k] + g[:, k:] @ w.T, x.T @ g[:, k:]


PAIRS = (
    Pair("broadcasting", add, add_backward, (normal(4, 4), normal(4)), (
        bug("the bias' gradient averaged", "g.sum(0)", "g.mean(0)", "b", "scale"),
        bug("the bias' gradient summed over the wrong axis", "g.sum(0)", "g.sum(1)", "b", "wrong-axis"),
        bug("the bias' gradient is the first row's", "g.sum(0)", "g[0]", "b", "missing-sum"),
        bug("the bias' gradient is everybody's sum", "g.sum(0)", "np.full(b.shape, g.sum())", "b", "wrong-axis"),
        bug("the last row left out", "g.sum(0)", "g[:-1].sum(0)", "b", "missing-sum"),
    )),
    Pair("broadcasting", scaled, scaled_backward, (normal(5, 4), signed(4)), (
        bug("the factor of x is forgotten", "return g * w", "return g", "x", "scale", "missing-term"),
        bug("divided by the weight, not multiplied", "return g * w", "return g / w", "x", "scale"),
        bug("x forgotten in the gradient of the weight", "(g * x).sum(0)", "g.sum(0)", "w", "missing-term", "scale"),
    )),
    Pair("broadcasting", divide, divide_backward, (normal(3, 4), positive(3, 1)), (
        bug("the square of the divisor is forgotten", "d**2", "d", "d", "scale"),
        bug("the minus is forgotten", "-(g * x", "(g * x", "d", "sign"),
        bug("multiplied, not divided", "return g / d", "return g * d", "x", "scale"),
    )),
    Pair("matmul", matmul, matmul_backward, (normal(3, 4), normal(4, 5)), (
        bug("reshaped for transposed", "b.T", "b.reshape(5, 4)", "a", "transposed"),
        bug("the gradient reshaped for transposed", "a.T @ g", "(g.T @ a).reshape(b.shape)", "b", "transposed"),
        bug("averaged over the rows", "a.T @ g", "a.T @ g / len(a)", "b", "scale"),
        bug("only the last row's share", "a.T @ g", "np.outer(a[-1], g[-1])", "b", "missing-sum", "overwritten"),
    )),
    Pair("matmul", square, square_backward, (normal(4, 4), normal(4, 4)), (
        bug("the factor is not transposed", "g @ b.T", "g @ b", "a", "transposed"),
        bug("the gradient is transposed", "a.T @ g", "g.T @ a", "b", "transposed"),
        bug("the left factor is not transposed", "a.T @ g", "a @ g", "b", "transposed"),
        bug("the two gradients are exchanged", "return g @ b.T, a.T @ g", "return a.T @ g, g @ b.T", "a b",
            "transposed"),
    )),
    Pair("matmul", stacked, stacked_backward, (normal(3, 2, 4), normal(4, 2)), (
        bug("only the first matrix of the stack counts", 'np.einsum("nmk,nml->kl", a, g)', "a[0].T @ g[0]", "b",
            "missing-sum"),
        bug("averaged over the stack", 'np.einsum("nmk,nml->kl", a, g)', "(a.swapaxes(1, 2) @ g).mean(0)", "b",
            "scale"),
    )),
    Pair("reduction", mean, mean_backward, (normal(4, 4),), (
        bug("the division is forgotten", " / x.shape[1]", "", "x", "scale"),
        bug("repeated along the wrong axis", "np.repeat(g[:, None], x.shape[1], 1)", "np.repeat(g[None], len(x), 0)",
            "x", "wrong-axis"),
    )),
    Pair("reduction", variance, variance_backward, (normal(3, 5),), (
        bug("N for N − 1", "(x.shape[1] - 1)", "x.shape[1]", "x", "scale"),
        bug("the mean is not subtracted", "(x - x.mean(1, keepdims=True))", "x", "x", "missing-term"),
        bug("the mean of the other axis is subtracted", "x.mean(1, keepdims=True)", "x.mean(0)", "x", "wrong-axis"),
        bug("the factor 2 is forgotten", "2 * g", "g", "x", "scale"),
    )),
    Pair("reduction", logsumexp, logsumexp_backward, (normal(4, 4),), (
        bug("the sum runs over the wrong axis", "e.sum(1, keepdims=True)", "e.sum(0)", "x", "wrong-axis", "scale"),
        bug("not divided by the sum", " / e.sum(1, keepdims=True)", "", "x", "scale", "missing-term"),
        bug("g is left out", "g[:, None] * e", "e", "x", "ignores-upstream"),
    )),
    Pair("reduction", cumsum, cumsum_backward, (normal(3, 5),), (
        bug("summed from the beginning", "np.flip(np.flip(g, 1).cumsum(1), 1)", "g.cumsum(1)", "x", "flipped",
            "transposed"),
        bug("not turned back", "np.flip(np.flip(g, 1).cumsum(1), 1)", "np.flip(g, 1).cumsum(1)", "x", "flipped"),
    )),
    Pair("reduction", normalized, normalized_backward, (normal(3, 5),), (
        bug("the term that comes through the norm is forgotten", " - y * (g * y).sum(1, keepdims=True)", "", "x",
            "missing-term"),
        bug("the sum runs over the wrong axis", "(g * y).sum(1, keepdims=True)", "(g * y).sum(0)", "x", "wrong-axis"),
        bug("plus for minus before the term of the norm", "g - y", "g + y", "x", "sign"),
    )),
    Pair("gather", embedding, embedding_backward, (normal(4, 3), lambda rng: np.array([2, 0, 2, 3, 2, 0])), (
        bug("repeated indices overwrite", "np.add.at(gw, index, g)", "gw[index] = g", "weight", "overwritten"),
        bug("repeated indices count once", "np.add.at(gw, index, g)", "gw[index] += g", "weight", "overwritten"),
        bug("averaged over the uses", "return gw",
            "return gw / np.maximum(1, np.bincount(index, minlength=4))[:, None]", "weight", "scale"),
        bug("put back in the wrong rows", "np.add.at(gw, index, g)", "np.add.at(gw, (index + 1) % 4, g)", "weight",
            "entries", "flipped"),
    )),
    Pair("joining", concat, concat_backward, (normal(3, 4), normal(3, 4)), (
        bug("the two parts are exchanged", "return g[:, :k], g[:, k:]", "return g[:, k:], g[:, :k]", "x z",
            "transposed"),
        bug("the second part is split off one too late", "g[:, k:]", "g[:, k - 1:-1]", "z", "flipped",
            "entries"),
    )),
    Pair("joining", dense_block, dense_block_backward, (normal(3, 4), normal(4, 2)), (
        bug("the path through the layer is forgotten", " + g[:, k:] @ w.T", "", "x", "missing-term"),
        bug("the path of the copy is forgotten", "g[:, :k] + g[:, k:] @ w.T", "g[:, k:] @ w.T", "x", "missing-term",
            "overwritten"),
    )),
)


def gather(x: Array, index: Array) -> Array:
    return np.take_along_axis(x, index, 1)


def gather_backward(g: Array, x: Array, index: Array) -> Array:
    gx = np.zeros_like(x)
    for k in range(index.shape[1]):
        gx[np.arange(len(x)), index[:, k]] += g[:, k]
    return gx


PAIRS += (
    Pair("gather", gather, gather_backward, (normal(4, 3), labels(3, 4, 5)), (
        bug("repeated indices overwrite", "+= g[:, k]", "= g[:, k]", "x", "overwritten"),
        bug("the last index is left out", "range(index.shape[1])", "range(index.shape[1] - 1)", "x", "missing-sum",
            "missing-term", "entries"),
    )),
)
