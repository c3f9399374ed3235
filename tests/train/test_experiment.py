r"""A whole training: one seed gives one result, what was finished is kept, and what cannot be done is said at once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import models
from tinycnn.datasets import TableDataset
from tinycnn.errors import ConfigError, DeviceError, FormatError
from tinycnn.train import DivergedError, EpochRecord, Silent, TrainConfig, experiment, make_model, run_experiment

PICTURES = ["confusion.png", "curves.png", "mistakes.png"]


@pytest.fixture(autouse=True)
def stripes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    r"""60 noisy images of 4×4: rows, columns or nothing."""
    monkeypatch.chdir(tmp_path)
    host = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = host.random((60, 4, 4))
    images[labels == 0, ::2] += 1
    images[labels == 1, :, ::2] += 1
    np.savez("stripes.npz", images=images, labels=labels)
    return "stripes.npz"


@pytest.fixture
def pictures() -> None:
    r"""Asks for pictures, which take their time."""


@pytest.fixture(autouse=True)
def _no_pictures_unless_asked_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr(experiment, "draw_pictures", lambda *args: None)


def config(**options: Any) -> TrainConfig:
    usual = {"model": "softmax_classifier", "dataset": "stripes.npz", "optimizer": "sgd",
             "epochs": 3, "batch_size": 16, "lr": 0.05,
             "augment": 0.0}
    return TrainConfig(**{**usual, **options})


def content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_it_leaves_everything_in_its_folder(pictures: None) -> None:
    outcome = run_experiment(config())
    assert outcome.folder.path == os.path.join("runs", "softmax_classifier-stripes")
    files = ["config.json", "metrics.csv", "model.safetensors", *PICTURES]
    assert sorted(os.listdir(outcome.folder.path)) == sorted(files)
    assert (outcome.interrupted, outcome.no_pictures, outcome.test_images) == (False, None, 12)
    with open(outcome.folder.file("config.json")) as file:
        facts = json.load(file)
    assert (facts["epochs"], facts["momentum"], facts["classes"]) == (3, 0.9, ["0", "1", "2"])
    assert (facts["train_images"], facts["test_images"], facts["parameters"]) == (48, 12, 3 * 16 + 3)
    assert content(outcome.folder.file("metrics.csv")).count(b"\n") == 4


def test_the_weights_in_the_file_are_those_of_the_last_record() -> None:
    outcome = run_experiment(config(epochs=8))
    test = TableDataset("stripes.npz", train=False)
    model = make_model("softmax_classifier", test)
    model.load_state_dict(torch.load(outcome.folder.file("model.safetensors")))
    right = (model(test.images).argmax(1) == test.targets).float().mean().item()
    assert right == pytest.approx(outcome.records[-1].test_accuracy)
    assert right > 0.7


@pytest.mark.parametrize("model", ["softmax_classifier", "se_resnet_digits"])
def test_one_seed_gives_the_same_weights_bit_for_bit(model: str) -> None:
    def weights(seed: int) -> bytes:
        return content(run_experiment(config(model=model, seed=seed, epochs=2)).folder.file("model.safetensors"))

    first = weights(1)
    assert weights(1) == first
    assert weights(2) != first


def test_the_order_of_the_images_does_not_depend_on_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[int]] = []
    gather = TableDataset.gather

    def noted(self: TableDataset, indices: Any) -> list[Any]:
        drawn[-1].extend(indices)
        return gather(self, indices)

    monkeypatch.setattr(TableDataset, "gather", noted)
    for model in ("softmax_classifier", "resnet_digits"):
        drawn.append([])
        run_experiment(config(model=model, epochs=1))
    assert drawn[0] == drawn[1]
    assert sorted(drawn[0][:48]) == list(range(48)) != drawn[0][:48]


class Impatient(Silent):
    r"""Presses Ctrl-C after so many batches, or as an epoch is shown."""

    def __init__(self, batches: int = -1, epochs: int = -1) -> None:
        self.batches, self.epochs = batches, epochs

    def batch(self, loss: float) -> None:
        self.batches -= 1
        if self.batches == 0:
            raise KeyboardInterrupt

    def epoch(self, record: EpochRecord) -> None:
        if record.epoch == self.epochs:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_finished_epochs(pictures: None) -> None:
    steady = {"schedule": "constant"}  # so that two epochs are the same whether or not a third follows
    two = run_experiment(config(epochs=2, **steady))
    in_the_third = run_experiment(config(**steady), Impatient(batches=8))
    after_the_second = run_experiment(config(**steady), Impatient(epochs=2))
    for outcome in (in_the_third, after_the_second):
        assert outcome.interrupted
        assert [record.epoch for record in outcome.records] == [1, 2]
        assert content(outcome.folder.file("model.safetensors")) == content(two.folder.file("model.safetensors"))
        assert content(outcome.folder.file("metrics.csv")).count(b"\n") == 3
        assert content(outcome.folder.file("confusion.png")) == content(two.folder.file("confusion.png"))


def test_ctrl_c_in_the_first_epoch_leaves_nothing_to_keep() -> None:
    outcome = run_experiment(config(), Impatient(batches=1))
    assert (outcome.interrupted, outcome.records) == (True, [])
    assert os.listdir("runs") == []  # no folder that looks like a training


def test_without_matplotlib_there_is_all_but_the_pictures(pictures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.ticker"):
        monkeypatch.setitem(sys.modules, name, None)
    outcome = run_experiment(config(epochs=1))
    assert outcome.no_pictures is not None
    assert "matplotlib" in outcome.no_pictures
    assert sorted(outcome.folder.files()) == ["config.json", "metrics.csv", "model.safetensors"]


def test_what_cannot_be_done_is_said_before_a_folder_is_made(stripes: str) -> None:
    Path("text.csv").write_text("these are, words\n")
    np.savez("few.npz", images=np.zeros((2, 4, 4)), labels=np.arange(2))
    np.savez("same.npz", images=np.zeros((9, 4, 4)), labels=np.full(9, 3))
    for options, kind, words in (
        ({"model": "softmax"}, ConfigError, "did you mean softmax_classifier"),
        ({"model": "lenet"}, ConfigError, r"LeNet.*too small|nothing of images this small"),
        ({"model": "resnet18"}, ConfigError, "resnet18 takes images of 3 channels, but these have 1; .*resnet20"),
        ({"dataset": "."}, ConfigError, "tinycnn finetune --data . learns from folders"),
        ({"dataset": "digit"}, ConfigError, "no dataset 'digit'"),
        ({"dataset": "nowhere.csv"}, FileNotFoundError, "nowhere.csv"),
        ({"dataset": "text.csv"}, FormatError, "text.csv"),
        ({"dataset": "few.npz"}, ConfigError, "2 images are too few"),
        ({"dataset": "same.npz"}, FormatError, "every image has the label 3; there is nothing to tell apart"),
        ({"dataset": "digits", "image_shape": (8, 8)}, ConfigError, "shape of their own"),
        ({"image_shape": (2, 5)}, FormatError, "do not make images"),
        ({"device": "tpu"}, DeviceError, "'cpu' or 'cuda'"),
    ):
        with pytest.raises(kind, match=words):  # type: ignore[call-overload]
            run_experiment(config(**options))
    assert not os.path.exists("runs")


def test_a_lost_loss_keeps_the_epochs_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(model: torch.nn.Module) -> None:
        bias = next(reversed(list(model.parameters())))
        bias.data.fill_(float("nan"))

    class Spoiler(Silent):
        def epoch(self, record: EpochRecord) -> None:
            if record.epoch == 2:
                spoil(made[0])

    made: list[torch.nn.Module] = []
    builder = models.softmax_classifier

    def build(*, num_classes: int, in_channels: int, image_size: tuple[int, int]) -> torch.nn.Module:
        made.append(builder(num_classes=num_classes, in_channels=in_channels, image_size=image_size))
        return made[0]

    monkeypatch.setitem(models.registry.MODELS, "spoilt", build)
    with pytest.raises(DivergedError, match="epoch 3"):
        run_experiment(config(model="spoilt"), Spoiler())
    back = torch.load("runs/spoilt-stripes/model.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in back.values())
    assert content("runs/spoilt-stripes/metrics.csv").count(b"\n") == 3


def test_it_trains_on_any_device(pictures: None, device: str) -> None:
    outcome = run_experiment(config(model="se_resnet_digits", device=device, epochs=1))
    assert outcome.records[0].train_accuracy > 0
    assert outcome.no_pictures is None


def test_the_digits_are_learnt() -> None:
    outcome = run_experiment(TrainConfig(model="softmax_classifier", epochs=4, augment=0.5))
    assert outcome.records[-1].test_accuracy > 0.9
