"""Functions of each entry alone, forward and backward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.gradcheck.planted.bug import Pair, bug, coins, normal, signed

Array = Any
erf = np.vectorize(math.erf)


def tanh(x: Array) -> Array:
    return np.tanh(x)


def tanh_backward(g: Array, x: Array) -> Array:
    y = np.tanh(x)
    return g * (1 - y) * (1 + y)


def gelu(x: Array) -> Array:
    return x * (1 + erf(x / np.sqrt(2))) / 2


def gelu_backward(g: Array, x: Array) -> Array:
    below = (1 + erf(x / np.sqrt(2))) / 2
    density = np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
    return g * (below + x * density)


def silu(x: Array) -> Array:
    return x / (1 + np.exp(-x))


def silu_backward(g: Array, x: Array) -> Array:
    s = 1 / (1 + np.exp(-x))
    return g * (s + x * s * (1 - s))


def leaky_relu(x: Array, slope: float = 0.2) -> Array:
    return np.where(x > 0, x, slope * x)


def leaky_relu_backward(g: Array, x: Array, slope: float = 0.2) -> Array:
    return np.where(x > 0, g, slope * g)


def elu(x: Array, alpha: float = 0.7) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(x))


def elu_backward(g: Array, x: Array, alpha: float = 0.7) -> Array:
    return np.where(x > 0, g, g * alpha * np.exp(x))


def softplus(x: Array) -> Array:
    return np.logaddexp(0, x)


def softplus_backward(g: Array, x: Array) -> Array:
    return g / (1 + np.exp(-x))


def hardtanh(x: Array) -> Array:
    return np.clip(x, -0.8, 0.8)


def hardtanh_backward(g: Array, x: Array) -> Array:
    return g * (np.abs(x) < 0.8)


def dropout(x: Array, mask: Array, p: float = 0.4) -> Array:
    return x * mask / (1 - p)


def dropout_backward(g: Array, x: Array, mask: Array, p: float = 0.4) -> Array:
    return g * mask / (1 - p)


PAIRS = (
    Pair("activation", tanh, tanh_backward, (normal(3, 4),), (
        bug("the factor 1 + y is forgotten: 1 − y for 1 − y²", "* (1 + y)", "", "x", "scale"),
        bug("the derivative of tanh is left out", "g * (1 - y) * (1 + y)", "g", "x", "missing-term", "scale"),
        bug("g is left out", "g * (1 - y)", "(1 - y)", "x", "ignores-upstream"),
    )),
    Pair("activation", gelu, gelu_backward, (signed(3, 4),), (
        bug("the second term of the product rule is forgotten", " + x * density", "", "x", "missing-term"),
        bug("√π for √(2π)", "2 * np.pi", "np.pi", "x", "scale", "missing-term"),
        bug("1/√(2π) rounded to 0.399", " / np.sqrt(2 * np.pi)", " * 0.399", "x", "scale"),
    )),
    Pair("activation", silu, silu_backward, (signed(3, 4),), (
        bug("the second term of the product rule is forgotten", " + x * s * (1 - s)", "", "x", "missing-term"),
        bug("the first term of the product rule is forgotten", "s + x", "x", "x", "missing-term"),
        bug("minus for plus between the two terms", "s + x", "s - x", "x", "sign"),
    )),
    Pair("activation", leaky_relu, leaky_relu_backward, (signed(4, 5),), (
        bug("the slope below 0 is forgotten, as in relu", "slope * g)", "0)", "x", "missing-term", "entries"),
        bug("the slope below 0 is 1", "slope * g)", "g)", "x", "scale", "entries"),
        bug("the two branches exchanged", "g, slope * g)", "slope * g, g)", "x", "entries", "scale"),
    ), {"slope": 0.2}),
    Pair("activation", elu, elu_backward, (signed(4, 5),), (
        bug("α is forgotten", "g * alpha * np.exp(x)", "g * np.exp(x)", "x", "scale"),
        bug("the value for the slope: eˣ − 1 for eˣ", "np.exp(x)", "np.expm1(x)", "x", "entries", "scale"),
    ), {"alpha": 0.7}),
    Pair("activation", softplus, softplus_backward, (normal(3, 4),), (
        bug("the wrong sign in the exponent", "np.exp(-x)", "np.exp(x)", "x", "sign", "flipped"),
        bug("the whole with the wrong sign", "g / (1", "-g / (1", "x", "sign"),
    )),
    Pair("activation", hardtanh, hardtanh_backward, (signed(4, 6),), (
        bug("clipped entries get a gradient", " * (np.abs(x) < 0.8)", "", "x", "entries", "missing-term"),
        bug("only the upper side is clipped", "np.abs(x)", "x", "x", "entries"),
        bug("the mask the wrong way round", "< 0.8", "> 0.8", "x", "entries"),
    )),
    Pair("dropout", dropout, dropout_backward, (normal(4, 5), coins(4, 5)), (
        bug("1/(1 − p) is forgotten", " / (1 - p)", "", "x", "scale"),
        bug("what was dropped gets a gradient", "g * mask", "g", "x", "entries", "missing-term"),
        bug("the mask the wrong way round", "g * mask", "g * (1 - mask)", "x", "entries"),
    ), {"p": 0.4}),
)
