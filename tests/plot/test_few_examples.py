r"""Curves against the number of examples, and pictures of images that are fetched only if they are shown."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from tinycnn import plot
from tinycnn.data import Dataset
from tinycnn.errors import ShapeError


def test_curves_have_their_points_and_bands_of_a_standard_error() -> None:
    scratch, head = [(1, 0.5, 0.02), (10, 0.8, 0.01)], [(1, 0.6, math.nan), (10, 0.9, 0.0)]
    figure = plot.few_examples({"after 15 steps": {"scratch": scratch, "head": head}})
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["scratch", "head"]
    assert np.asarray(axes.lines[0].get_xydata()) == pytest.approx(np.array([[1, 50], [10, 80]]))
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((48, 81))
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "10"]
    figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_panels_stand_side_by_side_at_one_scale() -> None:
    figure = plot.few_examples({"few steps": {"scratch": [(1, 0.2, 0.1)]}, "many": {"scratch": [(1, 0.9, 0.1)]}})
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert right.get_title(loc="left") == "many: test accuracy in %"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["scratch"]


def test_without_points_there_is_nothing_to_draw() -> None:
    for panels in ({}, {"after 15 steps": {}}, {"after 15 steps": {"scratch": []}}):
        with pytest.raises(ShapeError, match="needs a point"):
            plot.few_examples(panels)


class Fetched(Dataset[np.ndarray]):
    def __init__(self) -> None:
        self.asked: list[int] = []

    def __len__(self) -> int:
        return 50

    def __getitem__(self, index: int) -> np.ndarray:
        self.asked.append(index)
        return np.full((3, 4, 4), index / 50)


def test_of_a_dataset_only_the_mistakes_are_fetched() -> None:
    images, chances = Fetched(), np.tile([0.9, 0.1], (50, 1))
    targets = np.zeros(50, dtype=int)
    targets[[7, 30]] = 1
    figure = plot.mistakes(images, targets, chances, tested="validation images")
    assert sorted(images.asked) == [7, 30]
    assert figure._suptitle is not None
    assert figure._suptitle.get_text() == "2 of 50 validation images are classified wrongly"
    with pytest.raises(ShapeError, match=r"\(50, 'C', 'H', 'W'\)"):
        plot.mistakes(images, targets[:40], chances)


def test_long_names_of_classes_do_not_cover_the_image() -> None:
    names = ["white-tailed deer", "a name beyond all measure"]
    figure = plot.mistakes(np.zeros((1, 1, 4, 4)), [0], [[0.2, 0.8]], names)
    picture, bars = figure.axes
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    labels = [label.get_window_extent() for label in bars.get_yticklabels()]
    assert min(extent.x0 for extent in labels) > picture.get_window_extent().x1
    assert bars.get_title(loc="left") == "taken for a name beyond all m…"


def test_curves_say_what_judged_and_which_epoch_is_kept() -> None:
    from tinycnn.train import EpochRecord

    record = EpochRecord(1, 0.9, 0.7, 0.5, 0.85, 0.4)
    figure = plot.curves([record, record._replace(epoch=2)], tested="validation images", kept=2)
    assert figure.axes[1].get_legend_handles_labels()[1][1] == "validation images: 85.00 %"
    assert figure._suptitle is not None
    assert figure._suptitle.get_text() == "How the training went; epoch 2 is kept"
    assert [list(axes.lines[-1].get_xdata()) for axes in figure.axes] == [[2, 2], [2, 2]]  # the mark, in both panels


@pytest.mark.parametrize("title", ["Digits 5–9 from few examples, and after having learnt 0–4", "x" * 90, "short"])
def test_no_title_is_cut_off(title: str) -> None:
    for figure in (
        plot.few_examples({"after 15 steps": {"scratch": [(1, 0.5, 0.02)]}}, title),
        plot.confusion_matrix([[5, 1], [2, 7]], ["fox", "deer"], title),
    ):
        figure.draw_without_rendering()
        assert figure._suptitle is not None
        written = figure._suptitle.get_window_extent()
        assert written.x0 >= 0
        assert written.x1 <= figure.bbox.width
        assert written.y0 >= figure.axes[0].bbox.y1  # above the axes
        assert figure._suptitle.get_text().split() == title.split()
