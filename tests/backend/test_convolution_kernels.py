"""The ways a convolution is computed on a CPU, each against the textbook's: geometries, memory orders, threads."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.backend.geometries import normal, windows
from tinycnn import backend
from tinycnn.backend import blas, threads
from tinycnn.backend import windows as textbook
from tinycnn.backend.cpu import convolution, postponing
from tinycnn.backend.cpu.convolution import (
    at_once,
    banded,
    choice,
    direct,
    narrow,
    pointwise,
    tiles,
    trimmed,
    two_by_two,
)
from tinycnn.geometry import Window, window

NAMES = ("conv2d", "conv2d_input", "conv2d_weight", "conv2d_backward")
ORDERS: dict[str, Any] = {  # how four axes may lie in memory
    "N C H W": lambda a: a,
    "N H W C": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "H W C N": lambda a: np.ascontiguousarray(a.transpose(2, 3, 1, 0)).transpose(3, 2, 0, 1),
    "every other": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: np.ascontiguousarray(a[:, :, ::-1, ::-1])[:, :, ::-1, ::-1],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
}


@pytest.fixture
def _threads() -> Iterator[None]:
    count = threads.get_num_threads()
    yield
    threads.set_num_threads(count)


def arguments(x: Any, w: Any, g: Any) -> dict[str, tuple[Any, ...]]:
    return {"conv2d": (x, w, w[:, 0, 0, 0]), "conv2d_input": (g, w), "conv2d_weight": (x, g),
            "conv2d_backward": (g, x, w)}  # fmt: skip


def problem(n: int, c: int, o: int, geometry: Window, order: str = "N C H W", dtype: str = "float64") -> Any:
    lay = ORDERS[order]
    x, w = normal(n, c, *geometry.size, dtype=dtype), normal(o, c, *geometry.kernel, dtype=dtype)
    return arguments(lay(x), lay(w), lay(normal(n, o, *geometry.out, dtype=dtype)))


def assert_textbook(way: Any, calls: Any, geometry: Window, tolerance: float = 1e-11) -> None:
    for name in NAMES:
        found, expected = (getattr(room, name)(np, *calls[name], geometry, 1) for room in (way, textbook))
        for ours, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, expected)), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance, err_msg=name)


@settings(max_examples=200)  # of nine strides only one lets kernels be turned
@given(geometry=windows(), n=st.integers(1, 3), c=st.integers(1, 5), o=st.integers(1, 9), data=st.data())
def test_every_way_is_the_textbooks(geometry: Window, n: int, c: int, o: int, data: Any) -> None:
    """Each is asked for all it says that it can, whether it would have been chosen or not."""
    calls = problem(n, c, o, geometry, data.draw(st.sampled_from([*ORDERS])))
    plain = geometry.dilation == (1, 1)
    assert_textbook(at_once, calls, geometry)
    assert_textbook(direct, calls, geometry)
    if plain:
        assert_textbook(narrow, calls, geometry)
    if plain and geometry.stride == (1, 1):
        assert_textbook(banded, calls, geometry)


@given(geometry=windows())
def test_the_window_turned_round_has_a_place_for_each_pixel(geometry: Window) -> None:
    every = window("test", geometry.size, geometry.kernel, (1, 1), geometry.padding, geometry.dilation)
    turned = direct.turned(every)
    for axis, size in enumerate(every.size):
        padded = turned.size[axis] + sum(turned.padding[axis])
        assert padded - turned.dilation[axis] * (turned.kernel[axis] - 1) == turned.out[axis] == size


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_few_numbers_are_multiplied_at_once(dtype: str) -> None:
    small, large = (window("test", (size, size), (3, 3), padding=(1, 1)) for size in (8, 32))
    for n, c, geometry in ((1, 16, small), (4, 32, small), (1, 3, large)):
        assert choice.way(np.dtype(dtype), n, c, 16, geometry, 1) is at_once
    sparse = window("test", (1000, 1000), (3, 3), stride=(500, 500))  # few windows, of an image that is not small
    for n, c, o, geometry in ((64, 16, 16, small), (1, 256, 256, small), (8, 3, 16, large), (1, 3, 16, sparse)):
        assert choice.way(np.dtype(dtype), n, c, o, geometry, 1) is not at_once


def test_the_gradient_of_a_map_as_small_as_its_kernel_takes_no_more_memory_than_kernels_do() -> None:
    """Windows of g for every pixel of the image would be 2304 times as many numbers."""
    geometry = window("test", (48, 48), (48, 48))
    assert choice.way(np.dtype("float32"), 1, 1, 16, geometry, 1) is at_once
    g, w = np.ones((1, 16, 1, 1), "float32"), np.ones((16, 1, 48, 48), "float32")
    tracemalloc.start()
    try:
        gx = at_once.conv2d_input(np, g, w, geometry, 1)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (gx == 16).all()
    assert most < 8 * w.nbytes


@given(n=st.integers(1, 3), size=st.tuples(st.integers(1, 6), st.integers(1, 6)), data=st.data(),
       stride=st.tuples(st.integers(1, 3), st.integers(1, 3)), c=st.integers(1, 4), o=st.integers(1, 4))  # fmt: skip
def test_1x1_kernels_are_a_product(n: int, size: Any, stride: Any, c: int, o: int, data: Any) -> None:
    geometry = window("test", size, (1, 1), stride)
    assert_textbook(pointwise, problem(n, c, o, geometry, data.draw(st.sampled_from([*ORDERS]))), geometry)


@given(n=st.integers(1, 130), c=st.integers(1, 70), o=st.integers(1, 70), order=st.sampled_from([*ORDERS]))
def test_maps_of_2x2_are_nine_products(n: int, c: int, o: int, order: str) -> None:
    geometry = window("test", (2, 2), (3, 3), padding=(1, 1))
    assert_textbook(two_by_two, problem(n, c, o, geometry, order, "float32"), geometry, 2e-4)


@pytest.mark.parametrize("odd", [np.nan, np.inf, 3e38])
def test_of_2x2_only_the_maps_that_are_not_finite_are_not(odd: float) -> None:
    """Nor does a large number become so on the way: twice 3e38 is more than there is."""
    geometry = window("test", (2, 2), (3, 3), padding=(1, 1))
    x, w, g = (normal(*shape, dtype="float32") for shape in ((8, 32, 2, 2), (48, 32, 3, 3), (8, 48, 2, 2)))
    assert two_by_two.covers(8, 32, 48, geometry)
    x[0, 0], g[0, 0], w = odd, odd, w / 1000
    for name, given_ in arguments(x, w, g).items():
        with np.errstate(all="ignore"):
            found, expected = (getattr(room, name)(np, *given_, geometry, 1) for room in (two_by_two, textbook))
        for ours, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, expected)), strict=True):
            np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs), err_msg=name)


@given(size=st.tuples(st.integers(1, 3), st.integers(1, 3)), kernel=st.integers(1, 5), stride=st.integers(1, 3),
       padding=st.integers(0, 4), dilation=st.integers(1, 2), groups=st.integers(1, 2))  # fmt: skip
def test_entries_that_meet_only_padding_are_left_out(
    size: Any, kernel: int, stride: int, padding: int, dilation: int, groups: int
) -> None:
    reach = dilation * (kernel - 1) + 1
    assume(min(size) + 2 * padding >= reach)
    geometry = window("test", size, (kernel, kernel), (stride, stride), (padding, padding), (dilation, dilation))
    entries, less = trimmed.trim(geometry)
    assert normal(1, 1, kernel, kernel)[entries].shape[2:] == less.kernel
    x, w, g = normal(2, 2 * groups, *size), normal(3 * groups, 2, kernel, kernel), normal(2, 3 * groups, *geometry.out)
    for name, given_ in arguments(x, w, g).items():
        found, expected = (getattr(room, name)(np, *given_, geometry, groups) for room in (convolution, textbook))
        for ours, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, expected)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11, err_msg=name)


def test_of_a_padded_pixel_one_entry_is_left() -> None:
    geometry = window("test", (1, 1), (3, 3), padding=(1, 1))
    entries, less = trimmed.trim(geometry)
    assert (entries[2:], less.kernel, less.padding) == ((slice(1, 2), slice(1, 2)), (1, 1), ((0, 0), (0, 0)))


@pytest.mark.parametrize(("channels", "size", "stride"), [(4, 1, 1), (4, 1, 2), (192, 2, 2)])
def test_zeros_are_put_around_the_entries_that_are_left(
    channels: int, size: int, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postponing, "_LARGE", 1)
    geometry = window("test", (size, size), (3, 3), (stride, stride), (1, 1))
    x, g = normal(5, channels, size, size), normal(5, channels, 1, 1)
    expected = textbook.conv2d_weight(np, x, g, geometry, 1)
    assert convolution.postpone_conv2d_weight(np, x, g, geometry, 1) is None  # in float64
    later: Any = convolution.postpone_conv2d_weight(np, x.astype("float32"), g.astype("float32"), geometry, 1)
    assert (later.shape, later.dtype) == (expected.shape, np.float32)
    for axes in ([0, 1, 2, 3], [0, 2, 3, 1], [1, 0, 2, 3]):
        for rows in (slice(1, 3), slice(2, 4), slice(0, channels)):
            ours, theirs = later.transpose(axes)[rows], expected.transpose(axes)[rows]
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(later.whole(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_tiles_join_without_a_seam(stride: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of one row, of some rows, and of some images, the last of them shorter; and pieces of their products."""
    threads.set_num_threads(count)
    monkeypatch.setattr(blas, "unpacked", lambda: 400 * count)
    monkeypatch.setattr(tiles, "FEW_PIXELS", 0)
    geometry = window("test", (13, 11), (5, 3), (stride, stride), (2, 1))
    for tile in (1, 4000, 40000):
        monkeypatch.setattr(tiles, "BYTES", tile)
        for way in (direct, narrow, *([banded] if stride == 1 else [])):
            assert_textbook(way, problem(5, 3, 4, geometry), geometry)


