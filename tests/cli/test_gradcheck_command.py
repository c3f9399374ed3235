r"""``tinycnn gradcheck``: ops, layers, models and one's own code, and what it answers to mistakes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import nn
from tinycnn.cli import checking, main
from tinycnn.cli.checking import repeatable
from tinycnn.cli.drawing import usual_inputs
from tinycnn.cli.expressions import LAYERS, Call, layer
from tinycnn.errors import FormatError
from tinycnn.gradcheck import check
from tinycnn.ops.linalg import Linear

OWN = '''
import numpy as np
from beside import TWO
from tinycnn import nn
from tinycnn.autograd import Function


def forward(x, weight, bias, scale=1.0):
    return scale * (x @ weight.T + bias)


def backward(g, x, weight, bias, scale=1.0):
    return scale * g @ weight, scale * g.T @ x / len(x), scale * g.sum(0)


def forward_inputs(rng):
    return rng.standard_normal((6, 3)), rng.standard_normal((2, 3)), rng.standard_normal(2)


def swish(x):
    return x * x.sigmoid()


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


class Net(nn.Module):
    def __init__(self, features=3):
        super().__init__()
        self.layer, self.dropout = nn.Linear(features, 2), nn.Dropout()

    def forward(self, x):
        return self.dropout(self.layer(x)).sigmoid()


class Plain:
    pass


net = Net(4)


def crashing(g, x, weight, bias):
    return g[7]


def crashes(x):
    return x.nothing()
'''


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("own.py").write_text(OWN, encoding="utf-8")
    Path("beside.py").write_text("TWO = 2\n", encoding="utf-8")
    Path("wrong.py").write_text("x = 1\ny = x +\n", encoding="utf-8")
    Path("ends.py").write_text("import sys\nsys.exit()\n", encoding="utf-8")
    yield
    for path in tmp_path.glob("*.py"):
        sys.modules.pop(path.stem, None)


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    status = main(["gradcheck", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return status, out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    try:
        status = main(["gradcheck", *arguments])
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return status, err


def names(lines: list[str]) -> list[str]:
    """Those of the arguments in a report's table."""
    return [line.split()[0] for line in lines if re.search(r"(right|WRONG)(:|$)", line)]


# What can be checked ────────────────────────────────────────────────────────────────────────────────────────────────


def test_names_of_ops_give_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "tanh", "linear", "--seed", "3")
    assert status == 0
    assert [line.split()[0] for line in lines] == ["op", "tanh", "linear", "2"]


def test_a_wrong_op_leaves_status_1(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Linear, "backward", lambda ctx, g, x, w: (g @ w, g.T @ x * 2, g.sum(0)))
    assert checked(capsys, "linear")[0] == 1
    status, lines = checked(capsys, "Linear")
    assert status == 1
    assert lines[0] == "FAIL  Linear: the gradient of weight is wrong"
    assert checked(capsys, "linear", "Tanh")[0] == 1  # whatever comes after it


def test_a_layer_by_name_with_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "BatchNorm2d")
    assert (status, lines[0]) == (0, "PASS  BatchNorm2d: every derivative agrees with finite differences")
    assert names(lines) == ["input", "weight", "bias"]


def test_a_layer_with_arguments_and_a_shape(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Conv2d(3, 4, kernel_size=(2, 3), stride=2, bias=False)"
    status, lines = checked(capsys, text, "--input", "1", "3", "5", "7")
    assert status == 0
    assert [line.split()[1] for line in lines[-2:]] == ["1×3×5×7", "4×3×2×3"]


def test_layers_inside_layers(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "Sequential(Linear(3, 4), Tanh(), Linear(4, 2))", "--order", "2")
    assert status == 0
    assert {"input", "input,", "0.weight", "2.bias", "cotangent,"} <= set(names(lines))


@pytest.mark.parametrize("name", sorted(set(LAYERS) - {"Sequential"}))
def test_every_layer_can_be_checked_by_its_name_alone(name: str) -> None:
    module = layer(Call(name))
    report = check(repeatable(module, 0), usual_inputs(module, np.random.default_rng(0)))
    assert report.passed, report


def test_a_model_is_checked_by_its_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "softmax_classifier", "--input", "3", "1", "8", "8")
    assert (status, lines[0]) == (0, "PASS  softmax_classifier: every derivative agrees with finite differences")
    assert names(lines) == ["1.weight", "1.bias"]


