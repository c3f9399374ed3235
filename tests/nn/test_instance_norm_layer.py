"""Instance norm's layer: images one by one, and the running statistics that it keeps if asked to."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import nn

# Two examples of one channel: means 1 and 6, unbiased variances 2 and 8, on average 3.5 and 5.
BATCH = [[[0.0, 2.0]], [[4.0, 8.0]]]


def test_each_example_is_normalised_by_itself(device):
    y = nn.InstanceNorm1d(1)(tinycnn.tensor(BATCH, device=device))
    np.testing.assert_allclose(y.cpu().numpy(), [[[-1, 1]], [[-1, 1]]], rtol=1e-4)


def test_one_image_without_a_batch():
    x = tinycnn.randn(2, 3, 3)
    norm = nn.InstanceNorm2d(2, affine=True)
    assert norm(x).allclose(norm(x.unsqueeze(0))[0])


def test_running_statistics_are_the_mean_over_the_examples(device):
    norm = nn.InstanceNorm1d(1, track_running_stats=True, momentum=0.1, dtype="float64", device=device)
    x = tinycnn.tensor(BATCH, dtype="float64", device=device)
    for _ in range(2):
        norm(x)
    assert norm.running_mean.item() == pytest.approx(0.9 * 0.35 + 0.35)
    assert norm.running_var.item() == pytest.approx(0.9 * (0.9 + 0.5) + 0.5)
    assert norm.num_batches_tracked.item() == 0  # PyTorch never counts here


def test_evaluation_uses_running_statistics_where_there_are_any():
    x = tinycnn.tensor(BATCH)
    plain, tracking = nn.InstanceNorm1d(1).eval(), nn.InstanceNorm1d(1, eps=0.0, track_running_stats=True).eval()
    assert plain(x).allclose(nn.InstanceNorm1d(1)(x))
    assert tracking(x).equal(x)  # mean 0 and variance 1, as at the start
    assert tracking.running_mean.item() == 0


def test_other_channels_than_announced_are_let_pass_with_a_warning_where_nothing_is_learnt():
    with pytest.warns(UserWarning, match=r"expected input's size at dim=1 to match num_features \(3\), but got: 2"):
        y = nn.InstanceNorm2d(3)(tinycnn.randn(1, 2, 4, 4))
    assert y.shape == (1, 2, 4, 4)
