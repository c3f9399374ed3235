r"""The picture of the autograd graph: every op, every leaf, lines that keep clear of boxes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn as torch
from tests.plot.legibility import check, kinds, overlap
from tinycnn import models, plot
from tinycnn.errors import ArgumentError, ConfigError, GraphError
from tinycnn.nn import functional as F
from tinycnn.plot.diagram.drawing import Box


def test_the_graph_has_every_op_and_names_its_leaves() -> None:
    model = models.Net()
    loss = F.cross_entropy(model(torch.ones(2, 3, 32, 32)), torch.tensor([1, 2]))
    picture = plot.graph(loss, model.named_parameters())
    check(picture)
    assert kinds(picture)["leaf"] == len(list(model.parameters())) == 10
    assert {name for name, _ in model.named_parameters()} <= set(picture.strings)
    assert picture.strings.count("Conv2d") == 2
    assert picture.strings.count("Linear") == 3
    assert kinds(picture)["output"] == 1


def test_edges_of_the_graph_run_downwards_and_around_boxes() -> None:
    model = models.resnet20().eval()
    picture = plot.graph(model(torch.ones(1, 3, 32, 32)), dict(model.named_parameters()))
    check(picture)
    for arc in picture.arcs:
        levels = [y for _, y in arc.points]
        assert levels == sorted(levels)
        for (ax, ay), (bx, by) in itertools.pairwise(arc.points):
            if ax == bx:  # an upright piece passes boxes; the others stay in the gap between two rows
                piece = Box(ax, ay, 0, by - ay)
                assert not any(box.x < ax < box.x + box.width and overlap(piece._replace(width=0.02), box)
                               for box in picture.boxes)


def test_shared_tensors_are_one_leaf_and_a_leaf_is_a_graph() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    picture = plot.graph((w * w + w).sum(), {"w": w})
    assert picture.strings.count("w") == 1
    assert len(picture.arcs) == 4  # w to the product and to the sum, the product to the sum, that to its total
    assert plot.graph(w).strings == ["leaf", "2"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=25))
def test_a_graph_of_any_form_is_legible(pairs: list[tuple[int, int]]) -> None:
    made = [torch.ones(2, requires_grad=True)]
    for a, b in pairs:
        made.append(made[a % len(made)] * made[b % len(made)])
    check(plot.graph(torch.stack(made).sum()))


def test_graphs_that_cannot_be_drawn_are_refused_with_the_reason() -> None:
    with pytest.raises(GraphError, match=r"(?s)requires no gradient.*no_grad\(\)"):
        plot.graph(torch.ones(3))
    with pytest.raises(ArgumentError, match="named_parameters"):
        plot.graph(torch.ones(3, requires_grad=True) * 2, params=[1, 2])  # type: ignore[list-item]  # the mistake
    with pytest.raises(ArgumentError, match="that of a Tensor"):
        plot.graph(3)  # type: ignore[arg-type]  # the mistake
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(2000):
        y = y + 1
    with pytest.raises(ConfigError, match="2001 nodes are more"):
        plot.graph(y)
