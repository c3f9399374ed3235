"""max_pool2d, avg_pool2d and adaptive_avg_pool2d: any geometry against windows written out, and the traps by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

small = st.integers(1, 3)
pair = st.tuples(small, small)
INF, NAN = float("inf"), float("nan")


def spans(n, k, s, p, d, ceil):
    """The places, padding included, that each window covers along one direction."""
    room = n + 2 * p - d * (k - 1) - 1
    starts = [i * s - p for i in range((room + (s - 1) * ceil) // s + 1)]
    return [range(start, start + d * (k - 1) + 1, d) for start in starts if start < n + (0 if ceil else p)]


def windows(x, kernel, stride, padding, dilation, ceil):
    """For each output pixel: its place, its window's places, and what it sees of each image, padding left out."""
    along = [spans(*numbers, ceil) for numbers in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)]
    for p, q in np.ndindex(len(along[0]), len(along[1])):
        rows, columns = along[0][p], along[1][q]
        inside = [[i for i in span if 0 <= i < n] for span, n in zip((rows, columns), x.shape[2:], strict=True)]
        yield (p, q), (rows, columns), inside, x[:, :, inside[0]][:, :, :, inside[1]]


geometries = {
    "size": st.tuples(st.integers(1, 7), st.integers(1, 7)), "kernel": pair, "stride": pair, "ceil": st.booleans(),
    "padding": st.tuples(st.integers(0, 1), st.integers(0, 1)),
}  # fmt: skip


@given(**geometries, dilation=pair)
def test_maximum_of_any_geometry(size, kernel, stride, padding, dilation, ceil):
    assume(all(k >= 2 * p for k, p in zip(kernel, padding, strict=True)))
    numbers = np.linspace(-2, 2, 2 * size[0] * size[1])
    x = np.random.default_rng([*size, *kernel]).permutation(numbers).reshape(1, 2, *size)
    seen = list(windows(x, kernel, stride, padding, dilation, ceil))
    assume(seen and all(values.size for *_, values in seen))
    options = kernel, stride, padding, dilation, ceil
    y, places = (t.numpy() for t in F.max_pool2d(tinycnn.from_numpy(x), *options, return_indices=True))
    for (p, q), _, _, values in seen:
        np.testing.assert_array_equal(y[:, :, p, q], values.max((2, 3)))
    assert y.shape[2:] == tuple(1 + place for place in seen[-1][0])
    found = np.take_along_axis(x.reshape(1, 2, -1), places.reshape(1, 2, -1), 2)
    np.testing.assert_array_equal(found.reshape(y.shape), y)
    assert_slopes(lambda x: F.max_pool2d(x, *options), x)


@given(**geometries, count=st.booleans(), divisor=st.sampled_from([None, 5]))
def test_mean_of_any_geometry(size, kernel, stride, padding, ceil, count, divisor):
    assume(all(k >= 2 * p for k, p in zip(kernel, padding, strict=True)))
    x = np.random.default_rng([*size, *kernel]).standard_normal((2, 1, *size))
    seen = list(windows(x, kernel, stride, padding, (1, 1), ceil))
    assume(seen)
    options = kernel, stride, padding, ceil, count, divisor
    y = F.avg_pool2d(tinycnn.from_numpy(x), *options).numpy()
    for (p, q), spanned, inside, values in seen:
        padded = [[i for i in s if -e <= i < n + e] for s, n, e in zip(spanned, size, padding, strict=True)]
        entries = divisor or np.prod([len(i) for i in (padded if count else inside)])
        np.testing.assert_allclose(y[:, :, p, q], values.sum((2, 3)) / entries, atol=1e-12)
    assert y.shape[2:] == tuple(1 + place for place in seen[-1][0])
    assert_slopes(lambda x: F.avg_pool2d(x, *options), x)


@pytest.mark.parametrize("out", [(1, 1), (2, 3), (3, 2), (4, 7), (5, 5), (9, 2)])
def test_adaptive_means(out, device):
    x = np.random.default_rng(0).standard_normal((2, 2, 4, 6))
    y = host(F.adaptive_avg_pool2d(tinycnn.tensor(x, device=device), out))
    for p, q in np.ndindex(*out):
        rows, columns = (slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip((p, q), (4, 6), out, strict=True))
        np.testing.assert_allclose(y[:, :, p, q], x[:, :, rows, columns].mean((2, 3)), atol=1e-12)
    assert_slopes(lambda x: F.adaptive_avg_pool2d(x, out), x, device=device)


