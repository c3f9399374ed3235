"""What a worker does again and again: a training step, inference, a layer, matrix products.

`torch` below is PyTorch or tinycnn, whose names are the same, and so is the source that is timed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import layers, nets

Task = Callable[[], Any]


def batch(torch: Any, size: int, number: int, order: dict[str, Any]) -> tuple[Any, Any]:
    """Images and labels drawn from a seed, the same for every library."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.standard_normal((number, 3, size, size), dtype=np.float32)).to(order["device"])
    labels = torch.from_numpy(rng.integers(0, nets.classes(size), number)).to(order["device"])
    return laid_out(torch, images, order), labels


def laid_out(torch: Any, x: Any, order: dict[str, Any]) -> Any:
    """Images or a network with its memory in PyTorch's order channels_last, if the peer is to have it."""
    if not order["channels_last"]:
        return x
    return x.to(memory_format=torch.channels_last)


def network(torch: Any, order: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    return laid_out(torch, nets.build(order["name"], order["size"]).to(order["device"]), order)


def step(torch: Any, order: dict[str, Any]) -> tuple[Task, int]:
    """Forward, cross-entropy, backward, SGD with momentum; and how many parameters there are."""
    model = network(torch, order).train()
    images, labels = batch(torch, order["size"], order["batch"], order)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def task() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return task, sum(p.numel() for p in model.parameters())


def inference(torch: Any, order: dict[str, Any]) -> tuple[Task, int]:
    """The logits of a batch, in evaluation mode."""
    model = network(torch, order).eval()
    images, _ = batch(torch, order["size"], order["batch"], order)

    def task() -> Any:
        with torch.inference_mode():
            return model(images)

    return task, sum(p.numel() for p in model.parameters())


def layer(torch: Any, order: dict[str, Any]) -> tuple[Task, int]:
    """A layer's output, and the gradients of its input and its parameters."""
    torch.manual_seed(0)
    timed = layers.BY_NAME[order["name"]]
    module = timed.make(torch.nn).to(order["device"]).train()
    shape = timed.shape
    x = torch.randn(*shape).to(order["device"])
    if timed.is_map:
        module, x = laid_out(torch, module, order), laid_out(torch, x, order)
    x.requires_grad_(not timed.image)
    g = torch.randn(*module(x).shape).to(order["device"])
    if timed.is_map:
        g = laid_out(torch, g, order)

    def task() -> Any:
        x.grad = None
        module.zero_grad()
        y = module(x)
        y.backward(g)
        return y.detach()

    return task, sum(p.numel() for p in module.parameters())


def by_op(torch: Any, task: Task, device: str) -> list[dict[str, Any]]:
    """Its time by op, as the library's own profiler has it; without the recording, where it says that too.

    On a GPU tinycnn's waits for every op, PyTorch's tells how long its kernels ran.
    """
    kernels = device == "cuda" and torch.__name__ == "torch"
    profiler = importlib.import_module(f"{torch.__name__}.profiler")
    with profiler.profile() as profile:
        task()

    def seconds(event: Any) -> float:
        if not kernels:
            return float(event.self_cpu_time_total) / 1e6
        return 0.0 if "CUDA" in str(event.device_type) else float(event.self_device_time_total) / 1e6

    return [
        {"op": event.key, "calls": int(event.count), "seconds": seconds(event)}
        for event in profile.key_averages() if seconds(event) > 0 and event.key != "(recording all this)"
    ]


def dezero_step(order: dict[str, Any]) -> tuple[Task, int]:
    """The same step in DeZero. Its ResNet-50 has the stride in the first 1×1 convolution, and so fewer products."""
    dezero = importlib.import_module("dezero")  # the user says where it is
    functions, models, optimizers = (
        importlib.import_module(f"dezero.{name}") for name in ("functions", "models", "optimizers")
    )
    dezero.Config.train = True
    model = {"vgg16": models.VGG16, "resnet50": models.ResNet50}[order["name"]]()
    rng = np.random.default_rng(0)
    images = rng.standard_normal((order["batch"], 3, order["size"], order["size"]), dtype=np.float32)
    labels = rng.integers(0, 1000, order["batch"])
    optimizer = optimizers.MomentumSGD(lr=1e-4, momentum=0.9).setup(model)

    def task() -> Any:
        model.cleargrads()
        loss = functions.softmax_cross_entropy(model(images), labels)
        loss.backward()
        optimizer.update()
        return loss.data

    task()  # its layers make their weights when they first see an input
    return task, sum(p.data.size for p in model.params())
