"""Numbers of every size: inputs of 1e-8 and 1e8, outputs of 1e12, and Python's own floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
import tinycnn.nn.functional as F
from tinycnn.gradcheck import check

SCALES = [1e-8, 1e-4, 1e4, 1e8]
STEADY = {
    "square": lambda x: x * x,
    "relu": F.relu,
    "abs": lambda x: x.abs(),
    "log": lambda x: x.abs().log(),
    "root": lambda x: x.abs().sqrt(),
    "inverse": lambda x: 1 / x,
    "unit length": lambda x: x / (x * x).sum().sqrt(),
    "layer norm": lambda x: F.layer_norm(x, (5,)),
    "sine": lambda x: x.sin(),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", STEADY)
def test_what_is_right_passes_at_every_size(name: str, scale: float) -> None:
    for seed in range(3):
        x = np.random.default_rng(seed).normal(size=5) * scale
        report = check(STEADY[name], x)
        assert report.passed, report


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_wrong_fails_at_every_size(scale: float) -> None:
    x = np.random.default_rng(1).normal(size=5) * scale
    pairs = [(lambda x: x * x, lambda g, x: g * x), (lambda x: np.log(abs(x)), lambda g, x: 1.01 * g / x)]
    for forward, backward in pairs:
        report = check(forward, x, backward=backward)
        assert report.cause_code == "scale", report


def test_what_grows_by_the_input_s_own_size_is_not_taken_for_float32() -> None:
    x = tinycnn.tensor(np.array([1.3e-8, -0.4e-8, 2e-8]))
    assert check(lambda x: (x * 1e8).exp(), x).passed
    assert check(lambda x: x.float().exp().double(), x * 100).cause_code == "float32"


def test_outputs_that_hide_the_derivative_are_said_to() -> None:
    report = check(lambda x: x * x + 1e13, np.array([0.5, -1.2]), backward=lambda g, x: g * x)
    assert report.verdict == "vacuous"
    assert "rounding hides what x does" in " ".join(report.notes)


@pytest.mark.parametrize("scale", [1e12, 1e-12])
def test_large_and_small_outputs_are_judged_by_their_own_size(scale: float) -> None:
    x = np.array([0.5, -1.2, 2.0])
    assert check(lambda x: x * x * scale, x, backward=lambda g, x: 2 * g * x * scale).passed
    assert check(lambda x: x * x * scale, x, backward=lambda g, x: g * x * scale).cause_code == "scale"


def test_python_s_floats_are_inputs_where_there_is_no_array() -> None:
    assert check(lambda x: x * x, 2.0).passed
    assert check(lambda x, y: x * y, (2.0, 3.0), backward=lambda g, x, y: (g * y, g * x)).passed
    assert check(lambda x, y: x * y, (2.0, 3.0), backward=lambda g, x, y: (g * y, -g * x)).argument_name == "y"
    assert check(lambda x: x * x, [[1.0, 2.0]]).passed


def test_beside_arrays_they_are_options() -> None:
    def dropout(x: Any, keep: float) -> Any:
        assert isinstance(keep, float)
        return x / keep

    report = check(dropout, (np.ones(3), 0.5), backward=lambda g, x, keep: g / keep)
    assert report.passed
    assert [item.name for item in report.examined] == ["x"]


def test_where_a_function_ends_there_is_no_derivative() -> None:
    report = check(lambda x: x.sqrt(), tinycnn.tensor([0.0, 1.0]))
    assert report.verdict == "kink"
    assert report.cause is not None
    assert report.cause.startswith("At x[0] the function ends")
