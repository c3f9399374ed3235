r"""The picture of ImageNet's winners shows what was published, and says so."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest

from tinycnn import models, nn, plot
from tinycnn.plot.imagenet import ENTRIES


def test_every_winner_has_its_bar_and_a_source() -> None:
    figure = plot.imagenet_years()
    (axes,) = figure.axes
    heights = [patch.get_height() for patch in axes.patches]  # type: ignore[attr-defined]  # of bars
    assert heights == [28.2, 25.8, 16.4, 11.7, 7.3, 6.7, 3.57, 2.99, 2.25, 5.1]
    assert [text.get_text() for text in axes.texts] == [f"{height:g}" for height in heights]
    assert [label.get_text().split("\n")[:2] for label in axes.get_xticklabels()[:-1]] == [
        [entry.name, str(entry.year)] for entry in ENTRIES
    ]
    assert all(entry.source for entry in ENTRIES)
    assert "Published results" in figure._supxlabel.get_text()  # type: ignore[attr-defined]  # a caption has no other name


def test_names_do_not_touch() -> None:
    figure = plot.imagenet_years()
    figure.savefig(io.BytesIO(), format="png", dpi=100)
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


@pytest.mark.parametrize(("name", "builder"), [
    ("AlexNet", models.alexnet_2012), ("VGG", models.vgg19), ("ResNet", models.resnet152),
])
def test_the_depths_are_those_of_the_models(name: str, builder: Any) -> None:
    r"""Layers with weights, the projections of shortcuts apart, as the papers count them."""
    model = nn.utils.skip_init(builder)
    layers = [path for path, part in model.named_modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    depth = {entry.name: entry.layers for entry in ENTRIES}[name]
    assert sum("downsample" not in path for path in layers) == depth
