"""Backwards that write into their cotangent's memory: only where nobody else ever sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn import nn
from tinycnn.autograd import ownership
from tinycnn.nn import functional as F

SHAPE = (4, 16, 40, 40)  # enough for the tuned kernels


def leaf(seed: int) -> Any:
    return torch.tensor(np.random.default_rng(seed).standard_normal(SHAPE).astype("float32")).requires_grad_()


def normalized(x: Any) -> Any:
    return F.batch_norm(x, None, None, training=True)


OVERWRITING = pytest.mark.parametrize("op", [F.relu, normalized], ids=["relu", "batch_norm"])
Op = Callable[[Any], Any]


def expected(op: Op, x: Any, g: Any) -> Any:
    """The gradient in x alone, for a cotangent of the caller's own, which must not be touched."""
    before = g.clone()
    (gx,) = torch.autograd.grad(op(x), x, g)
    assert bool((g == before).all())
    return gx.numpy()


@OVERWRITING
def test_one_gradient_for_two_is_overwritten_by_neither(op: Op) -> None:
    """Addition hands the same cotangent to both."""
    a, b, factor = leaf(0), leaf(1), leaf(2).detach()
    ((op(a) + op(b)) * factor).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), expected(op, a, factor), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(b.grad.numpy(), expected(op, b, factor), rtol=1e-5, atol=1e-5)


@OVERWRITING
def test_what_hooks_saw_and_what_is_kept_stays_as_it_was(op: Op) -> None:
    x, factor, seen = leaf(0), leaf(1).detach(), []
    y = op(x)
    y.retain_grad()
    y.register_hook(seen.append)
    (y * factor).sum().backward()
    for g in (y.grad, *seen):
        np.testing.assert_array_equal(g.numpy(), factor.numpy())


@OVERWRITING
def test_gradients_of_intermediates_stay_as_they_were(op: Op) -> None:
    x, factor = leaf(0), leaf(1).detach()
    y = op(x)
    gy, gx = torch.autograd.grad((y * factor).sum(), (y, x))
    np.testing.assert_array_equal(gy.numpy(), factor.numpy())
    np.testing.assert_allclose(gx.numpy(), expected(op, x, factor), rtol=1e-5, atol=1e-5)


@OVERWRITING
def test_a_graph_that_is_kept_goes_back_the_same_way_again(op: Op) -> None:
    x, factor = leaf(0), leaf(1).detach()
    loss = (op(x * 1) * factor).sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    x.grad = None
    loss.backward()
    np.testing.assert_array_equal(x.grad.numpy(), first.numpy())


def test_a_chain_in_one_memory_gives_what_one_in_many_does() -> None:
    """A small residual network; a backward that is recorded overwrites nothing."""
    conv = nn.Conv2d(16, 16, 3, padding=1, bias=False)
    net = nn.Sequential(conv, nn.BatchNorm2d(16), nn.ReLU(), nn.BatchNorm2d(16), nn.ReLU())
    x, gradients = leaf(3), []
    for recorded in (False, True):
        net.zero_grad()
        (net(x) + x).relu().square().sum().backward(create_graph=recorded)
        gradients.append([p.grad.detach().numpy() for p in net.parameters() if p.grad is not None])
    assert len(gradients[0]) == 5
    for ours, apart in zip(*gradients, strict=True):
        np.testing.assert_array_equal(ours, apart)


def two_steps() -> list[Any]:
    """What a small network, some of it in place, makes of an image twice, and the gradients."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.ReLU())
    found = []
    for seed in range(2):
        x = leaf(seed)
        y = (net(x) + x).relu_()
        y.square().sum().backward()
        found += [y.detach().numpy(), x.grad.numpy(), *(p.grad.numpy().copy() for p in net.parameters())]
    return found


def test_where_nothing_is_proven_everything_comes_out_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    proven = two_steps()
    monkeypatch.setattr(ownership, "_count", lambda _: 2**31)
    for ours, copied in zip(proven, two_steps(), strict=True):
        np.testing.assert_array_equal(ours, copied)


def test_what_a_debugger_holds_is_not_written_to() -> None:
    """It looks at every variable of the engine, and keeps what it saw there."""
    expected, held = two_steps(), {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.endswith("engine.py"):
            return None
        for value in list(frame.f_locals.values()):
            if isinstance(value, torch.Tensor):
                held.setdefault(id(value.array), (value.array, value.array.copy(), value, value._version))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = two_steps()
    finally:
        sys.settrace(before)
    for ours, alone in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, alone)
    assert len(held) > 10
    for array, then, tensor, version in held.values():
        if tensor.array is array and tensor._version == version:  # not written to by the user's leave
            np.testing.assert_array_equal(array, then)


def test_references_that_may_go_uncounted_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = object()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
        assert ownership._counting()(here) > 1000
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "version_info", (3, 14, 0, "final", 0))
        assert ownership._counting()(here) > 1000
