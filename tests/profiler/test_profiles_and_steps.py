"""Profiles that nest, overlap, end in an error, see several threads, or follow a schedule."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tests.profiler.clock import Clock, events, network, slow
from tinycnn import nn
from tinycnn.autograd import observing
from tinycnn.errors import ArgumentError, ConfigError, StateError
from tinycnn.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule, supported_activities

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


def test_what_began_before_the_profile_ends_nothing_in_it(still: Clock) -> None:
    prof, still_open = profile(), record_function("still open")

    class Begins(nn.Module):
        def forward(self, x: Any) -> Any:
            prof.start()
            still_open.__enter__()
            return x

    with profile():
        Begins()(torch.ones(2))
        still.work(3)
        still_open.__exit__(None, None, None)
        prof.stop()
    assert events(prof)["still open"].cpu_time_total == 3000


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


def test_rounds_that_follow_at_once_are_rounds_of_their_own() -> None:
    counts = []
    with profile(schedule=schedule(wait=0, warmup=0, active=1), on_trace_ready=lambda p: counts.append(
        events(p)["Exp"].count)) as prof:  # fmt: skip
        for _ in range(3):
            torch.ones(2).exp()
            prof.step()
        torch.ones(2).exp()
    assert counts == [1, 1, 1, 1]


def test_a_round_without_its_last_step_is_kept_and_not_handed_over() -> None:
    plan = [R, R, N, N]
    with profile(schedule=plan.__getitem__, on_trace_ready=lambda _: pytest.fail("it was not whole")) as prof:
        for _ in range(3):
            torch.ones(2).exp()
            prof.step()
    assert events(prof)["Exp"].count == 2


def test_a_profile_without_records_can_be_printed() -> None:
    prof = profile()
    assert str(prof) == repr(prof)
    assert prof._repr_html_() is None  # a notebook shows the text


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
