r"""The program as one meets it: what it prints, what it answers to mistakes, and the status it leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinycnn
from tinycnn.cli import main, program

COMMAND = [sys.executable, "-m", "tinycnn"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.path.dirname(os.path.dirname(tinycnn.__file__))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])))
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    r"""The status and the one line that the program answers with."""
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(error.code or 0)
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[-1:]) == ("", 1, "\n")
    assert "Traceback" not in err
    return status, err


def test_without_a_command_it_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"    {name} " in out or f"    {name}\n" in out for name in ("train", "gradcheck", "info"))


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"tinycnn {tinycnn.__version__}\n"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in program.COMMANDS:
        with pytest.raises(SystemExit) as leaving:
            main([command, "--help"])
        assert leaving.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: tinycnn {command}")


def test_train_help_names_every_choice_default_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    out = capsys.readouterr().out
    words = " ".join(out.split())
    for word in (
        *tinycnn.models.list_models(), "sgd", "adamw", "cosine", "onecycle", "cuda", "(default: 64)", "0.01 for adam",
        "metrics.csv", "model.safetensors", "mistakes.png", "tinycnn train --model softmax_classifier",
    ):
        assert word in words, word
    assert max(map(len, out.splitlines())) <= 120


def test_a_quick_command_loads_no_layers() -> None:
    watch = "import sys\nfrom tinycnn.cli import main\nmain(['info'])\nassert 'tinycnn.nn' not in sys.modules"
    subprocess.run([sys.executable, "-c", watch], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["fly"], 2, "there is no command 'fly' (tinycnn --help shows"),
        (["sumary", "lenet"], 2, "there is no command 'sumary'; did you mean summary?"),
        (["red"], 2, "there is no command 'red' ("),
        (["summary", "--model", "lenet"], 2, "unrecognized arguments: --model (tinycnn summary --help shows"),
        (["--fly", "info"], 2, "unrecognized arguments: --fly (tinycnn --help shows"),
        (["train", "--epoch", "3"], 2, "unrecognized arguments: --epoch"),  # no guessing of shortened options
        (["train", "--epochs", "many"], 2, "invalid int value: 'many'"),
        (["train", "--epochs", "0"], 2, "epochs must be at least 1"),
        (["train", "--lr", "-1"], 2, "lr must be above 0, but it is -1.0"),
        (["train", "--optimizer", "adan"], 2, "did you mean adam?"),
        (["train", "--schedule", "cosin"], 2, "did you mean cosine?"),
        (["train", "--model", "resnet_digit"], 2, "did you mean resnet_digits"),
        (["train", "--model", "lenet"], 2, "nothing of images this small (image size = (8, 8), smallest = 16"),
        (["train", "--dataset", "digit"], 2, "no dataset 'digit'"),
        (["train", "--device", "tpu"], 1, "no device 'tpu'; it is 'cpu' or 'cuda'"),
        (["train", "--dataset", "nowhere.csv"], 1, "nowhere.csv: No such file or directory"),
        (["train", "--dataset", "empty.csv"], 1, "empty.csv: the file is empty"),
        (["train", "--dataset", "ragged.csv"], 1, "number of values (row 1 = 5, row 2 = 4; is a row cut short?)"),
        (["train", "--dataset", "oblong.csv"], 1, "not square"),
        (["train", "--dataset", "label.csv"], 1, "a label must be a class index"),
        (["train", "--dataset", "text.csv"], 1, "text.csv"),
        (["train", "--dataset", "noise.npz"], 1, "noise.npz"),
        (["train", "--out", "full"], 2, "full is not empty"),
        (["train", "--out", "full/file"], 1, "full/file: File exists"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    for name, text in (
        ("empty.csv", ""), ("ragged.csv", "1,2,3,4,0\n1,2,3,4\n"), ("oblong.csv", "1,2,3,0\n" * 9),
        ("label.csv", "1,2,3,4,-1\n" * 9), ("text.csv", "a,b,c\n"), ("noise.npz", "PK is how a zip begins"),
    ):
        Path(name).write_text(text)
    Path("full").mkdir()
    Path("full/file").touch()
    found, line = refused(capsys, *arguments)
    assert (found, words in line) == (status, True), line
    assert not os.path.exists("runs")


def test_cuda_that_is_not_there_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    status, line = refused(capsys, "train", "--device", "cuda")
    assert status == 1
    assert "needs CuPy" in line
    assert "pip install" in line


def test_a_loss_that_is_lost_says_when_and_what_to_try() -> None:
    arguments = ["train", "--lr", "1e30", "--epochs", "3", "--model", "softmax_classifier", "--schedule", "constant"]
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(
        r"tinycnn train: error: the training loss became (nan|inf) in epoch 1 \(.*1e\+30; .*a tenth of the .*\)\n",
        done.stderr,
    )


def test_debug_shows_the_stack() -> None:
    done = subprocess.run([*COMMAND, "train", "--lr", "-1", "--debug"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ConfigError: lr must be above 0" in done.stderr


def test_an_unforeseen_error_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinycnn.cli.train.run_experiment", lambda *args: {}["no such key\nat all"])
    status, line = refused(capsys, "train")
    assert (status, line) == (1, r"tinycnn train: error: KeyError: 'no such key\nat all' (--debug shows where)" + "\n")


def test_a_training_says_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--model", "softmax_classifier", "--epochs", "2"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "softmax_classifier with 650 parameters, on cpu"
    assert lines[1] == "digits: 1438 images to learn from, 359 to test on; 1×8×8, 10 classes"
    rows = [line.split() for line in lines if re.match(r" +\d", line)]
    assert [row[0] for row in rows] == ["1", "2"]
    last = next(line for line in lines if line.startswith("test accuracy of the last epoch"))
    accuracy, wrong = re.findall(r"([\d.]+) %.* (\d+) of 359", last)[0]
    assert accuracy == rows[-1][5]  # the table's column
    assert float(accuracy) == pytest.approx(100 * (1 - int(wrong) / 359), abs=0.006)
    for name in os.listdir("runs/softmax_classifier-digits"):
        assert f"  {name} " in out


def test_a_table_of_ones_own_with_its_shape(capsys: pytest.CaptureFixture[str]) -> None:
    host = np.random.default_rng(0)
    rows = np.column_stack([host.integers(0, 255, (30, 12)), np.arange(30) % 2])
    np.savetxt("own.csv", rows, fmt="%d", delimiter=",")
    options = ["--dataset", "own.csv", "--image-shape", "2", "3", "2", "--epochs", "1", "--out", "here"]
    assert main(["train", *options]) == 0
    assert "own.csv: 24 images to learn from, 6 to test on; 2×3×2, 2 classes" in capsys.readouterr().out
    assert os.path.exists("here/model.safetensors")


def test_ctrl_c_ends_it_with_what_was_learnt() -> None:
    arguments = ["--model", "softmax_classifier", "--epochs", "100000", "--schedule", "constant", "--out", "run"]
    command = [*COMMAND, "train", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # jobs in the background start with it ignored
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if re.match(r" +3 ", line):
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    kept = re.search(r"interrupted in epoch (\d+); the (\d+) before it are kept in run", err)
    assert kept is not None
    assert err.count("\n") == 1
    epochs = int(kept[2])
    assert int(kept[1]) == epochs + 1 >= 4
    assert len(Path("run/metrics.csv").read_text().splitlines()) == epochs + 1
    assert {"model.safetensors", "curves.png", "confusion.png", "mistakes.png"} <= set(os.listdir("run"))
    assert "test accuracy of the last epoch" in out


def test_a_reader_that_has_enough_is_no_error() -> None:
    with subprocess.Popen([*COMMAND, "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_info_tells_what_computes_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert main(["info"]) == 0
    rows = dict(re.split(r" {2,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["tinycnn"].startswith(tinycnn.__version__)
    assert rows["NumPy"] == np.__version__
    assert re.search(r"\d+ thread", rows["BLAS"])
    assert rows["backend cpu"] == "available"
    assert "needs CuPy" in rows["backend cuda"]


def test_info_without_threadpoolctl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert main(["info"]) == 0
    assert "threadpoolctl is needed to count its threads" in capsys.readouterr().out


def test_info_names_the_gpu(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert device == "cpu" or re.search(r"backend cuda +available", out)
