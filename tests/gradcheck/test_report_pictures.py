r"""The picture of a report: the V-curve, and the map of where the error sits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gradcheck.reports import STEPS, curve_of, failure, report
from tinycnn.gradcheck.tiles import MOST, tiled
from tinycnn.plot import write

V = 0.1 * STEPS**2 + 1e-16 / STEPS


def gradients(*shape: int) -> tuple[Any, Any]:
    n = np.random.default_rng(0).standard_normal(shape)
    return 2 * n, n


def test_a_report_that_passed_has_the_curve_alone() -> None:
    (axes,) = report(verdict="pass", curve=V).plot().axes
    assert axes.get_title(loc="left").startswith("slope +2, then −1: the gradient is right")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    h, errors = axes.lines[0].get_data()
    np.testing.assert_array_equal(h, STEPS)
    np.testing.assert_allclose(errors, V)


def test_the_ideal_slopes_are_shown() -> None:
    (axes,) = report(verdict="pass", curve=V).plot().axes
    slopes = [np.diff(np.log10(line.get_ydata())) / np.diff(np.log10(line.get_xdata())) for line in axes.lines[1:]]
    np.testing.assert_allclose(np.ravel(slopes), [-1, 2])
    np.testing.assert_allclose(axes.lines[2].get_ydata()[-1], 0.1 * STEPS[0] ** 2)  # they lie on the measured V


def test_a_wrong_one_has_curve_and_map_and_they_say_what_is_wrong() -> None:
    figure = report(failure(*gradients(3, 2, 2, 2)), curve=V + 0.5).plot()
    left, right = figure.axes[:2]
    assert left.get_title(loc="left") == "flat: the gradient is wrong, by 50 % of its size"
    assert right.get_title(loc="left") == "|backward − finite difference| in weight (3×2×2×2)"
    assert "framed: weight[" in right.get_xlabel()
    assert figure.get_suptitle().startswith("linear: the gradient of weight is wrong")


def test_on_a_kink_a_flat_line_is_no_wrong_gradient() -> None:
    (axes,) = report(verdict="kink", curve=np.full_like(STEPS, 0.5)).plot().axes
    assert axes.get_title(loc="left") == "flat: right on a kink there is no derivative to compare with"


def test_without_a_curve_there_is_the_map_and_without_anything_a_word() -> None:
    assert "in weight" in report(failure(*gradients(3))).plot().axes[0].get_title(loc="left")
    figure = report(failure(1.0, 2.0, gradients=None)).plot()
    assert figure.axes == []
    assert "nothing to draw" in figure.texts[-1].get_text()


@pytest.mark.parametrize("shape", [(), (1,), (100,), (3, 4), (9, 5, 5), (6, 3, 5, 5), (2, 2, 2, 3, 3), (600, 700)])
def test_arrays_of_any_shape_are_drawn_and_written(shape: tuple[int, ...], tmp_path: Path) -> None:
    figure = report(failure(*gradients(*shape)), curve=V + 0.5).plot()
    write(figure, tmp_path / "report.png", dpi=40)
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")


def test_a_curve_with_holes_and_zeros_is_drawn(tmp_path: Path) -> None:
    errors = V.copy()
    errors[::2], errors[1] = 0, np.inf
    write(report(verdict="pass", curve=errors).plot(), tmp_path / "holes.png", dpi=40)


def test_titles_stay_inside_the_picture() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    single = curve_of(lambda x: np.tanh(x.astype(np.float32)).astype(float), x, lambda v: v * (1 - np.tanh(x) ** 2))
    for curve in (V, V + 0.5, single):
        figure = report(failure(*gradients(64, 8)), curve=curve).plot()
        figure.draw_without_rendering()
        for axes in figure.axes[:2]:
            box = axes.title.get_window_extent()
            assert box.x1 <= figure.bbox.x1


# Tiles ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), max_size=5), st.randoms(use_true_random=False))
def test_every_entry_is_in_the_plane_once_and_the_marked_one_is_found(shape: list[int], random: Any) -> None:
    array = np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)
    index = tuple(random.randrange(n) for n in shape)
    plane = tiled(array, index)
    np.testing.assert_array_equal(np.sort(plane.values[~np.isnan(plane.values)]), array.ravel())
    assert plane.worst is not None
    assert plane.values[plane.worst] == array[index]


@pytest.mark.parametrize("shape", [(5000,), (3000, 2000), (1, 4000), (700, 600, 3, 3), (200000,)])
def test_large_arrays_are_shown_by_the_largest_of_each_block(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape)
    index = tuple(n - 1 for n in shape)
    array[index] = 7
    plane = tiled(array, index)
    assert max(plane.values.shape) <= MOST
    assert plane.worst is not None
    assert plane.values[plane.worst] == 7


def test_tiles_of_a_kernel_are_its_kernels() -> None:
    w = np.random.default_rng(0).standard_normal((4, 3, 2, 5))
    values = tiled(w).values
    np.testing.assert_array_equal(values[3 * 2: 3 * 2 + 2, 6:11], w[2, 1])
    assert np.isnan(values[2]).all()
    assert np.isnan(values[:, 5]).all()
