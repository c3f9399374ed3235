r"""VGG: its table against the paper's own head of it, and where weights start."""

from __future__ import annotations

import pytest

import tinycnn as torch
from tests.models.patterns import SmallLinear
from tinycnn import models, nn
from tinycnn.models.vgg import COLUMNS, features


@pytest.mark.parametrize(
    ("column", "layers"), [("A", 11), ("A-LRN", 11), ("B", 13), ("C", 16), ("D", 16), ("E", 19)]
)
def test_a_column_has_as_many_weight_layers_as_its_head_says(column: str, layers: int) -> None:
    assert sum(isinstance(part, nn.Conv2d) for part in features(column)) + 3 == layers
    assert COLUMNS[column].count("maxpool") == 5


def test_columns_differ_where_the_paper_prints_them_bold() -> None:
    before = dict(zip(["A-LRN", "B", "C", "D", "E"], ["A", "A", "B", "B", "D"], strict=True))
    added = {}
    for column, less in before.items():
        rest = list(COLUMNS[column])
        for layer in COLUMNS[less]:
            rest.remove(layer)
        added[column] = rest
    assert added == {
        "A-LRN": ["LRN"], "B": ["conv3-64", "conv3-128"], "C": ["conv1-256", "conv1-512", "conv1-512"],
        "D": ["conv3-256", "conv3-512", "conv3-512"], "E": ["conv3-256", "conv3-512", "conv3-512"],
    }


def test_weights_start_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn, "Linear", SmallLinear)
    torch.manual_seed(0)
    own, usual = ((2 / (64 * 9)) ** 0.5, 0.01), ((1 / (3 * 27)) ** 0.5, (1 / (3 * 100)) ** 0.5)
    for drawn, (conv_std, linear_std) in [(True, own), (False, usual)]:
        net = models.vgg11(num_classes=100, init_weights=drawn)
        conv, fc = net.features[0], net.classifier[0]
        assert conv.weight.detach().std().item() == pytest.approx(conv_std, rel=0.05)  # 1,728 draws
        assert fc.weight.detach().std().item() == pytest.approx(linear_std, rel=0.03)  # 10,000 draws
        assert (conv.bias.abs().sum().item() == 0) is (fc.bias.abs().sum().item() == 0) is drawn


def test_no_weights_are_drawn_to_be_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn, "Linear", SmallLinear)
    torch.manual_seed(0)
    first = models.VGG(nn.Identity()).classifier[0].weight.detach()
    torch.manual_seed(0)
    assert torch.equal(first, nn.init.normal_(torch.empty(*first.shape), std=0.01))


@pytest.mark.parametrize("size", [(32, 32), (64, 40)])
def test_smaller_images(size: tuple[int, int]) -> None:
    net = nn.utils.skip_init(models.vgg11)
    net.classifier = nn.Identity()  # half a gigabyte
    assert net(torch.zeros(1, 3, *size)).shape == (1, 512 * 7 * 7)
