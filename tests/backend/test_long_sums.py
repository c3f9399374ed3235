"""Long sums: every number is in them once, whatever the axes, and rounding does not pile up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backend.geometries import normal
from tinycnn import backend
from tinycnn.backend import reference

SIZES = st.sampled_from([0, 1, 3, 31, 63, 64, 65, 100, 129])


@given(shape=st.tuples(SIZES, st.integers(1, 3), SIZES), order=st.permutations(range(3)), data=st.data(),
       dtype=st.sampled_from(["float64", "float32", "float16", "int64"]))  # fmt: skip
def test_sums_in_blocks_are_sums(shape: tuple[int, ...], order: Any, dtype: str, data: Any) -> None:
    axes = data.draw(st.sampled_from([(0,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]))
    x = (8 * normal(*shape)).astype(dtype).transpose(order)
    axes = tuple(order.index(axis) for axis in axes)
    found = backend.get("cpu").kernels.total(x, axes)
    expected = x.astype("float64").sum(axes)
    assert (found.dtype, found.shape) == (x.dtype, expected.shape)
    digits = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "int64": 0}[dtype]
    np.testing.assert_allclose(found, expected, rtol=digits, atol=digits * 100)


@pytest.mark.parametrize("shape", [(1_000_000, 2), (4000, 250, 2), (60, 60, 280, 2)], ids=str)
def test_of_a_million_rows_the_last_counts_as_the_first(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).random(shape, dtype=np.float32)
    axes = tuple(range(len(shape) - 1))
    found = backend.get("cpu").kernels.total(x, axes)
    np.testing.assert_allclose(found, x.sum(axes, dtype=np.float64), rtol=1e-6)


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 1, 2, 3)], ids=["NHWC", "NCHW"])
@pytest.mark.parametrize(("mean", "spread"), [(1234567, 0), (300.3, 1e-4), (1e4, 1e-2)])
def test_a_variance_is_about_the_mean_itself(mean: float, spread: float, order: tuple[int, ...]) -> None:
    """A tile is centred by a mean in single precision, from which its own may differ by more than it spreads."""
    x = (mean + spread * np.random.default_rng(0).standard_normal((16, 16, 56, 56))).astype("float32")
    x = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    exact = x.astype("float64").var((0, 2, 3), keepdims=True)
    _, _, var = backend.get("cpu").kernels.normalize(x, None, None, (0, 2, 3), 1e-5)
    np.testing.assert_allclose(var, exact, rtol=1e-4, atol=1e-12)


@given(mean=st.floats(0, 10), pixels=st.integers(32, 1500), channels=st.sampled_from([512, 600, 1024]))
def test_statistics_keep_their_digits_however_far_the_mean(mean: float, pixels: int, channels: int) -> None:
    """Nothing is squared, or multiplied by a gradient, before μ is taken off."""
    x, g = ((normal(pixels, channels, seed=seed) + mean * (1 - seed)).astype("float32") for seed in (0, 1))
    kernels, exact, exact_g = backend.get("cpu").kernels, x.astype("float64"), g.astype("float64")
    _, mu, var = kernels.normalize(x, None, None, (0,), 1e-5)
    np.testing.assert_allclose(mu, exact.mean(0, keepdims=True), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(var, exact.var(0, keepdims=True), rtol=2e-6)
    _, *found = kernels.normalize_backward(g, x, None, mu, var, (0,), 1e-5, (1, channels))
    normal_x = (exact - mu) / np.sqrt(var.astype("float64") + 1e-5)
    for ours, expected in zip(found, ((exact_g * normal_x).sum(0), exact_g.sum(0)), strict=True):
        np.testing.assert_allclose(ours[0], expected, rtol=0, atol=8e-7 * np.abs(expected).max())


@pytest.mark.parametrize("seed", [1, 9])
def test_where_most_pixels_are_alike_norms_keep_their_digits(seed: int) -> None:
    """As in front of a white background: errors of equal numbers are equal, and no sum of theirs cancels them."""
    rng = np.random.default_rng(seed)
    level, drawn = rng.uniform(0.5, 2, 64), rng.random((16, 56, 56, 1)) > 0.85
    x = (level + drawn * level * rng.standard_normal((16, 56, 56, 64))).astype("float32").transpose(0, 3, 1, 2)
    g, kernels = rng.standard_normal(x.shape).astype("float32"), backend.get("cpu").kernels
    y, mean, var = kernels.normalize(x, None, None, (0, 2, 3), 1e-5)
    gx = kernels.normalize_backward(g, x, None, mean, var, (0, 2, 3), 1e-5, None)[0]
    exact_y, *moments = reference.normalize(np, x.astype("float64"), None, None, (0, 2, 3), 1e-5)
    exact_gx = reference.normalize_backward(
        np, g.astype("float64"), x.astype("float64"), None, *moments, (0, 2, 3), 1e-5, None)[0]  # fmt: skip
    for ours, exact in ((y, exact_y), (gx, exact_gx)):
        np.testing.assert_allclose(ours, exact, rtol=0, atol=2 * 2.0**-23 * np.abs(exact).max())


@pytest.mark.parametrize("channels", [4, 400])
def test_an_infinite_mean_makes_infinities(channels: int) -> None:
    x, mean = np.ones((8, channels, 10, 9), "float32"), np.zeros(channels, "float32")
    mean[:2] = np.inf, -np.inf
    with np.errstate(invalid="ignore"):  # ops are computed quietly
        y = backend.get("cpu").kernels.standardize(x, None, None, mean, np.ones_like(mean), 1e-5)
    assert (y[:, 0] == -np.inf).all()
    assert (y[:, 1] == np.inf).all()
    assert np.isfinite(y[:, 2:]).all()
