r"""Residual networks: PyTorch's numbers for a block, the published sizes of whole networks, torchvision's names."""

from __future__ import annotations

import pytest

import tinycnn as torch
from tests.models.patterns import fill, waves
from tinycnn import models
from tinycnn.errors import ConfigError
from tinycnn.models import BasicBlock, ResNet


def size(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_a_block_with_squeeze_and_excitation_gives_the_numbers_of_pytorch() -> None:
    block = BasicBlock(3, 4, 2, squeeze=2).double()
    fill(block)
    x = waves(2, 3, 5, 5, step=0.37).cos().requires_grad_()
    y = block(x)
    (y * waves(*y.shape, step=1.0).cos()).sum().backward()
    # recorded from PyTorch 2.13
    assert y[1, 2].flatten().tolist() == pytest.approx([
        0.13095750233098014, 0.07463070059981497, 0.026500898995808986, 0.0842188436615247, 0.11969008190204879,
        0.2356432198963252, 0.27900402743923425, 0.2795469680497049, 0.1646438566545688,
    ], abs=1e-12)
    assert x.grad is not None
    assert x.grad.norm().item() == pytest.approx(1.8925420184272375, abs=1e-11)
    norms = {name: parameter.grad.norm().item() for name, parameter in block.named_parameters()}
    assert norms == pytest.approx({
        "conv1.weight": 0.5200101797582978, "bn1.weight": 0.1839117548456313, "bn1.bias": 0.27693473407898755,
        "conv2.weight": 1.4736963674035393, "bn2.weight": 0.8606426928710363, "bn2.bias": 1.3027369994538152,
        "se.fc1.weight": 0.0033274698988705557, "se.fc1.bias": 0.007116637883966123,
        "se.fc2.weight": 0.022829044439766903, "se.fc2.bias": 0.10338847814135783,
        "downsample.0.weight": 8.400443706162122, "downsample.1.weight": 8.295236780294106,
        "downsample.1.bias": 2.75301458047926,
    }, abs=1e-10)
    block.eval()  # with the running statistics that one batch has left
    assert block(x)[1, 2].flatten().tolist() == pytest.approx([
        0.15267025046072216, 0.14890239343841824, 0.14745302143467462, 0.15503211712608583, 0.15667261672072666,
        0.16458034620158302, 0.17112552817784435, 0.17311574032131732, 0.1636759422904239,
    ], abs=1e-12)


@pytest.mark.parametrize(
    ("layers", "squeeze_excitation", "parameters"),
    [((2, 2, 2, 2), False, 11_689_512), ((2, 2, 2, 2), True, 11_779_624)],
    ids=["ResNet-18", "SE-ResNet-18"],
)
def test_imagenet_sizes_are_the_published_ones(
    layers: tuple[int, ...], squeeze_excitation: bool, parameters: int
) -> None:
    assert size(ResNet(BasicBlock, layers, squeeze_excitation=squeeze_excitation)) == parameters


def test_names_are_torchvisions() -> None:
    names = list(ResNet(BasicBlock, (2, 1), widths=(4, 8)).state_dict())
    norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]

    def block(prefix: str) -> list[str]:
        return [f"{prefix}{name}" for i in (1, 2) for name in (f"conv{i}.weight", *(f"bn{i}.{part}" for part in norm))]

    assert names == [
        "conv1.weight", *(f"bn1.{part}" for part in norm), *block("layer1.0."), *block("layer1.1."),
        *block("layer2.0."), "layer2.0.downsample.0.weight", *(f"layer2.0.downsample.1.{part}" for part in norm),
        "fc.weight", "fc.bias",
    ]


def test_each_stage_halves_the_image() -> None:
    net = ResNet(BasicBlock, (1, 1, 1, 1), widths=(2, 3, 4, 5), num_classes=7).eval()
    shapes = []
    for stage in ("maxpool", "layer1", "layer2", "layer3", "layer4"):
        getattr(net, stage).register_forward_hook(lambda module, inputs, y: shapes.append(tuple(y.shape[1:])))
    assert net(torch.zeros(1, 3, 64, 64)).shape == (1, 7)
    assert shapes == [(2, 16, 16), (2, 16, 16), (3, 8, 8), (4, 4, 4), (5, 2, 2)]


def test_convolutions_start_with_kaimings_variance() -> None:
    torch.manual_seed(0)
    weight = ResNet(BasicBlock, (1,), widths=(64,)).layer1[0].conv1.weight.detach()
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)  # 36,864 draws
    assert weight.mean().item() == pytest.approx(0, abs=1e-3)


def test_a_block_that_starts_as_the_identity() -> None:
    block = ResNet(BasicBlock, (2,), widths=(4,), zero_init_residual=True).layer1[1]
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(block(x), x.relu())
    assert not torch.equal(ResNet(BasicBlock, (2,), widths=(4,)).layer1[1](x), x.relu())


@pytest.mark.parametrize("make", [models.resnet_digits, models.se_resnet_digits])
def test_the_small_ones_take_digits_and_other_small_images(make: type[ResNet]) -> None:
    assert make()(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    assert make(num_classes=3, in_channels=2)(torch.zeros(2, 2, 11, 7)).shape == (2, 3)


def test_squeeze_and_excitation_is_the_only_difference() -> None:
    plain, excited = (set(make().state_dict()) for make in (models.resnet_digits, models.se_resnet_digits))
    assert plain < excited
    assert {name.split(".")[2] for name in excited - plain} == {"se"}


def test_stages_without_widths() -> None:
    with pytest.raises(ConfigError, match="3 stages"):
        ResNet(BasicBlock, (1, 1, 1))
