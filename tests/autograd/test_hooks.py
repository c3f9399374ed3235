"""Hooks see gradients and may replace them; retain_grad keeps those of intermediates; detach leaves the graph."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn as torch
from tinycnn.autograd import grad
from tinycnn.errors import GraphError


def leaf(data: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True)


def test_a_hook_sees_the_gradient_and_may_replace_it() -> None:
    x = leaf([1.0, 2.0])
    y = x * 3
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.tolist()))  # in the order they came
    y.sum().backward()
    assert seen == [[1, 1], [10, 10]]
    assert x.grad.tolist() == [30, 30]


def test_a_leafs_hook_runs_once_on_the_total() -> None:
    x = leaf([1.0])
    calls: list[Any] = []
    x.register_hook(lambda g: calls.append(g.item()))
    x.register_hook(lambda g: g + 1)
    (x * 2 + x * 3 + x * x).sum().backward()
    assert calls == [7]
    assert x.grad.item() == 8
    assert grad((x * 3).sum(), x)[0].item() == 4


def test_a_hook_can_be_removed() -> None:
    x = leaf([1.0])
    handle = x.register_hook(lambda g: g * 100)
    with x.register_hook(lambda g: g * 10):
        x.sum().backward()
    handle.remove()
    handle.remove()  # twice does no harm
    x.sum().backward()
    assert x.grad.item() == 1000 + 1


def test_a_hook_that_keeps_the_gradient_does_not_share_it() -> None:
    x, replacement = leaf([1.0, 2.0]), torch.tensor([5.0, 6.0])
    x.register_hook(lambda g: replacement)
    (x * 2).sum().backward()
    x.grad.zero_()
    assert replacement.tolist() == [5, 6]


def test_a_hook_that_changes_the_shape_raises() -> None:
    x = leaf([1.0, 2.0])
    x.register_hook(lambda g: g.sum())
    with pytest.raises(GraphError, match=r"a hook turned a gradient of shape \(2,\) into \(\)"):
        (x * 2).sum().backward()


def test_a_hook_can_be_differentiated() -> None:
    x = leaf(2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = grad(y, x, create_graph=True)  # x·2x
    assert g.item() == 8
    assert grad(g, x)[0].item() == 8


def test_retain_grad() -> None:
    x = leaf([1.0, 2.0])
    y = x * 3
    y.retain_grad()
    y.retain_grad()  # once more changes nothing
    y.register_hook(lambda g: g * 2)  # later than retain_grad, yet what is retained is what passes on
    g = torch.ones(2)
    y.backward(g, retain_graph=True)
    assert (y.grad.tolist(), x.grad.tolist()) == ([2, 2], [6, 6])
    assert (y.retains_grad, x.retains_grad) == (True, False)
    y.grad.zero_()
    y.backward(g)
    assert (y.grad.tolist(), g.tolist()) == ([2, 2], [1, 1])


def test_retain_grad_follows_the_tensor_through_a_write() -> None:
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * y).sum().backward()
    assert (y.grad.tolist(), x.grad.tolist()) == ([12, 24], [72, 144])


def test_hooks_ask_for_a_gradient_to_hook() -> None:
    x = leaf([1.0])
    x.retain_grad()  # a leaf does anyway
    x.sum().backward()
    assert x.grad.item() == 1
    with pytest.raises(GraphError, match="cannot register a hook on a tensor that doesn't require gradient"):
        torch.ones(1).register_hook(print)
    with pytest.raises(GraphError, match="can't retain_grad on a tensor that has requires_grad=False"):
        torch.ones(1).retain_grad()


def test_detach() -> None:
    x = leaf([1.0, 2.0])
    y = x * 2
    d = y.detach()
    assert (d.requires_grad, d.is_leaf, y.is_leaf) == (False, True, False)
    d.zero_()
    assert y.tolist() == [0, 0]  # the memory is the same
    (y.detach() * x).sum().backward()
    assert x.grad.tolist() == [0, 0]
    z = x.clone()
    assert z.detach_() is z
    assert (z.requires_grad, z.grad_fn) == (False, None)
    with pytest.raises(GraphError, match="a view cannot leave the graph by itself"):
        (x * 2)[0].detach_()
