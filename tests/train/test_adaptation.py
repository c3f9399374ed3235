r"""Transfer learning's moves: the head replaced, the body frozen, rates of their own; and PyTorch's three lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import models, nn, optim
from tinycnn.errors import ConfigError
from tinycnn.train import Trainer
from tinycnn.train.adaptation import freeze_body, head_of, parameter_groups, replace_head

SMALL = {
    "softmax_classifier": "1",
    "lenet": "fc3",
    "resnet_digits": "fc",
    "se_resnet_digits": "fc",
    "resnet20": "fc",
}


def batch(n: int = 8, classes: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return torch.rand(n, 1, 8, 8, generator=draw), torch.arange(n) % classes


def values(model: nn.Module) -> dict[str, Any]:
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize(("name", "path"), SMALL.items())
def test_the_head_is_found_and_replaced(name: str, path: str) -> None:
    model = models.get_model(name)
    before = values(model)
    found, old = head_of(model)
    assert found == path
    new = replace_head(model, 4)
    assert model.get_submodule(path) is new
    assert (new.in_features, new.out_features) == (old.in_features, 4)
    after = values(model)
    assert list(after) == list(before)
    assert [key for key in after if not np.array_equal(after[key], before[key])] == [f"{path}.weight", f"{path}.bias"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("alexnet", "classifier.6"), ("vgg11_bn", "classifier.6"), ("resnet50", "fc"), ("se_resnet50", "fc"),
     ("efficientnet_b0", "classifier.1"), ("convnext_tiny", "classifier.2"), ("convnextv2_atto", "head.fc")],
)
def test_heads_of_the_large_ones_are_where_torchvision_and_timm_have_them(name: str, path: str) -> None:
    model = nn.utils.skip_init(models.get_model_builder(name))
    assert head_of(model)[0] == path
    replace_head(model, 2)
    assert model.get_submodule(path).out_features == 2


def test_a_new_head_has_the_old_ones_dtype_and_lack_of_a_bias() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3, bias=False)).double()
    new = replace_head(model, 7)
    assert new.bias is None
    assert new.weight.dtype == torch.float64


def test_models_without_a_head_are_refused() -> None:
    convolutional = nn.Sequential(nn.Linear(2, 2), nn.Conv2d(3, 5, 1), nn.ReLU())
    with pytest.raises(ConfigError, match=r"no head to replace(.|\n)*1 \(Conv2d\)(.|\n)*nn.Linear\(features"):
        replace_head(convolutional, 3)
    with pytest.raises(ConfigError, match=r"the model itself \(Linear\)"):
        replace_head(nn.Linear(2, 2), 3)
    with pytest.raises(ConfigError, match="at least one class, but num_classes is 0"):
        replace_head(models.resnet_digits(), 0)


def test_a_frozen_body_stays_bit_for_bit_also_its_running_statistics() -> None:
    torch.manual_seed(0)
    model = models.resnet_digits()
    replace_head(model, 3)
    before = values(model)
    trainer = Trainer(model, optim.SGD(model.fc.parameters(), lr=0.1), frozen=freeze_body(model))
    trainer.learn([batch()] * 3)
    after = values(model)
    assert [key for key in after if not np.array_equal(after[key], before[key])] == ["fc.weight", "fc.bias"]
    assert model.fc.training


def test_without_frozen_parts_statistics_move() -> None:
    model = models.resnet_digits(num_classes=3)
    before = values(model)
    freeze_body(model)
    Trainer(model, optim.SGD(model.fc.parameters(), lr=0.1)).learn([batch()])
    assert not np.array_equal(values(model)["bn1.running_mean"], before["bn1.running_mean"])


def test_body_and_head_learn_at_their_own_rates() -> None:
    model = models.resnet_digits(num_classes=3)
    groups = parameter_groups(model, lr=0.0, head_lr=0.1)
    before = values(model)
    Trainer(model, optim.SGD(groups, lr=1.0)).learn([batch()])
    after = values(model)
    changed = {key for key in after if not np.array_equal(after[key], before[key]) and "running" not in key}
    assert changed - {key for key in after if "num_batches" in key} == {"fc.weight", "fc.bias"}


def test_groups_of_a_frozen_model_are_the_head_alone() -> None:
    model = models.resnet_digits()
    freeze_body(model)
    (group,) = parameter_groups(model, 1e-4, 1e-2)
    assert [tuple(p.shape) for p in group["params"]] == [(10, 64), (10,)]


def test_pytorchs_three_lines() -> None:
    r"""Freeze, replace the head, differential rates: as PyTorch's tutorials write them."""
    torch.manual_seed(0)
    model = models.resnet_digits()
    for p in model.parameters():
        p.requires_grad = False
    model.fc = nn.Linear(64, 3)
    body = list(model.layer3.requires_grad_(True).parameters())
    optimizer = optim.SGD([{"params": body, "lr": 1e-4}, {"params": model.fc.parameters()}], lr=1e-2)
    images, targets = batch()
    before = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    nn.functional.cross_entropy(model(images), targets).backward()
    optimizer.step()
    moved = {name: np.abs(p.detach().numpy() - before[name]).max() for name, p in model.named_parameters()}
    for name, p in model.named_parameters():
        rate = 1e-2 if name.startswith("fc.") else 1e-4 if name.startswith("layer3.") else 0.0
        if rate == 0.0:
            assert p.grad is None
            assert moved[name] == 0
        else:
            assert p.grad is not None
            assert before[name] - rate * p.grad.numpy() == pytest.approx(p.detach().numpy(), abs=1e-7)
    assert model.fc.out_features == 3
