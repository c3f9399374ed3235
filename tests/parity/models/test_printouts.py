r"""What the builders of torchvision make of their defaults prints the same here: probabilities, rates, options."""

from __future__ import annotations

import pytest

from tinycnn import models
from tinycnn.nn.utils import skip_init

pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")


@pytest.mark.parametrize("name", [
    "convnext_tiny", "convnext_small", "convnext_base", "convnext_large", "efficientnet_b0",
])  # fmt: skip
def test_defaults_print_the_same(name: str) -> None:
    import torch

    with torch.device("meta"):
        theirs = torchvision.models.get_model(name)
    assert repr(skip_init(models.get_model, name)) == repr(theirs)
