r"""A training step gives the same gradients to the last bit in every run, for a given number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import models, nn
from tinycnn.backend.threads import get_num_threads, set_num_threads

NETS: dict[str, Callable[[], Any]] = {
    "resnet18": lambda: models.resnet18(num_classes=10),
    "convnext": lambda: models.ConvNeXt((1, 1, 2, 1), (32, 64, 96, 128), num_classes=10),
    "vgg": lambda: nn.Sequential(
        *(layer for c, o in ((3, 32), (32, 64), (64, 64))
          for layer in (nn.Conv2d(c, o, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))),
        nn.Flatten(), nn.Linear(1024, 256), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(256, 10),
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


@pytest.fixture
def disturber() -> Iterator[None]:
    """Another thread, at work now and then, so that tiles are finished in another order each time."""
    end = threading.Event()
    noise = np.ones(50_000)

    def disturb() -> None:
        while not end.wait(0.001):
            np.sin(noise)

    thread = threading.Thread(target=disturb)
    thread.start()
    yield
    end.set()
    thread.join()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", NETS)
def test_a_step_is_the_same_in_every_run(name: str, threads: int, disturber: None) -> None:
    set_num_threads(threads)
    tinycnn.manual_seed(0)
    model = NETS[name]().train()
    rng = np.random.default_rng(0)
    images = tinycnn.from_numpy(rng.standard_normal((16, 3, 32, 32), dtype=np.float32))
    labels = tinycnn.from_numpy(rng.integers(0, 10, 16))

    def step() -> list[bytes]:
        tinycnn.manual_seed(1)  # for what is dropped
        model.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        return [loss.detach().numpy().tobytes(), *(p.grad.numpy().tobytes() for p in model.parameters())]

    first = step()
    for _ in range(3):
        assert step() == first
