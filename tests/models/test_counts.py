r"""How many parameters there are: the numbers of the papers and of those who count them."""

from __future__ import annotations

import contextlib

import pytest

import tinycnn as torch
from tinycnn import models
from tinycnn.errors import ConfigError
from tinycnn.models import WeightsEnum

COUNTS = {
    "alexnet": 61_100_840, "alexnet_2012": 60_965_224,
    "vgg11": 132_863_336, "vgg11_bn": 132_868_840, "vgg11_lrn": 132_863_336,
    "vgg13": 133_047_848, "vgg13_bn": 133_053_736, "vgg16_c": 133_638_952,
    "vgg16": 138_357_544, "vgg16_bn": 138_365_992, "vgg19": 143_667_240, "vgg19_bn": 143_678_248,
    "resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032,
    "resnet101": 44_549_160, "resnet152": 60_192_808,
    # less three projections, 64 to 128, 128 to 256 and 256 to 512 channels, and their norms
    "plain18": 11_689_512 - (64 + 2) * 128 - (128 + 2) * 256 - (256 + 2) * 512,
    "plain34": 21_797_672 - (64 + 2) * 128 - (128 + 2) * 256 - (256 + 2) * 512,
    "resnext50_32x4d": 25_028_904, "wide_resnet50_2": 68_883_240,
    "se_resnet18": 11_779_624, "se_resnet34": 21_960_416, "se_resnet50": 28_088_024,
    "se_resnet101": 49_326_872, "se_resnet152": 66_821_848,
    "lenet": 62_006, "softmax_classifier": 650, "resnet_digits": 77_754, "se_resnet_digits": 79_682,
}
#: in millions, as table 6 of He et al. (2016) prints them
MILLIONS = {"resnet20": "0.27", "resnet32": "0.46", "resnet44": "0.66", "resnet56": "0.85", "resnet110": "1.7"}


def count(name: str) -> int:
    return sum(parameter.numel() for parameter in torch.nn.utils.skip_init(models.get_model, name).parameters())


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_as_many_as_published(name: str) -> None:
    assert count(name) == COUNTS[name]


@pytest.mark.parametrize("name", MILLIONS)
def test_parameters_are_as_many_as_in_the_papers_table(name: str) -> None:
    decimals = len(MILLIONS[name].partition(".")[2])
    assert f"{count(name) / 1e6:.{decimals}f}" == MILLIONS[name]


def test_plain_networks_have_as_many_as_residual_ones() -> None:
    assert count("plain20") == count("resnet20")
    assert count("plain56") == count("resnet56")


@pytest.mark.parametrize("name", [*COUNTS, *MILLIONS, "plain20", "plain56"])
def test_each_docstring_says_how_many(name: str) -> None:
    """As the reader sees it, so it must be right."""
    assert f"{count(name):,}" in (getattr(models, name).__doc__ or "")


@pytest.mark.parametrize("name", [*COUNTS, *MILLIONS, "plain20", "plain56"])
def test_each_takes_its_own_weights_or_says_that_there_are_none(name: str) -> None:
    try:
        enum = models.get_model_weights(name)
    except ConfigError:
        with pytest.raises(ConfigError, match="no official weights"):
            torch.nn.utils.skip_init(models.get_model, name, weights="DEFAULT")
    else:
        assert enum.DEFAULT.meta["num_params"] == count(name)
        with pytest.raises(ConfigError, match=rf"{enum.__name__} has no 'IMAGENET'"):
            torch.nn.utils.skip_init(models.get_model, name, weights="IMAGENET")


def test_whether_progress_is_shown_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bool] = []
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda self, progress: shown.append(progress))
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", lambda self, state: None)
    for name in models.list_models():
        with contextlib.suppress(ConfigError):  # of some none are published
            models.get_model_weights(name)
            models.get_model(name, weights="DEFAULT", progress=False)
            assert shown.pop() is False, name
    assert not shown
