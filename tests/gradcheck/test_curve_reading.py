r"""What the V-curve's shape is taken for: of drawn curves, and of real ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gradcheck.reports import STEPS, curve_of
from tinycnn.gradcheck.curve import SHAPES, read_curve

SEEDS = range(25)


def drawn(truncation: float, rounding: float, wrong: float = 0.0, seed: int = 0) -> np.ndarray:
    """Truncation, and rounding that scatters as it does."""
    scatter = np.abs(np.random.default_rng(seed).standard_normal(len(STEPS)))
    return np.asarray(truncation * STEPS**2 + rounding * scatter / STEPS + wrong)


@settings(deadline=None)
@given(st.floats(1e-3, 10), st.floats(1e-17, 1e-14), st.integers(0, 1000))
def test_a_v_is_right(truncation: float, rounding: float, seed: int) -> None:
    reading = read_curve(STEPS, drawn(truncation, rounding, seed=seed))
    assert reading.shape == "right"
    assert reading.sentence.startswith("slope +2, then −1: the gradient is right (error ")


@settings(deadline=None)
@given(st.floats(1e-3, 1), st.floats(1e-17, 1e-15), st.floats(1e-5, 2), st.integers(0, 1000))
def test_a_flat_line_is_a_wrong_gradient_and_its_height_the_relative_error(
    truncation: float, rounding: float, wrong: float, seed: int
) -> None:
    reading = read_curve(STEPS, drawn(truncation, rounding, wrong, seed))
    assert reading.shape == "wrong"
    assert reading.where == pytest.approx(wrong, rel=0.2)


@settings(deadline=None)
@given(st.floats(1e-17, 1e-15), st.integers(0, 1000))
def test_rounding_alone_is_a_linear_function(rounding: float, seed: int) -> None:
    assert read_curve(STEPS, drawn(0, rounding, seed=seed)).shape == "linear"


@settings(deadline=None)
@given(st.integers(8, len(STEPS) - 17), st.floats(0.1, 1), st.integers(0, 1000))
def test_a_cliff_is_a_kink_and_tells_how_far_it_is(place: int, height: float, seed: int) -> None:
    errors = drawn(0.01, 1e-17, seed=seed) + np.where(np.arange(len(STEPS)) < place, height, 0)
    reading = read_curve(STEPS, errors)
    assert reading.shape == "kink"
    assert reading.where == pytest.approx(np.sqrt(STEPS[place - 1] * STEPS[place]))


def test_an_error_of_nothing_and_values_that_are_no_numbers_are_taken() -> None:
    errors = drawn(0, 1e-16)
    errors[::3], errors[1] = 0, np.nan
    assert read_curve(STEPS, errors).shape == "linear"
    assert read_curve(STEPS, 0 * errors[2] + np.zeros_like(STEPS)).shape == "linear"
    assert read_curve(STEPS, np.full_like(STEPS, np.nan)).shape == "unclear"


def test_the_order_of_the_steps_is_of_no_account() -> None:
    errors = drawn(0.1, 1e-16, 0.25)
    assert read_curve(STEPS[::-1], errors[::-1]) == read_curve(list(STEPS), list(errors))


def test_where_truncation_cancels_a_wrong_gradient_it_stays_wrong() -> None:
    errors = abs(1e-5 - 0.1 * STEPS**2) + 1e-17 / STEPS  # 0 at h = 1e-2
    assert read_curve(STEPS, errors).shape == "wrong"


def slope(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 - np.tanh(x) ** 2)


def normal(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((3, 4))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_tanh_and_one_times_two(seed: int) -> None:
    x = normal(seed)
    assert read_curve(STEPS, curve_of(np.tanh, x, lambda v: v * slope(x), seed)).shape == "right"
    wrong = read_curve(STEPS, curve_of(np.tanh, x, lambda v: 2 * v * slope(x), seed))
    assert wrong.shape == "wrong"
    assert wrong.sentence == "flat: the gradient is wrong, by 50 % of its size"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_relu_that_is_near_its_kink(seed: int) -> None:
    x = normal(seed)
    x = np.sign(x) * (0.2 + abs(x))
    x[1, 2] = 1e-4
    reading = read_curve(STEPS, curve_of(lambda x: np.maximum(x, 0), x, lambda v: v * (x > 0), seed))
    assert reading.shape == "kink"
    assert reading.sentence == "a cliff: a kink lies about 1e-04 away; below that the gradient is right"
    twice = curve_of(lambda x: np.maximum(x, 0), x, lambda v: 2 * v * (x > 0), seed)
    assert read_curve(STEPS, twice).shape == "wrong"  # which weighs more


@pytest.mark.parametrize("seed", SEEDS)
def test_a_function_that_computes_in_float32(seed: int) -> None:
    x = normal(seed)
    single = curve_of(lambda x: np.tanh(x.astype(np.float32)).astype(float), x, lambda v: v * slope(x), seed)
    assert read_curve(STEPS, single).shape == "float32"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_product_of_matrices_leaves_rounding_alone(seed: int) -> None:
    w = np.random.default_rng(9).standard_normal((4, 5))
    assert read_curve(STEPS, curve_of(lambda x: x @ w, normal(seed), lambda v: v @ w.T, seed)).shape == "linear"


def test_every_shape_is_documented() -> None:
    assert set(SHAPES) == {"right", "linear", "wrong", "kink", "float32", "unclear"}
