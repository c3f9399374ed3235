r"""The choices of a training: what is usual is filled in, what makes no sense is refused in words one can act on."""

from __future__ import annotations

import math
from typing import Any

import pytest

import tinycnn as torch
from tinycnn.errors import ConfigError
from tinycnn.train import FinetuneConfig, TrainConfig, make_optimizer, make_schedule


def test_what_is_not_said_is_filled_in() -> None:
    assert TrainConfig(optimizer="sgd").momentum == 0.9
    assert TrainConfig(optimizer="adam").momentum is None
    assert TrainConfig(optimizer="sgd").lr == 10 * (TrainConfig(optimizer="adam").lr or 0)
    assert TrainConfig(optimizer="adamw").weight_decay == 0.05
    chosen = TrainConfig(optimizer="sgd", lr=0.25, momentum=0.0, weight_decay=0.0).as_dict()
    assert (chosen["lr"], chosen["momentum"], chosen["weight_decay"]) == (0.25, 0.0, 0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"optimizer": "adan"}, r"no optimizer 'adan'; did you mean adam\? There are sgd, adam, adamw"),
        ({"schedule": "cosin"}, r"no schedule 'cosin'; did you mean cosine\?"),
        ({"lr": 0.0}, r"lr must be above 0, but it is 0.0"),
        ({"lr": -1.0}, r"lr must be above 0"),
        ({"lr": math.nan}, r"lr must be above 0, but it is nan"),
        ({"lr": math.inf}, r"lr must be above 0"),
        ({"epochs": 0}, r"epochs must be at least 1, but it is 0"),
        ({"batch_size": -3}, r"batch size must be at least 1"),
        ({"threads": 0}, r"threads must be at least 1"),
        ({"seed": -1}, r"seed must be at least 0"),
        ({"augment": -1.0}, r"augment must be from 0 to 4"),
        ({"momentum": 1.0, "optimizer": "sgd"}, r"momentum must be at least 0 and below 1"),
        ({"momentum": 0.5, "optimizer": "adam"}, r"momentum is an option of sgd; adam has its own"),
        ({"weight_decay": -0.1}, r"weight decay must be at least 0"),
        ({"image_shape": (8,)}, r"image shape must be H W or C H W"),
        ({"image_shape": (1, 0, 8)}, r"image shape must be"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        TrainConfig(**options)


@pytest.mark.parametrize(
    ("dataset", "name"),
    [("digits", "lenet-digits"), ("/data/my.old.csv.gz", "lenet-my"), ("a/b.npz", "lenet-b"), (".csv", "lenet-images")],
)
def test_a_run_is_called_after_model_and_dataset(dataset: str, name: str) -> None:
    assert TrainConfig(model="lenet", dataset=dataset).name == name


def test_optimizers_get_their_options() -> None:
    weights = [torch.zeros(1, requires_grad=True)]
    sgd = make_optimizer(TrainConfig(optimizer="sgd", lr=0.3, momentum=0.5, weight_decay=0.01), weights)
    assert isinstance(sgd, torch.optim.SGD)
    assert {key: sgd.defaults[key] for key in ("lr", "momentum", "weight_decay")} == {
        "lr": 0.3, "momentum": 0.5, "weight_decay": 0.01,
    }
    for name, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        adam = make_optimizer(TrainConfig(optimizer=name, lr=0.3, weight_decay=0.01), weights)
        assert type(adam) is kind
        assert (adam.defaults["lr"], adam.defaults["weight_decay"]) == (0.3, 0.01)


def rates(schedule: str, **options: Any) -> list[float]:
    r"""The rate at each of the 12 steps of 3 epochs."""
    config = TrainConfig(optimizer="sgd", schedule=schedule, epochs=3, lr=1.0, **options)
    optimizer = make_optimizer(config, [torch.zeros(1, requires_grad=True)])
    scheduler = make_schedule(config, optimizer, steps_per_epoch=4)
    found = []
    for _ in range(12):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return found


def test_the_rate_of_every_step() -> None:
    assert rates("constant") == [1.0] * 12
    assert rates("step") == pytest.approx([1.0] * 4 + [0.1] * 4 + [0.01] * 4)
    assert rates("cosine") == pytest.approx([0.5 * (1 + math.cos(math.pi * t / 12)) for t in range(12)])
    cycle = rates("onecycle")
    assert cycle[0] == pytest.approx(1 / 25)
    assert max(cycle) == pytest.approx(1, abs=0.02)
    assert cycle.index(max(cycle)) == 3  # after 30 % of the steps
    assert cycle[-1] < 1e-4


def test_a_cycle_leaves_the_momentum_alone() -> None:
    config = TrainConfig(optimizer="sgd", schedule="onecycle", epochs=2, momentum=0.7)
    optimizer = make_optimizer(config, [torch.zeros(1, requires_grad=True)])
    scheduler = make_schedule(config, optimizer, steps_per_epoch=2)
    assert scheduler is not None
    for _ in range(4):
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["momentum"] == 0.7


@pytest.mark.parametrize(("images", "size"), [(20, 8), (72, 8), (200, 20), (5000, 32)])
def test_few_images_are_learnt_in_small_batches(images: int, size: int) -> None:
    assert FinetuneConfig("traps").pace(images) == (30, size, 3e-3)
    assert FinetuneConfig("traps", weights="DEFAULT").pace(images) == (10, size, 1e-3)
    assert FinetuneConfig("traps", epochs=3, batch_size=5, head_lr=0.1).pace(images) == (3, 5, 0.1)
