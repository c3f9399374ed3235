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
    assert overhead.chains(tinycnn)["relu"]() == 1


def test_every_op_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(overhead.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--rounds", "1"])
    overhead.main()
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["µs", "an", "op", "tinycnn"]
    names = [line[:12].rstrip() for line in lines]
    assert names == ["x + y", "x * y", "relu", "gelu", "x @ w", "linear", "conv2d 3×3", "batch_norm", "max_pool2d"]
    assert all(float(line[12:]) < 1e6 for line in lines)
