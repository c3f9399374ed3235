r"""The cubes of normalization layers colour what a layer averages over, found here by changing one entry at a time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn as torch
from tests.plot.legibility import check
from tinycnn import nn, plot
from tinycnn.errors import ArgumentError, ShapeError


def texts(picture: plot.SVG) -> list[str]:
    return [text for text in picture.strings if text not in ("C", "H·W", "N")][1:]


def coloured(picture: plot.SVG) -> dict[tuple[int, ...], bool]:
    r"""Of the visible cells, which count, as their tips say it."""
    cells = re.findall(r"example (\d+), channel (\d+), pixel (\d+), (\d+): (counts|does not)", str(picture))
    return {tuple(map(int, place)): word == "counts" for *place, word in cells}


def moved(layer: nn.Module, size: tuple[int, ...]) -> Any:
    r"""Where a change of the input changes the output of example 0, last channel, first pixel."""
    x = np.random.default_rng(5).normal(size=size)
    layer = layer.to(torch.float64)
    before = layer(torch.tensor(x)).numpy(force=True)[0, -1, 0, 0]
    seen = np.zeros(size, dtype=bool)
    for place in np.ndindex(*size):
        changed = x.copy()
        changed[place] += 1
        seen[place] = layer(torch.tensor(changed)).numpy(force=True)[0, -1, 0, 0] != before
    return seen


def test_the_four_of_the_lecture() -> None:
    picture = plot.normalization_axes()
    check(picture)
    assert texts(picture) == [
        "batch norm", "over N, H, W", "24 entries", "layer norm", "over C, H, W", "36 entries",
        "instance norm", "over H, W", "6 entries", "group norm, 2 groups", "over C/2, H, W", "18 entries",
    ]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["batch", "layer", "instance", "group", "pixel"]), st.integers(1, 3), st.integers(1, 3),
       st.integers(1, 2), st.integers(2, 3))
def test_blue_is_what_moves_the_orange_one(kind: str, n: int, c: int, h: int, w: int) -> None:
    size = (n, 2 * c, h, w)
    layer = {
        "batch": nn.BatchNorm2d(2 * c), "layer": nn.LayerNorm((2 * c, h, w)), "instance": nn.InstanceNorm2d(2 * c),
        "group": nn.GroupNorm(2, 2 * c), "pixel": nn.LayerNorm2d(2 * c),
    }[kind]
    picture = plot.normalization_axes({kind: layer}, size)
    expected = moved(layer, size)
    assert coloured(picture)
    assert all(expected[place] == counts for place, counts in coloured(picture).items())
    assert texts(picture)[2].split()[0] == str(expected.sum())


def test_in_evaluation_batch_norm_looks_at_nothing_else() -> None:
    both = {"training": nn.BatchNorm2d(6), "evaluation": nn.BatchNorm2d(6).eval()}
    assert texts(plot.normalization_axes(both)) == [
        "training", "over N, H, W", "24 entries", "evaluation", "over nothing", "1 entry",
    ]


def test_any_layer_is_measured() -> None:
    lrn = plot.normalization_axes({"LRN": nn.LocalResponseNorm(5)}, (1, 7, 2, 2))
    assert texts(lrn) == ["LRN", "over 3 of 7 C", "3 entries"]  # there are no neighbours to the right
    without = nn.BatchNorm2d(6)
    nn.init.zeros_(without.get_parameter("weight"))
    assert texts(plot.normalization_axes({"γ = 0": without}))[1:] == ["over nothing", "1 entry"]


def test_the_layer_is_left_as_it_was() -> None:
    layer = nn.BatchNorm2d(6)
    torch.manual_seed(1)
    plot.normalization_axes({"batch": layer})
    drawn = torch.randn(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.randn(3))
    assert layer.training
    assert layer.running_mean is not None
    assert layer.running_mean.tolist() == [0.0] * 6
    assert [p.grad for p in layer.parameters()] == [None, None]
    with torch.no_grad():
        assert texts(plot.normalization_axes({"batch": layer}))[2] == "24 entries"


def test_a_title_takes_the_place_of_the_usual_one() -> None:
    assert plot.normalization_axes(title="Four norms").strings[0] == "Four norms"


def test_channels_that_cannot_be_halved() -> None:
    assert texts(plot.normalization_axes(input_size=(2, 9, 1, 2)))[9:] == [
        "group norm, 3 groups", "over C/3, W", "6 entries",
    ]
    assert texts(plot.normalization_axes(input_size=(2, 11, 1, 2)))[9:] == [
        "group norm, 11 groups", "over W", "2 entries",
    ]


def test_what_has_no_cube() -> None:
    with pytest.raises(ShapeError, match=r"must be N C H W, all at least 1, but it is \(4, 6\)"):
        plot.normalization_axes(input_size=(4, 6))
    with pytest.raises(ShapeError, match=r"keep the shape(.|\n)*output.*\(4, 6, 1, 2\)"):
        plot.normalization_axes({"pool": nn.MaxPool2d(2, 1)})
    with pytest.raises(ArgumentError, match="layers by their names"):
        plot.normalization_axes([nn.BatchNorm2d(6)])  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(ArgumentError, match="layers by their names"):
        plot.normalization_axes({})
    with pytest.raises(ArgumentError, match="a layer is a Module, not"):
        plot.normalization_axes({"batch": nn.BatchNorm2d})  # type: ignore[dict-item]  # that is the mistake