GEOMETRIES = {
    "3×3": (3, 32, 48, window("test", (40, 40), (3, 3), (1, 1), (1, 1))),
    "3×3, stride 2": (3, 32, 48, window("test", (41, 41), (3, 3), (2, 2), (1, 1))),
    "1×1": (5, 33, 65, window("test", (32, 31), (1, 1))),
    "stem": (2, 3, 32, window("test", (65, 65), (7, 7), (2, 2), (3, 3))),
    "LeNet's": (16, 3, 6, window("test", (32, 32), (5, 5))),
    "LeNet's second": (16, 6, 16, window("test", (14, 14), (5, 5))),
    "2×2": (16, 64, 192, window("test", (2, 2), (3, 3), (1, 1), (1, 1))),
    "few pixels": (4, 96, 96, window("test", (7, 7), (3, 3), (1, 1), (1, 1))),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_single_precision_keeps_six_digits_and_the_same_every_time(name: str) -> None:
    """Of float64's largest value, PyTorch loses as much; and bit for bit, whichever thread was first."""
    n, c, o, geometry = GEOMETRIES[name]
    kernels = backend.get("cpu").kernels
    single, double = (problem(n, c, o, geometry, "N H W C", dtype) for dtype in ("float32", "float64"))
    for kernel in NAMES:
        exact, first, again = (
            made if isinstance(made, tuple) else (made,) for made in (
                getattr(textbook, kernel)(np, *double[kernel], geometry, 1),
                getattr(kernels, kernel)(*single[kernel], geometry, 1),
                getattr(kernels, kernel)(*single[kernel], geometry, 1),
            )
        )  # fmt: skip
        for true, ours, same in zip(exact, first, again, strict=True):
            np.testing.assert_array_equal(ours, same)
            assert np.abs(ours - true).max() <= 1e-6 * np.abs(true).max(), kernel


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("order", ORDERS)
def test_strips_of_many_images_join_without_a_seam(order: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels that lie apart and side by side; images that are cut in unequal parts; sums of a row and of several."""
    threads.set_num_threads(count)
    for entries in (1, 20_000, 1 << 18):
        monkeypatch.setattr(banded, "_ENTRIES", entries)
        for n, c, o, geometry in (
            (101, 3, 6, window("test", (9, 12), (2, 3), padding=(1, 1))), (40, 6, 16, window("test", (7, 8), (5, 5)))
        ):  # fmt: skip
            assert banded.covers(n, c, o, geometry)
            assert_textbook(banded, problem(n, c, o, geometry, order), geometry)


@pytest.mark.parametrize("padding", [((1, 3), (1, 3)), ((3, 1), (1, 1)), ((0, 4), (2, 2))], ids=str)
def test_more_padding_on_one_side_moves_the_pixels(padding: Any) -> None:
    """What the gradient of the input reads may be as large as g, and begin elsewhere."""
    geometry = window("test", (9, 12), (3, 3), padding=padding)
    for way in (direct, narrow, banded):
        assert_textbook(way, problem(16, 2, 3, geometry), geometry)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
@pytest.mark.parametrize("n", [1, 16])
@pytest.mark.parametrize("name", GEOMETRIES)
def test_what_is_not_finite_stays_where_it_is_seen(name: str, n: int, odd: float) -> None:
    _, c, o, geometry = GEOMETRIES[name]
    x, w = normal(n, c, *geometry.size, dtype="float32"), np.abs(normal(o, c, *geometry.kernel, dtype="float32"))
    x[0, 0, 1, 1] = odd
    with np.errstate(all="ignore"):
        expected = textbook.conv2d(np, x, w, None, geometry, 1)
        found = backend.get("cpu").kernels.conv2d(x, w, None, geometry, 1)
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        g = normal(n, o, *geometry.out, dtype="float32")
        g[0, 0, 1, 1] = odd
        expected = textbook.conv2d_input(np, g, w, geometry, 1)
        found = backend.get("cpu").kernels.conv2d_input(g, w, geometry, 1)
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        x[0, 0, 1, 1], x[0, 0, 0, 0], g[0, 0, 1, 1] = 0, odd, 0  # the corner is not seen by all entries of a kernel
        expected = textbook.conv2d_backward(np, g, x, w, geometry, 1)
        found = backend.get("cpu").kernels.conv2d_backward(g, x, w, geometry, 1)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))


@pytest.mark.parametrize("dtype", ["int64", "int16", "float16", "float32"])
def test_other_dtypes_empty_batches_and_arrays_that_cannot_be_written_to(dtype: str) -> None:
    kernels = backend.get("cpu").kernels
    for n in (0, 2):
        geometry = window("test", (9, 8), (3, 3), (1, 2), (1, 1))
        x, w, g = ((10 * normal(*s)).astype(dtype) for s in ((n, 4, 9, 8), (6, 4, 3, 3), (n, 6, *geometry.out)))
        for array in (x, w, g):
            array.flags.writeable = False
        for name, args in arguments(x, w, g).items():
            found, expected = (
                getattr(room, name)(*before, *args, geometry, 1) for room, before in ((kernels, ()), (textbook, (np,)))
            )
            for ours, theirs in zip(*(y if isinstance(y, tuple) else (y,) for y in (found, expected)), strict=True):
                assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
                np.testing.assert_allclose(ours, theirs, rtol=1e-2 if dtype == "float16" else 1e-4, atol=1e-3)
