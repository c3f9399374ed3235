"""The program that measures what an op costs beside its arithmetic."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import tinycnn
from benchmarks import overhead
from benchmarks.turns import best_facts
from tinycnn import backend


def test_a_chain_costs_its_ops_and_not_what_begins_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that ticks with each ReLU, four times in its kernel, and a hundred times at the end of a chain."""
    ticks, relu, end = 0, tinycnn.nn.functional.relu, tinycnn.Tensor.sum
    kernels = vars(backend.get("cpu").kernels)
    kernel = kernels["relu"]

    def after(ticked: int, function: Any) -> Any:
        def call(*args: Any) -> Any:
            nonlocal ticks
            ticks += ticked
            return function(*args)

        return call

    monkeypatch.setattr(tinycnn.nn.functional, "relu", after(1, relu))
    monkeypatch.setitem(kernels, "relu", after(4, kernel))
    monkeypatch.setattr(tinycnn.Tensor, "sum", after(100, end))
    monkeypatch.setattr(overhead.time, "perf_counter", lambda: ticks)
    monkeypatch.setattr(overhead, "OPS", {"relu": overhead.OPS["relu"]})
    chains = overhead.Chains(tinycnn)
    chains.run()
    assert chains.found() == {"relu": {"op": 5, "kernels": 4}}


def test_a_short_chain_that_was_disturbed_makes_no_op_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three turns, in one the short chain takes as long as the long one, and in one the long one twice as long."""
    long, short = iter([66e-6, 66e-6, 132e-6]), iter([2e-6, 66e-6, 2e-6])
    monkeypatch.setattr(overhead.Chain, "run", lambda _, length: next(short if length == 1 else long))
    monkeypatch.setattr(overhead.Chain, "run_kernels", lambda _, length: 0.0)
    monkeypatch.setattr(overhead, "OPS", {"relu": overhead.OPS["relu"]})
    chains = overhead.Chains(tinycnn)
    for _ in range(3):
        chains.run()
    assert chains.found()["relu"] == {"op": pytest.approx(1e-6), "kernels": 0}


def test_the_least_of_several_turns_counts_for_an_op_and_for_its_kernels() -> None:
    turns = [{"overhead": {"relu": {"op": op, "kernels": kernels}}} for op, kernels in ((3, 1), (2, 2))]
    assert best_facts(turns) == {"overhead": {"relu": {"op": 2, "kernels": 1}}}


def test_kernels_are_watched_no_longer_than_needed() -> None:
    kernels = vars(backend.get("cpu").kernels)
    before = dict(kernels)
    with overhead.watched():
        assert kernels["relu"] is not before["relu"]
    assert kernels == before


def test_every_op_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(overhead.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["overhead.py", "--rounds", "1"])
    overhead.main()
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["µs", "an", "op", "tinycnn", "kernels", "Python", "PyTorch"]
    names = [line[:14].rstrip() for line in lines]
    assert names == ["x + y", "x * y", "relu", "gelu", "x @ w", "linear", "conv2d 3×3", "batch_norm", "max_pool2d",
                     "LeNet's mean"]  # fmt: skip
    assert all(float(number) < 1e6 for line in lines for number in line[14:].split()[:3])
