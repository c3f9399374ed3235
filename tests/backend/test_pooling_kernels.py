"""The maximum of windows, tuned, against the textbook's: values, winners and gradients to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import tinycnn as torch
from tests.backend.geometries import windows
from tinycnn.backend import reference
from tinycnn.backend.cpu import maxima, pooling, strips, unpicking
from tinycnn.geometry import Window, window
from tinycnn.nn import functional as F

SIZES = st.tuples(st.integers(2, 7), st.integers(2, 7))
FOURS = st.builds(partial(window, "test", kernel=(2, 2), stride=(2, 2)), SIZES, ceil_mode=st.booleans())
ORDERS = st.sampled_from([(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0)])


@contextmanager
def whatever_the_size(at_once: bool) -> Iterator[None]:
    """Few numbers go all at once, or tile by tile as many do."""
    with pytest.MonkeyPatch.context() as patch:
        if not at_once:
            patch.setattr(pooling, "_SEEN", 0)
            patch.setattr(unpicking, "_FEW", 0)
        yield


def expect_equal(x: Any, g: Any, geometry: Window) -> None:
    """Value, winner and gradient are the textbook's, bit by bit: small integers are added up without rounding."""
    with np.errstate(all="ignore"):  # as ops compute
        y, winner = pooling.max_pool2d(np, x, geometry)
        expected, places = reference.max_pool2d(np, x, geometry)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(maxima.maxima2d(np, x, geometry), expected)
        np.testing.assert_array_equal(winner, places)
        gx, gradient = unpicking.unpick(np, g, winner, geometry), reference.unpick(np, g, places, geometry)
    np.testing.assert_array_equal(gx, gradient)
    assert (y.dtype, winner.dtype, gx.dtype) == (x.dtype, places.dtype, g.dtype)


DRAWN = {
    "n": st.integers(1, 3), "c": st.integers(1, 5), "order": ORDERS,
    "dtype": st.sampled_from(["float32", "float64", "float16", "int64", "uint8"]),
    "odd": st.lists(st.sampled_from([np.nan, np.inf, -np.inf]), max_size=3), "seed": st.integers(0, 99),
}  # fmt: skip


def expect_maxima(geometry: Window, n: int, c: int, order: Any, dtype: str, odd: list[float], seed: int) -> None:
    """Ties are frequent among five values, all below zero; NaN and infinities stand where they were drawn."""
    draw = np.random.default_rng(seed)
    shape = np.array([n, c, *geometry.size])
    x = draw.integers(-5, 0, shape[list(order)]).astype(dtype).transpose(np.argsort(order))
    g = draw.integers(-3, 4, (n, c, *geometry.out)).astype(dtype)
    for value in odd if x.dtype.kind == "f" else ():
        x[draw.random(x.shape) < 0.3] = value
        g[draw.random(g.shape) < 0.1] = value
    expect_equal(x, g, geometry)


@pytest.mark.parametrize("at_once", [False, True])
@given(geometry=windows(pooling=True), **DRAWN)
def test_maxima_are_the_textbooks(geometry: Window, at_once: bool, **drawn: Any) -> None:
    with whatever_the_size(at_once):
        expect_maxima(geometry, **drawn)


@given(geometry=FOURS, **DRAWN)
def test_maxima_of_2x2_side_by_side_are_the_textbooks(geometry: Window, **drawn: Any) -> None:
    with whatever_the_size(at_once=False):
        expect_maxima(geometry, **drawn)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("k", "s", "p"), [(3, 2, 1), (2, 2, 0), (3, 1, 1)])
def test_many_tiles_on_any_number_of_threads(threads: int, k: int, s: int, p: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(strips, "_BYTES", 10_000)
    monkeypatch.setattr(unpicking, "_AT_ONCE", 5_000)
    draw = np.random.default_rng(k)
    geometry = window("test", (29, 31), (k, k), (s, s), (p, p))
    with threadpool_limits(threads, user_api="blas"):
        expect_equal(
            draw.integers(-9, 0, (5, 70, 29, 31)).astype("float32"),
            draw.integers(0, 9, (5, 70, *geometry.out)).astype("float32"), geometry,
        )  # fmt: skip


@pytest.mark.parametrize("at_once", [False, True])
@settings(max_examples=200)  # few have padding on the far side alone
@given(geometry=windows(pooling=True), seed=st.integers(0, 99))
def test_a_gradient_whose_winner_is_padding_is_dropped(geometry: Window, at_once: bool, seed: int) -> None:
    draw = np.random.default_rng(seed)
    winner = draw.integers(0, np.prod(geometry.kernel), (1, 2, *geometry.out)).astype("uint8")
    g = draw.integers(1, 9, winner.shape).astype("float32")
    with whatever_the_size(at_once):
        gx = unpicking.unpick(np, g, winner, geometry)
    np.testing.assert_array_equal(gx, reference.unpick(np, g, winner, geometry))


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("side", [2, 17])
def test_empty_batches_and_windows_of_more_places_than_a_byte_counts(n: int, side: int) -> None:
    draw = np.random.default_rng(side)
    geometry = window("test", (20, 20), (side, side))
    x, g = (draw.integers(0, 9, shape).astype("float32") for shape in ((n, 3, 20, 20), (n, 3, *geometry.out)))
    expect_equal(x, g, geometry)


@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_only_the_winner_of_the_maxima_gets_a_gradient_that_is_not_finite(odd: float) -> None:
    x, g = np.arange(16.0).reshape(1, 1, 4, 4), np.full((1, 1, 2, 2), odd)
    expect_equal(x, g, window("test", (4, 4), (2, 2), (2, 2)))


@pytest.mark.parametrize(
    "pool", [partial(F.max_pool2d, kernel_size=3, padding=1), partial(F.adaptive_max_pool2d, output_size=3)]
)
def test_the_values_are_the_same_whether_or_not_anyone_asks_for_winners(pool: Any) -> None:
    x = torch.tensor(np.random.default_rng(0).normal(size=(2, 3, 7, 8)), requires_grad=True)
    y, _ = pool(x, return_indices=True)
    with torch.no_grad():
        alone = pool(x)
    assert torch.equal(alone, y)
    assert torch.equal(alone, pool(x))


def test_a_winner_takes_a_byte_and_an_index_is_an_index() -> None:
    """What the graph keeps is small; what the user is told counts beyond 255."""
    assert pooling.max_pool2d(np, np.ones((1, 1, 4, 4)), window("test", (4, 4), (2, 2), (2, 2)))[1].dtype == np.uint8
    x = torch.arange(600.0).reshape(1, 1, 20, 30)
    y, indices = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    assert indices.dtype == torch.int64
    np.testing.assert_array_equal(indices.numpy(), y.numpy())
