r"""Every architecture beside torchvision's or timm's, where they are installed."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn
from tests.models.recipes import RECIPES
from tests.models.seeded import fill
from tinycnn import models

torch, torchvision, timm = (pytest.importorskip(package) for package in ("torch", "torchvision", "timm"))

from tests.parity.models.live import agreement, apart, output  # noqa: E402  (it needs all three)


@pytest.mark.parametrize("name", RECIPES)
def test_outputs_gradients_statistics_and_printout_agree(name: str) -> None:
    recipe = RECIPES[name]
    size = 64 if recipe.part is None else recipe.size  # norms over 2 images of 1×1 would be either 1 or −1
    found = agreement(name, size, recipe.part or "", recipe.batch)
    assert found.logits <= 2e-4
    assert found.gradients <= 1e-6, found.worst
    assert found.statistics <= 1e-6
    assert found.prints or not recipe.prints


@pytest.mark.parametrize(
    "options",
    [
        {"replace_stride_with_dilation": [True, False, True]},
        {"replace_stride_with_dilation": [False, True, True], "groups": 2, "width_per_group": 16},
        {"num_classes": 7, "zero_init_residual": True},
    ],
)
def test_a_resnet_with_options_is_torchvisions(options: dict[str, Any]) -> None:
    theirs = fill(torchvision.models.ResNet(torchvision.models.resnet.Bottleneck, [1, 2, 2, 1], **options))
    ours = fill(models.ResNet(models.Bottleneck, [1, 2, 2, 1], **options))
    assert repr(ours) == repr(theirs)
    found, wanted = output(tinycnn, ours, 64), output(torch, theirs, 64)
    assert apart(found, wanted) <= 2e-4