def test_adaptive_means_leave_sizes_that_are_none():
    x = tinycnn.randn(1, 2, 4, 6)
    assert F.adaptive_avg_pool2d(x, (None, None)).allclose(x)
    assert F.adaptive_avg_pool2d(x, (None, 2)).shape == (1, 2, 4, 2)
    assert F.adaptive_avg_pool2d(x[0], (2, None)).shape == (2, 2, 6)


# Conventions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def pooled(rows, *options, device="cpu"):
    """Values, winners and the gradient of the values' sum, of one image."""
    x = tinycnn.tensor([rows], dtype="float64", device=device).requires_grad_()
    y, places = F.max_pool2d(x, *options, return_indices=True)
    y.sum().backward()
    return host(y)[0].tolist(), host(places)[0].tolist(), host(x.grad)[0].tolist()


def test_of_equals_the_first_gets_all_of_the_gradient(device):
    values, places, gradient = pooled([[3, 3], [3, 3]], 2, device=device)
    assert (values, places, gradient) == ([[3]], [[0]], [[1, 0], [0, 0]])


@pytest.mark.parametrize("size", [INF, NAN])
def test_a_gradient_without_bounds_reaches_the_winner_alone(size, device):
    x = tinycnn.tensor([[[1.0, 3.0], [2.0, 0.0]]], device=device).requires_grad_()
    F.max_pool2d(x, 2).backward(tinycnn.tensor([[[size]]], device=device))
    assert repr(host(x.grad).tolist()) == f"[[[0.0, {size}], [0.0, 0.0]]]"


def test_padding_never_wins_not_even_over_negative_numbers(device):
    values, places, gradient = pooled([[-5, -6], [-7, -8]], 2, 1, 1, device=device)
    assert values == [[-5, -5, -6], [-5, -5, -6], [-7, -7, -8]]
    assert places == [[0, 0, 1], [0, 0, 1], [2, 2, 3]]
    assert gradient == [[4, 2], [2, 1]]


def test_nan_wins_wherever_it_is(device):
    values, places, gradient = pooled([[1, NAN, 9]], (1, 2), 1, device=device)
    assert np.isnan(values).all()
    assert (places, gradient) == ([[1, 1]], [[0, 2, 0]])


def test_a_window_of_minus_infinity_gives_its_own_first_pixel(device):
    values, places, gradient = pooled([[-INF] * 3] * 3, 2, 1, 1, device=device)
    assert values == [[-INF] * 4] * 4
    assert places == [[0, 0, 1, 2], [0, 0, 1, 2], [3, 3, 4, 5], [6, 6, 7, 8]]
    assert sum(map(sum, gradient)) == 16


def test_ceil_mode_drops_a_window_that_starts_in_the_padding(device):
    x = tinycnn.arange(42.0, device=device).reshape(1, 6, 7)
    assert F.max_pool2d(x, 1, 2, ceil_mode=True).shape == (1, 3, 4)
    assert F.avg_pool2d(x[:, :3, :3], 2, 2, 1, ceil_mode=True).shape == (1, 2, 2)
    assert F.max_pool2d(x[:, :3, :3], 2, 3, ceil_mode=True).shape == (1, 1, 1)
    assert F.max_pool2d(x[:, :4, :4], 3, 2, 0, 2, ceil_mode=True).shape == (1, 1, 1)  # a window larger than the image


def test_the_mean_counts_declared_padding_but_not_what_ceil_mode_reaches_over(device):
    row = tinycnn.arange(7.0, device=device).reshape(1, 1, 7)
    assert host(F.avg_pool2d(row, (1, 2), (1, 3), ceil_mode=True)).ravel().tolist() == [0.5, 3.5, 6]
    ones = tinycnn.ones(1, 3, 3, device=device)
    np.testing.assert_allclose(host(F.avg_pool2d(ones, 3, 2, 1)), [[[4 / 9, 4 / 9], [4 / 9, 4 / 9]]], rtol=1e-6)
    assert host(F.avg_pool2d(ones, 3, 2, 1, count_include_pad=False)).tolist() == [[[1, 1], [1, 1]]]
    assert host(F.avg_pool2d(ones, 3, divisor_override=3)).tolist() == [[[3]]]


@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "int8", "uint8"])
def test_the_largest_integer(dtype, device):
    x = tinycnn.tensor([[[0, 1], [1, 0]]], device=device).to(dtype)
    y = F.max_pool2d(x, 2, 1, 1)
    assert y.dtype == dtype
    assert host(y).astype(int).tolist() == [[[0, 1, 1], [1, 1, 1], [1, 1, 0]]]


