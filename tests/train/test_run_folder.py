r"""The folder of a run: no older run is lost in it, and no file is ever there by half."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

import tinycnn as torch
from tinycnn.errors import ConfigError
from tinycnn.train import EpochRecord, RunFolder

RECORDS = [EpochRecord(1, 1.25, 0.5, 1.0, 0.625, 0.1234), EpochRecord(2, 0.75, 0.75, 0.5, 0.875, 0.1)]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_run_gets_a_folder_of_its_own() -> None:
    paths = [RunFolder(None, "net-data").path for _ in range(3)]
    assert [os.path.basename(path) for path in paths] == ["net-data", "net-data-2", "net-data-3"]
    assert all(os.path.dirname(path) == "runs" for path in paths)


def test_a_folder_may_be_named_but_not_one_in_use(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "deep" / "here"))
    folder.write_config({"lr": 0.1})
    with pytest.raises(ConfigError, match=r"here is not empty; choose another"):
        RunFolder(folder.path)
    with open(folder.file("config.json")) as file:
        assert json.load(file) == {"lr": 0.1}


def test_metrics_are_a_table_with_the_promised_columns() -> None:
    folder = RunFolder(None)
    folder.write_metrics(RECORDS)
    with open(folder.file("metrics.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds"]
    assert [tuple(map(float, row.values())) for row in rows] == [
        (1, 1.25, 0.5, 1.0, 0.625, 0.123), (2, 0.75, 0.75, 0.5, 0.875, 0.1),
    ]


def test_weights_come_back() -> None:
    folder = RunFolder(None)
    model = torch.nn.Linear(2, 3)
    folder.write_weights(model.state_dict())
    back = torch.load(folder.file("model.safetensors"))
    assert all(torch.equal(back[name], tensor) for name, tensor in model.state_dict().items())


def test_a_failing_write_leaves_the_old_file_and_nothing_else() -> None:
    folder = RunFolder(None)
    folder.write_metrics(RECORDS[:1])
    with open(folder.file("metrics.csv")) as file:
        before = file.read()
    with pytest.raises(ValueError, match="format"):
        folder.write_metrics([*RECORDS, (3, "no", "numbers", "are", "here", "at all")])  # type: ignore[list-item]
    with open(folder.file("metrics.csv")) as file:
        assert file.read() == before
    assert os.listdir(folder.path) == ["metrics.csv"]


def test_it_lists_what_is_there() -> None:
    folder = RunFolder(None)
    assert folder.files() == {}
    folder.write_metrics(RECORDS)
    folder.write_config({})
    assert list(folder.files()) == ["config.json", "metrics.csv"]


def test_a_folder_of_a_configuration_alone_is_removed_if_the_run_made_it(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for folder in (RunFolder(None, "new"), RunFolder("there"), kept := RunFolder("kept")):
        folder.write_config({})
        if folder is kept:
            folder.write_metrics(RECORDS)
        folder.remove_if_bare()
    assert os.listdir("runs") == os.listdir("there") == []
    assert sorted(os.listdir("kept")) == ["config.json", "metrics.csv"]
    gone = RunFolder("gone")
    os.rmdir("gone")
    gone.remove_if_bare()  # an error of its own would hide the one that ended the run
