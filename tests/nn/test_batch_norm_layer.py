"""Batch norm's memory: running statistics, their momentum, and what evaluation makes of them."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import nn

# Of one channel each: means 1, 6, 1 and unbiased variances 2, 8, 0.
BATCHES = [[0.0, 2.0], [4.0, 8.0], [1.0, 1.0]]


def after(norm, batches=BATCHES, device="cpu"):
    for batch in batches:
        norm(tinycnn.tensor(batch, dtype="float64", device=device).reshape(2, 1))
    return norm.running_mean.item(), norm.running_var.item(), norm.num_batches_tracked.item()


@pytest.mark.parametrize(
    ("momentum", "mean", "var"),
    [
        (0.1, 0.1 * (0.81 + 0.9 * 6 + 1), 0.9**3 + 0.1 * (0.81 * 2 + 0.9 * 8)),  # the last counts most
        (1.0, 1.0, 0.0),  # only the last counts
        (0.0, 0.0, 1.0),  # none counts
        (None, 8 / 3, 10 / 3),  # all count the same
    ],
)
def test_running_statistics(momentum, mean, var, device):
    norm = nn.BatchNorm1d(1, momentum=momentum, dtype="float64", device=device)
    assert after(norm, device=device) == pytest.approx((mean, var, 3), abs=1e-12)


def test_evaluation_uses_the_running_statistics_and_leaves_them_alone():
    norm = nn.BatchNorm1d(1, eps=1e-12, momentum=None, dtype="float64")
    after(norm)
    norm.eval()
    y = norm(tinycnn.tensor([[8 / 3], [8 / 3 + (10 / 3) ** 0.5]], dtype="float64"))
    np.testing.assert_allclose(y.detach().numpy(), [[0.0], [1.0]], atol=1e-12)
    assert after(norm) == pytest.approx((8 / 3, 10 / 3, 3))


def test_training_uses_the_batch_alone():
    norm = nn.BatchNorm2d(2, eps=1e-12, dtype="float64")
    norm.running_mean.fill_(100)
    y = norm(tinycnn.arange(16.0, dtype="float64").reshape(2, 2, 2, 2)).detach().numpy()
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1)


def test_without_running_statistics_evaluation_uses_the_batch():
    norm = nn.BatchNorm1d(1, eps=1e-12, track_running_stats=False).eval()
    assert (norm.running_mean, norm.running_var, norm.num_batches_tracked) == (None, None, None)
    assert norm(tinycnn.tensor([[0.0], [2.0]])).tolist() == [[-1.0], [1.0]]


def test_tracking_can_be_switched_off_later():
    norm = nn.BatchNorm1d(1, dtype="float64")
    norm.track_running_stats = False
    assert after(norm) == (0.0, 1.0, 0)  # training neither reads nor writes the buffers
    assert norm.eval()(tinycnn.tensor([[3.0]], dtype="float64")).item() == pytest.approx(3 / (1 + 1e-5) ** 0.5)


def test_gamma_and_beta_stretch_and_shift():
    norm = nn.BatchNorm1d(1, eps=1e-12)
    with tinycnn.no_grad():
        norm.weight.fill_(3.0)
        norm.bias.fill_(10.0)
    assert norm(tinycnn.tensor([[0.0], [2.0]])).tolist() == [[7.0], [13.0]]


def test_reset_forgets():
    norm = nn.BatchNorm1d(1, dtype="float64")
    after(norm)
    with tinycnn.no_grad():
        norm.weight.fill_(3.0)
    norm.reset_running_stats()
    assert after(norm, []) == (0.0, 1.0, 0)
    assert norm.weight.item() == 3.0
    norm.reset_parameters()
    assert (norm.weight.item(), norm.bias.item()) == (1.0, 0.0)


def test_statistics_travel_with_the_state():
    norm, other = nn.BatchNorm1d(1, momentum=None, dtype="float64"), nn.BatchNorm1d(1, momentum=None, dtype="float64")
    after(norm, BATCHES[:2])
    other.load_state_dict(norm.state_dict())
    assert after(other, BATCHES[2:]) == pytest.approx((8 / 3, 10 / 3, 3))  # it goes on where the first one stood
    assert after(norm, []) == pytest.approx((7 / 2, 5, 2))  # which did not notice


def test_running_statistics_are_no_part_of_the_graph():
    norm = nn.BatchNorm1d(2)
    norm(tinycnn.rand(4, 2, requires_grad=True)).sum().backward()
    assert not norm.running_mean.requires_grad
    assert norm.running_mean.grad_fn is None


def test_an_empty_batch_comes_back_empty_and_teaches_nothing():
    norm = nn.BatchNorm2d(3)
    assert norm(tinycnn.zeros(0, 3, 2, 2)).shape == (0, 3, 2, 2)
    assert norm.running_var.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.BatchNorm2d(3), (2, 3), "BatchNorm2d: expected 4D input (got 2D input)"),
        (nn.BatchNorm2d(3), (3, 4, 4), "BatchNorm2d: expected 4D input (got 3D input)"),
        (nn.BatchNorm2d(3), (3, 4, 4), "hint      x.unsqueeze(0) puts the missing dimension in front"),
        (nn.BatchNorm2d(3), (2, 3), "hint      BatchNorm2d is for images, BatchNorm1d for what is flattened"),
        (nn.BatchNorm1d(3), (2, 3, 4, 4), "BatchNorm1d: expected 2D or 3D input (got 4D input)"),
        (nn.BatchNorm2d(3), (2, 4, 2, 2), "running_mean should contain 4 elements"),
        (nn.BatchNorm1d(3), (1, 3), "expected more than 1 value per channel when training"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the message is looked at below, without regex escapes
        layer(tinycnn.ones(shape))
    assert message in str(caught.value)
    assert str(tuple(shape)) in str(caught.value)
