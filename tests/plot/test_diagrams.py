r"""Diagrams of any network are legible, the same every time, and leave the model as it was."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests.plot.legibility import NAMESPACE, check
from tinycnn import models, nn, plot
from tinycnn.errors import ArgumentError, ConfigError, TinycnnError
from tinycnn.nn import functional as F
from tinycnn.plot import SVG
from tinycnn.plot.diagram.lettering import text_width
from tinycnn.plot.diagram.tracing import trace


class Functional(nn.Module):
    r"""The lecture's net without modules for what has no parameters, and one output scaled by a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5, groups=2)
        self.fc = nn.Linear(400, 10)
        self.gain = nn.Parameter(torch.ones(10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        scaled: torch.Tensor = self.fc(torch.flatten(x, 1)) * self.gain
        return scaled


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(8, 4, 1)
        self.b = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 3, padding=1))
        self.c = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(8, 4, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.a(x), self.b(x), self.c(x)], 1)


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, 3, 2, 1), nn.ConvTranspose2d(8, 8, 2, 2)
        self.out = nn.Conv2d(11, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> Any:
        return self.out(torch.cat([x, self.up(self.down(x).relu())], 1))


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.a, self.b = nn.Conv2d(3, 8, 3), nn.Linear(8, 2), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> Any:
        y = self.body(x).relu().mean((2, 3))
        return {"a": self.a(y), "b": self.b(y)}


class Sum(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "functional": (Functional, (1, 3, 32, 32)),
    "net": (models.Net, (1, 3, 32, 32)),
    "inception": (Inception, (1, 8, 16, 16)),
    "unet": (UNet, (1, 3, 32, 32)),
    "two heads": (TwoHeads, (2, 3, 16, 16)),
    "resnet20": (models.resnet20, (1, 3, 32, 32)),
    "digits": (models.se_resnet_digits, (1, 1, 8, 8)),
    "resnext": (lambda: models.ResNet(models.Bottleneck, (1, 2, 1, 1), groups=4, width_per_group=16), (1, 3, 32, 32)),
    "dense": (lambda: nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 3), nn.Softmax(1)), (4, 10)),
    "one layer": (lambda: nn.Conv2d(3, 4, (3, 1), stride=(2, 1)), (1, 3, 12, 8)),
}
DRAW: dict[str, Callable[..., SVG]] = {
    "block": plot.block, "chain": plot.chain, "volumes": plot.volumes,
    "columns": lambda net, size: plot.columns(net, input_size=size),
}


# All of them, of all kinds of networks ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("drawing", DRAW)
def test_a_picture_of_any_network_is_legible_and_the_same_every_time(net: str, drawing: str) -> None:
    make, size = NETS[net]
    model = make()
    picture = DRAW[drawing](model, size)
    check(picture)
    assert str(picture) == str(DRAW[drawing](model, size))


def test_the_model_is_left_as_it_was() -> None:
    model = models.resnet20()
    model.get_submodule("layer1").eval()
    for parameter in model.get_submodule("layer2").parameters():
        parameter.requires_grad_(False)
    values = {name: value.numpy().copy() for name, value in model.state_dict().items()}

    def flags() -> list[tuple[bool, int, int]]:
        return [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()]

    before = flags()
    random = torch.get_rng_state()
    plot.columns(model, input_size=(2, 3, 32, 32))
    assert all(np.array_equal(values[name], value.numpy()) for name, value in model.state_dict().items())
    assert flags() == before
    assert all(parameter.grad is None for parameter in model.parameters())
    assert str(torch.get_rng_state()) == str(random)


def test_the_model_is_left_as_it_was_by_an_error_too() -> None:
    model = models.Net()
    with pytest.raises(torch.ShapeError, match="fc1"):
        plot.block(model, (1, 3, 64, 64))
    assert model.training
    assert all(not module._forward_hooks and not module._forward_pre_hooks for module in model.modules())


def test_frozen_parameters_no_grad_and_training_mode_make_no_difference() -> None:
    model = models.resnet20()
    before = str(plot.block(model, (1, 3, 32, 32)))
    model.requires_grad_(False).eval()
    with torch.no_grad():
        assert str(plot.block(model, (1, 3, 32, 32))) == before


def test_what_users_call_things_is_escaped() -> None:
    evil = type("A<b>&\"'", (nn.Sequential,), {})
    picture = plot.block(evil(nn.Conv2d(3, 4, 3)), (1, 3, 8, 8), title="<script>&\x0b")
    check_root = ElementTree.fromstring(str(picture))
    assert "<script>&�" in [element.text for element in check_root.iter(f"{NAMESPACE}text")]
    assert "<script>" not in str(picture)


