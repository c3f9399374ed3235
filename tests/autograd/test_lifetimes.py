"""What backward runs, keeps and lets go: pruned branches, released buffers, no cycles, memory of one's own; depth."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.autograd import Op, grad
from tinycnn.autograd.composition import Alias
from tinycnn.nn import functional as F


def leaf(data: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True, **options)


class Counted(Op):
    """y = 2x, and a count of how often backward ran."""

    runs = 0

    def forward(ctx, x: Any) -> Any:
        return 2 * x

    def backward(ctx, g: Any) -> Any:
        Counted.runs += 1
        return 2 * g


def test_branches_that_lead_nowhere_are_not_run() -> None:
    x, w = leaf([1.0]), leaf([1.0])
    Counted.runs = 0
    y = Counted.apply(x) * Counted.apply(w)
    assert grad(y, x, retain_graph=True)[0].tolist() == [4]
    assert Counted.runs == 1
    y.backward(inputs=[w])
    assert Counted.runs == 2


def test_a_node_knows_what_was_asked_and_where_to_send_it() -> None:
    x, w = torch.ones(2, 3), leaf(np.ones((4, 3), "float32"))
    node = torch.matmul(x, w.t()).grad_fn
    assert node.needs_input_grad == (False, True)
    first, (transposed, number) = node.next_functions
    assert first == (None, 0)
    assert number == 0
    assert transposed.next_functions[0][0] is w
    assert repr(node) == "<MatMulBackward0>"


def test_what_no_gradient_needs_is_not_kept() -> None:
    """A mask's product needs the mask alone, a frozen layer its weights alone: the activations may go, or change."""
    x = leaf(np.ones((1, 1, 4, 4), "float32"))
    for use in (lambda a: a * torch.ones(4), lambda a: a / 2, lambda a: F.conv2d(a, torch.ones(1, 1, 3, 3)),
                lambda a: F.linear(a, torch.ones(2, 4)), lambda a: a @ torch.ones(4, 4)):  # fmt: skip
        activation = x * 2
        watch = weakref.ref(activation.array)
        loss = use(activation).sum()
        activation.zero_()
        del activation
        assert watch() is None
        loss.backward()
    assert x.grad.sum().item() == 2 * (16 + 8 + 36 + 32 + 64)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed here is freed by reference counts: there were no cycles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("run", ["nothing", "backward", "grad"])
def test_nothing_outlives_the_loss(run: str, no_collector: None) -> None:
    x, labels = leaf(np.random.default_rng(0).standard_normal((2, 1, 4, 4)).astype("float32")), torch.tensor([0, 1])
    h = F.max_pool2d(F.relu(F.batch_norm(F.conv2d(x, torch.ones(2, 1, 3, 3)), None, None, training=True)), 2)
    h = h.exp().sigmoid().flatten(1).log_softmax(1).clone()
    h[:, 0] = h[:, 1] * 2
    loss = F.nll_loss(h, labels) + h.max(1)[0].sum()
    watched = [weakref.ref(h.array), weakref.ref(loss.grad_fn)]
    if run == "backward":
        loss.backward()
    if run == "grad":
        grad(loss, x, create_graph=True)
    del h, loss
    assert [watch() for watch in watched] == [None, None]


@pytest.mark.parametrize("retain", [False, True])
def test_buffers_are_released_as_backward_passes(retain: bool) -> None:
    x = leaf([1.0, 2.0])
    a = x.exp()
    b = a.exp()
    saved = weakref.ref(b.array)
    loss = b.sum()
    del b
    alive = []
    a.register_hook(lambda g: alive.append(saved() is not None))
    loss.backward(retain_graph=retain)
    assert alive == [retain]


def test_a_leafs_gradient_is_its_own_memory(device: str) -> None:
    """`x + w` hands one cotangent to both, `sum` a broadcast one, `reshape` a view of one: each leaf gets a copy."""
    x, w, v = (leaf([[1.0, 2.0]], device=device) for _ in range(3))
    g = torch.ones(1, 2, device=device)
    s = x + w
    s.retain_grad()
    ((s.reshape(2) + v.reshape(2)).reshape(1, 2)).backward(g)
    (x + v).sum().backward()
    held = [x.grad, w.grad, v.grad, s.grad]
    for t in held:
        t.add_(100)  # would raise on broadcast memory
    assert g.tolist() == [[1, 1]]
    assert [t.tolist() for t in held] == [[[102, 102]], [[101, 101]], [[102, 102]], [[101, 101]]]


