r"""Every architecture beside torchvision's or timm's, where they are installed."""

from __future__ import annotations

import pytest

from tests.models.recipes import RECIPES

for package in ("torch", "torchvision", "timm"):
    pytest.importorskip(package)

from tests.parity.models.live import agreement  # noqa: E402  (it needs all three)


@pytest.mark.parametrize("name", RECIPES)
def test_outputs_gradients_statistics_and_printout_agree(name: str) -> None:
    recipe = RECIPES[name]
    found = agreement(name, recipe.size, recipe.part or "", recipe.batch)
    assert found.logits <= 2e-4
    assert found.gradients <= 1e-6, found.worst
    assert found.statistics <= 1e-6
    assert found.prints or not recipe.prints
