r"""Fine-tuning on one's own photographs: what is learnt, what is kept, and where the weights may come from."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests.train.shapes import draw_shapes
from tinycnn import models, nn
from tinycnn.datasets import open_photograph
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.train import Silent, TrainConfig, run_experiment
from tinycnn.train import experiment as training
from tinycnn.train import finetuning as module
from tinycnn.train.config import FinetuneConfig
from tinycnn.train.finetuning import FINETUNE_CONTENTS, FinetuneOutcome, run_finetune
from tinycnn.train.image_folders import Preprocessing
from tinycnn.train.prediction import load_classifier
from tinycnn.train.starting_point import StartingPoint


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr(module, "draw_outcome", lambda *args: None)
        monkeypatch.setattr(training, "draw_pictures", lambda *args: None)


@pytest.fixture
def pictures() -> None:
    r"""Asks for pictures, which take their time."""


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(draw_shapes(tmp_path_factory.mktemp("photographs"), {"red": 15, "green": 15, "empty": 15}))


def finetune(data: str, **options: Any) -> FinetuneOutcome:
    usual = {"model": "resnet_digits", "epochs": 1, "batch_size": 12, "head_lr": 0.01, "crop_size": 8,
             "workers": 0}
    return run_finetune(FinetuneConfig(data, **{**usual, **options}))  # type: ignore[arg-type]  # one dict for all


def weights_of(folder: str, name: str = "model.safetensors") -> dict[str, Any]:
    return {key: tensor.numpy() for key, tensor in torch.load(os.path.join(folder, name)).items()}


def predicted(outcome: FinetuneOutcome, samples: list[tuple[str, int]]) -> Any:
    r"""What `tinycnn predict` makes of these images with the run's folder."""
    classifier = load_classifier(weights=outcome.folder.path)
    assert classifier.classes == [report.name for report in outcome.reports]
    return np.array([classifier.probabilities(open_photograph(path)).numpy() for path, _ in samples])


def configuration(folder: str) -> dict[str, Any]:
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def test_it_learns_and_leaves_everything_in_its_folder(photographs: str, pictures: None) -> None:
    outcome = finetune(photographs, epochs=6)
    assert outcome.folder.path == os.path.join("runs", "resnet_digits-finetuned")
    assert sorted(os.listdir(outcome.folder.path)) == sorted(FINETUNE_CONTENTS)
    assert outcome.matrix.sum() == 9
    assert np.trace(outcome.matrix) >= 6  # a third by chance
    assert [report.name for report in outcome.reports] == ["empty", "green", "red"]
    facts = configuration(outcome.folder.path)
    assert facts["model_options"] == {"num_classes": 3, "in_channels": 3}
    assert facts["images"] == {"train": 36, "validation": 9, "test": 0}
    assert facts["preprocessing"]["crop_size"] == 8


