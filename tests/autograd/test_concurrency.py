"""Two threads go forward and back through one model, each with inputs of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.nn import functional as F

ROUNDS = 12


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """What the tasks return, each run in a thread of its own, all let go at once."""
    barrier = threading.Barrier(len(tasks))

    def released(task: Callable[[], Any]) -> Any:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(released, task) for task in tasks]]


def network(normalisation: bool) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4) if normalisation else nn.Identity(), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, groups=2), nn.GELU(), nn.Flatten(), nn.LayerNorm(16), nn.Linear(16, 3),
    )  # fmt: skip


def passes(model: nn.Module, x: Any, labels: Any, second: bool = False) -> Callable[[], list[Any]]:
    """Some rounds of forward and autograd.grad; the outputs and gradients of each."""

    def task() -> list[Any]:
        found = []
        for _ in range(ROUNDS):
            leaf = x.detach().clone().requires_grad_()
            loss = F.cross_entropy(model(leaf), labels)
            grads = torch.autograd.grad(loss, [leaf, *model.parameters()], create_graph=second)
            if second:
                grads = torch.autograd.grad(sum((g * g).sum() for g in grads), [leaf])
            found.append([loss.detach(), *(g.detach() for g in grads)])
        return found

    return task


@pytest.mark.parametrize("second", [False, True], ids=["first", "second derivatives"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_two_threads_through_one_model(training: bool, second: bool, device: str) -> None:
    model = network(normalisation=True).to(device).train(training)
    rng = np.random.default_rng(0)
    data = [
        (torch.tensor(rng.standard_normal((3, 2, 8, 8)), dtype="float32", device=device),
         torch.tensor(rng.integers(0, 3, 3), device=device)) for _ in range(2)
    ]  # fmt: skip
    alone = [passes(model, *inputs, second)() for inputs in data]
    both = together(*(passes(model, *inputs, second) for inputs in data))
    for one, other in zip(alone, both, strict=True):
        for expected, found in zip(one, other, strict=True):
            for e, f in zip(expected, found, strict=True):
                np.testing.assert_allclose(f.cpu().numpy(), e.cpu().numpy(), rtol=1e-4, atol=1e-6)
    assert all(p.grad is None for p in model.parameters())


def test_one_thread_without_gradients_beside_one_with() -> None:
    model = network(normalisation=False)
    x, labels = torch.randn(3, 2, 8, 8), torch.tensor([0, 1, 2])

    def evaluate() -> list[bool]:
        with torch.no_grad():
            return [model(x).requires_grad for _ in range(4 * ROUNDS)]

    evaluated, trained = together(evaluate, passes(model, x, labels))
    assert not any(evaluated)
    assert len(trained) == ROUNDS


def test_an_error_in_one_thread_leaves_the_other_alone() -> None:
    model = network(normalisation=True)
    x, labels = torch.randn(3, 2, 8, 8), torch.tensor([0, 1, 2])

    def wrong() -> list[str]:
        said = []
        for _ in range(ROUNDS):
            with pytest.raises(torch.ShapeError) as raised:
                model(x[:, :1])
            said.append(str(raised.value))
        return said

    said, trained = together(wrong, passes(model, x, labels))
    assert all(text.endswith("in module  0 (Conv2d)") for text in said)
    assert len(trained) == ROUNDS
