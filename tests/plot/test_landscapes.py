r"""Landscapes of the loss are drawn at one scale, as surfaces and as maps; what overflowed is as high as the rest."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from tinycnn import plot
from tinycnn.errors import ShapeError
from tinycnn.train import Landscape


def bowl(depth: float) -> Landscape:
    steps = np.linspace(-1, 1, 7)
    return Landscape(steps, steps, steps[:, None] ** 2 + 2 * steps[None, :] ** 2 - depth)


def drawn(figure: Any) -> Any:
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def test_each_has_a_surface_and_below_it_a_map_with_the_place_that_was_found() -> None:
    figure = drawn(plot.landscapes({"plain": bowl(0.0), "residual": bowl(1.0)}, "Two bowls"))
    surfaces, maps = figure.axes[::2], figure.axes[1::2]
    assert [axes.get_title(loc="left") for axes in surfaces] == [
        "plain\nloss at ★: 0.000 nats", "residual\nloss at ★: -1.000 nats",
    ]
    for axes in maps:
        assert [line.get_xydata().tolist() for line in axes.lines] == [[[0.0, 0.0]]]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("α", "β")
    assert surfaces[0].get_zlim() == surfaces[1].get_zlim()
    assert figure._suptitle.get_text() == "Two bowls"


def test_what_is_higher_is_cut_off_and_what_overflowed_too() -> None:
    one = bowl(0.0)
    one.losses[0, 0], one.losses[0, 1] = np.inf, np.nan
    figure = drawn(plot.landscapes({"overflows": one}, highest=2.0))
    assert (top := figure.axes[0].get_zlim()[1]) == pytest.approx(2.0, abs=0.3)
    assert figure._supxlabel.get_text().endswith(f"cut off at a loss of {top:g}")
    assert "cut off" not in drawn(plot.landscapes({"whole": bowl(0.0)}))._supxlabel.get_text()


def test_titles_and_notes_do_not_touch() -> None:
    figure = drawn(plot.landscapes({"without shortcuts": bowl(0.0), "with shortcuts": bowl(1.0)}))
    texts = [figure._suptitle, figure._supxlabel, *(axes._left_title for axes in figure.axes[::2])]
    boxes = [text.get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("highest", [None, 0.5])
def test_the_note_is_as_wide_as_the_figure(highest: float | None) -> None:
    for count in (1, 2):
        figure = drawn(plot.landscapes({str(number): bowl(0.0) for number in range(count)}, highest=highest))
        note = figure._supxlabel.get_window_extent()
        assert (figure.bbox.x0 <= note.x0, note.x1 <= figure.bbox.x1, note.y0 >= 0) == (True, True, True)
        assert not any(note.overlaps(axes.get_tightbbox()) for axes in figure.axes)


def test_a_flat_landscape_can_be_drawn() -> None:
    steps = np.linspace(-1, 1, 3)
    drawn(plot.landscapes({"flat": Landscape(steps, steps, np.ones((3, 3)))}))


def test_without_points_there_is_nothing_to_draw() -> None:
    one_point = Landscape(np.zeros(1), np.zeros(1), np.ones((1, 1)))
    nowhere = bowl(0.0)._replace(losses=np.full((7, 7), np.nan))
    for named in ({}, {"a point": one_point}, {"overflows": nowhere}):
        with pytest.raises(ShapeError, match="2 × 2 points"):
            plot.landscapes(named)
