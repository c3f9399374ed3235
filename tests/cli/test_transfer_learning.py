r"""tinycnn finetune and tinycnn transfer, as they are typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.train.shapes import draw_shapes
from tinycnn.cli import main
from tinycnn.train import demonstration, finetuning


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(finetuning, "draw_outcome", lambda *args: None)
    monkeypatch.setattr(demonstration, "_draw", lambda *args: None)


def test_finetune_says_what_it_does_and_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    draw_shapes(Path("traps"), {"red": 5, "green": 5, "empty": 30})
    draw_shapes(Path("traps"), {"rare": 1})
    Path("traps/red/broken.jpg").write_bytes(b"no picture")
    options = "--data traps --model resnet_digits --crop-size 8 --epochs 2 --head-lr 0.01 --workers 0 --out out"
    assert main(["finetune", *options.split()]) == 0
    out = capsys.readouterr().out
    assert "4 classes, 33 images to learn from (empty 24, green 4, rare 1, red 4)" in out
    assert "1 damaged image is left out: traps/red/broken.jpg" in out
    assert "--class-weights lets each count the same" in out
    assert "no validation image of rare: how well it is recognized stays unknown" in out
    assert "from scratch" in out
    assert "val loss    val acc" in out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith(("empty ", "green ", "red "))] == [
        ["empty", "6"], ["green", "1"], ["red", "1"]
    ]
    assert "of 8 validation images wrong" in out
    assert "balanced accuracy" in out
    assert "last.safetensors" in out


def test_finetune_reports_mistakes_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", "--data", "nowhere"]) == 1
    assert capsys.readouterr().err == "tinycnn finetune: error: there is no folder nowhere\n"
    Path("nothing").mkdir()
    assert main(["finetune", "--data", "nothing"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no folder of a class in nothing (wanted = " in line
    draw_shapes(Path("traps"), {"red": 3, "green": 3})
    assert main(["finetune", "--data", "traps", "--freeze"]) == 2
    assert "give weights" in capsys.readouterr().err
    assert main(["finetune", "--data", "traps", "--model", "resnet_digit", "--weights", "DEFAULT"]) == 2
    assert "did you mean resnet_digits" in capsys.readouterr().err
    assert not os.path.exists("runs")  # nothing was begun
    with pytest.raises(SystemExit):
        main(["finetune"])
    assert "--data" in capsys.readouterr().err


def test_transfer_prints_its_table_and_says_which_way_won(capsys: pytest.CaptureFixture[str]) -> None:
    options = "--examples 2 1 --repeats 2 --networks 1 --steps 2 --pretrain-steps 2 --rates 0.01 --out out"
    assert main(["transfer", *options.split()]) == 0
    out = capsys.readouterr().out
    rows = [line.split() for line in out.splitlines() if line.lstrip().startswith(("1 ", "2 "))]
    assert [row[0] for row in rows] == ["1", "2"]
    assert all(row.count("±") == 5 for row in rows)
    assert "fewer than 6 repeats tell no gain from luck" in out
    assert sorted(os.listdir("out")) == ["config.json", "results.csv"]


def test_transfer_quick_takes_what_is_said_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinycnn.cli import transfer

    seen = []

    def run(config: object, display: object) -> object:
        seen.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(transfer, "run_transfer", run)
    assert main(["transfer", "--quick", "--repeats", "7"]) == 130
    (config,) = seen
    assert (config.repeats, config.examples, config.rates) == (7, (2, 10), (0.01, 0.03))  # type: ignore[attr-defined]
