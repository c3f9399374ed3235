r"""Bars of logits, probabilities and distributions are as long as the numbers, whatever the numbers and the names."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

import tinycnn as torch
from tinycnn import plot
from tinycnn.errors import FormatError, ShapeError
from tinycnn.nn import functional as F


def lengths(axes: Axes) -> list[float]:
    return [patch.get_width() for patch in axes.patches]  # type: ignore[attr-defined]  # bars are rectangles


def legible(figure: Figure) -> None:
    r"""Every number stands inside its panel, clear of the others."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        for i, box in enumerate(boxes):
            assert axes.bbox.x0 - 1 <= box.x0
            assert box.x1 <= axes.bbox.x1 + 1
            assert not any(box.overlaps(other) for other in boxes[:i])


@pytest.mark.parametrize("given", [[2.0, 1.0, -1.0], [[2.0, 1.0, -1.0]], torch.tensor([2.0, 1.0, -1.0])])
def test_logits_stand_left_and_their_softmax_right(given: object) -> None:
    figure = plot.softmax(given, ["fox", "deer", "boar"])
    left, right = figure.axes
    assert lengths(left) == [2, 1, -1]
    assert lengths(right) == pytest.approx(F.softmax(torch.tensor([2.0, 1.0, -1.0], dtype=torch.float64), 0).tolist())
    assert [tick.get_text() for tick in left.get_yticklabels()] == ["fox", "deer", "boar"]
    assert [text.get_text() for text in left.texts] == ["2", "1", "−1"]
    legible(figure)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-999, 999), min_size=1, max_size=40))
def test_any_logits_can_be_read(logits: list[float]) -> None:
    figure = plot.softmax(logits)
    assert sum(lengths(figure.axes[1])) == pytest.approx(1)
    legible(figure)


def test_long_names_leave_room_for_the_bars() -> None:
    legible(plot.softmax([100, -100], ["the largest of all animals that live on land", "deer"]))


def test_small_logits_look_small_and_probabilities_are_parts_of_a_whole() -> None:
    scales = [[axes.get_xlim() for axes in plot.softmax(z).axes] for z in ([0.1, -0.1], [3.9, -3.9])]
    assert scales[0] == scales[1]


def test_the_lectures_prediction_has_a_cross_entropy_of_0_266() -> None:
    figure = plot.distributions([0, 1, 0], [0.1, 0.7664, 0.1336], ["fox", "deer", "boar"])
    left, right = figure.axes
    assert (lengths(left), lengths(right)) == ([0, 1, 0], [0.1, 0.7664, 0.1336])
    assert figure.get_suptitle() == "Cross-entropy: 0.266 nats"
    assert figure.get_supxlabel() == "cross-entropy 0.266 = entropy of p 0.000 + divergence of q from p 0.266"
    legible(figure)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=12))
def test_cross_entropy_is_entropy_and_divergence(weights: list[tuple[int, int]]) -> None:
    p, q = np.maximum(weights, 1e-9).T
    p, q = p / p.sum(), q / q.sum()
    divergence = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    label = plot.distributions(p, q).get_supxlabel()
    assert float(label.rsplit(" ", 1)[1]) == pytest.approx(divergence, abs=6e-4)


def test_what_was_said_to_be_impossible_costs_infinitely_much() -> None:
    figure = plot.distributions([0.5, 0.5], [1, 0], title="a $ure mistake")
    assert figure.get_supxlabel() == "cross-entropy ∞ = entropy of p 0.693 + divergence of q from p ∞"
    legible(figure)


def test_a_notebook_is_handed_the_picture_by_the_figure_itself() -> None:
    figure = plot.softmax([1, 2])
    shown = Image.open(io.BytesIO(vars(figure)["_repr_png_"]()))
    assert (shown.format, shown.size) == ("PNG", (round(figure.bbox.width), round(figure.bbox.height)))


def test_a_batch_a_crowd_or_a_wrong_number_of_names_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"(?s)softmax: one example.*logits.*\(2, 3\)"):
        plot.softmax(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="topk"):
        plot.distributions(np.full(1000, 1e-3), np.full(1000, 1e-3))
    with pytest.raises(ShapeError, match="2 names for 3 classes"):
        plot.softmax([1, 2, 3], ["a", "b"])
    with pytest.raises(FormatError, match="finite"):
        plot.softmax([1, math.inf])
    with pytest.raises(FormatError, match="sum to 1"):
        plot.distributions([1, 0], [0.5, 0.6])
    with pytest.raises(ShapeError, match="same shape"):
        plot.distributions([1, 0], [1, 0, 0])
