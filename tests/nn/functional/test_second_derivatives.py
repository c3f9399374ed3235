"""The Hessian-vector product of a small network, against differences of its gradient."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

rng = np.random.default_rng(5)
X, W = rng.standard_normal((3, 2, 5, 5)), rng.standard_normal((4, 2, 3, 3))
GAMMA, BETA = rng.uniform(0.5, 2, 4), rng.standard_normal(4)
LABELS = rng.integers(0, 4, (3, 3, 3))


def network(device, **options):
    """conv → batch norm → ReLU → cross-entropy, one label a pixel."""
    labels = tinycnn.tensor(LABELS, device=device)

    def loss(x, w, gamma, beta):
        y = F.batch_norm(F.conv2d(x, w, **options), None, None, gamma, beta, training=True)
        return F.cross_entropy(F.relu(y), labels)

    return loss


@pytest.mark.parametrize("options", [{}, {"stride": 2, "padding": 1}], ids=str)
def test_gradient_and_hessian_vector_product(options, device):
    assert_slopes(network(device, **options), X, W, GAMMA, BETA, device=device, step=1e-6)


def test_with_pooling_and_a_linear_layer(device):
    weight = rng.standard_normal((3, 4))
    labels = tinycnn.tensor([0, 2, 1], device=device)

    def loss(x, w, gamma, beta, weight):
        y = F.max_pool2d(F.gelu(F.layer_norm(F.conv2d(x, w), (3, 3))), 2, 1, 1)
        y = F.batch_norm(y, None, None, gamma, beta, training=True)
        y = F.adaptive_avg_pool2d(F.avg_pool2d(y, 2, 2, 1, True, False), 1).flatten(1)
        return F.cross_entropy(F.linear(F.silu(y), weight), labels, label_smoothing=0.1)

    assert_slopes(loss, X, W, GAMMA, BETA, weight, device=device, step=1e-6)


def test_the_whole_hessian_is_symmetric():
    loss = network("cpu")
    w = tinycnn.tensor(W[:, :, :1, :1], requires_grad=True)
    x, gamma, beta = (tinycnn.tensor(a) for a in (X[:, :, :3, :3], GAMMA, BETA))
    (gradient,) = tinycnn.autograd.grad(loss(x, w, gamma, beta), w, create_graph=True)
    rows = [
        host(tinycnn.autograd.grad(entry, w, retain_graph=True)[0]).ravel() for entry in gradient.reshape(-1)
    ]
    np.testing.assert_allclose(rows, np.transpose(rows), atol=1e-12)
    assert np.abs(rows).max() > 0.01
