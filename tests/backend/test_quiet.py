"""Quiet arithmetic: no warning inside, the caller's settings outside, from any thread, nested, and after an error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.autograd import Op
from tinycnn.backend.quiet import quietly

ZERO = np.zeros(2)


def test_nothing_is_said_inside_and_all_outside() -> None:
    with np.errstate(all="raise"):
        assert np.isnan(quietly(np.divide, ZERO, ZERO)).all()
        with pytest.raises(FloatingPointError):
            ZERO / ZERO


def test_it_may_be_nested_and_raise() -> None:
    def inner(depth: int) -> Any:
        if not depth:
            raise KeyError
        return quietly(inner, depth - 1)

    for _ in range(3):
        with pytest.raises(KeyError):
            quietly(inner, 3)
    assert np.isinf(quietly(lambda: quietly(np.log, ZERO))).all()


def test_threads_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: quietly(np.log, ZERO), range(200)))
    assert all(np.isinf(y).all() for y in found)


def test_an_op_may_use_ops_and_the_gradients_sum_is_quiet() -> None:
    class Twice(Op):
        def forward(ctx, x: Any) -> Any: return (torch.Tensor.wrap(x).log() * 2).array
        def backward(ctx, g: Any, x: Any) -> Any: return g * 2 / x

    x = torch.tensor([0.0, 3e38], requires_grad=True)
    big = torch.tensor([3e38, 3e38])
    y = Twice.apply(x) + x * big + x * big
    y.sum().backward()
    assert np.isinf(x.grad.numpy()).all()
