r"""Whole networks in float32, beside PyTorch's: logits and gradients err no more than three times as much.

An error is the distance to the same library's float64, relative to the largest number of the tensor, in the mean
square; of the gradients of all parameters the root mean square is taken, so that each counts. Both libraries run the
source in `tinycnn.models`, PyTorch in a process of its own.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import nets, stand_in
from tests.models.seeded import fill, seeded, told


@pytest.mark.parametrize("name", ["resnet18", "convnext_tiny"])
def test_a_network_in_single_precision(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    (found, answers), (wanted, known) = (found_by(library, name, tmp_path) for library in ("tinycnn", "torch"))
    assert (np.abs(answers - known) <= 1e-10 * known[:, :1]).all(), "in float64"  # of the norms
    assert found[0] <= 3 * wanted[0], f"logits: {found[0]}, PyTorch's {wanted[0]}"
    assert rms(found[1:]) <= 3 * rms(wanted[1:]), f"gradients: {rms(found[1:])}, PyTorch's {rms(wanted[1:])}"


def found_by(library: str, name: str, folder: Path) -> tuple[Any, Any]:
    """Of the logits and of each gradient the error, and what is told of the answer in float64."""
    file = folder / f"{library}.npz"
    this = "tests.parity.models.test_accuracy_of_networks"
    command = [sys.executable, "-W", "ignore", "-m", this, library, name, str(file)]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True, timeout=120)
    with np.load(file) as kept:
        return kept["errors"], kept["answers"]


def main(library: str, name: str, file: str) -> None:
    torch = importlib.import_module(library)
    if library == "torch":
        stand_in.install(torch)
    model = fill(nets.build(name, 64))
    single, double = step(torch, model.float(), np.float32), step(torch, model.double(), np.float64)
    errors = [rms(a - b) / np.abs(b).max() for a, b in zip(single, double, strict=True)]
    np.savez(file, errors=errors, answers=[told(answer) for answer in double])


def step(torch: Any, model: Any, dtype: Any) -> list[Any]:
    """The logits, then the gradients of the image and of all parameters, in training where nothing is dropped."""
    model.train()
    for module in model.modules():
        for rate in ("p", "drop_prob"):
            if hasattr(module, rate):
                setattr(module, rate, 0.0)
    x = torch.from_numpy(seeded("image", 2, 3, 64, 64).astype(dtype)).requires_grad_()
    y = model(x)
    cotangent = torch.from_numpy(seeded("cotangent", *y.shape).astype(dtype))
    gradients = torch.autograd.grad(y, [x, *model.parameters()], cotangent)
    return [t.detach().numpy() for t in (y, *gradients)]


def rms(numbers: Any) -> float:
    return float(np.sqrt(np.square(numbers, dtype="float64").mean()))


if __name__ == "__main__":
    main(*sys.argv[1:])
