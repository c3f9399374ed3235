"""Winograd's convolution: its matrices, its three roles against the textbook's, its rounding, and who allows more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backend.geometries import normal
from tinycnn.backend import matmul_precision, windows
from tinycnn.backend.cpu import depthwise
from tinycnn.backend.cpu.convolution import (
    choice,
    direct,
    winograd,
    winograd_blocks,
    winograd_products,
    winograd_strips,
)
from tinycnn.backend.cpu.convolution.winograd_filters import F2, F4, F4_INEXACT, F45, Filter, at, minimal
from tinycnn.backend.cpu.convolution.winograd_products import Products, Sums, block
from tinycnn.backend.threads import get_num_threads, set_num_threads
from tinycnn.geometry import window

Array = Any


@pytest.mark.parametrize(("m", "taps", "moduli", "products"), [
    (1, 3, at(0, 1), 3), (2, 3, at(0, 1, -1), 4), (4, 3, at(0, 1, -1, 0.5, -2), 6), (1, 5, at(3, -1, 2, 5), 5),
    (4, 3, (*at(0, 1, -1), (1, 0, 1)), 7), (2, 5, (*at(0, 1, -1), (1, 0, 1)), 7),
    (4, 5, (*at(0, 1, -1), (1, 1, 1), (1, -1, 1)), 10),
])  # fmt: skip
def test_the_matrices_make_a_correlation(m: int, taps: int, moduli: Any, products: int) -> None:
    """Σ_k A[k, i]·G[k, j]·B[l, k] is 1 where l = i + j: all three roles follow from it."""
    A, G, B = minimal(m, taps, moduli)
    assert A.shape == (products, m)
    assert G.shape == (products, taps)
    made = np.einsum("ki,kj,lk->ijl", A, G, B)
    i, j, l = np.indices(made.shape)
    terms = np.einsum("ki,kj,lk->ijl", *map(abs, (A, G, B)))  # powers of 5 round off more than those of 1
    assert (abs(made - (i + j == l)) <= 1e-13 * terms).all()


@pytest.fixture(autouse=True)
def highest() -> Iterator[None]:
    yield
    matmul_precision.set_float32_matmul_precision("highest")


@pytest.fixture(params=[winograd_blocks, winograd_strips], ids=["blocks", "strips"])
def either_way(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "_way", lambda *_: request.param)


@pytest.mark.parametrize("unpacked", [0, 1_000_000])
@pytest.mark.parametrize(("squares", "c", "o"), [(1, 1, 1), (131, 400, 96), (98, 256, 512), (40, 700, 66), (7, 30, 67)])
def test_products_in_blocks_are_products(
    squares: int, c: int, o: int, unpacked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd_products, "unpacked", lambda: unpacked)
    patches, w = normal(4, squares, c).astype("float32"), normal(4, c, o, seed=1).astype("float32")
    kernels = np.ascontiguousarray(w.reshape(4, c, -1, block(o)).swapaxes(1, 2))
    made = np.full((4, o // block(o), squares, block(o)), np.nan, "float32")
    Products(patches, made).make(kernels)
    np.testing.assert_allclose(made.swapaxes(1, 2).reshape(4, squares, o), patches @ w, atol=1e-3)
    g = normal(4, o // block(o), squares, block(o), seed=2).astype("float32")
    sums = np.full(kernels.shape, np.nan, "float32")
    Sums(patches, g).add_to(sums, first=True)
    Sums(patches[:, ::-1], g[:, :, ::-1]).add_to(sums, first=False)
    np.testing.assert_allclose(sums, 2 * patches[:, None].swapaxes(2, 3) @ g, atol=2e-3)


SIZES = st.integers(1, 11)


@settings(max_examples=100)  # a wide space, of which a few would meet little
@given(size=st.tuples(SIZES, SIZES), padding=st.tuples(*[st.integers(0, 2)] * 4), n=st.integers(1, 5),
       c=st.integers(1, 4), o=st.integers(1, 4), channels_last=st.booleans(),
       f=st.sampled_from([F2, F4, F4_INEXACT, F45]),
       way=st.sampled_from([winograd_blocks, winograd_strips]), threads=st.integers(1, 3))  # fmt: skip
def test_the_three_roles_equal_the_textbook(
    size: Any, padding: Any, n: int, c: int, o: int, channels_last: bool, f: Filter, way: Any, threads: int
) -> None:
    taps = f.taps
    size = tuple(max(s, taps - padding[k] - padding[k + 2]) for k, s in enumerate(size))
    geometry = window("conv2d", size, (taps, taps), padding=((padding[0], padding[2]), (padding[1], padding[3])))
    x, w, b = normal(n, c, *size), normal(o, c, taps, taps, seed=1), normal(o, seed=2)
    g = normal(n, o, *geometry.out, seed=3)
    xs, ws, bs, gs = (a.astype("float32") for a in (x, w, b, g))
    if channels_last:
        xs, ws, gs = (np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for a in (xs, ws, gs))
    before = get_num_threads()
    set_num_threads(threads)
    given_way = pytest.MonkeyPatch()
    given_way.setattr(winograd, "_way", lambda *_: way)
    given_way.setattr(winograd, "filter_for", lambda *_: f)
    try:
        gx, gw = winograd.conv2d_backward(np, gs, xs, ws, geometry, 1)
        pairs = [
            (winograd.conv2d(np, xs, ws, bs, geometry, 1), windows.conv2d(np, x, w, b, geometry, 1)),
            (winograd.conv2d(np, xs, ws, None, geometry, 1), windows.conv2d(np, x, w, None, geometry, 1)),
            (winograd.conv2d_input(np, gs, ws, geometry, 1), windows.conv2d_input(np, g, w, geometry, 1)),
            (winograd.conv2d_weight(np, xs, gs, geometry, 1), windows.conv2d_weight(np, x, g, geometry, 1)),
            (gx, windows.conv2d_input(np, g, w, geometry, 1)),
            (gw, windows.conv2d_weight(np, x, g, geometry, 1)),
        ]
    finally:
        set_num_threads(before)
        given_way.undo()
    for ours, theirs in pairs:
        assert ours.dtype == "float32"
        np.testing.assert_allclose(ours, theirs, atol=(1e-4 if f is F4_INEXACT else 1e-5) * np.sqrt(n * c * o))


def errors(way: Any, x: Array, w: Array, g: Array, geometry: Any) -> list[float]:
    """Of the three roles in float32: the root of the mean squared error, relative to that of the values."""
    exact = [windows.conv2d(np, x, w, None, geometry, 1), *windows.conv2d_backward(np, g, x, w, geometry, 1)]
    x, w, g = (a.astype("float32") for a in (x, w, g))
    made = [way.conv2d(np, x, w, None, geometry, 1), *way.conv2d_backward(np, g, x, w, geometry, 1)]
    return [float(np.sqrt(np.mean((m - e) ** 2) / np.mean(e**2))) for m, e in zip(made, exact, strict=True)]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("f", [F2, F4, F45], ids=["F2", "F4", "F45"])
@pytest.mark.parametrize("mean", [0, 1, 10])
def test_roots_of_unity_round_like_the_direct_sum(mean: float, f: Filter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 3 times its errors, over 3200 pixels, and where the pixels have a mean that cancels."""
    monkeypatch.setattr(winograd, "filter_for", lambda *_: f)
    taps = f.taps
    geometry = window("conv2d", (40, 40), (taps, taps), padding=(taps // 2, taps // 2))
    single = normal(2, 32, 40, 40).astype("float32"), normal(32, 32, taps, taps, seed=1).astype("float32")
    x, w, g = (a.astype("float64") for a in (single[0] + np.float32(mean), single[1], single[0][::-1]))
    for ours, directs in zip(errors(winograd, x, w, g, geometry), errors(direct, x, w, g, geometry), strict=True):
        assert ours < 3 * directs


def test_others_err_by_some_millionths() -> None:
    matmul_precision.set_float32_matmul_precision("high")
    geometry = window("conv2d", (28, 28), (3, 3), padding=(1, 1))
    assert winograd.filter_for(1, 64, 64, geometry) is F4_INEXACT
    x, w = normal(1, 64, 28, 28).astype("float32"), normal(64, 64, 3, 3, seed=1).astype("float32")
    exact = windows.conv2d(np, x.astype("float64"), w.astype("float64"), None, geometry, 1)
    error = np.abs(winograd.conv2d(np, x, w, None, geometry, 1) - exact).max() / np.abs(exact).max()
    assert 5e-7 < error < 5e-6


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("spoilt", ["x", "w", "g"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_where_it_is_seen(spoilt: str, value: float) -> None:
    geometry = window("conv2d", (8, 8), (3, 3), padding=(1, 1))
    x, w, g = (normal(*shape).astype("float32") for shape in ((1, 2, 8, 8), (3, 2, 3, 3), (1, 3, 8, 8)))
    {"x": x, "w": w, "g": g}[spoilt][0, 1, 2, 2] = value
    with np.errstate(invalid="ignore"):  # ∞ − ∞ in the direct sums
        pairs = [
            (winograd.conv2d(np, x, w, None, geometry, 1), direct.conv2d(np, x, w, None, geometry, 1)),
            (winograd.conv2d_input(np, g, w, geometry, 1), direct.conv2d_input(np, g, w, geometry, 1)),
            (winograd.conv2d_weight(np, x, g, geometry, 1), direct.conv2d_weight(np, x, g, geometry, 1)),
            *zip(winograd.conv2d_backward(np, g, x, w, geometry, 1),
                 direct.conv2d_backward(np, g, x, w, geometry, 1), strict=True),
        ]  # fmt: skip
    for ours, theirs in pairs:
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("channel", [0, 2])
@pytest.mark.parametrize("large", ["x", "w", "g"])
def test_what_only_the_transforms_make_infinite_stays_finite(large: str, channel: int) -> None:
    """Numbers of which nine have no sum, in one channel of the result; each direct sum has but one term."""
    geometry = window("conv2d", (8, 8), (3, 3), padding=(1, 1))
    x, w, g = (np.zeros(s, "float32") for s in ((1, 3, 8, 8), (4, 3, 3, 3), (1, 4, 8, 8)))
    x[0, channel, 2:6, 2:6], g[0, channel, 2:6, 2:6], w[channel, channel] = 1e-9, 1e-9, 1e-9
    {"x": x, "w": w, "g": g}[large][np.nonzero({"x": x, "w": w, "g": g}[large])] = 3e38
    for name, given_ in (("conv2d", (x, w, None)), ("conv2d_input", (g, w)), ("conv2d_weight", (x, g)),
                         ("conv2d_backward", (g, x, w))):  # fmt: skip
        found, expected = (getattr(way, name)(np, *given_, geometry, 1) for way in (winograd, direct))
        for ours, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, expected)), strict=True):
            assert np.isfinite(theirs).all()
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-9)


