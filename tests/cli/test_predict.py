r"""``tinycnn predict``: what it prints and draws, which weights it takes, and what it answers to mistakes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tinycnn
from tests.loopback import closed_port
from tinycnn import hub, models, nn
from tinycnn.cli import main
from tinycnn.errors import DownloadError, explain
from tinycnn.models import imagenet_classes
from tinycnn.train import experiment
from tinycnn.train.config import TrainConfig
from tinycnn.train.prediction import load_classifier

NAMES = ["an otter", "a red fox", "no animal"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "home"))
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    for name in ("one.jpg", "two.png"):
        Image.fromarray(pixels).save(name)
    Path("home").mkdir()
    Path("names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    tinycnn.manual_seed(0)
    tinycnn.save(models.resnet20(num_classes=3).state_dict(), "three.safetensors")


THREE = ("--model", "resnet20", "--weights", "three.safetensors", "--classes", "names.txt")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(["predict", *arguments])
    except SystemExit as error:
        status = int(error.code or 0)
    return (status, *capsys.readouterr())


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status, out, err = ask(capsys, *arguments)
    assert status in (1, 2)
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_it_prints_the_likeliest_and_draws_them(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ask(capsys, "one.jpg", *THREE)
    assert (status, err) == (0, "")
    title, *rows, picture, _ = out.splitlines()
    assert title == "one.jpg"
    assert picture == "picture: one.prediction.png"
    with Image.open("one.prediction.png") as drawn:
        assert drawn.format == "PNG"
    guesses = load_classifier("resnet20", "three.safetensors", NAMES, 32).guesses(Image.open("one.jpg"))
    assert [guess.probability for guess in guesses] == sorted((g.probability for g in guesses), reverse=True)
    assert sum(guess.probability for guess in guesses) == pytest.approx(1)
    for rank, (row, guess) in enumerate(zip(rows, guesses, strict=True), 1):
        number, *name, percent, sign, bar = row.split()
        assert (int(number), " ".join(name), sign) == (rank, guess.name, "%")
        assert float(percent) == pytest.approx(100 * guess.probability, abs=0.06)
        assert len(bar) == pytest.approx(24 * guess.probability, abs=1)
    assert len({row.index("%") for row in rows}) == 1


def test_what_it_says_is_softmax_of_the_models_logits() -> None:
    photo = Image.open("two.png")
    classifier = load_classifier("resnet20", "three.safetensors", NAMES, 32)
    x = np.asarray(photo.resize((40, 32), Image.Resampling.BILINEAR), np.float32)[:, 4:36] / 255
    x = (x - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    model = models.resnet20(num_classes=3)
    model.load_state_dict(tinycnn.load("three.safetensors"))
    logits = model.eval()(tinycnn.from_numpy(x.transpose(2, 0, 1)[None].copy()))[0]
    assert classifier.probabilities(photo).allclose(nn.functional.softmax(logits, 0), atol=1e-5)


def test_several_photographs_and_a_folder_for_their_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ask(capsys, "one.jpg", "two.png", *THREE, "--output", "pictures", "--top", "1")
    assert status == 0
    assert [line for line in out.splitlines() if line.startswith("picture")] == [
        "picture: pictures/one.prediction.png", "picture: pictures/two.prediction.png"]  # fmt: skip
    assert sum("  1  " in line for line in out.splitlines()) == 2
    assert len(list(Path("pictures").iterdir())) == 2


def test_a_bad_photograph_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.jpg").write_bytes(b"no image")
    Path("cut.png").write_bytes(Path("two.png").read_bytes()[:900])
    status, out, err = ask(capsys, "bad.jpg", "gone.jpg", "cut.png", "one.jpg", *THREE, "--no-picture")
    assert status == 1
    assert out.startswith("one.jpg\n")
    assert [line.partition(" error: ")[2].split(":")[0] for line in err.splitlines()] == [
        "gone.jpg", "bad.jpg", "cut.png"]  # fmt: skip
    assert "no image that Pillow knows" in err
    assert "No such file" in err
    assert not list(Path().glob("*.prediction.png"))


def test_photographs_that_are_not_there_ask_for_no_weights(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinycnn.cli.predict.load_classifier", lambda *arguments: pytest.fail("weights are loaded"))
    status, out, err = ask(capsys, "gone.jpg", "home", "--output", "new")
    assert (status, out) == (1, "")
    gone, folder = err.splitlines()
    assert gone == "tinycnn predict: error: gone.jpg: No such file or directory"
    assert folder.startswith("tinycnn predict: error: home: ")
    assert not Path("new").exists()


def test_a_file_with_another_hash_is_told_in_two_lines() -> None:
    weights = Path("home/checkpoints/resnet18-f37072fd.pth")
    weights.parent.mkdir()
    weights.write_bytes(b"another file")
    command = [sys.executable, "-m", "tinycnn", "predict", "one.jpg", "--model", "resnet18"]
    environment = {**os.environ, "https_proxy": closed_port(), "PYTHONPATH": str(Path(tinycnn.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    warning, error = done.stderr.splitlines()
    assert re.fullmatch(r"tinycnn predict: warning: \S+f37072fd\.pth is damaged and is downloaded anew: .*", warning)
    assert error.startswith("tinycnn predict: error: resnet18-f37072fd.pth cannot be downloaded (")
    assert "lies there = another file: its sha256 should begin with f37072fd" in error


def test_names_of_any_script(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.jpg").rename("猫 $1.jpg")
    Path("names.txt").write_text("猫\nكلب\n$x_$\n", encoding="utf-8")
    status, out, err = ask(capsys, "猫 $1.jpg", *THREE)
    assert (status, err) == (0, "")
    assert "$x_$" in out
    assert Path("猫 $1.prediction.png").exists()


def test_the_output_of_one_photograph_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "one.jpg", *THREE, "--output", "answer.png")[0] == 0
    assert Path("answer.png").exists()
    err = refused(capsys, "one.jpg", "two.png", *THREE, "--output", "answer.png")
    assert "must be a folder" in err


def test_imagenets_names_and_the_preprocessing_of_published_weights() -> None:
    tinycnn.save(models.resnet18().state_dict(), "resnet18-f37072fd.pth")
    classifier = load_classifier("resnet18", "resnet18-f37072fd.pth")
    assert list(classifier.classes) == imagenet_classes()
    assert repr(classifier.preprocess) == repr(models.ResNet18_Weights.IMAGENET1K_V1.transforms())
    assert len(classifier.guesses(Image.open("one.jpg"), top=7)) == 7


def test_the_preprocessing_of_each_file_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the name of the file, or by its hash; that of unknown weights is that of the best official ones."""
    tiny = nn.Linear(1, 1)
    monkeypatch.setattr(models, "get_model", lambda name, **options: tiny)

    def resize_size(model: str, file: str) -> Any:
        return load_classifier(model, file).preprocess.resize_size  # type: ignore[attr-defined]

    for file, size in (("resnet50-11ad3fa6.pth", 232), ("resnet50-0676ba61.pth", 256), ("mine.pth", 232)):
        tinycnn.save(tiny.state_dict(), file)
        assert resize_size("resnet50", file) == [size]
    assert resize_size("convnext_tiny", "mine.pth") == [236]
    digest = hashlib.sha256(Path("mine.pth").read_bytes()).hexdigest()[:8]
    monkeypatch.setattr("tinycnn.train.trained.hash_in_name", lambda url: digest if "0676ba61" in url else "f" * 8)
    assert resize_size("resnet50", "mine.pth") == [256]


