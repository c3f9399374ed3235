r"""A model beside its reference: ``python -m tests.parity.models.live [model …]`` compares them on large images."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import tinycnn
from tests.models.recipes import RECIPES
from tests.models.references import reference
from tests.models.seeded import fill, seeded
from tinycnn import models


@dataclass
class Agreement:
    """How far they are apart, each number relative to the largest of the reference's."""

    logits: float        # float32, in evaluation
    gradients: float     # float64, in training mode: the worst of all parameters and the image
    worst: str           # where that is
    statistics: float    # the worst running mean or variance after that step
    prints: bool         # whether repr() is the same


def agreement(name: str, size: int, part: str = "", batch: int = 2) -> Agreement:
    """Compare both, with the same weights; gradients and statistics those of `part` alone."""
    recipe = RECIPES[name]
    theirs = fill(reference(recipe))
    ours = tinycnn.nn.utils.skip_init(models.get_model, name, **recipe.options)
    prints = repr(ours) == repr(theirs)
    ours.load_state_dict({key: tinycnn.from_numpy(tensor.numpy()) for key, tensor in theirs.state_dict().items()})
    found, wanted = (output(xp, model, size) for xp, model in ((tinycnn, ours), (torch, theirs)))
    logits = apart(found, wanted)
    wanted_step = step(torch, theirs.get_submodule(part), size, batch)
    del theirs
    found_step = step(tinycnn, ours.get_submodule(part), size, batch)
    errors = []
    for found_kind, wanted_kind in zip(found_step, wanted_step, strict=True):
        assert list(found_kind) == list(wanted_kind)
        nothing = 1e-6 * max((abs(array).max() for array in wanted_kind.values()), default=0)
        errors.append({key: apart(found_kind[key], array, nothing) for key, array in wanted_kind.items()})
    gradients, statistics = errors
    worst = max(gradients, key=lambda key: gradients[key])
    return Agreement(logits, gradients[worst], worst, max(statistics.values(), default=0.0), prints)


def output(xp: Any, model: Any, size: int) -> np.ndarray:
    model.eval()
    with xp.no_grad():
        made: np.ndarray = model(xp.from_numpy(seeded("image", 1, 3, size, size, dtype=np.float32))).numpy()
    return made


def step(xp: Any, part: Any, size: int, batch: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All gradients, and all statistics, of one step in training mode in which nothing is dropped."""
    part.double().train()
    for module in part.modules():
        for rate in ("p", "drop_prob"):
            if hasattr(module, rate):
                setattr(module, rate, 0.0)
    x = xp.from_numpy(seeded("image", batch, 3, size, size)).requires_grad_()
    y = part(x)
    (y * xp.from_numpy(seeded("cotangent", *y.shape))).sum().backward()
    gradients = {"image": x.grad.numpy(), **{key: tensor.grad.numpy() for key, tensor in part.named_parameters()}}
    return gradients, {key: tensor.numpy() for key, tensor in part.named_buffers()}


def apart(found: np.ndarray, wanted: np.ndarray, nothing: float = 0.0) -> float:
    """The largest difference, relative to the largest number; `nothing` is what counts as zero."""
    return float(abs(found - wanted).max() / max(abs(wanted).max(), nothing, 1e-300))


def main(names: list[str]) -> None:
    print(f"{'':<20}{'logits':>10}{'gradients':>12}{'statistics':>12}  repr   worst gradient")
    for name in names or RECIPES:
        size = 32 if RECIPES[name].size == 16 else max(224, RECIPES[name].size)
        a = agreement(name, size, batch=1)
        errors = f"{a.logits:>10.1e}{a.gradients:>12.1e}{a.statistics:>12.1e}"
        print(f"{name:<20}{errors}  {a.prints!s:<6} {a.worst}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
