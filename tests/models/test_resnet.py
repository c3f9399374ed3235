r"""Residual networks: PyTorch's numbers for a block, what the options do, and that they learn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

import tinycnn as torch
from tests.models.patterns import fill, waves
from tinycnn import models
from tinycnn.errors import ConfigError
from tinycnn.models import (
    BasicBlock,
    Bottleneck,
    PaddedShortcut,
    ResidualBlock,
    ResNet,
    SEBasicBlock,
    SmallResNet,
)
from tinycnn.models.residual import initialize, projection
from tinycnn.nn.utils import skip_init


def test_a_block_with_squeeze_and_excitation_gives_the_numbers_of_pytorch() -> None:
    block = SEBasicBlock(3, 4, 2, downsample=projection(3, 4, 2))
    block.se = torch.nn.SqueezeExcitation(4, 2)
    fill(block.double())
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
    ("dilate", "sizes", "kernels"),
    [
        ((False, False, False), [16, 8, 4, 2], [1, 1, 1, 1, 1, 1]),
        ((False, True, True), [16, 8, 8, 8], [1, 1, 1, 2, 2, 4]),
        ((True, False, True), [16, 16, 8, 8], [1, 2, 2, 2, 2, 4]),
    ],
)
def test_a_stage_halves_the_map_or_spreads_its_kernels(
    dilate: tuple[bool, ...], sizes: list[int], kernels: list[int]
) -> None:
    net = skip_init(ResNet, Bottleneck, (1, 2, 2, 2), num_classes=7, replace_stride_with_dilation=dilate).eval()
    found = []
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        stage.register_forward_hook(lambda module, inputs, y: found.append(tuple(y.shape[1:])))
    assert net(torch.zeros(1, 3, 64, 64)).shape == (1, 7)
    assert found == [(width, side, side) for width, side in zip((256, 512, 1024, 2048), sizes, strict=True)]
    # torchvision: the first block of a stage still has the dilation of the stage before
    assert [block.conv2.dilation[0] for stage in (net.layer2, net.layer3, net.layer4) for block in stage] == kernels


def test_a_block_writes_to_nothing_that_a_hook_or_the_user_holds() -> None:
    block, kept = BasicBlock(4, 4).eval(), []
    block.bn2.register_forward_hook(lambda module, args, output: kept.append((output, output.clone())))
    x = waves(2, 4, 5, 5, step=0.37).cos().float()
    before = x.clone()
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            block(x)
    assert all(torch.equal(held, then) for held, then in kept)

    class Idle(BasicBlock):
        def residual(self, x: torch.Tensor) -> torch.Tensor: return x

    with torch.no_grad():
        Idle(4, 4)(x)
    assert torch.equal(x, before)


def test_other_normalizations() -> None:
    net = skip_init(
        ResNet, Bottleneck, (1, 1, 1, 1), norm_layer=lambda channels: torch.nn.GroupNorm(32, channels)
    )
    norms = [part for part in net.modules() if isinstance(part, torch.nn.GroupNorm)]
    assert len(norms) == 1 + 4 * 3 + 4
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in net.modules())


def test_convolutions_start_with_kaimings_variance() -> None:
    torch.manual_seed(0)
    initialize(block := BasicBlock(16, 256), zero_init_residual=False)
    weight = block.conv1.weight.detach()
    assert weight.std().item() == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)  # 36,864 draws
    assert weight.mean().item() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_blocks_that_start_as_the_identity(block: type[ResidualBlock]) -> None:
    net = torch.nn.Sequential(block(64 * block.expansion, 64))
    x = torch.randn(2, 64 * block.expansion, 6, 6)
    initialize(net, zero_init_residual=False)
    assert not torch.equal(net(x), x.relu())
    initialize(net, zero_init_residual=True)
    assert torch.equal(net(x), x.relu())


def test_small_networks_may_start_as_the_identity_too() -> None:
    for option, gain in ((True, 0), (False, 16 + 32 + 64)):
        net = models.resnet_digits(zero_init_residual=option)
        assert sum(stage[0].bn2.weight.sum().item() for stage in (net.layer1, net.layer2, net.layer3)) == gain


def test_a_normalization_without_weights_has_none_to_start_at_zero() -> None:
    norm = partial(torch.nn.BatchNorm2d, affine=False)
    initialize(block := BasicBlock(4, 4, norm_layer=norm), zero_init_residual=True)
    assert block.bn2.weight is None


@pytest.mark.parametrize("make", [
    models.resnet18, models.resnet50, models.se_resnet18, models.se_resnet34, models.se_resnet50, models.se_resnet101,
    models.se_resnet152,
])  # fmt: skip
def test_networks_with_squeeze_and_excitation_start_as_identities_like_timms(
    make: Callable[..., ResNet], monkeypatch: pytest.MonkeyPatch
) -> None:
    for drawn in ("normal_", "uniform_"):
        monkeypatch.setattr(torch.nn.init, drawn, lambda tensor, *args, **options: tensor)
    usual = make.__name__.startswith("se_")
    for options, zero in [({}, usual), ({"zero_init_residual": not usual}, not usual)]:
        gains = [block.last_norm().weight.sum().item() for block in make(**options).layer1]
        assert all(gain == 0 for gain in gains) is zero


@pytest.mark.parametrize("make", [models.resnet_digits, models.se_resnet_digits])
def test_the_small_ones_take_digits_and_other_small_images(make: Callable[..., SmallResNet]) -> None:
    assert make()(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    assert make(num_classes=3, in_channels=2)(torch.zeros(2, 2, 11, 7)).shape == (2, 3)


@pytest.mark.parametrize(
    ("channels", "hidden"), [(16, 8), (64, 8), (128, 8), (160, 8), (192, 16), (200, 16), (2048, 128)]
)
def test_a_sixteenth_is_rounded_to_a_multiple_of_8_like_timms(channels: int, hidden: int) -> None:
    """Recorded from timm 1.0.31: make_divisible(channels / 16, 8, round_limit=0)."""
    assert skip_init(SEBasicBlock, channels, channels).se.fc1.out_channels == hidden


def test_squeeze_and_excitation_is_the_only_difference() -> None:
    plain, excited = (set(make().state_dict()) for make in (models.resnet_digits, models.se_resnet_digits))
    assert plain < excited
    assert {name.split(".")[2] for name in excited - plain} == {"se"}


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="3 stages"):
        SmallResNet(BasicBlock, (1, 1, 1), widths=(4, 8))
    with pytest.raises(ConfigError, match=r"(?s)four stages, the last three of which may be dilated.*True, False\)"):
        ResNet(BasicBlock, (1, 1, 1, 1), replace_stride_with_dilation=(True, False))
    for make, option in ((models.resnext50_32x4d, "groups"), (models.wide_resnet50_2, "width_per_group")):
        with pytest.raises(ConfigError, match=rf"(?s){make.__name__} is the network with {option}=\d+\n.*{option}=3\n"):
            make(**{option: 3})
    with pytest.raises(ConfigError, match=r"(?s)groups=1, base_width=64 and dilation=1 alone.*= 32.*Bottleneck"):
        ResNet(BasicBlock, (1, 1, 1, 1), groups=32, width_per_group=4)


def test_what_makes_a_network_may_be_said_again() -> None:
    """As in torchvision, where these are options like others."""
    net = skip_init(models.resnext50_32x4d, groups=32, width_per_group=4)
    assert net.layer1[0].conv2.groups == 32
    assert skip_init(models.wide_resnet50_2, width_per_group=128).layer1[0].conv2.out_channels == 128


def test_the_shortcut_without_parameters_keeps_every_other_pixel_between_zeros() -> None:
    x = torch.randn(2, 4, 6, 6)
    y = PaddedShortcut(4, 8, 2)(x)
    assert torch.equal(y[:, 2:6], x[:, :, ::2, ::2])
    assert y.shape == (2, 8, 3, 3)
    assert y[:, :2].abs().sum().item() == y[:, 6:].abs().sum().item() == 0


@pytest.mark.parametrize("make", [models.plain20, models.resnet20, models.plain56, models.resnet56])
def test_plain_and_residual_networks_learn(make: Callable[..., SmallResNet]) -> None:
    torch.manual_seed(0)
    net = make(num_classes=4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x, target = torch.randn(8, 3, 8, 8), torch.arange(8) % 4
    losses = []
    for _ in range(4):
        loss = torch.nn.functional.cross_entropy(net(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad.abs().sum().item() > 0 for parameter in net.parameters())


def test_shortcuts_are_all_that_plain_networks_lack() -> None:
    plain, residual = models.plain20(), models.resnet20()
    residual.load_state_dict(plain.state_dict())
    kinds = [type(part) for part in residual.modules()]
    assert kinds.count(PaddedShortcut) == 2  # where layer2 and layer3 begin
    assert [type(part) for part in plain.modules()].count(PaddedShortcut) == 0


@pytest.mark.parametrize("make", [models.plain18, models.plain34])
def test_plain_networks_for_photographs_have_no_projections(make: Callable[..., ResNet]) -> None:
    assert not any("downsample" in name for name, _ in skip_init(make).named_modules())
