r"""AlexNet of 2012 as the paper has it: where its weights start, which images it takes; and the one tower."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tinycnn as torch
from tests.models.patterns import SmallLinear
from tinycnn import models, nn
from tinycnn.errors import ShapeError


def test_weights_start_as_in_section_5_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn, "Linear", SmallLinear)
    torch.manual_seed(0)
    layers = [part for part in models.alexnet_2012().modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    for layer in layers:
        weight = layer.weight.detach()
        assert weight.std().item() == pytest.approx(0.01, rel=0.02)
        assert weight.mean().item() == pytest.approx(0, abs=5e-4)
    biases = [sorted(set(layer.bias.tolist())) for layer in layers]  # of conv1 to conv5, fc6 to fc8
    assert biases == [[0], [1], [0], [1], [1], [1], [1], [0]]


def test_maps_have_the_sizes_that_the_paper_counts() -> None:
    """186,624, 64,896, 64,896 and 43,264 neurons in conv2 to conv5 (section 3.5)."""
    net = nn.utils.skip_init(models.alexnet_2012)
    neurons = []
    for part in net.features:
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(lambda module, inputs, y: neurons.append(y.numel()))
    net.features(torch.zeros(1, 3, 227, 227))
    assert neurons == [96 * 55 * 55, 186_624, 64_896, 64_896, 43_264]


def test_the_first_tower_does_not_see_the_second() -> None:
    conv2 = nn.utils.skip_init(models.alexnet_2012).features[4]
    x = torch.randn(1, 96, 5, 5)
    conv2.weight.data = torch.randn(*conv2.weight.shape)
    conv2.bias.data = torch.zeros(256)
    y = conv2(x)
    x[:, 48:] = 0
    assert torch.equal(conv2(x)[:, :128], y[:, :128])
    assert not torch.equal(conv2(x)[:, 128:], y[:, 128:])


def test_images_of_the_size_that_the_paper_names_by_mistake() -> None:
    with pytest.raises(ShapeError, match=r"(?s)227×227.*\(1, 3, 224, 224\).*the paper says 224"):
        nn.utils.skip_init(models.alexnet_2012)(torch.zeros(1, 3, 224, 224))


@pytest.mark.parametrize("size", [63, 64, 227])
def test_one_tower_takes_smaller_and_larger_images(size: int) -> None:
    net = nn.utils.skip_init(models.alexnet, num_classes=3)
    net.classifier = nn.Identity()  # two hundred megabytes
    assert net(torch.zeros(2, 3, size, size)).shape == (2, 256 * 6 * 6)


@pytest.mark.parametrize("make", [models.alexnet, models.alexnet_2012, models.vgg11])
def test_dropout_is_an_option(make: Callable[..., nn.Module]) -> None:
    net = nn.utils.skip_init(make, dropout=0.25)
    assert [part.p for part in net.modules() if isinstance(part, nn.Dropout)] == [0.25, 0.25]
