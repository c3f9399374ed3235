"""Losses: a number, or one a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.gradcheck.planted.bug import Pair, bug, labels, normal

Array = Any


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def smoothed(x: Array, target: Array, smoothing: float) -> Array:
    wanted = np.full(x.shape, smoothing / x.shape[1])
    wanted[np.arange(len(x)), target] += 1 - smoothing
    return wanted


def cross_entropy(x: Array, target: Array) -> Array:
    return -np.log(softmax(x)[np.arange(len(x)), target]).mean()


def cross_entropy_backward(g: Array, x: Array, target: Array) -> Array:
    gx = softmax(x)
    gx[np.arange(len(x)), target] -= 1
    return g * gx / len(x)


def label_smoothing(x: Array, target: Array, smoothing: float = 0.2) -> Array:
    return -(smoothed(x, target, smoothing) * np.log(softmax(x))).sum(1).mean()


def label_smoothing_backward(g: Array, x: Array, target: Array, smoothing: float = 0.2) -> Array:
    wanted = smoothed(x, target, smoothing)
    return g * (softmax(x) - wanted) / len(x)


def row_losses(x: Array, target: Array) -> Array:
    return -np.log(softmax(x)[np.arange(len(x)), target])


def row_losses_backward(g: Array, x: Array, target: Array) -> Array:
    gx = softmax(x)
    gx[np.arange(len(x)), target] -= 1
    return g[:, None] * gx


def bce_with_logits(x: Array, t: Array) -> Array:
    return (np.logaddexp(0, x) - t * x).mean()


def bce_with_logits_backward(g: Array, x: Array, t: Array) -> Array:
    return g * (1 / (1 + np.exp(-x)) - t) / x.size, -g * x / x.size


def mse(x: Array, t: Array) -> Array:
    return ((x - t) ** 2).mean()


def mse_backward(g: Array, x: Array, t: Array) -> Array:
    gx = 2 * g * (x - t) / x.size
    return gx, -gx


PAIRS = (
    Pair("cross-entropy", cross_entropy, cross_entropy_backward, (normal(6, 4), labels(4, 6)), (
        bug("not divided by N", " / len(x)", "", "x", "scale"),
        bug("the −1 at the label is forgotten", "-= 1", "-= 0", "x", "missing-term"),
        bug("g is left out", "g * gx", "gx", "x", "ignores-upstream"),
        bug("+1 for −1 at the label", "-= 1", "+= 1", "x", "sign", "missing-term"),
        bug("the label's entry alone", "return g * gx", "gx = -np.eye(x.shape[1])[target]; return g * gx", "x",
            "missing-term"),
        bug("the whole with the wrong sign", "return g *", "return -g *", "x", "sign"),
    )),
    Pair("cross-entropy", label_smoothing, label_smoothing_backward, (normal(5, 4), labels(4, 5)), (
        bug("the smoothing is forgotten", "smoothed(x, target, smoothing)", "smoothed(x, target, 0.0)", "x",
            "missing-term"),
        bug("divided by the classes, not by the rows", "len(x)", "x.shape[1]", "x", "scale"),
        bug("the probabilities are forgotten", "(softmax(x) - wanted)", "(-wanted)", "x", "missing-term"),
    ), {"smoothing": 0.2}),
    Pair("cross-entropy", row_losses, row_losses_backward, (normal(5, 5), labels(5, 5)), (
        bug("averaged, though each row has its loss", "g[:, None] * gx", "g[:, None] * gx / len(x)", "x", "scale"),
        bug("g along the wrong axis", "g[:, None]", "g", "x", "wrong-axis"),
        bug("the −1 at the label is forgotten", "-= 1", "-= 0", "x", "missing-term"),
        bug("only the first row's", "return g[:, None] * gx",
            "return g[:, None] * gx * (np.arange(5) == 0)[:, None]", "x", "missing-sum"),
    )),
    Pair("binary cross-entropy", bce_with_logits, bce_with_logits_backward, (normal(4, 3), normal(4, 3)), (
        bug("the target is forgotten", " - t) / x.size", ") / x.size", "x", "missing-term"),
        bug("divided by the rows alone", " - t) / x.size", " - t) / len(x)", "x", "scale"),
        bug("the target's gradient with the wrong sign", "-g * x", "g * x", "t", "sign"),
        bug("the sigmoid's derivative too much", "- t) / x.size",
            "- t) / x.size * np.exp(-x) / (1 + np.exp(-x))**2", "x", "scale"),
    )),
    Pair("mean squared error", mse, mse_backward, (normal(3, 4), normal(3, 4)), (
        bug("the factor 2 is forgotten", "2 * g", "g", "x t", "scale"),
        bug("not divided by the number of entries", " / x.size", "", "x t", "scale"),
        bug("the target gets the same sign", "gx, -gx", "gx, gx", "t", "sign"),
        bug("the target is forgotten", "(x - t)", "x", "x t", "missing-term"),
    )),
)
