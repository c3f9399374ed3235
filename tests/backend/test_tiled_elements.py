"""Norms and activations in tiles: as the textbook has them for any shape and order in memory, whoever computes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backend.geometries import normal
from tinycnn import backend
from tinycnn.backend import activations, reference, threads
from tinycnn.backend.cpu import activations as tuned
from tinycnn.backend.cpu import elementwise, sheets

KERNELS: Any = backend.get("cpu").kernels
ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, 3e38, -3e38, 1.0, -1.0])


@pytest.fixture(autouse=True, scope="module")
def small_tiles() -> Iterator[None]:
    """Of 24 numbers, and shared however few there are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "_TILE", 24)
        patch.setattr(sheets, "_SERIAL", 0)
        patch.setattr(sheets, "LEAST", 1)
        patch.setattr(sheets, "_STRETCH", 3)
        sheets._sheet.cache_clear()
        patch.setattr(elementwise, "_TILE", 24)
        patch.setattr(tuned, "_LEAST", dict.fromkeys(tuned._LEAST, 0))
        patch.setattr(tuned, "_AT_ONCE", 0)
        yield
    sheets._sheet.cache_clear()


@pytest.fixture(params=[1, 2, 5])
def computing(request: pytest.FixtureRequest) -> Iterator[int]:
    """With so many threads."""
    before = threads.get_num_threads()
    threads.set_num_threads(request.param)
    yield request.param
    threads.set_num_threads(before)


def laid(x: Any, order: tuple[int, ...]) -> Any:
    """The same array, its axes in memory in this order, the outermost first."""
    return np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))


SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5))
ORDERS = st.permutations(range(4)).map(tuple)
DTYPES = st.sampled_from(["float32", "float64"])
KINDS = st.sampled_from(["batch", "layer", "instance", "group", "pixel"])