@pytest.mark.usefixtures("either_way")
def test_it_comes_out_the_same_bit_by_bit() -> None:
    geometry = window("conv2d", (33, 31), (3, 3), padding=(1, 1))
    x, w, g = (normal(*s).astype("float32") for s in ((3, 40, 33, 31), (48, 40, 3, 3), (3, 48, 33, 31)))
    first = winograd.conv2d_backward(np, g, x, w, geometry, 1)
    for _ in range(3):
        for a, b in zip(first, winograd.conv2d_backward(np, g, x, w, geometry, 1), strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_precision_is_set_by_pytorchs_names() -> None:
    assert matmul_precision.get_float32_matmul_precision() == "highest"
    for name in ("high", "medium"):
        matmul_precision.set_float32_matmul_precision(name)
        assert matmul_precision.get_float32_matmul_precision() == name
    with pytest.raises(TypeError, match="set_float32_matmul_precision expects a str, but got int"):
        matmul_precision.set_float32_matmul_precision(3)  # type: ignore[arg-type]  # that it is refused is tested
    with pytest.raises(ValueError, match="low is not one of 'highest', 'high', or 'medium'"):
        matmul_precision.set_float32_matmul_precision("low")
    assert matmul_precision.get_float32_matmul_precision() == "medium"


def test_each_precision_has_its_filter() -> None:
    geometry = window("conv2d", (28, 28), (3, 3), padding=(1, 1))
    assert winograd.filter_for(8, 128, 128, geometry) is F2
    assert winograd.filter_for(8, 8, 128, geometry) is None
    assert winograd.filter_for(8, 64, 64, geometry) is F4
    assert winograd.filter_for(8, 64, 192, window("conv2d", (27, 27), (5, 5), padding=(2, 2))) is F45
    matmul_precision.set_float32_matmul_precision("medium")
    assert winograd.filter_for(8, 64, 64, geometry) is F4_INEXACT


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_double_precision_goes_the_direct_way_whatever_is_allowed(precision: str) -> None:
    """Neither by transforms of squares nor by spectra."""
    matmul_precision.set_float32_matmul_precision(precision)
    square, wide = (window("conv2d", (28, 28), (k, k), padding=(k // 2, k // 2)) for k in (3, 7))
    for dtype, ways in (("float32", (winograd, depthwise.spectrum)), ("float64", (direct, depthwise.rows))):
        assert choice.way(np.dtype(dtype), 8, 128, 128, square, 1) is ways[0]
        assert choice.way(np.dtype(dtype), 8, 128, 128, wide, 128) is ways[1]
