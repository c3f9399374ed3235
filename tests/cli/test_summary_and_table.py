r"""``tinycnn summary`` and ``tinycnn table``: the printouts of the lecture, and what they answer to mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tables.printouts import FOLDER
from tinycnn import models
from tinycnn.cli import main
from tinycnn.cli.architectures import undrawn, usual_input
from tinycnn.tables import measure


def test_summary_prints_torchinfos_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "alexnet", "--input", "1", "3", "224", "224"]) == 0
    assert capsys.readouterr().out == Path(FOLDER / "alexnet.txt").read_text(encoding="utf-8")


def test_summary_takes_depth_and_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "LeNet", "--depth", "0", "--columns", "kernel_size", "num_params"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Layer", "(type:depth-idx)", "Kernel", "Shape", "Param", "#"]
    assert lines[3].split() == ["LeNet", "--", "62,006"]
    assert set(lines[4]) == {"="}


def test_table_is_that_of_the_lecture(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "alexnet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == ["conv1", "3", "227", "64", "11", "4", "2", "64", "56", "784", "23", "73"]
    assert lines[14].split() == ["fc8", "4096", "1000", "1000", "4", "4,096", "4"]
    assert main(["table", "alexnet", "--input", "1", "3", "224", "224"]) == 0
    assert capsys.readouterr().out.splitlines()[3].split()[7:9] == ["64", "55"]


@pytest.mark.parametrize("name", ["alexnet_2012", "lenet", "softmax_classifier", "se_resnet_digits", "resnet20"])
def test_without_an_input_each_model_gets_what_it_is_made_for(name: str) -> None:
    found = measure(undrawn(name), usual_input(name))
    assert found.layers[-1].output_shape == (1, 1000 if name == "alexnet_2012" else 10)


def test_every_model_has_a_usual_input() -> None:
    assert {usual_input(name) for name in models.list_models()} == {
        (1, 3, 224, 224), (1, 3, 227, 227), (1, 3, 32, 32), (1, 1, 8, 8),
    }


@pytest.mark.parametrize(("arguments", "status", "text"), [
    (["summary", "alexnex"], 2, "did you mean alexnet"),
    (["table", "alexnex"], 2, "did you mean alexnet"),
    (["summary", "lenet", "--columns", "outputsize"], 2, "did you mean 'output_size'?"),
    (["summary", "lenet", "--input", "0", "3", "32", "32"], 2, "must be at least 1"),
    (["summary", "lenet", "--input", "3", "32", "32"], 2, "N C H W, such as 1 3 224 224, not 3 32 32"),
    (["table", "lenet", "--input", "32"], 2, "N C H W, such as 1 3 224 224, not 32"),
    (["summary", "lenet", "--input", "1", "1", "32", "32"], 1, "in module conv1 (Conv2d)"),
    (["table", "lenet", "--input", "1", "3", "32", "40"], 1, "in module fc1 (Linear)"),
    (["table"], 2, "required: MODEL"),
])
def test_mistakes_are_answered_in_one_line(
    arguments: list[str], status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main(arguments)
    except SystemExit as leaving:
        found = int(leaving.code or 0)
    out, err = capsys.readouterr()
    assert (found, out, err.count("\n")) == (status, "", 1)
    assert text in err