def test_official_weights_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    err = ask(capsys, "one.jpg", "--model", "resnet18", "--weights", "IMAGENET1K_V9")[2]
    assert "ResNet18_Weights has no 'IMAGENET1K_V9'" in err
    assert "there are no official weights" in refused(capsys, "one.jpg", "--model", "lenet")


def test_what_cannot_be_downloaded_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(url: str, *arguments: Any, **options: Any) -> None:
        raise DownloadError(explain("it cannot be downloaded", {"from": url}, "put it there by hand"))

    monkeypatch.setattr(hub, "load_state_dict_from_url", no_network)
    err = refused(capsys, "one.jpg", "--model", "resnet18")
    assert "cannot be downloaded (from = https://download.pytorch.org/models/resnet18-f37072fd.pth; put it" in err


def test_weights_of_a_model_that_was_trained_on_several_devices() -> None:
    plain = tinycnn.load("three.safetensors")
    tinycnn.save({"module." + name: tensor for name, tensor in plain.items()}, "parallel.safetensors")
    first, second = (
        load_classifier("resnet20", file, NAMES, 32).probabilities(Image.open("one.jpg"))
        for file in ("three.safetensors", "parallel.safetensors")
    )
    assert tinycnn.equal(first, second)


def test_the_folder_of_a_training_says_all_that_is_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "draw_pictures", lambda *arguments: None)  # which takes some seconds
    experiment.run_experiment(TrainConfig(model="softmax_classifier", epochs=1, out="run"))
    status, out, _ = ask(capsys, "one.jpg", "--weights", "run", "--no-picture", "--top", "20")
    assert status == 0
    assert len(out.splitlines()) == 11
    assert {line.split()[1] for line in out.splitlines()[1:]} == set("0123456789")
    assert "--model softmax_classifier" in refused(capsys, "one.jpg", "--weights", "run", "--model", "resnet50")


