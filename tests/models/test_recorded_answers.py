r"""Every architecture against its reference: sizes, names, printout, outputs, gradients, statistics, as recorded.

`python -m tests.models.record` has asked torchvision and timm; `tests/parity/models` asks them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tinycnn as torch
from tests.models import seeded
from tests.models.recipes import RECIPES
from tinycnn import models

RECORDED = Path(__file__).parent / "recorded"


def make(name: str) -> torch.nn.Module:
    """The model, its weights not drawn: memory that nobody touches costs nothing."""
    return torch.nn.utils.skip_init(models.get_model, name, **RECIPES[name].options)


def recorded(name: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return answers


@pytest.mark.parametrize("name", RECIPES)
def test_parameters_names_and_printout_are_the_references(name: str) -> None:
    found, wanted = seeded.layout(make(name)), recorded(name)
    assert found == {key: wanted.get(key, found[key]) for key in found}


@pytest.mark.parametrize("name", RECIPES)
def test_logits_are_the_references(name: str) -> None:
    found = seeded.logits(torch, seeded.fill(make(name)), RECIPES[name].size)
    wanted = recorded(name)["logits"]
    assert found == pytest.approx(wanted, abs=2e-4 * wanted[-1])


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.part is not None])
def test_gradients_and_running_statistics_are_the_references(name: str) -> None:
    recipe, wanted = RECIPES[name], recorded(name)
    found = seeded.step(torch, make(name), recipe)
    for kind in ("gradients", "statistics"):
        assert list(found[kind]) == list(wanted[kind])
        nothing = 1e-12 * max((norm for norm, _ in wanted[kind].values()), default=0)  # of a bias before a batch norm
        for tensor, (norm, product) in wanted[kind].items():
            assert found[kind][tensor] == pytest.approx([norm, product], rel=0, abs=1e-6 * norm + nothing), tensor
