r"""Figures of merit, against counts made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn.errors import ShapeError
from tinycnn.nn import functional as F
from tinycnn.train import Tally, accuracy, confusion_matrix

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(pairs)
def test_the_confusion_matrix_counts_pairs(drawn: list[tuple[int, int]]) -> None:
    predicted, targets = (list(column) for column in zip(*drawn, strict=True))
    matrix = confusion_matrix(torch.tensor(predicted), targets, 5)
    assert matrix.tolist() == [[drawn.count((j, i)) for j in range(5)] for i in range(5)]
    assert accuracy(predicted, np.array(targets)) == pytest.approx(np.trace(matrix) / len(drawn))


def test_without_a_number_of_classes_it_is_as_large_as_it_must_be() -> None:
    assert confusion_matrix([0, 1], [0, 3]).shape == (4, 4)


@pytest.mark.parametrize("function", [accuracy, confusion_matrix])
@pytest.mark.parametrize(("predicted", "targets"), [([1, 2], [1]), ([], []), ([[0.2, 0.8]], [1])])
def test_what_is_not_two_vectors_is_refused(function: object, predicted: list[int], targets: list[int]) -> None:
    with pytest.raises(ShapeError, match=r"argmax"):
        function(predicted, targets)  # type: ignore[operator]


def test_the_tally_weighs_images_not_batches(device: str) -> None:
    torch.manual_seed(0)
    logits = torch.randn(7, 3, dtype=torch.float64)
    targets = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    tally = Tally()
    for rows in (slice(0, 5), slice(5, 7)):
        x, t = logits[rows].to(device), targets[rows].to(device)
        batch_loss = tally.add(F.cross_entropy(x, t), x, t)
    assert batch_loss == pytest.approx(F.cross_entropy(logits[5:], targets[5:]).item())
    assert tally.loss == pytest.approx(F.cross_entropy(logits, targets).item(), rel=1e-12)
    assert tally.accuracy == accuracy(logits.argmax(1), targets)
    assert tally.images == 7


def test_an_empty_tally_has_no_figures() -> None:
    assert math.isnan(Tally().loss)
    assert math.isnan(Tally().accuracy)
