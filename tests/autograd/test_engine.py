"""backward() and grad(): the values, each argument, what is kept and let go, deep and branching graphs."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.autograd import Op, backward, grad
from tinycnn.autograd.op import Alias
from tinycnn.errors import ConfigError, GraphError, ShapeError
from tinycnn.nn import functional as F


def leaf(data: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True, **options)


# Values, worked out by hand ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_diamond_sends_its_gradient_both_ways(device: str) -> None:
    x = leaf(2.0, device=device)
    a, b = 3 * x, x * x
    c = a * b  # 3x³
    d = a + c
    d.backward()
    assert x.grad.item() == 3 + 9 * 2**2


def test_a_value_used_many_times_gets_the_sum(device: str) -> None:
    x = leaf([1.0, 2.0], device=device)
    y = x
    for _ in range(5):
        y = y + x * y  # y = x(1 + x)⁵
    y.sum().backward()
    assert x.grad.tolist() == [2**5 + 5 * 2**4, 3**5 + 2 * 5 * 3**4]


def test_a_graph_with_more_paths_than_could_be_walked_one_by_one() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(60):  # 2⁶⁰ paths
        y = (y + y) * 0.5
    y.backward()
    assert x.grad.item() == 1


def test_backward_adds_to_what_is_there() -> None:
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    first = x.grad
    (3 * x).sum().backward()
    assert x.grad.tolist() == [5, 7]
    assert x.grad is first  # in place, as in PyTorch
    x.grad = None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3, 3]
    assert first.tolist() == [5, 7]


def test_several_roots_at_once() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    backward([(x * w).sum(), x * 2], [None, torch.tensor([10.0, 100.0])])
    assert (x.grad.tolist(), w.grad.tolist()) == ([3 + 20, 4 + 200], [1, 2])
    assert grad([(x * x).sum(), x * 2], [x], [None, torch.ones(2)])[0].tolist() == [4, 6]


def test_a_leaf_is_its_own_gradients_end() -> None:
    x = leaf([1.0, 2.0])
    x.backward(torch.tensor([5.0, 6.0]))
    assert x.grad.tolist() == [5, 6]


def test_derivatives_of_every_order() -> None:
    x = leaf(2.0)
    orders = [x**4]
    for _ in range(5):
        orders += grad(orders[-1], x, create_graph=True)
    assert [y.item() for y in orders] == [16, 32, 48, 48, 24, 0]


def test_gradient_penalty_through_backward_with_create_graph(device: str) -> None:
    x = leaf([1.0, 2.0], device=device)
    (x**3).sum().backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    x.grad = None
    (first * first).sum().backward()  # 2·3x²·6x
    assert x.grad.tolist() == [36, 288]


def test_hessian_vector_product_of_conv_norm_relu_and_cross_entropy(device: str) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((3, 2, 5, 5), (4, 2, 3, 3), (4,), (4,), (3, 4 * 9))]
    labels = torch.tensor([0, 2, 1], device=device)
    direction = [rng.standard_normal(a.shape) for a in arrays]

    def gradient(shift: float, create_graph: bool = False) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        ts = [leaf(a + shift * d, device=device) for a, d in zip(arrays, direction, strict=True)]
        x, w, gamma, beta, classes = ts
        h = F.relu(F.batch_norm(F.conv2d(x, w), None, None, gamma, beta, training=True))
        loss = F.cross_entropy(F.linear(h.flatten(1), classes), labels)
        return ts, list(grad(loss, ts, create_graph=create_graph))

    ts, gs = gradient(0, create_graph=True)
    product = sum((g * torch.tensor(d, device=device)).sum() for g, d in zip(gs, direction, strict=True))
    h = 1e-5
    for ours, after, before in zip(grad(product, ts), gradient(h)[1], gradient(-h)[1], strict=True):
        expected = (after.cpu().numpy() - before.cpu().numpy()) / (2 * h)
        np.testing.assert_allclose(ours.cpu().numpy(), expected, rtol=1e-6, atol=1e-7)


# The arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_inputs_confine_what_backward_fills() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = x * w
    (y * y).sum().backward(inputs=[x, y])
    assert (x.grad.tolist(), y.grad.tolist(), w.grad) == ([18, 64], [6, 16], None)
    with pytest.raises(GraphError, match="`inputs` cannot be empty"):
        (x * w).sum().backward(inputs=[])


def test_grad_touches_no_grad_attribute_and_takes_intermediates() -> None:
    x = leaf([1.0, 2.0])
    y = x * 3
    z = (y * y).sum()
    gx, gy, gz = grad(z, [x, y, z])
    assert (gx.tolist(), gy.tolist(), gz.item()) == ([18, 36], [6, 12], 1)
    assert x.grad is None
    assert [g.tolist() for g in grad((x * x).sum(), [x, x])] == [[2, 4], [2, 4]]


def test_unused_inputs() -> None:
    x, w = leaf([1.0]), leaf([2.0])
    with pytest.raises(GraphError, match="appears to not have been used in the graph: input 1; set allow_unused=True"):
        grad(x * 2, [x, w])
    assert grad(x * 2, [x, w], allow_unused=True)[1] is None
    assert grad(x * 2, [x, w], materialize_grads=True)[1].tolist() == [0]
    with pytest.raises(ConfigError, match="allow_unused=False forbids"):
        grad(x * 2, [x, w], materialize_grads=True, allow_unused=False)
    with pytest.raises(GraphError, match="does not require grad: input 1"):
        grad(x * 2, [x, torch.ones(1)])


def test_a_graph_serves_once_unless_it_is_retained() -> None:
    x = leaf([1.0, 2.0])
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp([1, 2]), rtol=1e-6)
    with pytest.raises(GraphError, match=r"Exp: trying to backward .* a second time.*backward\(retain_graph=True\)"):
        y.backward()
    z = (x + 1).sum()  # an addition saves nothing: as in PyTorch it may be used again
    z.backward()
    z.backward()


@pytest.mark.parametrize(
    ("act", "error", "pattern"),
    [
        (lambda x: (x * 2).backward(), GraphError, r"only for scalar outputs, but the shape is \(2,\); reduce it"),
        (lambda x: (x * 2).backward(torch.ones(3)), ShapeError, r"the gradient has shape \(3,\), but the tensor \(2,\)"),
        (lambda x: (x * 2).backward(torch.ones(2, dtype="int64")), GraphError, "the gradient is int64 on cpu"),
        (lambda x: x.detach().sum().backward(), GraphError, r"does not require grad .* outside of no_grad\(\)"),
        (lambda x: backward([x, x], [torch.ones(2)]), GraphError, "got 2 tensors and 1 gradients"),
        (lambda x: setattr(x, "grad", torch.ones(3)), GraphError, r"a gradient has the shape .* \(2,\) and float32"),
        (lambda x: setattr(x, "grad", 1.0), TypeError, "expected to be a Tensor or None, but got float"),
        (lambda x: setattr(x * 2, "requires_grad", False), GraphError, "only change it on leaf variables; use detach"),
        (lambda x: torch.tensor([1]).requires_grad_(), TypeError, "only tensors of floating type .* not int64"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], pattern: str) -> None:
    with pytest.raises(error, match=pattern):
        act(leaf([1.0, 2.0]))


# What is run, kept and let go ────────────────────────────────────────────────────────────────────────────────────────


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


# The contract of an op's backward ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("returned", "pattern"),
    [
        (lambda g: g.sum(), r"Broken: backward returned a gradient for input 0 that does not match.*\n"
                            r"  input     = \(2,\), float32, cpu\n  gradient  = \(\), float32"),
        (lambda g: g.double(), r"Broken: backward returned a gradient for input 0(.|\n)*gradient  = \(2,\), float64"),
        (lambda g: (g, g), "Broken: backward returned 2 gradients for 1 inputs; it owes one for each"),
        (lambda g: g.numpy(), "Broken: backward returned a ndarray for input 0, no"),
    ],
)  # fmt: skip
def test_a_broken_backward_is_named(returned: Any, pattern: str) -> None:
    class Broken(Op):
        def forward(ctx, x: Any) -> Any:
            return x + 1

        def backward(ctx, g: Any) -> Any:
            return returned(g)

    with pytest.raises(GraphError, match=pattern):
        Broken.apply(leaf([1.0, 2.0])).sum().backward()
