"""Kinks: told apart from mistakes by recorded winners, or, where no op tells, by the slopes on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import nn
from tinycnn.gradcheck import check, check_model
from tinycnn.nn import functional as F


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def relu_backward(g: Any, x: Any) -> Any:
    return g * (x > 0)


AT_A_KINK = {
    "relu": (F.relu, [0.5, 0.0, -1.0], (1,)),
    "relu6": (F.relu6, [0.5, 6.0, -1.0], (1,)),
    "leaky_relu": (F.leaky_relu, [0.0, 1.0], (0,)),
    "elu": (lambda x: F.elu(x, 0.5), [0.0, 1.0], (0,)),
    "abs": (tinycnn.abs, [1.0, 0.0], (1,)),
    "clamp": (lambda x: x.clamp(-1, 2), [2.0, 0.0], (0,)),
    "floor": (lambda x: x * x.floor(), [0.5, 2.0], (1,)),
    "maximum": (lambda x: tinycnn.maximum(x, 2 * x), [1.0, 0.0], (1,)),
    "amax": (lambda x: x.amax(), [1.0, 3.0, 3.0], (1,)),
    "max_pool2d": (lambda x: F.max_pool2d(x.reshape(1, 1, 2, 2), 2), [0.0, 7.0, 7.0, 1.0], (1,)),
    "sort": (lambda x: x.sort().values, [1.0, 3.0, 3.0], (1,)),
    "where": (lambda x: tinycnn.where(x > 1, 3 * x, x), [1.0, 3.0], (0,)),
    "sqrt": (tinycnn.sqrt, [1.0, 0.0], (1,)),
}


@pytest.mark.parametrize("name", AT_A_KINK)
def test_a_point_on_a_kink_is_no_failure(name: str, device: str) -> None:
    function, values, place = AT_A_KINK[name]
    report = check(function, tinycnn.tensor(values, device=device), names=["x"])
    assert (report.verdict, report.cause_code, report.index, report.argument) == ("kink", "kink", place, 0), report
    assert not report.passed
    assert "no derivative" in report.cause
    assert "move the inputs a little" in report.hint


def test_a_kink_names_the_op_the_module_and_the_entry() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.act(x * 2)

    report = check(nn.Sequential(nn.Identity(), Block()), tinycnn.tensor([[1.0, 0.0], [2.0, -1.0]]))
    assert report.verdict == "kink"
    assert "(ReLU in module 1.act, entry [0, 1])" in report.cause
    assert "At input[0, 1]" in report.cause


@pytest.mark.parametrize("distance", [3e-6, 1.5e-5, 3e-5, -4e-7])
def test_near_a_kink_the_step_is_made_smaller(distance: float) -> None:
    x = np.array([0.5, distance, -1.0])
    for report in (check(F.relu, x), check(relu, x, backward=relu_backward)):
        assert report.passed, report
    wrong = check(relu, x, backward=lambda g, x: g * np.where(abs(x) < 1e-3, x < 0, x > 0))
    assert (wrong.verdict, wrong.index) == ("fail", (1,))  # what is wrong there is seen all the same


def test_a_corner_that_no_op_tells_of() -> None:
    report = check(relu, np.array([0.5, 0.0, -1.0]), backward=relu_backward, names=["x"])
    assert (report.verdict, report.index) == ("kink", (1,))
    assert "At x[1] the function bends: its slope is 0 on one side" in report.cause


@given(st.lists(st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.5]), min_size=2, max_size=6))
def test_mistakes_outrank_kinks(values: list[float]) -> None:
    x = np.array([*values, 2.0, -2.0, 0.0])
    for backward in (lambda g, x: g * (x < 0), lambda g, x: g, lambda g, x: -g * (x > 0)):
        report = check(relu, x, backward=backward)
        assert report.verdict == "fail"
        assert report.cause_code != "kink"
        assert x[report.index] != 0
        assert any("bends" in note for note in report.notes)


def test_a_slope_that_no_side_has_is_wrong_also_at_a_kink() -> None:
    report = check(relu, np.array([1.0, 0.0]), backward=lambda g, x: g * np.where(x == 0, 3.0, x > 0))
    assert (report.verdict, report.index) == ("fail", (1,))


def test_where_two_pieces_meet_smoothly_there_is_no_kink() -> None:
    assert check(lambda x: x.relu() ** 2, tinycnn.tensor([1.0, 0.0, -1.0])).passed
    assert check(F.elu, tinycnn.tensor([1.0, 0.0, -1.0])).passed
    assert check(lambda x: tinycnn.maximum(x, x.clone()), tinycnn.tensor([1.0, 0.0])).passed


def test_second_derivatives_have_kinks_too() -> None:
    x = tinycnn.tensor([1.0, 0.0, -1.0])
    assert check(lambda x: x.relu() ** 2, x).passed
    report = check(lambda x: x.relu() ** 2, x, order=2)
    assert (report.verdict, report.index, report.failures[0].order) == ("kink", (1,), 2)


def test_a_large_argument_with_kinks() -> None:
    x = np.random.default_rng(0).standard_normal(4000)
    assert check(F.relu, x).passed
    assert check(relu, x, backward=relu_backward).passed
    x[17] = 0
    for report in (check(F.relu, x), check(relu, x, backward=relu_backward)):
        assert report.verdict == "kink"
    assert "(ReLU, entry [17])" in check(F.relu, x).cause
    report = check(relu, x, backward=lambda g, x: g * (x > 0.02))
    assert report.verdict == "fail"
    assert 0 < x[report.index] < 0.02


def test_a_network_on_a_kink() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with tinycnn.no_grad():
        net[0].weight[2] = 0
        net[0].bias[2] = 0
    report = check_model(net, tinycnn.randn(5, 3), tinycnn.tensor([0, 1, 1, 0, 1]))
    assert report.verdict == "kink"
    assert "(ReLU in module 1, entry [" in report.cause


def test_a_kink_whose_value_nobody_uses_does_not_blur_the_others() -> None:
    """A ReLU at 0 that is masked out, as one is whose neighbour is the maximum of their window."""
    x = np.random.default_rng(0).standard_normal(4000)
    x[5] = 1e-12
    mask = tinycnn.ones(4000, dtype=tinycnn.float64)
    mask[5] = 0
    report = check(lambda x: (x.relu() * mask).square(), x)
    assert report.passed, report
    assert report.examined[0].relative_error < 1e-6

    class Off(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.relu() * mask

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * mask

    assert check(Off, x).verdict == "fail"
