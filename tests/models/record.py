r"""Ask torchvision and timm for their answers, and keep them: ``python -m tests.models.record [model …]``.

It needs torch, torchvision and timm; the tests that compare with the answers need none of them.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from tests.models.recipes import RECIPES, Recipe
from tests.models.references import reference
from tests.models.seeded import fill, layout, logits, step

RECORDED = Path(__file__).parent / "recorded"


def answers(recipe: Recipe) -> dict[str, Any]:
    """What the reference makes of the seeded weights and images."""
    model = reference(recipe)
    source = recipe.reference.partition(":")[0].replace("here", "torch")
    made = {"reference": f"{recipe.reference} of {source} {version(source)}", **layout(model)}
    if not recipe.prints:
        del made["repr"]
    made["logits"] = logits(torch, fill(model), recipe.size)
    if recipe.part is not None:
        made.update(step(torch, model, recipe))
    return made


def main(names: list[str]) -> None:
    RECORDED.mkdir(exist_ok=True)
    for name in names or RECIPES:
        (RECORDED / f"{name}.json").write_text(written(answers(RECIPES[name])) + "\n")
        print(name)


def written(values: Any, indent: str = "") -> str:
    """JSON with a line for each entry of a dictionary, and lists on one."""
    if not isinstance(values, dict):
        return json.dumps(values)
    inner = indent + "  "
    lines = (f"{inner}{json.dumps(name)}: {written(value, inner)}" for name, value in values.items())
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


if __name__ == "__main__":
    main(sys.argv[1:])
