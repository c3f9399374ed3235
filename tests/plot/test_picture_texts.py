r"""What pictures say, and leave out, tells networks apart that differ: norms, blocks, poolings, sheets."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinycnn as torch
from tests.plot.legibility import check, kinds
from tinycnn import models, nn, plot
from tinycnn.errors import ConfigError
from tinycnn.nn.utils import skip_init
from tinycnn.plot.diagram import structure, tracing


def small(*between: nn.Module, size: int = 4) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), *between, nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(size), nn.Flatten(),
        nn.Linear(8 * size * size, 10), nn.ReLU(), nn.Linear(10, 4),
    )


# Columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_norm_behind_the_activation_is_a_box_and_one_before_it_stands_below_the_title() -> None:
    lrn, batch = nn.LocalResponseNorm(5), nn.BatchNorm2d(8)
    nets = (small(nn.ReLU()), small(nn.ReLU(), lrn), small(batch, nn.ReLU()))
    picture = plot.columns(*nets, input_size=(1, 3, 8, 8), names=["A", "A-LRN", "A-BN"])
    check(picture)
    boxes = [text.string for text in picture.texts if text.within is not None]
    assert boxes.count("LocalResponseNorm") == 1
    assert "BatchNorm2d" not in boxes
    assert picture.strings.count("BatchNorm2d") == 1


def test_the_lectures_columns_of_vgg_show_the_response_normalization() -> None:
    nets = (skip_init(models.vgg11), skip_init(models.vgg11_lrn))
    picture = plot.columns(*nets, input_size=(1, 3, 224, 224), names=["A", "A-LRN"])
    check(picture)
    assert picture.strings.count("LocalResponseNorm") == 1
    assert not [text for text in picture.strings if "avg pool" in text]  # of 7×7 to 7×7


@pytest.mark.parametrize(("nets", "size", "blocks"), [
    ((models.plain20, models.resnet20), 32, ["PlainBlock, BatchNorm2d", "BasicBlock, BatchNorm2d"]),
    ((models.resnet18, models.se_resnet18), 64, ["BasicBlock, BatchNorm2d", "SEBasicBlock, BatchNorm2d"]),
])
def test_columns_of_one_class_are_told_apart_by_their_blocks(
    nets: tuple[type[nn.Module], ...], size: int, blocks: list[str]
) -> None:
    picture = plot.columns(*map(skip_init, nets), input_size=(1, 3, size, size))
    check(picture)
    assert [text for text in picture.strings if "Block" in text] == blocks


def test_a_shortcut_that_pads_is_not_called_a_projection() -> None:
    picture = plot.columns(models.resnet20(), input_size=(1, 3, 32, 32))
    assert picture.strings[-1] == "shortcut with steps of its own"


# Chains and solids ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pooling_that_changes_nothing_is_left_out_and_any_other_is_not() -> None:
    for draw in (plot.chain, plot.volumes):
        assert kinds(draw(small(), (1, 3, 8, 8)))["pool"] == kinds(draw(small(size=2), (1, 3, 8, 8)))["pool"] // 2
    steps = plot.block(small(), (1, 3, 8, 8)).strings  # in full
    assert "avg pool to 4×4" in steps


class Shared(nn.Module):
    """conv → (a pooling that changes nothing → ReLU) + conv"""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool, self.relu = nn.Conv2d(3, 3, 3, padding=1), nn.AvgPool2d(1), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return self.relu(self.pool(y)) + y


def test_what_follows_a_pooling_that_is_left_out_belongs_where_it_would_without_it() -> None:
    idle = nn.AvgPool2d(1)
    at_the_input = tracing.trace(nn.Sequential(idle, nn.ReLU(), nn.Conv2d(3, 4, 1)), (1, 3, 4, 4))
    assert [step.kind for step in structure.joined(at_the_input.steps)] == ["input", "activation", "conv"]
    behind = tracing.trace(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), idle, nn.LocalResponseNorm(3)), (1, 3, 4, 4))
    assert [step.kind for step in structure.joined(behind.steps)][1:] == ["conv", "norm"]
    head = structure.joined(tracing.trace(Shared(), (1, 3, 4, 4)).steps)[1]
    assert (head.kind, head.followers) == ("conv", ())  # for the sum takes what the convolution gave


def test_a_chain_says_how_long_the_flattened_vector_is() -> None:
    assert "Flatten to 128" in plot.chain(small(), (1, 3, 8, 8)).strings


@pytest.mark.parametrize("channels", range(1, 7))
def test_few_maps_are_as_many_sheets(channels: int) -> None:
    net = nn.Sequential(nn.Conv2d(channels, 1, 3), nn.Flatten())
    picture = plot.chain(net, (1, channels, 8, 8))
    check(picture)
    assert kinds(picture)["input"] == channels


def test_more_maps_are_never_fewer_sheets() -> None:
    sheets = [kinds(plot.chain(nn.Conv2d(c, 1, 1), (1, c, 4, 4)))["input"] for c in (6, 7, 16, 64, 256, 2048)]
    assert sheets == sorted(sheets)
    assert sheets[-1] == 9


def test_the_legend_of_solids_names_what_all_of_a_kind_have() -> None:
    picture = plot.volumes(small(nn.ReLU()), (1, 3, 8, 8))
    assert picture.strings[-3:] == ["convolution + ReLU", "max pooling", "fully connected"]


# Headings, labels, files ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_two_headings_of_a_compared_block_are_aligned() -> None:
    nets = (models.resnet20(), models.se_resnet_digits())
    for picture in (plot.compare_blocks(nets[0], input_size=(1, 3, 32, 32)),
                    plot.compare_blocks(nets[1], input_size=(1, 1, 8, 8))):
        check(picture)
        first, second = picture.texts[:2]
        assert second.string.endswith("-d")
        assert first.x == second.x


def test_the_excitation_is_named_above_the_middle_of_its_arrows_and_its_layers_as_elsewhere() -> None:
    picture = plot.squeeze_excitation(nn.SqueezeExcitation(48, 6), (1, 48, 7, 7))
    assert {"1×1 conv, 6", "1×1 conv, 48"} <= set(picture.strings)
    start = next(text for text in picture.texts if text.string == "ex")
    end = next(text for text in picture.texts if text.string == "(z, W)")
    middle = (start.x - 7 + end.x + end.width) / 2  # F is about 7 wide
    hidden = next(text for text in picture.texts if text.string == "1×1×6")
    assert abs(middle - hidden.x - hidden.width / 2) < 15


@pytest.mark.parametrize("name", ["x.png", "x.PDF", "x.jpeg"])
def test_svg_is_not_written_under_the_name_of_another_format(tmp_path: Path, name: str) -> None:
    picture = plot.block(nn.Conv2d(3, 4, 3), (1, 3, 8, 8))
    with pytest.raises(ConfigError, match=r"(?s)name ends in \.(png|PDF|jpeg).*rsvg-convert"):
        picture.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
    for right in ("x.svg", "x.SVG", "x"):
        picture.save(str(tmp_path / right))
        assert (tmp_path / right).read_text(encoding="utf-8") == str(picture)
        (tmp_path / right).unlink()


def test_a_missing_batch_is_named_where_it_makes_a_linear_layer_fail() -> None:
    with pytest.raises(ConfigError, match=r"(?s)no batch.*\(1, 3, 32, 32\)"):
        plot.chain(models.lenet(), (3, 32, 32))
