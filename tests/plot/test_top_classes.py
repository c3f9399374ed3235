r"""The picture of a prediction: the photograph, the names, the bars."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tinycnn.errors import ShapeError
from tinycnn.plot.prediction import top_classes


def test_the_photograph_and_a_bar_for_each_class() -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 60, 3), dtype=np.uint8))
    figure = top_classes(photo, ["tabby", "a name of more than forty-four letters, which is too long"], [0.7, 0.2], "x")
    left, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), np.asarray(photo))
    lengths = sorted(patch.get_width() for patch in right.patches)  # type: ignore[attr-defined]
    assert lengths == [0.2, 0.7, 1, 1]
    words = [text.get_text() for text in right.texts]
    assert words[:2] == ["tabby", "70.0 %"]
    assert words[2].endswith("…")
    assert photo.size == (60, 30)


@pytest.mark.parametrize("size", [(3, 900), (2400, 40), (1, 1)])
@pytest.mark.parametrize("count", [1, 12])
def test_it_can_be_drawn_whatever_the_shape(size: tuple[int, int], count: int) -> None:
    figure = top_classes(Image.new("L", size), ["class"] * count, [1 / count] * count)
    figure.draw_without_rendering()
    assert max(figure.get_size_inches()) < 14


def test_dollars_and_backslashes_are_no_formulas() -> None:
    figure = top_classes(Image.new("L", (4, 4)), [r"$\frac$", "a_$b"], [0.5, 0.5], r"cost$\x$.jpg")
    figure.draw_without_rendering()


def test_names_and_probabilities_must_pair() -> None:
    with pytest.raises(ShapeError, match="2 names for 1 prob"):
        top_classes(Image.new("L", (2, 2)), ["a", "b"], [1.0])