def test_padding_loses_to_the_smallest_integer(device):
    x = tinycnn.full((1, 2, 2), -128, dtype="int8", device=device)
    y, places = F.max_pool2d(x, 2, 2, 1, return_indices=True)
    assert host(y).tolist() == [[[-128, -128], [-128, -128]]]
    assert host(places).tolist() == [[[0, 1], [2, 3]]]


def test_booleans_have_no_largest():
    with pytest.raises(RuntimeError, match="max_pool2d: input cannot be bool, only"):
        F.max_pool2d(tinycnn.ones(1, 2, 2) > 0, 2)


def test_means_of_integers_are_cut_to_integers(device):
    x = tinycnn.tensor([[[7, -7, 3], [2, -4, -9], [5, 1, -1]]], device=device)
    assert host(F.avg_pool2d(x, 2, 2, 1)).tolist() == [[[1, -1], [1, -3]]]  # 7/4, −4/4, 7/4, −13/4
    assert host(F.avg_pool2d(x, 2, 2, 1, count_include_pad=False)).tolist() == [[[7, -2], [3, -3]]]
    assert host(F.avg_pool2d(x, 2, 1, divisor_override=-3)).tolist() == [[[0, 5], [-1, 4]]]
    assert F.avg_pool2d(x, 1).dtype == "int64"


@pytest.mark.parametrize("out", [(1, 1), (2, 3), (3, 2), (5, 5), (9, 2)])
def test_adaptive_maxima_and_where_they_stood(out, device):
    x = np.random.default_rng(0).permutation(np.arange(48.0)).reshape(1, 2, 4, 6)
    y, places = map(host, F.adaptive_max_pool2d(tinycnn.tensor(x, device=device), out, return_indices=True))
    for p, q in np.ndindex(*out):
        rows, columns = (slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip((p, q), (4, 6), out, strict=True))
        np.testing.assert_array_equal(y[:, :, p, q], x[:, :, rows, columns].max((2, 3)))
    found = np.take_along_axis(x.reshape(1, 2, -1), places.reshape(1, 2, -1), 2)
    np.testing.assert_array_equal(found.reshape(y.shape), y)
    assert_slopes(lambda x: F.adaptive_max_pool2d(x, out), x, device=device)


def test_an_odd_pixel_stays_in_its_own_adaptive_windows(device):
    """1 2 3 4 5 into 3: windows 1 2, 2 3 4, 4 5. Infinity and NaN reach only those that hold them."""
    row = tinycnn.tensor([[[INF, 2.0, 3.0, 4.0, NAN]]], device=device)
    assert repr(host(F.adaptive_avg_pool2d(row, (1, 3))).ravel().tolist()) == "[inf, 3.0, nan]"
    y, places = F.adaptive_max_pool2d(row, (1, 3), return_indices=True)
    assert repr(host(y).ravel().tolist()) == "[inf, 4.0, nan]"
    assert host(places).ravel().tolist() == [0, 3, 4]


def test_adaptive_pooling_of_equals_and_of_nothing(device):
    ones = tinycnn.ones(1, 5, 5, device=device).requires_grad_()
    y, places = F.adaptive_max_pool2d(ones, 3, return_indices=True)
    assert host(places).ravel().tolist() == [0, 1, 3, 5, 6, 8, 15, 16, 18]
    assert F.adaptive_max_pool2d(ones, (0, 2)).shape == F.adaptive_avg_pool2d(ones, (0, 2)).shape == (1, 0, 2)
    y.sum().backward()
    assert host(ones.grad).sum() == 9


def test_half_precision_averages_what_it_could_not_add_up(device):
    x = tinycnn.full((1, 64, 64), 100.0, dtype="float16", device=device).requires_grad_()
    for y in (F.avg_pool2d(x, 64), F.adaptive_avg_pool2d(x, 1), F.avg_pool2d(x, 64, divisor_override=4096)):
        assert (y.dtype, y.item()) == ("float16", 100)
        y.backward()
    assert host(x.grad).ravel()[0] == 3 / 4096


@pytest.mark.parametrize("pool", [
    lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2, 1, 1), lambda x: F.adaptive_avg_pool2d(x, (3, 1)),
    lambda x: F.adaptive_max_pool2d(x, (3, 1)),
])
def test_an_empty_batch_comes_back_empty(pool, device):
    x = tinycnn.ones(0, 2, 5, 4, device=device).requires_grad_()
    pool(x).sum().backward()
    assert (len(pool(x)), x.grad.shape) == (0, (0, 2, 5, 4))
