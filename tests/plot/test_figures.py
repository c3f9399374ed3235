r"""The lecture's figures of networks say what the objects have: Figures 7, 10, 14, 15, 17 and 19."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinycnn as torch
from tests.plot.legibility import check, kinds, shortcuts
from tinycnn import models, nn, plot
from tinycnn.errors import ConfigError
from tinycnn.models.convnext import ConvNeXt
from tinycnn.nn import functional as F


def block_of(name: str) -> nn.Module:
    return {
        "basic": lambda: models.resnet20().get_submodule("layer1.0"),
        "padded": lambda: models.resnet20().get_submodule("layer2.0"),
        "bottleneck": lambda: models.ResNet(models.Bottleneck, (1, 1, 1, 1)).get_submodule("layer1.0"),
        "squeeze": lambda: nn.SqueezeExcitation(16, 4),
        "cnblock": lambda: ConvNeXt((1,), (96,)).get_submodule("features.1.0"),
    }[name]()


# Blocks: Figure 14 ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["basic", "padded", "bottleneck", "squeeze", "cnblock"])
def test_a_picture_of_any_block_is_legible(name: str) -> None:
    channels = {"bottleneck": 64, "cnblock": 96}.get(name, 16)
    check(plot.block(block_of(name), (1, channels, 8, 8)))


def test_a_residual_block_has_its_layers_and_one_identity() -> None:
    picture = plot.block(block_of("basic"), (1, 16, 32, 32))
    assert kinds(picture) == {"input": 1, "conv": 2, "norm": 2, "activation": 2, "merge": 1}
    (arc,) = shortcuts(picture)
    assert not arc.dotted
    labels = [text for text in picture.strings if "·" not in text]
    assert sorted(labels) == sorted([
        "BasicBlock", "x", "32×32×16", "3×3 conv, 16", "BatchNorm2d", "ReLU", "3×3 conv, 16", "BatchNorm2d", "ReLU",
        "identity", "F(x)", "F(x) + x",
    ])


def test_a_projection_is_drawn_with_its_own_layers() -> None:
    picture = plot.block(block_of("bottleneck"), (1, 64, 14, 14))
    assert kinds(picture)["conv"] == 4
    assert "F(x) + W x" in picture.strings
    assert "identity" not in picture.strings
    assert [text for text in picture.strings if text.startswith("downsample")] == [
        "downsample.0 · 14×14×256", "downsample.1 · 14×14×256",
    ]


def test_a_block_of_convnext_has_its_permutations_and_its_scale() -> None:
    picture = plot.block(block_of("cnblock"), (1, 96, 14, 14))
    shown = [text for text in picture.strings if "·" not in text]
    assert shown[3:-3] == [
        "7×7 depthwise conv, 96", "Permute", "LayerNorm", "1×1 linear, 384", "GELU", "1×1 linear, 96", "Permute",
        "⊙ layer_scale", "14×14×96",
    ]
    assert "block.3 · 14×14×384" in picture.strings  # H×W×C, though the channels are the last axis there


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 8), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2), st.integers(6, 12))
def test_kernel_stride_and_sizes_are_those_of_the_layer(
    channels: int, kernel: int, stride: int, padding: int, side: int
) -> None:
    layer = nn.Conv2d(2, channels, kernel, stride, padding)
    out = (side + 2 * padding - kernel) // stride + 1
    picture = plot.block(layer, (3, 2, side, side))
    label = f"{kernel}×{kernel} conv, {channels}" + (f", /{stride}" if stride > 1 else "")
    assert picture.strings[-2:] == [label, f"{out}×{out}×{channels}"]
    assert plot.chain(layer, (3, 2, side, side)).strings[3] == f"{channels} @ {out}×{out}"


# Columns: Figure 15 ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_columns_show_every_repeated_layer_and_every_shortcut() -> None:
    plain, residual = (models.ResNet(block, (3, 4, 6, 3)) for block in (models.PlainBlock, models.BasicBlock))
    picture = plot.columns(plain, residual, input_size=(1, 3, 32, 32), names=["plain-34", "ResNet-34"])
    check(picture)
    assert kinds(picture)["conv"] == 2 * 33
    assert picture.strings.count("3×3 conv, 256") == 2 * 11
    arcs = shortcuts(picture)
    assert (len(arcs), sum(arc.dotted for arc in arcs)) == (16, 3)
    assert [f"1×1 conv, {width}, /2" for width in (128, 256, 512)] == [
        text for text in picture.strings if text.startswith("1×1 conv")
    ]


def test_columns_are_called_by_their_depth_and_have_a_legend_where_there_is_a_shortcut() -> None:
    plain = plot.columns(models.plain20(), input_size=(1, 3, 32, 32))
    assert "SmallResNet, 20 weight layers" in plain.strings
    assert plain.strings[-1] == "fc 10"
    assert plot.columns(models.resnet20(), input_size=(1, 3, 32, 32)).strings[-2] == "identity shortcut"


def test_columns_change_with_the_model() -> None:
    model = models.resnet20()
    before = plot.columns(model, input_size=(1, 3, 32, 32))
    model.layer1 = nn.Sequential(*list(model.layer1.children())[:2])
    after = plot.columns(model, input_size=(1, 3, 32, 32))
    assert kinds(before)["conv"] - kinds(after)["conv"] == 2
    assert len(shortcuts(before)) - len(shortcuts(after)) == 1


def test_an_arc_says_how_it_meets_the_others_if_not_in_a_sum() -> None:
    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(8, 2, 1)

        def forward(self, x: torch.Tensor) -> Any:
            return self.b(torch.cat([x, self.a(x)], 1)), x.mean()

    picture = plot.columns(Joined(), input_size=(1, 4, 8, 8))
    check(picture)
    assert {"concat", "mean", "identity shortcut"} <= set(picture.strings)
    assert not any("of its own" in text for text in picture.strings)  # the mean is another output, no shortcut


def test_columns_are_level_where_the_sizes_are() -> None:
    picture = plot.columns(models.plain20(), models.resnet56(), input_size=(1, 3, 32, 32))
    for label in ("3×3 conv, 32, /2", "3×3 conv, 64, /2", "global avg pool"):
        levels = {round(text.y, 3) for text in picture.texts if text.string == label}
        assert len(levels) == 1, label


def test_squeeze_and_excitation_is_one_box_in_a_column() -> None:
    picture = plot.columns(models.se_resnet_digits(), input_size=(1, 1, 8, 8))
    assert [text for text in picture.strings if text.startswith("SE ")] == ["SE 16→8→16", "SE 32→8→32", "SE 64→8→64"]


# Chains and solids: Figures 7 and 10 ─────────────────────────────────────────────────────────────────────────────────


def test_a_chain_of_alexnet() -> None:
    model = models.alexnet()
    picture = plot.chain(model, (1, 3, 224, 224))
    check(picture)
    sizes = [text for text in picture.strings if "@" in text]
    assert sizes == [
        "3 @ 224×224", "64 @ 55×55", "64 @ 27×27", "192 @ 27×27", "192 @ 13×13", "384 @ 13×13", "256 @ 13×13",
        "256 @ 13×13", "256 @ 6×6",
    ]
    at = picture.strings.index("11×11 conv")
    assert picture.strings[at : at + 3] == ["11×11 conv", "stride 4, pad 2", "ReLU"]
    assert [text for text in picture.strings if text.startswith("fc")] == ["fc 4096", "fc 4096", "fc 1000"]


def test_solids_shrink_and_thicken_as_the_activations_do() -> None:
    widths = [(4, 2), (8, 2), (16, 3)]
    layers: list[nn.Module] = []
    channels = 3
    for width, count in widths:
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 4 * 4, 10), nn.Softmax(1))
    picture = plot.volumes(net, (1, 3, 32, 32))
    solids = [box for box in picture.boxes if box.kind != "legend"]
    assert [box.kind for box in solids] == [
        "input", "conv", "conv", "pool", "conv", "conv", "pool", "conv", "conv", "conv", "pool", "dense", "softmax",
    ]
    heights = [box.height for box in solids]
    assert heights == sorted(heights, reverse=True)
    convs = [box.width for box in solids if box.kind == "conv"]
    assert convs == sorted(convs)
    assert convs[0] < convs[-1]
    named = [text for text in picture.strings if "conv" in text]
    assert named == ["2 × conv", "2 × conv", "3 × conv", "convolution + ReLU"]


def test_blocks_are_one_solid_each() -> None:
    picture = plot.volumes(models.resnet20(), (1, 3, 32, 32))
    assert kinds(picture)["block"] == 9
    assert sum(text == "3 × BasicBlock" or text == "2 × BasicBlock" for text in picture.strings) >= 1


# Squeeze and excitation: Figure 19 ───────────────────────────────────────────────────────────────────────────────────


def test_the_numbers_of_squeeze_and_excitation_are_those_of_the_object() -> None:
    picture = plot.squeeze_excitation(nn.SqueezeExcitation(48, 6, nn.SiLU, nn.Tanh), (2, 48, 7, 9))
    check(picture)
    assert [text for text in picture.strings if text.startswith("1×1×")] == ["1×1×48", "1×1×6", "1×1×48"]
    assert picture.strings.count("H×W×C = 7×9×48") == 2  # U and its scaled twin: what X was, is not known here
    assert {"SiLU", "Tanh", "global avg pool"} <= set(picture.strings)


def test_a_block_shows_the_transformation_before_the_squeeze() -> None:
    block = models.se_resnet_digits().get_submodule("layer2.0")
    picture = plot.squeeze_excitation(block, (1, 16, 8, 8))
    check(picture)
    assert {"H×W×C = 8×8×16", "H×W×C = 4×4×32", "3×3 conv, 32, /2", "X", "U"} <= set(picture.strings)


def test_of_a_long_transformation_the_layers_with_weights_are_named() -> None:
    net = models.ResNet(models.SEBottleneck, (2, 1, 1, 1))
    picture = plot.squeeze_excitation(net.get_submodule("layer1.1"), (1, 256, 8, 8))
    check(picture)
    at = picture.strings.index("1×1 conv, 64")
    assert picture.strings[at : at + 3] == ["1×1 conv, 64", "3×3 conv, 64", "1×1 conv, 256"]


def test_a_long_network_continues_in_further_rows() -> None:
    net = nn.Sequential(*(nn.Conv2d(8, 8, 3, padding=1, stride=1 + i % 2) for i in range(40)))
    for draw in (plot.chain, plot.volumes):
        picture = draw(net, (1, 8, 64, 64))
        check(picture)
        assert picture.size[0] < 1600
    assert kinds(plot.volumes(net, (1, 8, 64, 64)))["conv"] == 40


def test_a_gate_made_of_functions_is_found_and_none_or_many_are_refused() -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)

        def forward(self, u: torch.Tensor) -> torch.Tensor:
            z = F.adaptive_avg_pool2d(u, 1)
            return torch.sigmoid(self.up(F.relu(self.down(z)))) * u

    check(plot.squeeze_excitation(Gate(), (1, 8, 6, 6)))
    with pytest.raises(ConfigError, match="nothing in Net pools"):
        plot.squeeze_excitation(models.Net(), (1, 3, 32, 32))
    with pytest.raises(ConfigError, match=r"(?s)3 times.*get_submodule\('layer1.0.se'\)"):
        plot.squeeze_excitation(models.se_resnet_digits(), (1, 1, 8, 8))


# From block to block: Figure 17 ──────────────────────────────────────────────────────────────────────────────────────


def test_what_changed_from_resnet_to_convnext_is_read_from_the_models() -> None:
    nets = (models.ResNet(models.Bottleneck, (2, 1, 3, 1)), ConvNeXt((1, 2), (96, 192)))
    picture = plot.compare_blocks(*nets, input_size=(1, 3, 32, 32), names=["a ResNet", "a ConvNeXt"])
    check(picture)

    def row(topic: str) -> list[str]:
        at = picture.strings.index(topic)
        return picture.strings[at + 1 : at + 3]

    assert row("blocks a stage") == ["2, 1, 3, 1", "1, 2"]
    assert row("channels of the stages") == ["256, 512, 1024, 2048", "96, 192"]
    assert row("channels in the block") == ["256 → 64 → 64 → 256", "96 → 96 → 384 → 96"]
    assert row("largest kernel") == ["3×3", "7×7"]
    assert row("grouping") == ["every channel with every other", "depthwise"]
    assert row("activations a block") == ["3 × ReLU", "1 × GELU"]
    assert row("norms a block") == ["3 × BatchNorm2d", "1 × LayerNorm"]
    assert row("parameters") == [f"{sum(p.numel() for p in net.parameters()):,}" for net in nets]
    at = picture.strings.index("stem")
    assert picture.strings[at + 1 : at + 7] == ["7×7 conv, 64, /2", "BatchNorm2d", "ReLU", "3×3 max pool, /2",
                                                "4×4 conv, 96, /4", "LayerNorm2d"]
    at = picture.strings.index("downsampling")
    assert picture.strings[at + 1 : at + 4] == [
        "3×3 conv, 128, /2 in the first block", "LayerNorm2d", "2×2 conv, 192, /2",
    ]


def test_networks_without_blocks_are_not_compared_by_them() -> None:
    with pytest.raises(ConfigError, match=r"(?s)no residual block.*plot.columns"):
        plot.compare_blocks(models.Net(), input_size=(1, 3, 32, 32))