def test_predict_gives_the_probabilities_that_were_judged(photographs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []
    monkeypatch.setattr(module, "draw_outcome", lambda folder, records, logits, *rest: judged.append(logits))
    reached = iter([0.9, 0.1])  # by the first epoch, not the last
    monkeypatch.setattr(module, "balanced_accuracy", lambda matrix: next(reached))
    outcome = finetune(photographs, epochs=2)
    validation = module.find_images(photographs).validation
    assert predicted(outcome, validation) == pytest.approx(judged[0].softmax(1).numpy(), abs=1e-6)


def test_the_best_epoch_is_kept_by_balanced_accuracy(photographs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = iter([0.4, 0.9, 0.9, 0.6])
    monkeypatch.setattr(module, "balanced_accuracy", lambda matrix: next(reached))
    states = []

    class Watching(Silent):
        def epoch(self, record: Any) -> None:
            states.append(weights_of("run", "last.safetensors"))

    config = FinetuneConfig(photographs, "resnet_digits", epochs=4, crop_size=8, workers=0, out="run", head_lr=0.01)
    outcome = run_finetune(config, Watching())
    assert outcome.best == min(outcome.records[1:3], key=lambda record: record.test_loss)  # of the two best
    kept, last = weights_of("run"), weights_of("run", "last.safetensors")
    np.testing.assert_equal(kept, states[outcome.best.epoch - 1])
    np.testing.assert_equal(last, states[3])
    assert any(not np.array_equal(kept[key], last[key]) for key in kept)
    with open("run/metrics.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["validation_balanced_accuracy"]) for row in rows] == [0.4, 0.9, 0.9, 0.6]


def test_a_frozen_body_stays_as_the_weights_had_it(photographs: str) -> None:
    before = models.resnet_digits(num_classes=7, in_channels=3)
    torch.save(before.state_dict(), "seven.safetensors")
    outcome = finetune(photographs, weights="seven.safetensors", freeze=True, epochs=2)
    after = weights_of(outcome.folder.path)
    for key, tensor in before.state_dict().items():
        assert key.startswith("fc.") or np.array_equal(after[key], tensor.numpy()), key
    assert after["fc.weight"].shape == (3, 64)
    assert configuration(outcome.folder.path)["parameters_that_learn"] == 3 * 64 + 3


def test_body_and_head_have_their_rates(photographs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(models.resnet_digits(in_channels=3).state_dict(), "ten.safetensors")
    groups: list[Any] = []
    original = module.AdamW

    def watched(parameters: Any, **options: Any) -> Any:
        groups.append([(len(group["params"]), group["lr"]) for group in parameters])
        return original(parameters, **options)

    monkeypatch.setattr(module, "AdamW", watched)
    finetune(photographs, weights="ten.safetensors", lr=1e-5, out="a")
    finetune(photographs, lr=1e-5, out="b")  # from scratch all is new
    assert groups == [[(27, 1e-5), (2, 0.01)], [(27, 0.01), (2, 0.01)]]


def test_class_weights_reach_the_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(draw_shapes(tmp_path / "data", {"red": 5, "empty": 15}))
    given: list[Any] = []
    original = module.CrossEntropyLoss
    monkeypatch.setattr(module, "CrossEntropyLoss", lambda weight: given.append(weight) or original(weight))
    finetune(root, class_weights=True, out="a")
    finetune(root, out="b")
    assert given[0].tolist() == pytest.approx([16 / 24, 16 / 8])  # 12 empty and 4 red ones to learn from
    assert given[1] is None


def test_test_images_are_what_the_reports_are_of_judged_by_the_best_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Any] = []
    monkeypatch.setattr(module, "draw_outcome", lambda folder, records, logits, *rest: judged.append(logits))
    reached = iter([0.9, 0.1, 0.1])
    monkeypatch.setattr(module, "balanced_accuracy", lambda matrix: next(reached))
    for part, n in (("train", 6), ("val", 3), ("test", 2)):
        draw_shapes(tmp_path / part, {"red": n, "green": n}, seed=n)
    outcome = finetune(str(tmp_path), epochs=3)
    assert outcome.judged == "test images"
    assert [report.images for report in outcome.reports] == [2, 2]
    chances = predicted(outcome, module.find_images(str(tmp_path)).test)
    assert chances == pytest.approx(judged[0].softmax(1).numpy(), abs=1e-6)


@pytest.mark.parametrize(("batch_size", "steps"), [(12, 3), (8, 5), (7, 5)])
def test_no_batch_has_one_image_alone(photographs: str, batch_size: int, steps: int) -> None:
    class Counting(Silent):
        expected = taken = 0

        def begin(self, batches: int) -> None:
            self.expected = batches

        def batch(self, loss: float) -> None:
            self.taken += 1

    counting = Counting()  # of the steps for 36 images; the 36th is alone after five batches of seven
    options: Any = {"epochs": 1, "batch_size": batch_size, "crop_size": 8, "workers": 0}
    run_finetune(FinetuneConfig(photographs, "softmax_classifier", **options), counting)
    assert counting.taken == counting.expected == steps


def test_one_seed_gives_one_result_with_any_number_of_workers(photographs: str) -> None:
    first = weights_of(finetune(photographs, epochs=2).folder.path)
    second = weights_of(finetune(photographs, epochs=2, workers=2).folder.path)
    np.testing.assert_equal(first, second)


def test_an_earlier_run_is_a_start(photographs: str, tmp_path: Path) -> None:
    first = finetune(photographs, out="first")
    second = finetune(photographs, weights="first", crop_size=None, freeze=True)
    facts = configuration(second.folder.path)
    assert facts["preprocessing"] == configuration(first.folder.path)["preprocessing"]
    body = weights_of("first")
    assert np.array_equal(weights_of(second.folder.path)["conv1.weight"], body["conv1.weight"])
    with pytest.raises(ConfigError, match="a training of resnet_digits, not of resnet20: --model resnet_digits"):
        finetune(photographs, model="resnet20", weights="first")


def test_a_run_of_tinycnn_train_is_a_start_too(photographs: str) -> None:
    images = np.random.default_rng(0).random((20, 4, 4))
    np.savez("table.npz", images=images, labels=np.arange(20) % 2)
    run_experiment(TrainConfig("softmax_classifier", "table.npz", epochs=1, out="trained", augment=0.0))
    outcome = finetune(photographs, model="softmax_classifier", weights="trained", crop_size=None)
    assert configuration(outcome.folder.path)["preprocessing"]["mean"] == [0.0]  # grey, as it was trained
    assert outcome.matrix.sum() == 9


def test_ctrl_c_keeps_the_epochs_before(photographs: str) -> None:
    class Impatient(Silent):
        epochs = 0

        def batch(self, loss: float) -> None:
            if self.epochs == 1:
                raise KeyboardInterrupt

        def epoch(self, record: Any) -> None:
            self.epochs += 1

    config = FinetuneConfig(photographs, "resnet_digits", epochs=3, crop_size=8, workers=0, out="run")
    outcome = run_finetune(config, Impatient())
    assert outcome.interrupted
    assert [record.epoch for record in outcome.records] == [1]
    assert outcome.matrix.sum() == 9
    assert {"model.safetensors", "last.safetensors", "metrics.csv", "classes.csv"} <= {*os.listdir("run")}


def test_of_equally_good_epochs_the_one_of_least_loss_is_kept(
    photographs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "balanced_accuracy", lambda matrix: 0.5)
    outcome = finetune(photographs, epochs=3)
    assert outcome.best == min(outcome.records, key=lambda record: record.test_loss)
    assert outcome.best.epoch > 1


def test_ctrl_c_between_two_files_leaves_files_of_the_same_epochs(
    photographs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, tables = module.RunFolder.write_table, iter(range(9))

    def write_table(self: Any, name: str, *rest: Any) -> None:
        if next(tables) == 1:
            raise KeyboardInterrupt
        original(self, name, *rest)

    monkeypatch.setattr(module.RunFolder, "write_table", write_table)
    outcome = finetune(photographs, epochs=3, out="run")
    assert outcome.interrupted
    with open("run/metrics.csv", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(outcome.records) == 2


def test_a_model_that_takes_no_images_of_this_size_says_so_before_a_folder_is_made(
    photographs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 9), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    start = StartingPoint(model, Preprocessing(8, 8), {}, "")
    monkeypatch.setattr(module, "starting_point", lambda *args: start)
    with pytest.raises(ShapeError, match="kernel is larger than the padded input"):
        finetune(photographs)
    assert not os.path.exists("runs")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"freeze": True}, "nothing without weights"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"head_lr": float("nan")}, "head lr must be above 0"),
        ({"validation_share": 1.0}, "validation share must be above 0 and below 1"),
        ({"crop_size": 0}, "crop size must be at least 1"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        FinetuneConfig("photographs", **options)