def called(kind: str, x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Over which axes a norm averages, and the shape of its γ and β."""
    _, c, h, w = x.shape
    return {
        "batch": ((0, 2, 3), (1, c, 1, 1)), "layer": ((1, 2, 3), (1, c, h, w)), "instance": ((2, 3), (1, c, 1, 1)),
        "group": ((2, 3), (1, c, h, 1)), "pixel": ((1,), (1, c, 1, 1)),
    }[kind]  # fmt: skip


@given(kind=KINDS, shape=SHAPES, orders=st.tuples(ORDERS, ORDERS), affine=st.booleans(),
       mean=st.sampled_from([0, 1, 1e3]))  # fmt: skip
def test_norms_equal_the_textbook(kind: str, shape: Any, orders: Any, affine: bool, mean: float) -> None:
    x, g = laid(normal(*shape) + mean, orders[0]), laid(normal(*shape, seed=1), orders[1])
    axes, own = called(kind, x)
    weight, bias = (normal(*own, seed=2), normal(*own, seed=3)) if affine else (None, None)
    y, mu, var = KERNELS.normalize(x, weight, bias, axes, 1e-3)
    for found, expected in zip((y, mu, var), reference.normalize(np, x, weight, bias, axes, 1e-3), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    back = (g, x, weight, mu, var, axes, 1e-3, own if affine else None)
    found, expected = KERNELS.normalize_backward(*back), reference.normalize_backward(np, *back)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    vectors = [normal(shape[1], seed=seed) for seed in (4, 5, 6)]
    given_statistics = (x, vectors[0] if affine else None, vectors[1] if affine else None, vectors[2] + mean)
    np.testing.assert_allclose(
        KERNELS.standardize(*given_statistics, np.abs(vectors[0]), 1e-3),
        reference.standardize(np, *given_statistics, np.abs(vectors[0]), 1e-3), rtol=1e-9, atol=1e-9,
    )  # fmt: skip


@settings(max_examples=100)  # a wide space, of which a few would meet little
@given(shape=SHAPES, orders=st.tuples(ORDERS, ORDERS), affine=st.booleans(), mean=st.sampled_from([0, 1, 1e3]),
       summed=st.booleans(), overwrite=st.booleans())  # fmt: skip
def test_the_way_back_by_given_statistics_equals_the_textbook(
    shape: Any, orders: Any, affine: bool, mean: float, summed: bool, overwrite: bool
) -> None:
    x, g = laid(normal(*shape) + mean, orders[0]), laid(normal(*shape, seed=1), orders[1])
    weight, mu, var = (normal(shape[1], seed=seed) for seed in (2, 3, 4))
    back = (x if summed else None, weight if affine else None, mu + mean, np.abs(var), 1e-3)
    expected = reference.standardize_backward(np, g, *back)
    found = KERNELS.standardize_backward(g.copy("K"), *back, overwrite)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    if not overwrite:
        before = g.copy()
        KERNELS.standardize_backward(g, *back)
        np.testing.assert_array_equal(g, before)


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 1, 2, 3)])
@pytest.mark.parametrize("kind", ["batch", "layer", "instance"])
def test_norms_do_not_depend_on_who_computes_them(kind: str, order: Any, computing: int) -> None:
    """Nor on who is first: to the last bit what one thread makes."""
    x, g = (laid(normal(6, 5, 4, 4, seed=seed).astype("float32"), order) for seed in (0, 1))
    axes, own = called(kind, x)

    def made() -> list[Any]:
        y, mean, var = KERNELS.normalize(x, np.ones(own, "float32"), None, axes, 1e-3)
        given = (np.ones(5, "f"), np.full(5, 0.1, "f"), np.full(5, 2, "f"), 1e-3)  # γ, μ, σ² and ε
        return [
            y, mean, var, *KERNELS.normalize_backward(g, x, None, mean, var, axes, 1e-3, own),
            *KERNELS.standardize_backward(g, x, *given),
        ]  # fmt: skip

    threads_made = made()
    threads.set_num_threads(1)
    for ours, alone in zip(threads_made, made(), strict=True):
        np.testing.assert_array_equal(ours, alone)


FAR: dict[str, tuple[Any, float]] = {  # and how exact gradients are: μ itself is kept in single precision
    "a large mean": (lambda x: x + 3e3, 3e-4),
    "one value far off": (lambda x: np.where(np.arange(x.size).reshape(x.shape) == 7, 1e4, x), 3e-6),
    "a trend": (lambda x: x + np.linspace(-50, 50, len(x))[:, None, None, None], 3e-6),
    "tiny": (lambda x: x * 1e-6, 3e-6),
}


@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 1, 2, 3)], ids=["NHWC", "NCHW"])
@pytest.mark.parametrize("what", FAR)
def test_single_precision_loses_nothing(what: str, order: Any) -> None:
    """Neither in the statistics nor in what is normalised by them."""
    far, exact_to = FAR[what]
    x, g = far(normal(64, 3, 20, 20)), normal(64, 3, 20, 20, seed=1)
    x, g = (laid(t.astype("float32"), order) for t in (x, g))
    axes, own = called("batch", x)
    wide = reference.normalize(np, x.astype("float64"), None, None, axes, 1e-12)
    y, mean, var = KERNELS.normalize(x, None, None, axes, 1e-12)
    np.testing.assert_allclose(var, wide[2], rtol=1e-6)
    np.testing.assert_allclose(mean, wide[1], rtol=1e-7, atol=1e-6 * np.sqrt(wide[2].max()))
    np.testing.assert_allclose(y, wide[0], rtol=2e-6, atol=2e-6)
    back = KERNELS.normalize_backward(g, x, None, mean, var, axes, 1e-12, own)
    exact = reference.normalize_backward(np, *(t.astype("float64") for t in (g, x)), None, *wide[1:], axes, 1e-12, own)
    for ours, theirs in zip(back, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=exact_to, atol=exact_to * np.abs(theirs).max())


# Activations ──────────────────────────────────────────────────────────────────────────────────────────────────────────

OF_X = ["relu", "sigmoid", "silu", "silu_and_slope", "gelu", "gelu_and_slope", "tanh_gelu", "tanh_gelu_and_slope"]
BACK = ["relu_backward"]


def both(name: str, *arrays: Any) -> Iterator[tuple[Any, Any]]:
    found, expected = getattr(KERNELS, name)(*arrays), getattr(activations, name)(np, *arrays)
    yield from zip(*(made if isinstance(made, tuple) else (made,) for made in (found, expected)), strict=True)


@pytest.mark.parametrize("name", OF_X + BACK)
@given(shape=SHAPES, orders=st.tuples(ORDERS, ORDERS), dtype=DTYPES, gaps=st.booleans())
def test_activations_equal_the_textbook(name: str, shape: Any, orders: Any, dtype: str, gaps: bool) -> None:
    arrays = [laid(3 * normal(*shape, seed=seed), order).astype(dtype) for seed, order in enumerate(orders)]
    if gaps:
        arrays[0] = np.broadcast_to(arrays[0][:, :, :1], shape)
    for found, expected in both(name, *arrays[: 2 if name in BACK else 1]):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("name", OF_X + BACK)
@pytest.mark.parametrize("shape", [(), (0, 3)])
def test_activations_of_one_number_and_of_none(name: str, shape: tuple[int, ...]) -> None:
    arrays = [np.full(shape, 0.5, "float32")] * (2 if name in BACK else 1)
    for found, expected in both(name, *arrays):
        assert found.shape == shape
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", OF_X + BACK)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@np.errstate(all="ignore")
def test_what_is_no_number_passes_as_in_the_textbook(name: str, dtype: str) -> None:
    x = ODD.astype(dtype)
    arrays = [t.ravel() for t in np.meshgrid(x, x)] if name in BACK else [x]
    for found, expected in both(name, *arrays):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@np.errstate(all="ignore")
def test_phi_in_single_precision() -> None:
    """GELU is as exact as x·½·(1 + erf) evaluated in float32, all over the line; Φ ends at 0 and 1 exactly."""
    x = np.concatenate([np.linspace(-12, 12, 48001), [-1e20, -60, 60, 1e20]]).astype("float32")
    y, slope = KERNELS.gelu_and_slope(x)
    exact, exact_slope = activations.gelu_and_slope(np, x.astype("float64"))
    assert np.abs(y - exact).max(initial=0, where=np.abs(x) < 1) < 1.5e-7
    np.testing.assert_allclose(y, exact, rtol=1.2e-7, atol=4e-7)
    np.testing.assert_allclose(slope, exact_slope, rtol=0, atol=4e-7)
    np.testing.assert_array_equal(y[-4:], [0, 0, 60, np.float32(1e20)])
