r"""Weights and images without a random generator, and what a network makes of them: the same here and in PyTorch.

`torch` below is either tinycnn or PyTorch; nothing in this file depends on which.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any
from zlib import crc32

import numpy as np

from tests.models.recipes import Recipe

TABLE = np.random.RandomState(0).uniform(-1, 1, 4099)  # a prime number of them: no layer has a width that divides it


def write(array: np.ndarray, name: str, mean: float = 0.0, scale: float = 1.0) -> None:
    """mean + scale · u with the numbers u of the table, over and over, from a place that the name decides."""
    flat = array.reshape(-1)
    assert np.shares_memory(flat, array) or not array.size
    numbers = (mean + scale * np.roll(TABLE, -(crc32(name.encode()) % TABLE.size))).astype(array.dtype)
    whole = flat.size // TABLE.size * TABLE.size
    flat[:whole].reshape(-1, TABLE.size)[...] = numbers
    flat[whole:] = numbers[: flat.size - whole]


def seeded(name: str, *shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Numbers in [−1, 1), as `write` writes them."""
    array = np.empty(shape, dtype)
    write(array, name)
    return array


def fill(model: Any, path: str = "") -> Any:
    """Every parameter and every buffer, by its name and shape; signals neither fade nor explode.

    `path` is that of a module within its model, and part of the names.
    """
    for name, tensor in model.state_dict(prefix=path and f"{path}.").items():
        array, kind = tensor.numpy(), name.rpartition(".")[2]
        if array.dtype.kind != "f":
            array[...] = 0
        elif kind == "running_var":
            write(array, name, 1, 0.5)
        elif kind in ("layer_scale", "gamma"):
            write(array, name, 0.5, 0.25)
        elif kind == "weight" and array.ndim > 1:
            write(array, name, 0, math.sqrt(3 / (array.size / len(array))))  # a variance of 1 / fan in
        elif kind == "weight":
            write(array, name, 1, 0.25)
        else:
            write(array, name, 0, 0.1)
    return model


def layout(model: Any) -> dict[str, Any]:
    """What the state dict holds, and how the model prints, as fingerprints."""
    state = model.state_dict()
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "tensors": len(state),
        "names": fingerprint("\n".join(f"{name} {tuple(tensor.shape)}" for name, tensor in state.items())),
        "repr": fingerprint(repr(model)),
    }


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def logits(torch: Any, model: Any, size: int) -> list[float]:
    """Of one image, in evaluation: ten of them, evenly spread, and the largest of all."""
    model.eval()
    with torch.no_grad():
        y = model(torch.from_numpy(seeded("image", 1, 3, size, size, dtype=np.float32)))[0].numpy()
    return [*(float(y[i]) for i in spread(len(y), 10)), float(abs(y).max())]


def step(torch: Any, model: Any, recipe: Recipe) -> dict[str, dict[str, list[float]]]:
    """Of one step in training mode, in float64: gradients, and the statistics it leaves in the norms.

    Each tensor t as its norm and its inner product with seeded numbers, which notices any permutation.
    """
    assert recipe.part is not None
    part = fill(model.get_submodule(recipe.part), recipe.part).double().train()
    x = torch.from_numpy(seeded("image", recipe.batch, 3, recipe.size, recipe.size)).requires_grad_()
    y = part(x)
    (y * torch.from_numpy(seeded("cotangent", *y.shape))).sum().backward()
    parameters = dict(part.named_parameters())
    gradients = {name: parameters[name].grad for name in few(list(parameters), 8)}
    buffers = {name: tensor for name, tensor in part.named_buffers() if name.endswith(("running_mean", "running_var"))}
    return {
        "gradients": {"image": told(x.grad.numpy()), **{name: told(g.numpy()) for name, g in gradients.items()}},
        "statistics": {name: told(buffers[name].numpy()) for name in few(list(buffers), 6)},
    }


def told(array: np.ndarray) -> list[float]:
    return [float(np.linalg.norm(array)), float((array * seeded("direction", *array.shape)).sum())]


def few(names: list[str], count: int) -> list[str]:
    """So many, evenly spread, the first and the last among them."""
    return [names[i] for i in spread(len(names), count)]


def spread(length: int, count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, length - 1, min(count, length))}) if length else []
