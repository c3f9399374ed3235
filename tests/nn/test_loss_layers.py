"""Losses as modules: the numbers of PyTorch 2.13, options kept, and PyTorch's old arguments."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinycnn
from tinycnn import nn

X = [[1.0, -0.5, 2.0], [0.25, 0.0, -1.0], [3.0, 1.0, -2.0], [0.0, 0.5, 1.0]]  # logits, or any numbers
LABELS = [2, 0, 1, 2]
ROWS = [[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.25, 0.25, 0.5], [0.0, 0.5, 0.5]]  # distributions, or any targets
P = [[0.1, 0.9, 0.5], [0.0, 1.0, 0.25], [0.7, 0.2, 0.6], [0.3, 0.3, 0.99]]
W = [0.5, 2.0, 1.0]

RECORDED = [
    ("NLLLoss", {}, X, LABELS, [-1.0625]),
    ("NLLLoss", {"weight": W, "reduction": "sum"}, X, LABELS, [-5.125]),
    ("NLLLoss", {"ignore_index": 2}, X, LABELS, [-0.625]),
    ("CrossEntropyLoss", {}, X, LABELS, [0.977483033071]),
    ("CrossEntropyLoss", {"weight": W}, X, LABELS, [1.26225294844]),
    ("CrossEntropyLoss", {"ignore_index": 0, "reduction": "sum"}, X, LABELS, [3.18465393622]),
    (
        "CrossEntropyLoss", {"reduction": "none"}, X, LABELS,
        [0.371539031853, 0.725278196061, 2.13284523373, 0.680269670642],
    ),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, X, LABELS, [1.03998303307]),
    ("CrossEntropyLoss", {"weight": W, "ignore_index": 1, "label_smoothing": 0.2}, X, LABELS, [0.851818073367]),
    ("CrossEntropyLoss", {"weight": W, "label_smoothing": 0.1}, X, ROWS, [1.90874981981]),
    ("BCELoss", {}, P, ROWS, [17.4074237618]),
    ("BCELoss", {"weight": W, "reduction": "sum"}, P, ROWS, [260.93572952]),
    (
        "BCELoss", {"reduction": "none"}, P, ROWS,
        [0.544805431125, 1.64341771979, 0.69314718056, 100.0, 100.0, 0.287682072452, 0.992148339229, 0.569717141594,
         0.71355817782, 0.356674943939, 0.780323874132, 2.30761026092],
    ),
    ("BCEWithLogitsLoss", {}, X, ROWS, [0.930489822758]),
    ("BCEWithLogitsLoss", {"pos_weight": W}, X, ROWS, [0.954007132056]),
    (
        "BCEWithLogitsLoss", {"weight": W, "pos_weight": W, "reduction": "none"}, X, ROWS,
        [0.540967759383, 1.83260015887, 1.12692801104, 0.14398485497, 1.38629436112, 0.313261687518, 1.14625696631,
         2.2831542188, 1.12692801104, 0.34657359028, 1.92223095254, 0.813261687518],
    ),
    ("MSELoss", {}, X, ROWS, [1.643125]),
    ("MSELoss", {"reduction": "sum"}, X, ROWS, [19.7175]),
    ("L1Loss", {}, X, ROWS, [0.945833333333]),
    ("L1Loss", {"reduction": "none"}, X, ROWS, [0.8, 0.8, 1.5, 0.75, 0.0, 1.0, 2.75, 0.75, 2.5, 0.0, 0.0, 0.5]),
]


def tensor(values, device):
    return tinycnn.tensor(values, dtype=None if isinstance(values[0], int) else "float64", device=device)


@pytest.mark.parametrize(("name", "options", "x", "target", "expected"), RECORDED)
def test_the_loss_is_pytorchs(name, options, x, target, expected, device):
    options = {key: tensor(value, device) if isinstance(value, list) else value for key, value in options.items()}
    loss = getattr(nn, name)(**options)(tensor(x, device), tensor(target, device))
    assert loss.ndim == (0 if len(expected) == 1 else np.ndim(target))
    np.testing.assert_allclose(loss.cpu().numpy().ravel(), expected, rtol=1e-11, atol=1e-11)


def test_class_weights_move_with_the_loss(device):
    loss = nn.CrossEntropyLoss(weight=tinycnn.tensor(W)).to(device)
    assert loss(tensor(X, device).float(), tensor(LABELS, device)).item() == pytest.approx(1.26225294844, rel=1e-6)
    assert loss.weight.device.type == device
    assert not list(loss.parameters())


@pytest.mark.parametrize(
    ("size_average", "reduce", "reduction"),
    [(True, None, "mean"), (False, None, "sum"), (None, False, "none"), (False, False, "none"), (False, True, "sum")],
)
def test_the_old_arguments_still_work_and_say_what_took_their_place(size_average, reduce, reduction):
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead"):
        loss = nn.MSELoss(size_average, reduce)
    assert loss.reduction == reduction
    with pytest.warns(UserWarning, match="please use reduction"):
        assert nn.CrossEntropyLoss(None, size_average, -100, reduce).reduction == reduction


def test_arguments_come_in_pytorchs_order():
    weight = tinycnn.ones(3)
    loss = nn.CrossEntropyLoss(weight, None, 5, None, "sum", 0.1)
    assert (loss.weight is weight, loss.ignore_index, loss.reduction, loss.label_smoothing) == (True, 5, "sum", 0.1)
    loss = nn.NLLLoss(weight, None, 5, None, "sum")
    assert (loss.weight is weight, loss.ignore_index, loss.reduction) == (True, 5, "sum")
    loss = nn.BCEWithLogitsLoss(None, None, None, "sum", weight)
    assert (loss.weight, loss.pos_weight is weight, loss.reduction) == (None, True, "sum")
    assert nn.BCELoss(weight, None, None, "none").reduction == "none"


def test_a_network_that_knows_nothing_loses_the_logarithm_of_the_number_of_classes():
    loss = nn.CrossEntropyLoss()(tinycnn.zeros(7, 10), tinycnn.arange(7))
    assert loss.item() == pytest.approx(math.log(10), rel=1e-6)


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="average is not a valid value for reduction"):
        nn.MSELoss(reduction="average")(tinycnn.ones(2), tinycnn.ones(2))


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss, nn.MSELoss, nn.L1Loss, nn.NLLLoss, nn.BCELoss])
def test_a_loss_that_is_given_the_outputs_instead_of_options(loss):
    with pytest.raises(TypeError, match=rf"{loss.__name__}: .*called then: {loss.__name__}\(\)\(output, target\)"):
        loss(tinycnn.tensor(X), tinycnn.tensor(X))