@pytest.mark.parametrize(("name", "side"), [("resnet20", 16), ("lenet", 32)])
def test_a_model_gets_the_smallest_image_it_takes(name: str, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def watched(model: Any, inputs: Any, **options: Any) -> Any:
        seen.extend(inputs)
        return check(nn.ReLU(), tinycnn.tensor([1.0]))

    monkeypatch.setattr(checking, "check_model", watched)
    assert main(["gradcheck", name]) == 0
    assert [x.shape for x in seen] == [(2, 3, side, side)]


# Code of one's own ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_function_of_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "own.py:swish", "--order", "2")
    assert (status, lines[0]) == (0, "PASS  swish: every derivative agrees with finite differences")
    assert "3×4" in lines[3]
    assert "2×1" in checked(capsys, "own.py:swish", "--input", "2", "1")[1][3]
    assert "number" in checked(capsys, "own.py:swish", "--input")[1][3]


def test_a_pair_of_functions_with_the_inputs_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = checked(capsys, "own.py:forward,backward")
    assert (status, lines[0]) == (1, "FAIL  own.py: the gradient of weight is wrong")
    text = " ".join(" ".join(lines).split())
    assert "cause scale: The gradient of weight is 1/6 of the true one, and the batch has 6 rows" in text


def test_options_of_a_function_are_given_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    shapes = ["--input", "4", "3", "--input", "2", "3", "--input", "2"]
    once, thrice = (checked(capsys, f"own.py:forward,backward{scale}", *shapes)[1] for scale in ("", "(scale=3)"))
    values = [float(next(line for line in lines if "backward " in line).split()[-1]) for lines in (once, thrice)]
    assert values[1] == pytest.approx(3 * values[0], rel=1e-5)


def test_a_function_class_a_module_and_one_of_its_instances(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(capsys, "own.py:Square", "--input", "3")[1][0] == "FAIL  Square: the gradient of x is wrong"
    for text, shape in (("Net", "6×3"), ("Net(5)", "4×5"), ("net", "4×4")):
        shapes = ["--input", *shape.split("×")]
        status, lines = checked(capsys, f"own.py:{text}", *shapes)
        assert (status, lines[0].split()[1]) == (0, f"{text}:")
        assert names(lines) == ["x", "layer.weight", "layer.bias"]
        assert lines[3].split()[1] == shape


def test_the_picture_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("own.py:forward,backward", "tanh", "Tanh"):
        _, lines = checked(capsys, what, "--plot", "picture.png")
        assert lines[-1] == "picture: picture.png"
        assert Path("picture.png").read_bytes().startswith(b"\x89PNG")
        Path("picture.png").unlink()


def test_help_shows_what_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["gradcheck", "--help"])
    out = capsys.readouterr().out
    for word in ("conv.py:forward,backward", "Conv2d(3, 4, 3, stride=2)", "of fifty layers, minutes",
                 "swish_inputs(rng)", "exit status:"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 120


# Mistakes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["conv2"], 2, "no op, layer or model conv2; did you mean conv2d or Conv2d?"),
        (["resnet_digit"], 2, "did you mean resnet_digits"),
        (["xyzzy"], 2, "no op, layer or model xyzzy; tinycnn gradcheck --help tells how"),
        (["Conv2d(3)"], 2, "Conv2d: missing a required argument: 'out_channels'; it takes (in_channels, out_channels"),
        (["Conv2d(3, 4, 3, strid=2)"], 2, "unexpected keyword argument 'strid'"),
        (["Conv2d(3, 4, __import__('os'))"], 2, "nn has no layer __import__"),
        (["Conv2d(3, 4, (1).bit_length())"], 2, "is no call with numbers, tuples and text in it"),
        (["Linear(3, 4)(2)"], 2, "is no call with numbers"),
        (["Linear(3, 4"], 2, "is no call with numbers"),
        (["Linear(*(3, 4))"], 2, "is no call with numbers"),
        (["Sequential"], 2, "Sequential is what its layers are"),
        (["Conv2d(3, 4, 9)", "--input", "2", "3", "4", "4"], 2, "the kernel is larger than the padded input"),
        (["Linear", "--input", "2,3"], 2, "'2,3' is no number: a shape stands after WHAT, with spaces"),
        (["--input", "2", "3", "Linear"], 2, "'Linear' is no number: a shape stands after WHAT, with spaces"),
        (["Linear", "--input", "2", "-3"], 2, "sizes are not negative"),
        (["Linear", "--order", "3"], 2, "--order is 1 or 2, not 3"),
        (["Linear", "--seed", "-1"], 2, "--seed must be at least 0"),
        (["softmax_classifier", "--order", "2"], 2, "--order 2 is for functions and layers"),
        (["tanh", "--input", "3"], 2, "an op's inputs are the catalogue's"),
        (["--plot", "x.png"], 2, "--plot draws one thing: name what"),
        (["Tanh", "--plot", "nowhere/x.png"], 2, "there is no folder nowhere"),
        (["own.py"], 2, "say what is to be checked in own.py, as in own.py:function"),
        (["own.py:"], 2, "say what is to be checked in own.py, as in own.py:function"),
        (["own:swish"], 2, "stands as FILE.py:function, but own does not end in .py"),
        (["own.py:swisch"], 2, "own.py defines no swisch; did you mean swish?"),
        (["beside.py:f"], 2, "beside.py defines no f; it defines nothing"),
        (["own.py:TWO"], 2, "TWO in own.py is no function, class or module, but int"),
        (["own.py:Plain"], 2, "Plain in own.py is a class, but no Module"),
        (["own.py:Net(features=3, layers=2)"], 2, "Net: got an unexpected keyword argument 'layers'"),
        (["own.py:swish(2)", "--input", "3"], 2, "inputs are drawn"),
        (["own.py:swish(beta=2)", "--input", "3"], 2, "swish(x) cannot be called with 1 input and these options"),
        (["own.py:forward", "--input", "3"], 2, "forward(x, weight, bias, scale=1.0) cannot be called with 1 input:"),
        (["own.py:swish,swish", "--input", "3"], 2,
         "swish(x) cannot be called with the gradient g and 1 input: too many positional arguments"),
        (["own.py:forward,crashing"], 1, "own.py: forward or crashing raises IndexError"),
        (["own.py:a,b,c"], 2, "names neither a function nor a pair"),
        (["own.py:forward,backward", "--order", "2"], 2, "needs a backward that can itself be differentiated"),
        (["nowhere.py:f"], 2, "there is no file nowhere.py"),
        (["wrong.py:f"], 1, "wrong.py: the file raises SyntaxError: invalid syntax"),
        (["wrong.py:f"], 1, "line 2: y = x +"),
        (["ends.py:f"], 1, "ends.py: the file ends the program"),
        (["own.py:crashes", "--input", "3"], 1, "crashes raises AttributeError: 'Tensor' object has no"),
        (["own.py:crashes", "--input", "3"], 1, "in crashes: return x.nothing()"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_gets_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    found, line = refused(capsys, *arguments)
    assert (found, words in line) == (status, True), line
    assert not Path("x.png").exists()


def test_a_function_of_several_inputs_asks_for_their_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.py").write_text(OWN.replace("forward_inputs", "others"), encoding="utf-8")
    status, line = refused(capsys, "own.py:forward,backward")
    assert status == 2
    assert "forward takes 3 inputs, x, weight, bias: give a shape for each" in line


def test_debug_shows_the_stack() -> None:
    with pytest.raises(FormatError) as raised:
        main(["gradcheck", "own.py:crashes", "--input", "3", "--debug"])
    assert isinstance(raised.value.__cause__, AttributeError)


def test_inputs_of_a_file_that_is_about_one_thing(capsys: pytest.CaptureFixture[str]) -> None:
    text = "def half(x):\n    return x / 2\n\n\ndef inputs(rng):\n    return rng.uniform(0, 1, (2, 7))\n"
    Path("one.py").write_text(text, encoding="utf-8")
    assert "2×7" in checked(capsys, "one.py:half")[1][3]
    assert "3×1" in checked(capsys, "one.py:half", "--input", "3", "1")[1][3]