def test_saving_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = plot.block(nn.Conv2d(3, 4, 3), (1, 3, 8, 8))
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == str(picture)
    assert ElementTree.fromstring(picture._repr_svg_()).get("style") == "max-width: 100%; height: auto"
    monkeypatch.setattr(SVG, "__str__", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        picture.save(tmp_path / "a.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]
    assert (tmp_path / "a.svg").stat().st_size > 100


def test_texts_are_no_wider_than_estimated() -> None:
    font_manager = pytest.importorskip("matplotlib.font_manager")
    for weight in ("normal", "bold"):
        properties = font_manager.FontProperties(family="DejaVu Sans", weight=weight)
        font = font_manager.get_font(font_manager.findfont(properties))
        font.set_size(100, 72)
        for string in ("3×3 conv, 64, /2", "BatchNorm2d", "global avg pool", "downsample.0 · 28×28×128", "MMWW@@%%mm",
                       "7×7 depthwise conv, 96", "SE 256→16→256", "fc 4096", "0123456789", "abcdefghijklmnopqrst"):
            width = sum(font.load_char(ord(c)).linearHoriAdvance / 65536 for c in string)
            assert width <= text_width(string, 100, bold=weight == "bold")


# What cannot be drawn ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("model", "size", "message"), [
    (models.resnet18, (1, 3, 8, 8), "made before they are drawn"),
    (nn.ReLU(), "abc", "must be a tuple"),
    (nn.ReLU(), 3, "must be a tuple"),
    (nn.ReLU(), (1, 0), "at least 1"),
    (nn.ReLU(), (), "at least 1"),
    (nn.ReLU(), [(1, 3), (1, 3)], "begins with one"),
    (Sum(), (1, 3), r"Sum: forward\(.*missing a required argument: 'y'"),
    (nn.Sequential(nn.Flatten(0)), torch.tensor([[1, 2]]), "does not depend on its input"),
])
def test_wrong_arguments_are_refused_with_the_likely_mistake(model: Any, size: Any, message: str) -> None:
    with pytest.raises(TinycnnError, match=message):
        plot.block(model, size)


def test_a_model_that_does_nothing_or_leaves_the_graph_is_refused() -> None:
    class Leaves(nn.Module):
        def __init__(self, *after: nn.Module) -> None:
            super().__init__()
            self.after = nn.Sequential(*after)

        def forward(self, x: torch.Tensor) -> Any:
            return self.after(x.detach() * 2)

    for model in (nn.Identity(), Leaves(), Leaves(nn.Conv2d(3, 4, 3))):
        with pytest.raises(ConfigError, match="does not depend on its input"):
            plot.block(model, (1, 3, 8, 8))


def test_columns_and_comparisons_want_models_and_a_name_for_each() -> None:
    for draw in (plot.columns, plot.compare_blocks):
        with pytest.raises(ArgumentError, match="no model"):
            draw(input_size=(1, 3, 8, 8))
        with pytest.raises(ArgumentError, match="1 models have 2 names"):
            draw(models.resnet20(), input_size=(1, 3, 32, 32), names=["a", "b"])


def test_functional_layers_are_told_apart_and_belong_to_no_module() -> None:
    steps = trace(Functional(), (1, 3, 32, 32)).steps
    assert [(step.kind, step.label()) for step in steps] == [
        ("input", "input"), ("conv", "5×5 conv, 6"), ("activation", "ReLU"), ("pool", "2×2 max pool, /2"),
        ("conv", "5×5 conv, 16, 2 groups"), ("activation", "ReLU"), ("pool", "2×2 max pool, /2"), ("shape", "flatten"),
        ("dense", "fc 10"), ("scale", "⊙ gain"),
    ]
    assert [step.module is None for step in steps][1:4] == [False, True, True]


def test_a_product_of_two_results_is_no_layer_with_weights() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v = nn.Linear(8, 6), nn.Linear(8, 6), nn.Linear(8, 4)

        def forward(self, x: torch.Tensor) -> Any:
            return F.softmax(self.q(x) @ self.k(x).transpose(1, 2), -1) @ self.v(x)

    steps = trace(Attention(), (2, 5, 8)).steps
    assert [step.label() for step in steps if step.kind == "dense"] == ["1×1 linear, 6"] * 2 + ["1×1 linear, 4"]
    assert [(step.label(), len(step.inputs)) for step in steps if step.kind == "merge"] == [("matmul", 2)] * 2


def test_a_tensor_may_be_the_input() -> None:
    x = torch.ones(2, 3, 8, 8, dtype=torch.float64)
    layer = nn.Conv2d(3, 4, 3).double()
    assert str(plot.block(layer, x)) == str(plot.block(layer, (2, 3, 8, 8)))
    assert not x.requires_grad


def test_an_image_without_a_batch_is_refused_with_the_size_to_give() -> None:
    with pytest.raises(ConfigError, match=r"no batch[^\0]*\(1, 3, 8, 8\)"):
        plot.chain(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (3, 8, 8))


def test_a_users_own_op_and_a_count_of_calls() -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * x * x

        @staticmethod
        def backward(ctx: Any, *g: torch.Tensor) -> torch.Tensor:
            return g[0]

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls.add_(1)
            cubed: torch.Tensor = Cube.apply(x)
            return cubed.relu_() + torch.randn(1)

    model = Counting()
    before = str(torch.get_rng_state())
    assert {"Cube", "ReLU"} <= set(plot.block(model, (1, 3, 4, 4)).strings)
    assert model.calls.item() == 0
    assert str(torch.get_rng_state()) == before
