r"""Comparisons of networks show their measures: parameters, multiply-adds, activations."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest

from tinycnn import nn, plot
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.tables import measure


def narrow_and_wide() -> dict[str, nn.Module]:
    return {
        name: nn.Sequential(nn.Conv2d(3, n, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36 * n, 10))
        for name, n in (("narrow", 8), ("wide", 16))
    }


def test_each_network_has_a_bar_for_each_cost() -> None:
    figure = plot.comparison(narrow_and_wide(), (1, 3, 8, 8))
    widths = [[patch.get_width() for patch in axes.patches] for axes in figure.axes]  # type: ignore[attr-defined]  # of bars
    parameters, mult_adds, activations = np.array(widths)
    assert parameters * 1e6 == pytest.approx([8 * 27 + 8 + 2880 + 10, 16 * 27 + 16 + 5760 + 10])
    assert mult_adds * 1e9 == pytest.approx([36 * 8 * 27 + 2880, 36 * 16 * 27 + 5760])
    assert activations * 1e6 == pytest.approx([4 * (288 + 10), 4 * (576 + 10)])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["narrow", "wide"]
    figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_layer_by_layer_the_columns_have_one_scale() -> None:
    figure = plot.comparison(narrow_and_wide(), (1, 3, 8, 8), layers=True)
    upper_left, upper_right = figure.axes[:2]
    assert upper_left.get_ylim() == upper_right.get_ylim()
    heights = [patch.get_height() * 1e6 for patch in upper_right.patches]  # type: ignore[attr-defined]  # of bars
    assert heights == pytest.approx([16 * 27 + 16, 5760 + 10])
    lower_right = figure.axes[5]
    megabytes = [patch.get_height() for patch in lower_right.patches]  # type: ignore[attr-defined]  # of bars
    assert megabytes == pytest.approx([4e-6 * 576, 4e-6 * 10])
    assert [label.get_text() for label in figure.axes[4].get_xticklabels()] == ["conv1", "fc2"]
    assert upper_right.get_title(loc="left") == "wide: 0.00622 M"
    figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_measures_and_names_are_taken_too() -> None:
    by_hand = plot.comparison({"a": measure(narrow_and_wide()["narrow"], (1, 3, 8, 8))})
    assert len(by_hand.axes[0].patches) == 1
    named = plot.comparison(["resnet_digits"], (1, 1, 8, 8))
    assert named.axes[0].get_yticklabels()[0].get_text() == "resnet_digits"


def test_one_name_is_one_network() -> None:
    (label,) = plot.comparison("resnet_digits", (1, 1, 8, 8)).axes[0].get_yticklabels()
    assert label.get_text() == "resnet_digits"


def test_what_cannot_be_compared() -> None:
    with pytest.raises(ConfigError, match="needs a name"):
        plot.comparison([nn.Linear(2, 2)])  # type: ignore[list-item]  # that is the mistake
    with pytest.raises(ShapeError, match="no model to compare"):
        plot.comparison([])
    with pytest.raises(ConfigError, match="did you mean"):
        plot.comparison(["resnet_digit"], (1, 1, 8, 8))


def test_every_bar_of_a_layer_has_its_number_where_there_is_room() -> None:
    figure = plot.comparison({"net": nn.Sequential(nn.Linear(1000, 1000), nn.Linear(1000, 2))}, (1, 1000), layers=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["1", "0.002"]
    deep = nn.Sequential(*(nn.Linear(2, 2) for _ in range(300)))
    assert not plot.comparison({"deep": deep}, (1, 2), layers=True).axes[0].texts


@pytest.mark.parametrize("dpi", [60, 150])
def test_numbers_on_bars_do_not_touch(dpi: int) -> None:
    deep = nn.Sequential(*(nn.Linear(32 + n, 33 + n) for n in range(60)))
    figure = plot.comparison({"deep": deep, "shallow": deep[:8]}, (1, 32), layers=True)
    figure.savefig(io.BytesIO(), format="png", dpi=dpi)
    for axes in figure.axes:
        boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: float(box.x0))
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
