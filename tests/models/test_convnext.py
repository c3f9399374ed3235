r"""ConvNeXt of both generations: how they start, what shapes pass through, what their options do."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn as torch
from tests.models.seeded import fingerprint
from tinycnn import models, nn
from tinycnn.errors import ConfigError
from tinycnn.models import ConvNeXt, ConvNeXtV2

SMALL = [
    lambda **options: ConvNeXt((1, 1, 2, 1), (4, 6, 8, 10), num_classes=7, **options),
    lambda **options: ConvNeXtV2((1, 1, 2, 1), (4, 6, 8, 10), num_classes=7, **options),
    lambda **options: ConvNeXtV2((1, 1, 2, 1), (4, 6, 8, 10), conv_mlp=True, num_classes=7, **options),
]


@pytest.mark.parametrize(("size", "count"), [
    ("atto", 3_708_400), ("femto", 5_233_240), ("pico", 9_066_280), ("nano", 15_623_800), ("tiny", 28_635_496),
    ("base", 88_717_800), ("large", 197_956_840), ("huge", 660_289_640),
])  # fmt: skip
def test_all_sizes_are_counted_without_a_draw(size: str, count: int) -> None:
    net = nn.utils.skip_init(models.get_model, f"convnextv2_{size}")
    assert sum(parameter.numel() for parameter in net.parameters()) == count


def test_the_largest_has_timms_names_and_shapes() -> None:
    state = nn.utils.skip_init(models.convnextv2_huge).state_dict()
    layout = "\n".join(f"{name} {tuple(tensor.shape)}" for name, tensor in state.items())
    assert (len(state), fingerprint(layout)) == (380, "66b5ceb791818fa6")  # recorded from timm 1.0.31


@pytest.mark.parametrize("make", SMALL)
def test_a_stem_and_four_stages(make, device) -> None:
    net, shapes = make().to(device).eval(), []
    stages = net.stages if isinstance(net, ConvNeXtV2) else net.features[1::2]
    for stage in stages:
        stage.register_forward_hook(lambda module, inputs, y: shapes.append(tuple(y.shape[1:])))
    logits = net(torch.zeros(2, 3, 64, 96, device=device))
    logits.sum().backward()
    assert logits.shape == (2, 7)
    assert shapes == [(4, 16, 24), (6, 8, 12), (8, 4, 6), (10, 2, 3)]
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert net(torch.zeros(0, 3, 32, 32, device=device)).shape == (0, 7)


@pytest.mark.parametrize("make", [ConvNeXt, ConvNeXtV2])
def test_a_stage_halves_the_image_even_if_it_is_no_wider(make) -> None:
    net = make((1, 1), (4, 4), num_classes=2)
    strides = [layer.stride[0] for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    assert sorted(strides) == [1, 1, 2, 4]
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 2)


@pytest.mark.parametrize("make", SMALL)
def test_half_precision_passes(make) -> None:
    torch.manual_seed(0)
    net, x = make().eval(), torch.randn(2, 3, 32, 32)
    exact = net(x).detach().numpy()
    halved = net.half()(x.half())
    assert halved.dtype == "float16"
    np.testing.assert_allclose(halved.detach().numpy(), exact, atol=0.02 * abs(exact).max())


@pytest.mark.parametrize("make", SMALL)
def test_it_learns(make) -> None:
    torch.manual_seed(0)
    net, x = make(), torch.randn(6, 3, 32, 32)
    target = torch.tensor([0, 1, 2, 3, 4, 5])
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("make", [lambda: ConvNeXt((1, 1), (96, 192)), models.convnextv2_atto])
def test_weights_start_small_and_biases_at_0(make) -> None:
    torch.manual_seed(0)
    state = make().state_dict()
    matrices = np.concatenate([t.numpy().ravel() for t in state.values() if t.ndim > 1 and t.shape[-1] != 1])
    assert matrices.std() == pytest.approx(0.02, rel=0.01)
    assert abs(matrices.mean()) < 2e-4
    assert all((t == 0).all() for key, t in state.items() if key.endswith("bias"))
    assert all((t == 0).all() for key, t in state.items() if "grn" in key)
    assert all((t == 1e-6).all() for key, t in state.items() if key.endswith("layer_scale"))
    assert all((t == 1).all() for key, t in state.items() if key.endswith("norm.weight"))


def test_blocks_begin_as_the_identity_nearly() -> None:
    block = models.CNBlock(5, layer_scale=1e-6, stochastic_depth_prob=0.0)
    x = torch.randn(2, 5, 8, 8)
    assert 0 < (block(x) - x).abs().max().item() < 1e-5


def test_later_blocks_are_skipped_more_often() -> None:
    net = nn.utils.skip_init(models.convnext_base)
    rates = [module.p for module in net.modules() if isinstance(module, nn.StochasticDepth)]
    assert rates == pytest.approx(np.linspace(0, 0.5, 36))
    net = nn.utils.skip_init(models.convnextv2_atto, drop_path_rate=0.3)
    rates = [module.p for module in net.modules() if isinstance(module, nn.StochasticDepth)]
    assert rates == pytest.approx(np.linspace(0, 0.3, 12))
    alone = ConvNeXt((1,), (4,), stochastic_depth_prob=0.5)
    assert alone.features[1][0].stochastic_depth.p == 0


@pytest.mark.parametrize(("name", "rate"), [
    ("convnext_tiny", 0.1), ("convnext_small", 0.4), ("convnext_base", 0.5), ("convnext_large", 0.5),
])  # fmt: skip
def test_the_rate_belongs_to_the_size_and_may_be_chosen(name: str, rate: float) -> None:
    def last(**options):
        return list(nn.utils.skip_init(models.get_model, name, **options).features[-1])[-1].stochastic_depth.p

    assert last() == rate
    assert last(stochastic_depth_prob=0.25) == 0.25


def test_features_may_be_dropped_before_the_logits() -> None:
    assert ConvNeXtV2((1,), (4,), drop_rate=0.3).head.drop.p == 0.3
    assert ConvNeXtV2((1,), (4,)).head.drop.p == 0


def test_convolutions_of_one_pixel_are_linear_layers() -> None:
    """The two ways to write the block of V2 compute the same."""
    torch.manual_seed(0)
    linear, conv = (make().double().eval() for make in SMALL[1:])
    with torch.no_grad():
        for name, parameter in conv.named_parameters():
            parameter.normal_()
            linear.get_parameter(name).copy_(parameter.reshape(linear.get_parameter(name).shape))
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    np.testing.assert_allclose(linear(x).detach().numpy(), conv(x).detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("make", [ConvNeXt, ConvNeXtV2])
def test_stages_without_widths(make: type) -> None:
    with pytest.raises(ConfigError, match=r"2 stages in depths=\(1, 1\), but 1 in dims=\(4,\)"):
        make((1, 1), (4,))
    with pytest.raises(ConfigError, match=r"0 stages"):
        make((), ())


def test_an_image_that_is_too_small_says_where_it_ended() -> None:
    with pytest.raises(ValueError, match=r"in module  (features|stages)\."):
        SMALL[0]()(torch.zeros(1, 3, 16, 16))


def test_a_head_of_ones_own() -> None:
    assert models.convnextv2_atto(num_classes=3)(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
    net = nn.utils.skip_init(models.convnext_tiny)
    net.classifier[2] = nn.Linear(768, 4)
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 4)


@pytest.mark.parametrize(("name", "weights"), [
    ("convnextv2_atto", models.ConvNeXtV2_Atto_Weights), ("efficientnet_b0", models.EfficientNet_B0_Weights),
])  # fmt: skip
def test_published_weights_replace_every_number(name: str, weights, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = models.get_model(name).eval()
    monkeypatch.setattr(weights, "get_state_dict", lambda self, progress: trained.state_dict())
    net = models.get_model(name, weights="DEFAULT").eval()
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(net(x), trained(x))
