"""Calls, bytes and operations of a profile."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest

import tinycnn as torch
from tests import strict_cupy
from tests.profiler.clock import events, network
from tinycnn import backend, nn, optim
from tinycnn.nn import functional as F
from tinycnn.profiler import ProfilerActivity, profile, record_function
from tinycnn.utils.data import DataLoader, TensorDataset


def test_calls_of_a_training(device: str) -> None:
    model = network().to(device)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    images = TensorDataset(torch.randn(6, 3, 8, 8, device=device), torch.arange(6, device=device))
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA], record_shapes=True) as prof:
        for x, y in DataLoader(images, batch_size=2):
            optimizer.zero_grad()
            with record_function("loss"):
                loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            prof.step()
    found = events(prof)
    counts = {key: (event.count, event.backward_count) for key, event in found.items()}
    assert counts["Conv2d"] == (6, 6)
    assert counts["ReLU"] == (6, 6)
    assert counts["Linear"] == (3, 3)
    assert counts["loss"] == counts["Optimizer.step#SGD.step"] == counts["DataLoader.fetch"] == (3, 0)
    assert prof.key_averages().steps == 3
    modules = {row.path: row.calls for row in prof.by_module() if row.is_module}
    assert modules == {"": 3, **dict.fromkeys("012345", 3)}
    assert found["Conv2d"].cuda_time_total == (found["Conv2d"].cpu_time_total if device == "cuda" else 0)
    shapes = {key for key in events(prof, group_by_input_shape=True) if key.startswith("Conv2d")}
    assert shapes == {"Conv2d[[2, 3, 8, 8], [8, 3, 3, 3], [8]]", "Conv2d[[2, 8, 8, 8], [4, 8, 3, 3], [4]]"}


def test_a_worker_fetches_in_a_thread_of_its_own_and_the_loop_waits() -> None:
    with profile() as prof:
        for _ in DataLoader(TensorDataset(torch.arange(8)), batch_size=2, num_workers=2):
            pass
    found = events(prof)
    assert found["DataLoader.fetch"].count == found["DataLoader.wait"].count == 4
    threads = {span.thread for span in prof.events() if span.name == "DataLoader.fetch"}
    assert threading.get_ident() not in threads


def test_gradients_that_are_added_up_by_the_engine_have_a_row() -> None:
    x = torch.ones(3, requires_grad=True)
    with profile() as prof:
        y = x.exp()
        (y.sin() + y.cos()).sum().backward()
    assert events(prof)["adding gradients up"].count == 1


def test_every_op_is_waited_for_on_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    strict_cupy.reset()
    cuda = strict_cupy.backend()
    backend.install("cuda", cuda)
    try:
        waits = 0

        def wait() -> None:
            nonlocal waits
            waits += 1

        monkeypatch.setattr(cuda, "synchronize", wait)
        x = torch.ones(2, device="cuda")
        x.exp()
        assert waits == 0
        with profile():
            x.exp()
        assert waits == 2
    finally:
        backend.install("cuda", None)


# Memory and operations ───────────────────────────────────────────────────────────────────────────────────────────────


def test_bytes_are_those_of_new_memory() -> None:
    x = torch.ones(1000, requires_grad=True)  # 4000 bytes
    with profile(profile_memory=True) as prof:
        y = x.exp()  # 4000
        z = y.reshape(10, 100)[2:5].T  # views
        with torch.no_grad():
            y.mul_(2.0)  # in place
        z.double()  # 2400, gone at once
        x.detach().sum()  # 4
    found = {key: event.cpu_memory_usage for key, event in events(prof).items()}
    assert (found["Exp"], found["Cast"], found["Sum"]) == (4000, 2400, 4)
    assert sum(found.values()) - 6404 in (0, 4000)  # an op in place may compute elsewhere first
    live = [span.live for span in prof.events() if span.sort == "op"]
    assert live[0] == 4000
    assert live[-1] == 4004
    assert prof.key_averages().peak == max(live)


def test_views_of_what_was_there_before_and_writes_to_it_take_no_memory() -> None:
    x = torch.ones(1000)
    with profile() as prof:
        x.reshape(10, 100)[2:5].t()
        x[3] = 4.0
    assert sum(event.cpu_memory_usage for event in prof.key_averages()) <= 8  # the number itself
    assert prof.key_averages().peak <= 8


def test_gradients_count_with_the_op_they_are_of(device: str) -> None:
    x = torch.ones(1000, requires_grad=True, device=device)
    with profile() as prof:
        x.exp().backward(torch.ones(1000, device=device))
    assert events(prof)["Exp"].cpu_memory_usage == 8000
    assert sum(row.bytes for row in prof.by_module().outermost()) == 8000


def test_memory_goes_as_it_does_without_a_profile() -> None:
    kept: list[weakref.ref[Any]] = []
    gc.disable()
    try:
        with profile() as prof:
            for _ in range(3):
                y = torch.ones(1000).exp()
                kept.append(weakref.ref(y.array))
            assert [ref() is None for ref in kept] == [True, True, False]
            model = network()
            model(torch.ones(1, 3, 8, 8)).sum().backward()
            nodes = model[0](torch.ones(1, 3, 8, 8)).grad_fn
            node = weakref.ref(nodes)
            del nodes
            assert node() is None
        assert prof.key_averages().peak >= 8000
    finally:
        gc.enable()


def test_operations_of_convolutions_and_products() -> None:
    x = torch.randn(2, 3, 8, 8)
    w = torch.randn(8, 3, 3, 3, requires_grad=True)
    with profile(with_flops=True) as prof:
        F.conv2d(x, w).sum().backward()  # y: 2·8·6·6, each of 27 products; x wants no gradient
        layer = nn.Linear(5, 7)
        layer(torch.ones(3, 5, requires_grad=True)).sum().backward()
        a = torch.ones(4, 5)
        a @ torch.ones(5, 6)
    found = events(prof)
    conv, linear = 2 * (2 * 8 * 6 * 6) * 27, 2 * 3 * 5 * 7
    assert (found["Conv2d"].flops, found["Conv2d"].backward_flops) == (conv, conv)
    assert (found["Linear"].flops, found["Linear"].backward_flops) == (linear, 2 * linear)
    assert found["MatMul"].flops == 2 * 4 * 5 * 6
