r"""The lecture's networks: its layers, its names, and the numbers PyTorch gets from them."""

from __future__ import annotations

import pytest

import tinycnn as torch
from tests.models.patterns import fill, waves
from tinycnn import models
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.nn import functional as F


def test_lenet_gives_the_logits_and_gradients_of_pytorch() -> None:
    net = models.LeNet().double()
    fill(net)
    logits = net(waves(2, 3, 32, 32, step=0.37).cos())
    loss = F.cross_entropy(logits, torch.tensor([3, 7]))
    loss.backward()
    # recorded from PyTorch 2.13 with the lecture's code
    assert logits[0].tolist() == pytest.approx([
        0.7166847986713658, -1.1021324925220954, 0.5187206232589734, -0.01224874367559689, -1.0578897098267388,
        0.9567935889013781, -0.18314025741350748, -0.3961738910356043, 1.2237046554001496, -0.6448055362706895,
    ], abs=1e-12)
    assert loss.item() == pytest.approx(2.8009747886589285, abs=1e-12)
    assert [parameter.grad.norm().item() for parameter in net.parameters()] == pytest.approx([
        0.4377140630870309, 0.09746984121298213, 0.38819611022597156, 0.06849498291000782, 0.5170057289127791,
        0.16947105822093433, 0.7561403091459135, 0.6309746442175903, 4.00695577910561, 0.7290496708500672,
    ], abs=1e-12)


def test_the_lectures_class_prints_as_in_pytorch() -> None:
    assert isinstance(models.Net(), models.LeNet)
    assert repr(models.Net()) == """Net(
  (conv1): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
  (pool): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  (conv2): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
  (fc1): Linear(in_features=400, out_features=120, bias=True)
  (fc2): Linear(in_features=120, out_features=84, bias=True)
  (fc3): Linear(in_features=84, out_features=10, bias=True)
)"""


def test_the_weights_have_the_lectures_names() -> None:
    names = [f"{layer}.{part}" for layer in ("conv1", "conv2", "fc1", "fc2", "fc3") for part in ("weight", "bias")]
    assert list(models.lenet().state_dict()) == names
    assert [name for name, _ in models.lenet().named_children()] == ["conv1", "pool", "conv2", "fc1", "fc2", "fc3"]


@pytest.mark.parametrize(("channels", "size", "shape"), [(1, 28, (28, 28)), (3, (17, 40), (17, 40)), (2, 16, (16, 16))])
def test_lenet_for_other_images(channels: int, size: int | tuple[int, int], shape: tuple[int, int]) -> None:
    net = models.lenet(num_classes=4, in_channels=channels, image_size=size)
    assert net(torch.zeros(3, channels, *shape)).shape == (3, 4)


def test_lenet_says_which_images_are_too_small() -> None:
    with pytest.raises(ConfigError, match=r"(?s)leave nothing of images this small.*= 15.*= 16"):
        models.lenet(image_size=15)


def test_lenet_names_the_layer_that_images_of_another_size_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="fc1"):
        models.LeNet()(torch.zeros(1, 3, 28, 28))


def test_the_softmax_classifier_is_one_linear_layer() -> None:
    net = models.softmax_classifier(num_classes=3, in_channels=2, image_size=(2, 3))
    x = torch.randn(5, 2, 2, 3)
    weight, bias = net.parameters()
    assert (weight.shape, bias.shape) == ((3, 12), (3,))
    assert torch.allclose(net(x), x.reshape(5, 12) @ weight.T + bias, atol=1e-6)
