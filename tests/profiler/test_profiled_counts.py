"""Calls, bytes, operations, threads and steps of a profile, whatever happens while it is recorded."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests import strict_cupy
from tests.profiler.clock import Clock, slow
from tinycnn import backend, nn, optim
from tinycnn.autograd import observing
from tinycnn.errors import ArgumentError, ConfigError, StateError
from tinycnn.nn import functional as F
from tinycnn.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    supported_activities,
)
from tinycnn.profiler.averages import EventAverage
from tinycnn.utils.data import DataLoader, TensorDataset


def events(prof: profile, **options: Any) -> dict[str, EventAverage]:
    return {event.key + event.input_shapes: event for event in prof.key_averages(**options)}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(36, 10),
    )  # fmt: skip


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
    live = [span.live for span in prof.events() if span.op is span]
    assert live[0] == 4000
    assert live[-1] == 4004
    assert prof.key_averages().peak == max(live)


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


# Errors, nests, threads ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_error_inside_ends_the_profile_and_leaves_what_was_recorded() -> None:
    prof = profile()
    with pytest.raises(torch.ShapeError, match="Linear"), prof, record_function("doomed"):
        network()(torch.ones(1, 3, 9, 9))
    assert observing.observer is None
    found = events(prof)
    assert (found["Conv2d"].count, found["doomed"].count) == (2, 1)
    with prof:  # it can be used again
        torch.ones(2).exp()
    assert events(prof)["Exp"].count == 1
    assert "Conv2d" not in events(prof)


def test_an_op_that_raises_has_taken_its_time(still: Clock) -> None:
    with profile() as prof, pytest.raises(ZeroDivisionError):
        slow(torch.ones(2), 3, fail=True)
    assert events(prof)["Slow"].forward == 3000


def test_profiles_in_each_other_both_see_what_is_in_both() -> None:
    x = torch.ones(2)
    with profile() as outer:
        x.exp()
        with profile() as inner:
            x.log()
        x.sqrt()
    assert {"Exp", "Log", "Sqrt"} <= set(events(outer))
    assert {"Exp", "Log", "Sqrt"} & set(events(inner)) == {"Log"}
    first, second = profile(), profile()
    first.start()
    x.exp()
    second.start()
    x.log()
    first.stop()
    x.sqrt()
    second.stop()
    x.sin()
    assert {"Exp", "Log", "Sqrt", "Sin"} & set(events(first)) == {"Exp", "Log"}
    assert {"Exp", "Log", "Sqrt", "Sin"} & set(events(second)) == {"Log", "Sqrt"}
    assert observing.observer is None


def test_a_profile_that_begins_and_ends_in_the_midst_of_modules(still: Clock) -> None:
    prof = profile()

    class Begins(nn.Module):
        def forward(self, x: Any) -> Any:
            prof.start()
            return slow(x, 1)

    class Ends(nn.Module):
        def forward(self, x: Any) -> Any:
            still.work(2)
            prof.stop()
            still.work(4)
            return slow(x, 8)

    nn.Sequential(nn.Sequential(Begins()), Ends())(torch.ones(2))
    assert prof.key_averages().total == 3_000
    assert [(row.kind, row.forward) for row in prof.by_module() if row.is_module] == [("Ends", 2)]


def test_ops_of_all_threads_are_counted() -> None:
    model, rounds = network(), 5

    def work(_: int) -> None:
        for _ in range(rounds):
            model(torch.ones(1, 3, 8, 8)).sum().backward()

    with ThreadPoolExecutor(3) as pool, profile() as prof:
        list(pool.map(work, range(3)))
    found = events(prof)
    assert (found["Conv2d"].count, found["Conv2d"].backward_count) == (30, 30)
    assert {row.path: row.calls for row in prof.by_module()}["0"] == 15
    for span in prof.events():
        assert span.outer is None or span.outer.thread == span.thread


def test_nothing_was_recorded() -> None:
    with profile() as prof:
        pass
    assert [event.key for event in prof.key_averages()] == ["(Python between the ops)", "(recording all this)"]
    assert "Python between" in str(prof)
    assert prof.chart().axes


# Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

N, W, R, S = ProfilerAction.NONE, ProfilerAction.WARMUP, ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE


@pytest.mark.parametrize(("options", "actions"), [  # as torch.profiler.schedule of PyTorch 2.13 answers
    ({"wait": 1, "warmup": 1, "active": 2}, [N, W, R, S, N, W, R, S, N, W]),
    ({"wait": 1, "warmup": 1, "active": 1, "repeat": 2}, [N, W, S, N, W, S, N, N, N, N]),
    ({"wait": 0, "warmup": 0, "active": 1, "repeat": 1}, [S, N, N, N, N, N, N, N, N, N]),
    ({"wait": 0, "warmup": 2, "active": 3, "skip_first": 2}, [N, N, W, W, R, R, S, W, W, R]),
    ({"wait": 3, "warmup": 1, "active": 1, "skip_first": 1, "skip_first_wait": 1}, [N, W, S, N, N, N, W, S, N, N]),
])  # fmt: skip
def test_a_schedule(options: dict[str, int], actions: list[ProfilerAction]) -> None:
    plan = schedule(**options)
    assert [plan(step) for step in range(10)] == actions


@pytest.mark.parametrize("options", [{"wait": -1, "warmup": 0, "active": 1}, {"wait": 0, "warmup": 0, "active": 0}])
def test_a_schedule_that_makes_no_sense(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="schedule"):
        schedule(**options)


def test_only_active_steps_are_recorded_and_each_round_is_handed_over() -> None:
    seen = []

    def ready(prof: profile) -> None:
        found = events(prof)
        seen.append((prof.step_num, found["Exp"].count, prof.key_averages().steps))

    with profile(schedule=schedule(wait=1, warmup=1, active=2), on_trace_ready=ready) as prof:
        for _ in range(11):
            torch.ones(2).exp()
            prof.step()
    assert seen == [(4, 2, 2), (8, 2, 2), (11, 1, 1)]  # the last round is cut short
    assert observing.observer is None


def test_misuse_is_answered_in_words() -> None:
    prof = profile()
    with pytest.raises(StateError, match="nothing was recorded yet"):
        prof.key_averages()
    with pytest.raises(StateError, match="inside the with block"):
        prof.step()
    with pytest.raises(StateError, match="not started"):
        prof.stop()
    with profile(schedule=lambda step: N) as never, pytest.raises(StateError, match="started already"):
        never.start()
    with pytest.raises(StateError, match=r"Is step\(\) called, and does the schedule come to active"):
        never.by_module()
    with pytest.raises(ArgumentError, match=r"activities are of ProfilerActivity, such as \.CPU, not 'cpu'"):
        profile(activities=["cpu"])
    with pytest.raises(ArgumentError, match="expected a name, a str, but got function"):
        record_function(lambda: None)
    assert ProfilerActivity.CPU in supported_activities()


def test_while_nobody_profiles_nothing_is_there_to_call() -> None:
    assert observing.observer is None
    with record_function("free"):
        assert observing.observer is None
    with profile():
        assert observing.observer is not None
    assert observing.observer is None
    np.testing.assert_array_equal(torch.ones(2).exp().numpy(), np.exp(np.ones(2, dtype="float32")))
