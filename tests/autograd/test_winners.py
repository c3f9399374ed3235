"""Ops that are made of pieces tell on which piece each entry lies, to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn.autograd import winners
from tinycnn.autograd.winners import crossing, watching
from tinycnn.nn import functional as F


def trace(function: Callable[..., Any], *values: Any, device: str = "cpu") -> list[winners.Note]:
    tensors = [tinycnn.tensor(v, dtype=tinycnn.float64, device=device) for v in values]
    with watching() as notes:
        function(*tensors)
    return notes


PIECEWISE = {
    "relu": (F.relu, 0.0),
    "relu6": (F.relu6, 6.0),
    "leaky_relu": (F.leaky_relu, 0.0),
    "elu": (F.elu, 0.0),
    "hardtanh": (F.hardtanh, -1.0),
    "hardtanh above": (F.hardtanh, 1.0),
    "abs": (tinycnn.abs, 0.0),
    "sign": (tinycnn.sign, 0.0),
    "floor": (tinycnn.floor, 2.0),
    "ceil": (tinycnn.ceil, 2.0),
    "round": (tinycnn.round, 0.5),
    "trunc": (tinycnn.trunc, 1.0),
    "remainder": (lambda x: x.remainder(0.75), 1.5),
    "fmod": (lambda x: x.fmod(0.75), 1.5),
    "div floor": (lambda x: x.div(0.75, rounding_mode="floor"), 1.5),
    "clamp": (lambda x: x.clamp(-0.5, 0.5), -0.5),
    "clamp above": (lambda x: x.clamp(-0.5, 0.5), 0.5),
    "clamp max": (lambda x: x.clamp(max=0.5), 0.5),
    "maximum": (lambda x: tinycnn.maximum(x, tinycnn.full_like(x, 0.3)), 0.3),
    "minimum": (lambda x: tinycnn.minimum(x, tinycnn.full_like(x, 0.3)), 0.3),
    "a comparison": (lambda x: tinycnn.where(x > 0.3, x, 2 * x), 0.3),
    "l1_loss": (lambda x: F.l1_loss(x, tinycnn.full_like(x, 0.3)), 0.3),
}


@pytest.mark.parametrize("name", PIECEWISE)
def test_winners_differ_across_a_kink_and_not_beside_it(name: str, device: str) -> None:
    function, kink = PIECEWISE[name]
    other = [kink + 0.13, kink - 0.17]
    near = (-1e-9, 1e-9, 1e-3)
    below, above, farther = (trace(function, [other[0], kink + d, other[1]], device=device) for d in near)
    found = crossing(below, above)
    assert found is not None
    assert found.place == (1,)
    assert crossing(above, farther) is None


LARGEST = {
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 1),
    "amax": lambda x: x.amax((2, 3)),
    "amin": lambda x: (-x).amin((2, 3)),
    "max": lambda x: x.flatten(2).max(2),
    "max of all": lambda x: x.max(),
    "sort": lambda x: x.flatten(2).sort(2),
    "topk": lambda x: x.flatten(2).topk(2, 2),
    "argmax": lambda x: x.flatten(2).argmax(2),
}


@pytest.mark.parametrize("name", LARGEST)
def test_winners_differ_where_another_is_the_largest(name: str, device: str) -> None:
    first, second, nearly = (
        trace(LARGEST[name], np.array([0.1, a, b, 0.2]).reshape(1, 1, 2, 2), device=device)
        for a, b in ((0.5, 0.6), (0.7, 0.6), (0.5, 0.5001))
    )
    assert crossing(first, second) is not None
    assert crossing(first, nearly) is None


def test_nothing_is_noted_when_nobody_watches_and_an_inner_watch_hides_nothing_from_others() -> None:
    tinycnn.tensor([1.0]).relu()
    assert winners.watch is None
    with watching() as outer:
        tinycnn.tensor([1.0]).relu()
        with watching() as inner:
            tinycnn.tensor([1.0]).abs()
        tinycnn.tensor([1.0]).relu()
    assert [note.op for note in outer] == ["ReLU", "ReLU"]
    assert [note.op for note in inner] == ["Abs"]
    assert winners.watch is None


def test_a_watch_ends_with_an_error() -> None:
    with pytest.raises(ZeroDivisionError), watching():
        raise ZeroDivisionError
    assert winners.watch is None


def test_another_number_of_ops_is_another_piece() -> None:
    one, two = trace(lambda x: x.relu(), [1.0]), trace(lambda x: x.relu().relu(), [1.0])
    assert crossing(one, two) is not None
    assert crossing(one, trace(lambda x: x.abs(), [1.0])) is not None


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(-2, 0), st.floats(0, 2))
def test_the_side_of_a_clamp_is_what_its_gradient_says(values: list[float], low: float, high: float) -> None:
    x = tinycnn.tensor(values, dtype=tinycnn.float64, requires_grad=True)
    with watching() as notes:
        y = x.clamp(low, high)
    (g,) = tinycnn.autograd.grad(y.sum(), x)
    assert notes[0].pieces.tolist() == [(v >= low) + 2 * (v > high) for v in values]
    assert ((notes[0].pieces == 1) == (g.numpy() == 1)).all()
