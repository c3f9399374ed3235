"""What takes how long: by a clock that is told to go on, so that every number is known beforehand."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tests.profiler.clock import Clock, Layer, ones, slow
from tinycnn import nn
from tinycnn.autograd import observing
from tinycnn.profiler import profile, record_function
from tinycnn.profiler.averages import RECORDING, REST
from tinycnn.profiler.module_costs import FUNCTIONS

Times = dict[str, tuple[float, float, float]]


def by_op(prof: profile) -> Times:
    """Milliseconds forward, backward and outside of ops."""
    return {event.key: (event.forward / 1e3, event.backward / 1e3, event.outside / 1e3)
            for event in prof.key_averages() if event.self_cpu_time_total}  # fmt: skip


def by_module(prof: profile) -> Times:
    return {row.path or row.kind: (row.forward, row.backward, row.outside) for row in prof.by_module() if row.time}


def assert_adds_up(prof: profile, total: float) -> None:
    assert prof.key_averages().total / 1e3 == pytest.approx(total)
    assert sum(row.time for row in prof.by_module().outermost()) == pytest.approx(total)
    assert prof.by_module().total == pytest.approx(total)


def test_forward_and_backward_of_an_op_stand_in_one_row_and_python_in_another(still: Clock) -> None:
    with profile() as prof:
        still.work(1)
        y = slow(ones(), 3, 6)
        still.work(2)
        y = slow(y, 4, 8)
        y.backward(torch.ones(2))
    assert by_op(prof) == {"Slow": (7, 14, 0), REST: (0, 0, 3)}
    slow_row = next(event for event in prof.key_averages() if event.key == "Slow")
    assert (slow_row.count, slow_row.backward_count) == (2, 2)
    assert slow_row.cpu_time_total == slow_row.self_cpu_time_total == 21_000
    assert slow_row.cpu_time == 10_500
    assert_adds_up(prof, 24)


def test_a_module_is_charged_with_its_forward_and_with_the_backward_of_what_it_made(still: Clock) -> None:
    model = nn.Sequential(Layer(1, 10), nn.Sequential(Layer(2, 20, python=0.5), Layer(3, 30)))
    with profile() as prof:
        y = model(ones())
        loss = slow(y, 4, 40).sum()
        loss.backward()
    rows = by_module(prof)
    rows.pop(FUNCTIONS)
    assert rows == {
        "Sequential": (6.5, 60, 0), "0": (1, 10, 0), "1": (5.5, 50, 0), "1.0": (2.5, 20, 0), "1.1": (3, 30, 0),
    }  # fmt: skip
    assert by_module(prof)[FUNCTIONS] == (4, 40, 0)
    assert by_op(prof)["Slow"] == (10, 100, 0)
    assert by_op(prof)[REST] == (0, 0, 0.5)
    assert_adds_up(prof, 110.5)
    assert [row.path for row in prof.by_module() if row.is_module] == ["", "0", "1", "1.0", "1.1"]
    assert [row.depth for row in prof.by_module() if row.is_module] == [0, 1, 1, 2, 2]
    assert prof.by_module()[0].share == pytest.approx(66.5 / 110.5)


def test_a_named_piece_has_a_row_of_its_own_without_the_ops_in_it(still: Clock) -> None:
    with profile() as prof:
        with record_function("all of it"):
            still.work(1)
            with record_function("a part"):
                still.work(2)
                slow(ones(), 4)
            with record_function("a part"):
                still.work(8)
        still.work(16)
    assert by_op(prof) == {"all of it": (0, 0, 1), "a part": (0, 0, 10), "Slow": (4, 0, 0), REST: (0, 0, 16)}
    events = {event.key: event for event in prof.key_averages()}
    assert (events["all of it"].cpu_time_total, events["a part"].cpu_time_total) == (15_000, 14_000)
    assert (events["all of it"].count, events["a part"].count, events["a part"].cpu_time) == (1, 2, 7_000)
    assert by_module(prof) == {FUNCTIONS: (4, 0, 0), "all of it": (0, 0, 1), "a part": (0, 0, 10), REST: (0, 0, 16)}
    assert_adds_up(prof, 31)


def test_a_function_that_is_named_may_call_itself(still: Clock) -> None:
    @record_function("countdown")
    def countdown(number: int) -> int:
        still.work(1)
        return countdown(number - 1) if number else 7

    with profile() as prof:
        assert countdown(3) == 7
    event = prof.key_averages()[0]
    assert (event.key, event.count, event.outside, event.cpu_time_total) == ("countdown", 4, 4_000, 4_000)


def test_a_module_that_calls_itself_counts_once(still: Clock) -> None:
    class Again(nn.Module):
        def forward(self, x: Any, times: int = 2) -> Any:
            still.work(1)
            return self(slow(x, 2, 5), times - 1) if times else x

    with profile() as prof:
        Again()(ones()).sum().backward()
    row = prof.by_module()[0]
    assert (row.kind, row.calls, row.forward, row.backward) == ("Again", 3, 7, 10)


def test_a_shared_module_is_one_row_and_two_models_are_two(still: Clock) -> None:
    layer = Layer(1, 2)
    twice, once = nn.Sequential(layer, layer), nn.Sequential(Layer(4, 8))
    with profile() as prof:
        once(twice(ones())).sum().backward()
    rows = [(row.path or row.kind, row.calls, row.forward, row.backward) for row in prof.by_module() if row.is_module]
    assert rows == [("Sequential", 1, 2, 4), ("0", 2, 2, 4), ("Sequential", 1, 4, 8), ("0", 1, 4, 8)]


def test_a_module_made_on_the_way_belongs_where_it_was_called(still: Clock) -> None:
    class Maker(nn.Module):
        def forward(self, x: Any) -> Any:
            return Layer(1, 2)(x)

    with profile() as prof:
        nn.Sequential(Maker())(ones()).sum().backward()
    assert by_module(prof)["0.Layer"] == (1, 2, 0)


def test_a_backward_within_a_forward_is_no_forward(still: Clock) -> None:
    class Penalty(nn.Module):
        """Takes a gradient on its way forward, and differentiates that."""

        def forward(self, x: Any) -> Any:
            y = slow(x, 1, 10)
            (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
            return (y * g).sum()

    x = ones()
    with profile() as prof:
        loss = Penalty()(x)
        middle = still.now
        loss.backward()
    row = prof.by_module()[0]
    assert middle == 5_000_000 + 11_000_000
    assert row.forward == 1
    assert row.backward == pytest.approx(10 + 10)  # the op's once more; that of its backward is free
    assert_adds_up(prof, 21)


def test_double_backward_has_ops_of_its_own(still: Clock) -> None:
    x = torch.tensor([2.0], requires_grad=True)
    with profile() as prof:
        (g,) = torch.autograd.grad(x**3, x, create_graph=True)
        g.backward()
    counts = {event.key: (event.count, event.backward_count) for event in prof.key_averages() if event.is_op}
    assert counts["Pow"][0] == 1  # those in its backward are a part of that
    assert sum(backward for _, backward in counts.values()) > 1
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(12)


def test_what_was_made_before_is_charged_to_nobody(still: Clock) -> None:
    y = Layer(1, 2)(ones())
    with profile() as prof:
        y.sum().backward()
    assert by_module(prof) == {FUNCTIONS: (0, 2, 0)}


def test_recording_takes_time_too_and_says_so(still: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking = still.perf_counter_ns

    def tick() -> int:
        still.now += 1_000  # each look at the clock takes a microsecond
        return ticking()

    monkeypatch.setattr(still, "perf_counter_ns", tick)
    with profile() as prof:
        Layer(1, 2)(ones()).sum().backward()
    recorded = by_op(prof)[RECORDING][2]
    assert recorded > 0.005
    assert by_module(prof)[RECORDING][2] == recorded
    assert by_op(prof)["Slow"][:2] == pytest.approx((1.001, 2.003))  # in the backward lies an op
    trace = prof._recorded
    assert_adds_up(prof, (trace.ended - trace.began) / 1e6)


def test_recording_another_thread_is_not_charged_to_this_one(still: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    ticking = still.perf_counter_ns
    monkeypatch.setattr(still, "perf_counter_ns", lambda: still.work(0.001) or ticking())
    with profile() as prof:
        thread = threading.Thread(target=slow, args=(ones(), 1))
        thread.start()
        thread.join()
    assert prof._recorded.between == 0
    assert by_op(prof)["Slow"][0] == pytest.approx(1.001)


def test_a_forward_that_a_backward_repeats_is_a_part_of_the_backward(still: Clock) -> None:
    """As checkpoints do, which save memory by computing twice."""
    layer = Layer(1, 10)

    class Checkpoint(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return layer(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                again = x.detach().requires_grad_()
                y = layer(again)
            y.backward(g)
            return again.grad

    class Around(nn.Module):
        def forward(self, x: Any) -> Any:
            return Checkpoint.apply(x)

    with profile() as prof:
        Around()(ones()).backward(torch.ones(2))
    assert by_op(prof) == {"Checkpoint": (1, 11, 0)}
    assert by_module(prof) == {"Around": (1, 11, 0)}
    assert [(row.kind, row.calls) for row in prof.by_module() if row.is_module] == [("Around", 1)]
    assert_adds_up(prof, 12)


# Whatever a program does ────────────────────────────────────────────────────────────────────────────────────────────

ops = st.tuples(st.just("op"), st.integers(0, 9), st.integers(0, 9), st.booleans())
around = st.sampled_from(["label", "module", "thread", "profile", "error"])
programs = st.recursive(
    ops | st.integers(0, 9), lambda inner: st.tuples(around, st.lists(inner, max_size=4)), max_leaves=25
)


class Piece(nn.Module):
    def __init__(self, run: Any) -> None:
        super().__init__()
        self.run = run

    def forward(self) -> None:
        self.run()


def run(program: Any, still: Clock, inner: list[profile]) -> None:
    if isinstance(program, int):
        return still.work(program)
    if program[0] == "op":
        _, there, back, fail = program
        try:
            y = slow(ones(), there, back, fail)
        except ZeroDivisionError:
            return None
        return y.backward(torch.ones(2))

    def go_on() -> None:
        for piece in program[1]:
            run(piece, still, inner)

    if program[0] == "label":
        with record_function("piece"):
            go_on()
    elif program[0] == "module":
        Piece(go_on)()
    elif program[0] == "profile":
        with profile() as prof:
            go_on()
        inner.append(prof)
    elif program[0] == "error":
        with contextlib.suppress(KeyError), record_function("failing"):
            go_on()
            raise KeyError
    else:
        thread = threading.Thread(target=go_on)
        thread.start()
        thread.join()
    return None


@given(st.lists(programs, max_size=5))
def test_all_columns_add_up_whatever_the_program_does(still: Clock, program: list[Any]) -> None:
    inner: list[profile] = []
    with profile() as outer:
        for piece in program:
            run(piece, still, inner)
    assert observing.observer is None
    for prof in (outer, *inner):
        trace = prof._recorded
        wall = (trace.ended - trace.began) / 1e6
        elsewhere = sum(s.length for s in trace.spans if s.outer is None and s.thread != trace.thread) / 1e6
        assert_adds_up(prof, wall + elsewhere)
        assert all(time >= 0 for times in (*by_op(prof).values(), *by_module(prof).values()) for time in times)
        for span in trace.spans:
            assert span.outer is None or span.outer.began <= span.began <= span.ended <= span.outer.ended
        rows = prof.by_module()
        for row in rows:
            parts = [p for p in rows if row.is_module and p.model == row.model and p.depth == row.depth + 1
                     and (not row.path or p.path.startswith(f"{row.path}."))]  # fmt: skip
            assert sum(part.time for part in parts) <= row.time + 1e-9
