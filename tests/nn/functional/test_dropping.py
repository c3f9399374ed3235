"""Dropout and stochastic depth: what is dropped together, the expectation, the gradient."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tests.nn.functional.slopes import host
from tinycnn.nn import functional as F


def test_dropout_keeps_the_expectation(device):
    tinycnn.manual_seed(0)
    y = host(F.dropout(tinycnn.ones(200, 200, device=device), 0.25))
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.02
    assert abs((y == 0).mean() - 0.25) < 0.02


def test_the_gradient_passes_the_same_mask_also_where_the_input_was_zero(device):
    """The mask is stored: which outputs are 0 does not tell it."""
    tinycnn.manual_seed(0)
    x = tinycnn.zeros(1000, device=device).requires_grad_()
    y = F.dropout(x + 0, 0.5)
    y.sum().backward()
    assert 400 < int((x.grad == 2).sum()) < 600
    tinycnn.manual_seed(0)
    assert host(F.dropout(tinycnn.ones(1000, device=device), 0.5)).tolist() == host(x.grad).tolist()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dropout_of_nothing_and_of_everything(dtype, device):
    x = tinycnn.tensor([1.0, -2.0], dtype=dtype, device=device).requires_grad_()
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.9, training=False) is x
    y = F.dropout(x, 1.0)
    assert (y.dtype, host(y).tolist()) == (dtype, [0, 0])
    y.sum().backward()
    assert host(x.grad).tolist() == [0, 0]


def test_dropout_in_place():
    tinycnn.manual_seed(0)
    x = tinycnn.ones(100, requires_grad=True)
    y = x * 1
    assert F.dropout(y, 0.5, inplace=True) is y
    y.sum().backward()
    assert x.grad.equal(y.detach())


def together(mask):
    """The dimensions, after the first, along which all is kept or all is dropped."""
    return tuple(axis for axis in range(1, mask.ndim) if (mask == mask.take([0], axis)).all())


@pytest.mark.parametrize(("name", "shape", "axes"), [
    ("dropout", (40, 5, 3), ()), ("dropout1d", (40, 5, 3), (2,)), ("dropout1d", (40, 3), (1,)),
    ("dropout2d", (40, 5, 3, 2), (2, 3)),
])
def test_what_is_dropped_together(name, shape, axes, device):
    tinycnn.manual_seed(0)
    y = host(getattr(F, name)(tinycnn.ones(shape, device=device), 0.5))
    assert set(np.unique(y)) == {0, 2}
    assert together(y) == axes


@pytest.mark.parametrize(("shape", "axes"), [((40, 5, 3), (2,)), ((40, 5), ())])
def test_dropout2d_takes_the_second_dimension_for_the_channel_and_warns_of_it(shape, axes):
    tinycnn.manual_seed(0)
    with pytest.warns(UserWarning, match=r"dropout2d: the input is no N C H W but .*say x\.unsqueeze\(0\)"):
        y = F.dropout2d(tinycnn.ones(shape), 0.5).numpy()
    assert together(y) == axes


def test_integers_can_be_dropped_but_not_stretched(device):
    x = tinycnn.tensor([1, 2], device=device)
    assert host(F.dropout(x, 1.0)).tolist() == [0, 0]
    assert F.dropout(x, 0.0) is x
    with pytest.raises(RuntimeError, match="dropout: the input must be floating, but got int64; integers have no x /"):
        F.dropout(x, 0.5)


def test_stochastic_depth_drops_examples_or_the_whole_batch(device):
    tinycnn.manual_seed(0)
    x = tinycnn.ones(200, 2, 3, device=device)
    y = host(F.stochastic_depth(x, 0.2, "row"))
    assert set(np.unique(y)) == {0, np.float32(1.25)}
    assert together(y) == (1, 2)
    assert abs((y == 0).mean() - 0.2) < 0.1
    batches = [host(F.stochastic_depth(x, 0.5, "batch")) for _ in range(40)]
    assert all((batch == batch[0, 0, 0]).all() for batch in batches)
    assert {batch[0, 0, 0] for batch in batches} == {0, 2}


def test_stochastic_depth_of_nothing_and_of_everything(device):
    x = tinycnn.ones(2, 3, device=device).requires_grad_()
    assert F.stochastic_depth(x, 0.0, "row") is x
    assert F.stochastic_depth(x, 0.5, mode="batch", training=False) is x
    y = F.stochastic_depth(x, 1.0, "batch")
    y.sum().backward()
    assert host(y).tolist() == host(x.grad).tolist() == [[0] * 3] * 2


def test_a_dropped_block_gets_no_gradient(device):
    tinycnn.manual_seed(0)
    x = tinycnn.ones(50, 2, device=device).requires_grad_()
    y = F.stochastic_depth(x * 3, 0.5, "row")
    y.sum().backward()
    assert host(x.grad).tolist() == host(y.detach()).tolist()
