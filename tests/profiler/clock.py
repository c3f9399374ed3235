"""A clock that goes on only when told to, things that take as long as one says, and a network."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.autograd import Op
from tinycnn.profiler import profile, recorder
from tinycnn.profiler.averages import EventAverage


class Clock:
    """The profiler's clock."""

    def __init__(self) -> None:
        self.now = 0

    def perf_counter_ns(self) -> int:
        return self.now

    def work(self, milliseconds: float) -> None:
        """Let time pass."""
        self.now += round(milliseconds * 1e6)


clock = Clock()


class Slow(Op):
    """y = x, x̄ = ȳ; it takes as long as one says on either way"""

    def forward(ctx, x: Any, *, there: float, back: float, fail: bool) -> Any:
        clock.work(there)
        if fail:
            raise ZeroDivisionError
        return x + 0

    def backward(ctx, g: Any, *, back: float, fail: bool) -> Any:
        clock.work(back / 2)
        g = slow(g, back / 2)  # a backward made of ops
        return g


def slow(x: Any, there: float, back: float = 0.0, fail: bool = False) -> Any:
    """x, after so many milliseconds; and so many on the way back."""
    return Slow.apply(x, there=there, back=back, fail=fail)


class Layer(nn.Module):
    """Python, an op, and Python."""

    def __init__(self, there: float, back: float, python: float = 0.0) -> None:
        super().__init__()
        self.times = there, back, python

    def forward(self, x: Any) -> Any:
        there, back, python = self.times
        clock.work(python)
        return slow(x, there, back)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The profiler reads this clock instead of the machine's."""
    clock.now = 5_000_000
    monkeypatch.setattr(recorder, "time", clock)
    return clock


def ones() -> Any:
    """Something to take a gradient of."""
    return torch.ones(2, requires_grad=True)


def events(prof: profile, **options: Any) -> dict[str, EventAverage]:
    return {event.key + event.input_shapes: event for event in prof.key_averages(**options)}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2), nn.ReLU(), nn.Flatten(),
        nn.Linear(36, 10),
    )  # fmt: skip
