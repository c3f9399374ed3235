r"""EfficientNet: how it scales, starts and skips."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import models, nn
from tinycnn.errors import ConfigError
from tinycnn.models import EfficientNet, MBConv, MBConvConfig
from tinycnn.models.efficientnet import STAGES, scaled

ROWS = (MBConvConfig(1, 3, 1, 8, 8, 1), MBConvConfig(6, 5, 2, 8, 16, 2))


@pytest.mark.parametrize(("width", "depth", "count"), [  # of B0 to B4, as in torchvision
    (1.0, 1.0, 5_288_548), (1.0, 1.1, 7_794_184), (1.1, 1.2, 9_109_994), (1.2, 1.4, 12_233_232), (1.4, 1.8, 19_341_616),
])  # fmt: skip
def test_the_family_follows_from_its_smallest(width: float, depth: float, count: int) -> None:
    net = nn.utils.skip_init(EfficientNet, scaled(STAGES, width, depth), dropout=0.2)
    assert sum(parameter.numel() for parameter in net.parameters()) == count


def test_stages_of_the_papers_table() -> None:
    net, shapes = nn.utils.skip_init(models.efficientnet_b0).eval(), []
    for stage in net.features:
        stage.register_forward_hook(lambda module, inputs, y: shapes.append(tuple(y.shape[1:])))
    with torch.no_grad():
        net(torch.zeros(1, 3, 64, 64))
    assert shapes == [
        (32, 32, 32), (16, 32, 32), (24, 16, 16), (40, 8, 8), (80, 4, 4), (112, 4, 4), (192, 2, 2), (320, 2, 2),
        (1280, 2, 2),
    ]


def test_squeezed_to_a_quarter_of_what_comes_in() -> None:
    block = MBConv(MBConvConfig(6, 3, 1, 24, 24, 1), 0.0)
    assert block.block[2].fc1.weight.shape == (6, 144, 1, 1)
    assert MBConv(MBConvConfig(1, 3, 1, 8, 8, 1), 0.0).block[1].fc1.weight.shape == (2, 8, 1, 1)
    assert MBConv(MBConvConfig(1, 3, 1, 3, 3, 1), 0.0).block[2].fc1.weight.shape == (1, 8, 1, 1)  # one at the least


def test_the_input_is_added_where_it_fits() -> None:
    x = torch.randn(2, 8, 6, 6)
    for row, added in [((6, 3, 1, 8, 8, 1), True), ((6, 3, 2, 8, 8, 1), False), ((6, 3, 1, 8, 16, 1), False)]:
        block = MBConv(MBConvConfig(*row), stochastic_depth_prob=0.0).eval()
        y = block(x) - (x if added else 0)
        assert torch.allclose(y, block.block(x), atol=1e-6)


def test_later_blocks_are_skipped_more_often() -> None:
    net = nn.utils.skip_init(models.efficientnet_b0)
    rates = [module.p for module in net.modules() if isinstance(module, nn.StochasticDepth)]
    assert rates == pytest.approx(0.2 * np.arange(16) / 16)
    assert net.classifier[0].p == 0.2
    net = nn.utils.skip_init(models.efficientnet_b0, dropout=0.1, stochastic_depth_prob=0.0)
    assert net.classifier[0].p == 0.1
    assert {module.p for module in net.modules() if isinstance(module, nn.StochasticDepth)} == {0}


def test_how_it_starts() -> None:
    torch.manual_seed(0)
    net = models.efficientnet_b0()
    last = net.features[-1][0].weight  # 1280 × 320 × 1 × 1: fan out 1280
    assert last.std().item() == pytest.approx((2 / 1280) ** 0.5, rel=0.01)
    head = net.classifier[1]
    bound = 1000**-0.5
    assert 0.999 * bound < head.weight.abs().max().item() <= bound
    assert head.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert all((p == 0).all() for name, p in net.named_parameters() if name.endswith("bias"))


def test_it_learns_and_takes_other_numbers_of_classes_and_channels() -> None:
    torch.manual_seed(0)
    net = EfficientNet(ROWS, dropout=0.0, stochastic_depth_prob=0.0, num_classes=4, last_channel=20)
    assert net.classifier[1].in_features == 20
    x, target = torch.randn(8, 3, 32, 32), torch.tensor([0, 1, 2, 3] * 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    assert net.eval()(torch.zeros(0, 3, 32, 32)).shape == (0, 4)


def test_no_stages() -> None:
    with pytest.raises(ConfigError, match="one stage at least"):
        EfficientNet((), dropout=0.2)


def test_on_every_device(device) -> None:
    net = EfficientNet(ROWS, dropout=0.0, num_classes=4).to(device)
    net(torch.randn(2, 3, 16, 16, device=device)).sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    assert net.features[0][1].num_batches_tracked.item() == 1
