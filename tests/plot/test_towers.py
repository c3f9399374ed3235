r"""Towers have a stack for each group, and lines where one group sees another: AlexNet's Figure 6."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn as torch
from tests.plot.legibility import check, kinds
from tinycnn import models, nn, plot
from tinycnn.errors import ConfigError


def sizes(picture: plot.SVG) -> list[str]:
    return [text for text in picture.strings if "@" in text]


def test_alexnet_has_two_towers_that_meet_in_conv3_and_in_the_linear_layers() -> None:
    picture = plot.towers(nn.utils.skip_init(models.alexnet_2012), (1, 3, 227, 227))
    check(picture)
    halves = ["48 @ 55×55", "128 @ 27×27", "192 @ 13×13", "192 @ 13×13", "128 @ 13×13"]
    assert sizes(picture) == ["3 @ 227×227", *(half for half in halves for _ in "ab")]
    lines = [arc for arc in picture.arcs if arc.kind == "edge"]
    assert len(lines) == 2 + 2 + 4 + 2 + 2 + 2 + 1 + 1  # to conv1, …, conv5, fc6, fc7, fc8
    assert kinds(picture)["kernel"] == 1 + 2 + 2  # pooling comes between the others
    assert picture.strings[0] == "AlexNet2012"
    assert "LocalResponseNorm" in picture.strings
    assert "flatten to 9216" in picture.strings


def seen(conv: Any, parts_in: int, parts_out: int) -> int:
    r"""How many pairs of parts are connected, from the gradient."""
    x = torch.zeros(1, conv.in_channels, 1, 1, requires_grad=True)
    nn.init.ones_(conv.weight)
    a, b = conv.in_channels // parts_in, conv.out_channels // parts_out
    pairs = 0
    for j in range(parts_out):
        (slope,) = torch.autograd.grad(conv(x)[0, b * j:b * (j + 1)].sum(), x)
        pairs += sum(bool((slope[0, a * i:a * (i + 1)] != 0).any().item()) for i in range(parts_in))
    return pairs


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([2, 3, 4]), st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=3))
def test_lines_lead_where_the_gradient_does(most: int, others: list[int]) -> None:
    groups = [most, *(g for g in others if g <= most)]
    convolutions = [nn.Conv2d(24, 24, 1, groups=g) for g in groups]
    picture = plot.towers(nn.Sequential(*convolutions), (1, 24, 4, 4))
    check(picture)
    stacks = [most if most in groups[n:n + 2] else 1 for n in range(len(groups))]
    expected = sum(map(seen, convolutions, [1, *stacks], stacks))
    assert len([arc for arc in picture.arcs if arc.kind == "edge"]) == expected


def test_a_convolution_before_one_with_groups_is_split_too() -> None:
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 9, 3, groups=3), nn.Conv2d(9, 4, 1))
    picture = plot.towers(net, (1, 3, 9, 9), title="Three")
    check(picture)
    assert sizes(picture) == ["3 @ 9×9", *["2 @ 7×7"] * 3, *["3 @ 5×5"] * 3, "4 @ 5×5"]
    assert picture.strings[0] == "Three"


def test_without_groups_there_is_one_tower() -> None:
    depthwise = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, groups=4))
    for net in (nn.Sequential(nn.Conv2d(3, 4, 3)), depthwise):
        with pytest.raises(ConfigError, match=r"no convolution of Sequential has groups(.|\n)*plot\.chain"):
            plot.towers(net, (1, 3, 9, 9))
