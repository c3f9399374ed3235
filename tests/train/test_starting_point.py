r"""Where a fine-tuning begins: official weights, files and folders bring their preprocessing, or are refused."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

import tinycnn as torch
from tests.serialization.programs import program, storage, tensor, text, zipped
from tinycnn import models
from tinycnn.errors import ConfigError, FormatError
from tinycnn.train.image_folders import Preprocessing
from tinycnn.train.starting_point import starting_point


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_official_weights_are_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given = models.resnet18().state_dict()
    monkeypatch.setattr(models.ResNet18_Weights, "get_state_dict", lambda self, **options: given)
    start = starting_point("resnet18", "DEFAULT", 5)
    assert start.weights == "ResNet18_Weights.IMAGENET1K_V1"
    assert start.preprocessing == Preprocessing(224, 256)
    assert start.options == {"num_classes": 5}
    assert start.model.fc.out_features == 5
    assert torch.equal(start.model.conv1.weight, given["conv1.weight"])
    with pytest.raises(ConfigError, match="has no 'NEWEST'"):
        starting_point("resnet18", "NEWEST", 5)


def test_a_file_of_weights_brings_the_usual_preprocessing_of_its_model() -> None:
    torch.save(models.resnet18(num_classes=4).state_dict(), "mine.safetensors")
    start = starting_point("resnet18", "mine.safetensors", 5, crop_size=64)
    assert start.preprocessing == Preprocessing(64, 73)
    with pytest.raises(ConfigError, match="weights"):
        starting_point("resnet20", "mine.safetensors", 5)
    with pytest.raises(FileNotFoundError):
        starting_point("resnet18", "nowhere.pth", 5)
    os.mkdir("empty")
    with pytest.raises(ConfigError, match="no folder of a training, for it has no config"):
        starting_point("resnet18", "empty", 5)
    Path("empty/config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FormatError, match="names no model and no classes"):
        starting_point("resnet18", "empty", 5)
    torch.save(models.resnet_digits().state_dict(), "empty/model.safetensors")
    config = {"model": "resnet_digits", "classes": [*"0123456789"], "model_options": {}, "preprocessing": {"std": [1]}}
    Path("empty/config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(FormatError, match="how images are prepared cannot be read"):
        starting_point("resnet_digits", "empty", 5)


def test_a_file_of_official_weights_brings_its_own_preprocessing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.train.starting_point.read_weights", lambda path: {})
    monkeypatch.setattr("tinycnn.train.starting_point.fill", lambda *args: None)
    for member in (models.ResNet50_Weights.IMAGENET1K_V1, models.ResNet50_Weights.IMAGENET1K_V2):
        start = starting_point("resnet50", f"elsewhere/{os.path.basename(member.url)}", 5)
        assert start.preprocessing == Preprocessing.of(member.transforms())
    assert start.preprocessing.resize_size == 232


def test_a_file_that_repeats_one_number_to_seem_large_is_refused() -> None:
    """Such a head would take 76 GiB."""
    rows = tensor(storage("torch.FloatStorage", 1), 0, (40_000_000, 512), (0, 0))
    Path("bomb.pth").write_bytes(zipped(
        program(pickle.EMPTY_DICT, text("fc.weight"), rows, pickle.SETITEM), {"data/0": bytes(4)}
    ))
    with pytest.raises(FormatError, match="again and again"):
        starting_point("resnet18", "bomb.pth", 5)


def test_a_training_that_did_not_finish_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model": "resnet20", "classes": ["a", "b"]}')
    with pytest.raises(ConfigError, match="this training did not finish"):
        starting_point("resnet20", str(tmp_path), 2)
