r"""The lecture's Figure 8 out of the model, and its like for other networks."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn
from tests.tables.modules import modules
from tests.tables.test_summary import Cells
from tinycnn import models, nn
from tinycnn.nn import functional as F
from tinycnn.tables import layer_table

# The lecture's table, column by column, its 145 in conv4 put right
FIGURE_8 = """
conv1   | 3    | 227 | 64   | 11 | 4 | 2 | 64   | 56 | 784 | 23     | 73
pool1   | 64   | 56  |      | 3  | 2 | 0 | 64   | 27 | 182 | 0      | 0
conv2   | 64   | 27  | 192  | 5  | 1 | 2 | 192  | 27 | 547 | 307    | 224
pool2   | 192  | 27  |      | 3  | 2 | 0 | 192  | 13 | 127 | 0      | 0
conv3   | 192  | 13  | 384  | 3  | 1 | 1 | 384  | 13 | 254 | 664    | 112
conv4   | 384  | 13  | 256  | 3  | 1 | 1 | 256  | 13 | 169 | 885    | 150
conv5   | 256  | 13  | 256  | 3  | 1 | 1 | 256  | 13 | 169 | 590    | 100
pool5   | 256  | 13  |      | 3  | 2 | 0 | 256  | 6  | 36  | 0      | 0
flatten | 256  | 6   |      |    |   |   | 9216 |    | 36  | 0      | 0
fc6     | 9216 |     | 4096 |    |   |   | 4096 |    | 16  | 37,749 | 38
fc7     | 4096 |     | 4096 |    |   |   | 4096 |    | 16  | 16,777 | 17
fc8     | 4096 |     | 1000 |    |   |   | 1000 |    | 4   | 4,096  | 4
"""
LECTURE = [[cell.strip() for cell in line.split("|")] for line in FIGURE_8.strip().splitlines()]
HEADINGS = ["Layer", "C", "H / W", "filters", "kernel", "stride", "pad", "C", "H / W", "memory (KB)", "params (k)",
            "flop (M)"]


def table(model: nn.Module, size: Any) -> list[list[str]]:
    r"""The cells of a table with as many columns as the lecture's."""
    cells = Cells(layer_table(model, size)._repr_html_()).cells
    assert cells[:4] == ["", "Input size", "Layer", "Output size"]
    cells = cells[cells.index("Layer", 3):]
    return [cells[i:i + 12] for i in range(0, len(cells) - 11, 12)]


def test_alexnet_is_the_lectures_figure() -> None:
    found = table(nn.utils.skip_init(models.alexnet), (1, 3, 227, 227))
    assert found[0] == HEADINGS
    assert found[1:13] == LECTURE


def test_as_text_its_columns_are_aligned() -> None:
    shown = layer_table(nn.utils.skip_init(models.alexnet), (1, 3, 227, 227))
    lines = str(shown).splitlines()
    assert lines == repr(shown).splitlines()
    assert [line.split() for line in lines[3:15]] == [[cell for cell in row if cell] for row in LECTURE]
    assert {len(line) for line in lines[1:15]} == {len(lines[1])}
    assert "flop: multiply-adds; counted as two operations each, FLOPs are twice as many" in lines
    assert "conv4: the lecture prints 145, but 13·13·256·384·3·3 multiply-adds are 150 M" in lines
    assert "no row, as the sizes stay: ReLU, AdaptiveAvgPool2d, Dropout" in lines


def test_rows_hold_exact_numbers() -> None:
    rows = list(layer_table(nn.utils.skip_init(models.alexnet), (1, 3, 227, 227)))
    conv4 = rows[5]
    assert (conv4.name, conv4.mult_adds, conv4.flop) == ("conv4", 13 * 13 * 256 * 384 * 9, 150)
    assert (conv4.weights, conv4.output_bytes) == (256 * 384 * 9, 4 * 256 * 13 * 13)
    assert (conv4.kernel, conv4.stride, conv4.pad) == ((3, 3), (1, 1), ((1, 1), (1, 1)))
    assert rows[4].output_bytes == 253.5 * 1024  # halves are rounded up
    assert rows[4].memory == 254


def test_the_remark_on_the_lecture_stands_only_where_it_applies() -> None:
    assert "145" not in str(layer_table(nn.Sequential(nn.Conv2d(3, 4, 3)), (1, 3, 9, 9)))


def test_a_functional_flatten_has_its_row_and_named_layers_keep_their_names() -> None:
    make, size = modules(tinycnn)["net"]
    assert [row.name for row in layer_table(make(), size)] == [
        "conv1", "pool", "conv2", "pool", "flatten", "fc1", "fc2", "fc3",
    ]


def test_a_network_with_branches_is_named_by_its_modules() -> None:
    shown = layer_table(models.get_model("resnet_digits"), (1, 1, 8, 8))
    assert [row.name for row in shown][-4:] == ["layer3.0.downsample.0", "avgpool", "flatten", "fc"]
    assert "BatchNorm2d (672 parameters)" in str(shown)


def test_rectangles_dilation_and_groups() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, (3, 5), (1, 2), (0, 1), dilation=(2, 1), groups=2), nn.ReLU())
    lines = str(layer_table(model, (1, 4, 12, 11))).splitlines()
    assert lines[1].split() == ["Layer", "C", "H", "/", "W", "filters", "kernel", "stride", "pad", "dilation", "groups",
                                "C", "H", "/", "W", "memory", "(KB)", "params", "(k)", "flop", "(M)"]
    assert lines[3].split() == ["conv1", "4", "12×11", "8", "3×5", "1×2", "0×1", "2×1", "2", "8", "8×5", "1", "0", "0"]


def test_a_linear_layer_has_its_channels_last() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Linear(3, 7)

        def forward(self, x: Any) -> Any:
            return F.adaptive_avg_pool2d(self.mix(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), 2)

    mix, pool = layer_table(Last(), (1, 3, 4, 6))
    assert (mix.input_channels, mix.input_size, mix.output_channels, mix.output_size) == (3, (4, 6), 7, (4, 6))
    assert (pool.name, pool.input_channels, pool.kernel, pool.output_size) == ("avg_pool2d", 7, (2, 3), (2, 2))


def test_windows_of_several_sizes_are_not_said_to_be_of_one() -> None:
    (pool,) = layer_table(nn.Sequential(nn.AdaptiveMaxPool2d(3)), (1, 2, 7, 7))
    assert (pool.kernel, pool.output_size) == (None, (3, 3))


@pytest.mark.parametrize("batch", [1, 5])
def test_of_a_batch_the_numbers_are_those_of_all_examples(batch: int) -> None:
    shown = layer_table(nn.Sequential(nn.Conv2d(1, 2, 3)), (batch, 1, 9, 9))
    (row,) = shown
    assert (row.mult_adds, row.output_bytes, row.weights) == (batch * 49 * 18, batch * 49 * 8, 18)
    assert ("all 5 examples" in str(shown)) == (batch == 5)
