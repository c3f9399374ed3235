r"""The loss around a solution: directions do justice to every filter, the grid is where it says, the model is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.errors import ArgumentError, ConfigError
from tinycnn.nn import functional as F
from tinycnn.random import Generator
from tinycnn.train import filter_normalized_direction, loss_landscape


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4)
    )


def cross_entropy(model: nn.Module) -> float:
    images = torch.randn(6, 2, 4, 4, generator=Generator().manual_seed(1))
    return float(F.cross_entropy(model(images), torch.tensor([0, 1, 2, 3, 0, 1])).item())


def test_every_filter_of_a_direction_is_as_long_as_the_models_and_one_axis_parameters_stay() -> None:
    model = small()
    direction = filter_normalized_direction(model, Generator().manual_seed(3))
    for name, parameter in model.named_parameters():
        step = direction[name].numpy()
        if parameter.ndim == 1:
            assert not step.any()
            continue
        for ours, theirs in zip(step, parameter.numpy(force=True), strict=True):
            assert np.linalg.norm(ours) == pytest.approx(np.linalg.norm(theirs), rel=1e-5)
    again = filter_normalized_direction(model, Generator().manual_seed(3))
    assert all((again[name] == direction[name]).all() for name in direction)


def test_a_filter_of_zeros_gets_a_step_of_zeros() -> None:
    layer = nn.Linear(3, 2)
    nn.init.zeros_(layer.weight)
    assert not filter_normalized_direction(layer)["weight"].numpy().any()


def test_the_picture_does_not_change_where_weights_are_scaled_and_normalized_again() -> None:
    """What filter normalization is for: ten times the weights in front of a batch norm make the same network."""
    model, scaled = small(), small()
    with torch.no_grad():
        scaled[0].weight.mul_(10.0)
        scaled[0].bias.mul_(10.0)
    one, other = (
        loss_landscape(net, cross_entropy, points=5, generator=Generator().manual_seed(2)) for net in (model, scaled)
    )
    assert other.losses == pytest.approx(one.losses, rel=1e-3)


def test_rows_are_betas_columns_alphas_and_the_loss_is_that_of_the_moved_weights() -> None:
    layer = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(layer.weight)
    first, second = ({"weight": torch.tensor([step])} for step in ([1.0, 0.0], [0.0, 1.0]))
    seen: list[float] = []
    found = loss_landscape(
        layer, lambda m: m.weight[0, 0] + 10 * m.weight[0, 1], extent=2.0, points=5, directions=(first, second),
        on_point=seen.append,
    )
    assert found.losses == pytest.approx(found.alphas[None, :] + 10 * found.betas[:, None])
    assert (found.alphas[0], found.alphas[-1], found.centre) == (-2.0, 2.0, 0.0)
    assert seen == pytest.approx(found.losses.ravel().tolist())


def test_the_centre_is_the_loss_of_the_model_itself() -> None:
    model = small().eval()
    assert loss_landscape(model, cross_entropy, points=3).centre == pytest.approx(cross_entropy(model), rel=1e-6)


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails: bool) -> None:
    model = small()
    model[1].eval()
    before = {name: value.numpy(force=True).copy() for name, value in model.state_dict().items()}

    def loss(m: nn.Module) -> float:
        m.train()  # changes the running statistics, and the mode
        value = cross_entropy(m)
        if fails:
            raise RuntimeError("on the way")
        return value

    if fails:
        with pytest.raises(RuntimeError, match="on the way"):
            loss_landscape(model, loss, points=3)
    else:
        loss_landscape(model, loss, points=3)
    assert all((value.numpy(force=True) == before[name]).all() for name, value in model.state_dict().items())
    assert (model.training, model[0].training, model[1].training) == (True, True, False)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_an_overflow_is_a_height_and_no_warning() -> None:
    layer = nn.Linear(1, 1, bias=False)
    found = loss_landscape(layer, lambda m: (m.weight * 1e38).exp().sum(), extent=1e4, points=3)
    assert math.isinf(found.losses.max())


def test_what_is_no_grid_and_no_direction_is_refused() -> None:
    layer = nn.Linear(2, 1)
    for options in ({"points": 0}, {"extent": 0.0}, {"extent": math.nan}):
        with pytest.raises(ConfigError, match="a grid has points and an extent"):
            loss_landscape(layer, cross_entropy, **options)
    with pytest.raises(ArgumentError, match=r"does not fit the model at 'weight'[\s\S]*\(1, 3\)[\s\S]*\(1, 2\)"):
        loss_landscape(layer, cross_entropy, directions=({"weight": torch.zeros(1, 3)}, {}))
    with pytest.raises(ArgumentError, match="none of this name"):
        loss_landscape(layer, cross_entropy, directions=({"wieght": torch.zeros(1, 2)}, {}))
    with pytest.raises(ArgumentError, match="of a model"):
        filter_normalized_direction("resnet18")  # type: ignore[arg-type]  # that is the mistake
