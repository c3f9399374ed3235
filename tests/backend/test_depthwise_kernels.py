"""Depthwise and grouped convolution: both ways of it against the textbook's, and what a user relies on besides."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from tests.backend.geometries import normal, windows
from tinycnn.backend import reference
from tinycnn.backend.cpu import grouped, strips
from tinycnn.backend.cpu.depthwise import rows, spectrum, way
from tinycnn.geometry import Window, window

WAYS = pytest.mark.parametrize("kernels", [rows, spectrum], ids=["rows", "spectrum"])


def drawn(geometry: Window, n: int, c: int, times: int = 1, dtype: str = "float32", seed: int = 0) -> tuple[Any, ...]:
    """x, w, b and g."""
    sizes = (n, c, *geometry.size), (c * times, 1, *geometry.kernel), (c * times,), (n, c * times, *geometry.out)
    return tuple(normal(*size, dtype=dtype, seed=seed + number) for number, size in enumerate(sizes))


def results(kernels: Any, x: Any, w: Any, b: Any, g: Any, geometry: Window) -> list[Any]:
    """Y, X̄, W̄, and both gradients once more."""
    groups = x.shape[1] // w.shape[1]
    return [
        kernels.conv2d(np, x, w, b, geometry, groups),
        kernels.conv2d_input(np, g, w, geometry, groups),
        kernels.conv2d_weight(np, x, g, geometry, groups),
        *kernels.conv2d_backward(np, g, x, w, geometry, groups),
    ]


def textbook(*arrays: Any, geometry: Window) -> list[Any]:
    """The same by the reference, in double precision."""
    return results(reference, *(a.astype("float64") for a in arrays), geometry)


def expect_close(found: list[Any], expected: list[Any], bound: float) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max(initial=0) <= bound * max(1, np.abs(theirs).max(initial=0))


@given(geometry=windows(), n=st.integers(1, 3), c=st.integers(1, 20), times=st.integers(1, 2), seed=st.integers(0, 9))
def test_rows_are_the_textbooks_sum(geometry: Window, n: int, c: int, times: int, seed: int) -> None:
    arrays = drawn(geometry, n, c, times, "float64", seed)
    expect_close(results(rows, *arrays, geometry), textbook(*arrays, geometry=geometry), 1e-12)


@given(geometry=windows(), n=st.integers(1, 3), c=st.integers(1, 20), seed=st.integers(0, 9))
def test_a_spectrum_is_the_textbooks_sum(geometry: Window, n: int, c: int, seed: int) -> None:
    arrays = drawn(geometry, n, c, seed=seed)
    expect_close(results(spectrum, *arrays, geometry), textbook(*arrays, geometry=geometry), 2e-6)


@given(geometry=windows(), groups=st.integers(2, 9), c=st.integers(1, 6), o=st.integers(1, 6), seed=st.integers(0, 9),
       dtype=st.sampled_from(["float32", "float64"]))  # fmt: skip
def test_groups_in_bundles_are_the_textbooks_sum(
    geometry: Window, groups: int, c: int, o: int, seed: int, dtype: str
) -> None:
    """Bundles of several groups, the last of fewer; strides together with dilations are not for them."""
    assume(not any(s > 1 and d > 1 for s, d in zip(geometry.stride, geometry.dilation, strict=True)))
    sizes = (2, groups * c, *geometry.size), (groups * o, c, *geometry.kernel), (groups * o,)
    x, w, b = (normal(*size, dtype=dtype, seed=seed) for size in sizes)
    arrays = x, w, b, normal(2, groups * o, *geometry.out, dtype=dtype, seed=seed)
    bound = 2e-6 if dtype == "float32" else 1e-12
    expect_close(results(grouped, *arrays, geometry), textbook(*arrays, geometry=geometry), bound)


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_stays_in_its_group(odd: float) -> None:
    """Though groups are computed several at a time."""
    geometry = window("test", (9, 9), (3, 3), (1, 1), (1, 1))
    x, g = normal(2, 16, 9, 9, seed=1), normal(2, 16, 9, 9, seed=2)
    x[0, 5, 4, 4] = g[1, 9, 4, 4] = odd
    arrays = x, normal(16, 4, 3, 3), normal(16), g
    with np.errstate(invalid="ignore"):
        for ours, theirs in zip(results(grouped, *arrays, geometry), textbook(*arrays, geometry=geometry), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


@WAYS
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("size", "c", "k", "s"), [((30, 17), 24, 7, 1), ((41, 40), 40, 5, 2), ((7, 7), 400, 7, 1)])
def test_many_tiles_on_any_number_of_threads(
    kernels: ModuleType, threads: int, size: Any, c: int, k: int, s: int, monkeypatch: Any
) -> None:
    """Tiles made small, so that there are many: of rows, of images and of channels, the last one smaller."""
    monkeypatch.setattr(strips, "_BYTES", 40_000)
    monkeypatch.setattr(strips, "_STRIP", 4)
    monkeypatch.setattr(spectrum, "_SPECTRUM", 40_000)
    geometry = window("test", size, (k, k), (s, s), (k // 2, k // 2))
    arrays = drawn(geometry, 5, c)
    with threadpool_limits(threads, user_api="blas"):
        found, again = (results(kernels, *arrays, geometry) for _ in range(2))
    expect_close(found, textbook(*arrays, geometry=geometry), 3e-6)
    for once, twice in zip(found, again, strict=True):
        np.testing.assert_array_equal(once, twice)


@WAYS
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0)])
def test_any_order_of_memory(kernels: ModuleType, order: tuple[int, ...]) -> None:
    """Images may lie in memory as they like, have gaps, and run backwards."""
    geometry = window("test", (9, 8), (3, 5), (1, 1), (1, 2))
    x, w, b, g = drawn(geometry, 3, 6)

    def moved(a: Any) -> Any:
        lain = np.zeros([2 * a.shape[axis] for axis in order], a.dtype).transpose(np.argsort(order))
        place = lain[::-2, ::2, ::2, ::-2]
        place[...] = a
        return place

    found = results(kernels, moved(x), moved(w), b, moved(g), geometry)
    expect_close(found, textbook(x, w, b, g, geometry=geometry), 2e-6)


@WAYS
@pytest.mark.parametrize("odd", [np.inf, np.nan])
def test_what_is_not_finite_stays_where_it_belongs(kernels: ModuleType, odd: float) -> None:
    """It reaches the windows that see it and no others."""
    geometry = window("test", (12, 12), (5, 5), (1, 1), (2, 2))
    x, w, b, g = drawn(geometry, 2, 3)
    x[1, 2, 6, 7] = g[0, 1, 3, 0] = odd
    with np.errstate(all="ignore"):  # as ops compute
        y, gx, gw, *_ = results(kernels, x, w, b, g, geometry)
    for found, hit in ((y, (1, 2, slice(4, 9), slice(5, 10))), (gx, (0, 1, slice(1, 6), slice(0, 3)))):
        broken = np.zeros(found.shape, bool)
        broken[hit] = True
        np.testing.assert_array_equal(np.isfinite(found), ~broken)
    assert np.isfinite(gw[0]).all()
    assert not np.isfinite(gw[1:, 0, 1:4, 2:]).any()


@pytest.mark.parametrize(("size", "c", "k", "s"), [(56, 8, 7, 1), (28, 16, 7, 1), (14, 32, 5, 1), (7, 32, 7, 1)])
def test_a_spectrum_is_as_exact_as_sums_are(size: int, c: int, k: int, s: int) -> None:
    """The largest rounding error is at most three times that of adding up in single precision, and 1e-7 of the largest.

    An image far from zero is the hard case: its mean is the largest number of the spectrum.
    """
    geometry = window("test", (size, size), (k, k), (s, s), (k // 2, k // 2))
    x, w, b, g = drawn(geometry, 4, c)
    x += 1
    true = textbook(x, w, b, g, geometry=geometry)
    sums, by_spectrum = (results(kernels, x, w, b, g, geometry) for kernels in (reference, spectrum))
    for name, exact, summed, transformed in zip(["Y", "X", "W"], true, sums, by_spectrum, strict=False):
        assert np.abs(transformed - exact).max() <= 3 * np.abs(summed - exact).max() + 1e-7 * np.abs(exact).max(), name


def test_each_size_goes_the_faster_way() -> None:
    """Large kernels over maps that are not go by their spectrum, small ones and double precision never."""
    def of(size: int, k: int, dtype: str = "float32", times: int = 1) -> Any:
        return way(np.dtype(dtype), 8, 8 * times, window("test", (size, size), (k, k), padding=(k // 2, k // 2)))

    assert all(of(size, 7) is spectrum for size in (7, 14, 28, 56))
    assert all(of(size, 3) is rows for size in (1, 7, 14, 28, 56, 112))
    assert of(14, 7, "float64") is rows
    assert of(14, 7, times=2) is rows
