"""The program that measures what an op costs beside its arithmetic."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import tinycnn
from benchmarks import overhead


def test_a_chain_costs_its_ops_and_not_what_begins_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that ticks with each ReLU, and a hundred times with what stands at the end of a chain."""
    ticks, relu, end = 0, tinycnn.nn.functional.relu, tinycnn.Tensor.sum

    def ticking(x: Any) -> Any:
        nonlocal ticks
        ticks += 1
        return relu(x)

    def summed(x: Any, *args: Any) -> Any:
        nonlocal ticks
        ticks += 100
        return end(x, *args)

    monkeypatch.setattr(tinycnn.nn.functional, "relu", ticking)
    monkeypatch.setattr(tinycnn.Tensor, "sum", summed)
    monkeypatch.setattr(overhead.time, "perf_counter", lambda: ticks)
    assert overhead.measured(["tinycnn"], 1)["relu"] == [1e6]


def test_a_short_chain_that_was_disturbed_makes_no_op_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three rounds, in one the short chain takes as long as the long one, and in one the long one twice as long."""
    long, short = iter([66e-6, 66e-6, 132e-6]), iter([2e-6, 66e-6, 2e-6])
    monkeypatch.setattr(overhead, "chains", lambda _: {"relu": lambda length: next(short if length == 1 else long)})
    assert overhead.measured(["tinycnn"], 3)["relu"] == [pytest.approx(1.0)]


def test_every_op_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(overhead.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--rounds", "1"])
    overhead.main()
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["µs", "an", "op", "tinycnn"]
    names = [line[:12].rstrip() for line in lines]
    assert names == ["x + y", "x * y", "relu", "gelu", "x @ w", "linear", "conv2d 3×3", "batch_norm", "max_pool2d"]
    assert all(float(line[12:]) < 1e6 for line in lines)