def test_the_folder_of_a_finetuning_says_how_images_are_prepared() -> None:
    folder = Path("tuned")
    folder.mkdir()
    Path("three.safetensors").rename(folder / "model.safetensors")
    preprocessing = {"crop_size": 24, "resize_size": 30, "mean": [0.5, 0.4, 0.3], "std": [0.1, 0.2, 0.3],
                     "interpolation": "bicubic"}  # fmt: skip
    config: dict[str, Any] = {"model": "resnet20", "classes": NAMES, "model_options": {"num_classes": 3},
                              "preprocessing": preprocessing}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    classifier = load_classifier(weights="tuned")
    assert list(classifier.classes) == NAMES
    assert classifier.preprocess(Image.open("one.jpg")).shape == (3, 24, 24)
    assert "interpolation=InterpolationMode.BICUBIC" in repr(classifier.preprocess)


@pytest.mark.parametrize("config", ["no JSON", "[]", '{"model": "resnet20"}', '{"model": [], "classes": []}',
                                    '{"model": "resnet20", "classes": ["a"], "image_shape": [3]}',
                                    '{"model": "resnet20", "classes": ["a"], "image_shape": ["a", 3, 3]}',
                                    '{"model": "resnet21", "classes": ["a"], "model_options": {}}',
                                    '{"model": "resnet20", "classes": ["a"], "model_options": {"depth": 3}}',
                                    '{"model": "resnet20", "classes": ["a", "b", "c"], "preprocessing": {"size": 3}}'])
def test_a_damaged_folder_is_named(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("run").mkdir()
    Path("three.safetensors").rename("run/model.safetensors")
    Path("run/config.json").write_text(config, encoding="utf-8")
    assert "run/config.json: " in refused(capsys, "one.jpg", "--weights", "run")


@pytest.mark.parametrize(("arguments", "words"), [
    (("--model", "resnet32", *THREE[2:]), ["not those of resnet32", "missing = 72 of 188 tensors", "name the model"]),
    (THREE[:4], ["fc.weight, (3, 64) instead of (1000, 64)", "names of the 3 classes"]),
    ((*THREE[:4], "--classes", "gone.txt"), ["gone.txt: No such file"]),
    ((*THREE[:4], "--classes", "one.jpg"), ["one.jpg: expected is a text"]),
    (("--model", "resnet21", *THREE[2:]), ["no model 'resnet21'", "did you mean"]),
    (("--weights", "gone.pth"), ["gone.pth: no such file of weights"]),
    (("--weights", "home"), ["home: no folder of a training", "config.json"]),
    (("--model", "resnet20", "--weights", "one.jpg"), ["one.jpg: "]),
    ((*THREE, "--top", "0"), ["top must be at least 1"]),
])  # fmt: skip
def test_mistakes_are_answered_in_one_line(
    arguments: tuple[str, ...], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    err = refused(capsys, "one.jpg", *arguments)
    assert all(word in err for word in words), err


def test_a_photograph_is_named_also_where_the_error_of_the_disk_names_no_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tinycnn.cli.predict.open_photograph", broken)
    assert "one.jpg: Input/output error" in refused(capsys, "one.jpg", *THREE)