def test_a_gradient_outlives_a_change_of_what_it_was_made_from() -> None:
    x = leaf([1.0, 2.0])
    scale = torch.tensor([3.0, 4.0])
    (x * scale).sum().backward()
    scale.zero_()
    assert x.grad.tolist() == [3, 4]


class Handing(Op):
    """y = 3x, its gradient made by `make`, who may keep what it hands out."""

    make: Any = None

    def forward(ctx, x: Any) -> Any:
        return 3 * x

    def backward(ctx, g: Any) -> Any:
        return Handing.make(g)


KEPT = np.full((2, 3), 3.0, "float32")
KEPT_TENSOR = torch.tensor(KEPT)
RAMP = np.arange(6, dtype="float32").reshape(2, 3)
WAYS = {
    "a fresh tensor": lambda g: g * 3,
    "a tensor that is kept": lambda g: KEPT_TENSOR,
    "memory that is kept": lambda g: torch.from_numpy(KEPT_TENSOR.array),
    "a part of what is kept": lambda g: type(g).wrap(KEPT_TENSOR.array[:]),
    "a transposed part": lambda g: type(g).wrap(KEPT_TENSOR.array.reshape(3, 2).T.reshape(2, 3)),
    "what is read-only": lambda g: type(g).wrap(np.broadcast_to(g.array * 3, (2, 3))),
    "one number for all": lambda g: type(g).wrap(np.ndarray((2, 3), "float32", np.full(1, 3, "float32"), 0, (0, 0))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("inner", [False, True], ids=["leaf", "inner node"])
def test_gradients_are_added_up_in_place_only_where_nobody_sees_it(way: str, order: int, inner: bool) -> None:
    """Two or three uses, in both orders; what an op keeps stays as it is, and so does what hooks were shown."""
    Handing.make = staticmethod(WAYS[way])
    uses = [Handing.apply, lambda a: a * torch.tensor(RAMP), Handing.apply, lambda a: a + a][::order]
    seen = []
    x = leaf(np.ones((2, 3), "float32"))
    start = x.exp() if inner else x
    results = [use(start) for use in uses]
    for result in results:
        result.register_hook(lambda g: seen.append((g, g.tolist())))
    loss = sum(result.sum() for result in results)
    loss.backward(retain_graph=True)
    expected = (8 + RAMP) * (np.exp(np.float32(1)) if inner else 1)
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-6)
    assert all(g.tolist() == then for g, then in seen)
    assert KEPT_TENSOR.tolist() == KEPT.tolist()
    assert not np.shares_memory(x.grad.array, KEPT_TENSOR.array)
    first = x.grad
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * expected, rtol=1e-6)
    assert x.grad is first
    assert KEPT_TENSOR.tolist() == KEPT.tolist()


@pytest.mark.parametrize("shown", [lambda a: a, lambda a: a.T.copy().T, lambda a: np.ravel(a)[:, None, None]],
                         ids=["plain", "transposed", "with dimensions of size 1"])  # fmt: skip
def test_a_fresh_gradient_is_handed_to_the_leaf_without_a_copy(shown: Any) -> None:
    made = []

    def make(g: Any) -> Any:
        fresh = type(g).wrap(shown(g.array * 3))
        made.append(weakref.ref(fresh.array))
        return fresh

    Handing.make = staticmethod(make)
    x = leaf(shown(np.ones((2, 3), "float32")))
    Handing.apply(x).sum().backward()
    assert made[0]() is x.grad.array


def test_cotangents_go_as_soon_as_they_were_used(no_collector: None) -> None:
    """Of a long chain never more than two gradients are alive: one that is read and one that is made."""
    alive: list[Any] = []
    most = 0

    def count(g: Any) -> Any:
        nonlocal most
        alive.append(weakref.ref(g.array))
        most = max(most, sum(there() is not None for there in alive))
        return g * 3

    Handing.make = staticmethod(count)
    y = leaf(np.ones((2, 3), "float32"))
    for _ in range(5):
        y = Handing.apply(y)
    y.backward(torch.ones(2, 3))
    assert most == 2


# Depth ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chain_of_ten_thousand_ops() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(10_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 10_001


def test_a_chain_of_a_hundred_thousand_nodes_is_walked_and_torn_down() -> None:
    x = leaf([1.0])
    y = x
    for _ in range(100_000):
        y = Alias.apply(y)
    y.backward(retain_graph=True)
    assert x.grad.tolist() == [1]
    del y  # frees the nodes, one in the other, without exhausting the stack


def test_a_deep_chain_has_second_derivatives() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(1_000):
        y = y * 1.0001
    (g,) = grad(y * y, x, create_graph=True)
    (h,) = grad(g, x)
    assert h.item() == pytest.approx(2 * 1.0001**2000, rel=1e-3)
