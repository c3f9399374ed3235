"""Squeeze and excitation against its equations in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn import nn


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def equations(u, state):
    """Equation 4 of the lecture, with biases."""
    w1, b1, w2, b2 = (state[key].cpu().numpy() for key in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"))
    z = u.mean((2, 3))
    s = sigmoid(np.maximum(z @ w1[:, :, 0, 0].T + b1, 0) @ w2[:, :, 0, 0].T + b2)
    return u * s[:, :, None, None]


def test_the_output_is_what_the_equations_say(device):
    block = nn.SqueezeExcitation(6, 2).to(dtype="float64", device=device)
    u = np.random.default_rng(0).standard_normal((3, 6, 4, 5))
    y = block(tinycnn.tensor(u, device=device))
    np.testing.assert_allclose(y.detach().cpu().numpy(), equations(u, block.state_dict()), rtol=1e-12)


def test_gates_lie_between_0_and_1_and_are_the_same_all_over_a_channel():
    y = nn.SqueezeExcitation(5, 3)(tinycnn.ones(2, 5, 3, 3)).detach().numpy()
    assert y.min() > 0
    assert y.max() < 1
    assert (y == y[:, :, :1, :1]).all()


def test_gates_belong_to_their_image_alone():
    block = nn.SqueezeExcitation(4, 2)
    x = tinycnn.rand(2, 4, 3, 3)
    np.testing.assert_allclose(block(x)[:1].detach().numpy(), block(x[:1]).detach().numpy(), rtol=1e-6)


def test_other_activations():
    block = nn.SqueezeExcitation(4, 2, activation=nn.SiLU, scale_activation=nn.Identity).double()
    with tinycnn.no_grad():
        block.fc2.weight.zero_()
        block.fc2.bias.fill_(-2.0)
    assert isinstance(block.activation, nn.SiLU)
    assert block(tinycnn.ones(1, 4, 1, 1, dtype="float64")).tolist() == [[[[-2.0]]] * 4]


def test_gradients_take_both_ways():
    """Through the product and through the gates: the numeric derivative along a random direction agrees."""
    block = nn.SqueezeExcitation(3, 2).double()
    rng = np.random.default_rng(1)
    u, direction, weights = (rng.standard_normal((2, 3, 2, 2)) for _ in range(3))
    x = tinycnn.tensor(u, requires_grad=True)
    (block(x) * tinycnn.tensor(weights)).sum().backward()
    ahead, behind = ((equations(u + h * direction, block.state_dict()) * weights).sum() for h in (1e-6, -1e-6))
    assert (x.grad.numpy() * direction).sum() == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


def test_wrong_channels_are_reported_with_the_layer():
    model = nn.Sequential(nn.SqueezeExcitation(4, 2))
    with pytest.raises(ValueError, match=r"input channels must equal(.|\n)*0\.fc1"):
        model(tinycnn.ones(1, 3, 2, 2))
