"""backward() and grad(): the values, each argument, branching graphs, broken contracts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.autograd import Op, backward, grad
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


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64"])
def test_a_cotangent_of_another_dtype_is_converted(dtype: str) -> None:
    x = leaf([1.0, 2.0])
    (x * 2).backward(torch.tensor([3, 4], dtype=dtype))
    assert x.grad.tolist() == [6, 8]
    assert x.grad.dtype == torch.float32


@pytest.mark.parametrize(
    ("act", "error", "pattern"),
    [
        (lambda x: (x * 2).backward(), GraphError, r"only for scalar outputs, but the shape is \(2,\); reduce it"),
        (lambda x: (x * 2).backward(torch.ones(3)), ShapeError,
         r"the gradient has shape \(3,\), but the tensor \(2,\)"),
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


# The contract of an op's backward ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("returned", "pattern"),
    [
        (lambda g: g.sum(), r"Broken: backward returned a gradient for input 0 that does not match.*\n"
                            r"  input     = \(2,\), float32, cpu\n  gradient  = \(\), float32, cpu"),
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


def test_results_that_were_asked_for_and_not_made_are_named() -> None:
    class One(Op):
        results = ("gx",)

        def forward(ctx, g: Any, *, asked: tuple[bool, ...]) -> Any:
            return (g,)

        def backward(ctx, h: Any) -> Any:
            return h

    with pytest.raises(ValueError, match="One: made 1 results, but asked for are 2"), torch.no_grad():
        One.apply_asked(torch.ones(2), asked=(True, True))


@pytest.mark.parametrize(("returned", "told"), [
    (None, "None; does it lack its return?"), (2.0, "float, not an array"), ([1.0], "list, not an array"),
    ((None, 1), "int, not an array"),
])  # fmt: skip
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_forward_that_returns_no_array_is_named(returned: Any, told: str, requires_grad: bool) -> None:
    class Broken(Op):
        def forward(ctx, x: Any) -> Any:
            return returned

        def backward(ctx, g: Any) -> Any:
            return g

    with pytest.raises(TypeError, match="Broken: forward returned " + told.replace("?", r"\?")):
        Broken.apply(torch.ones(2, requires_grad=requires_grad))


def test_what_is_no_tensor_is_named() -> None:
    x = leaf([1.0, 2.0])
    for call in (lambda: x.sum().backward(1.0), lambda: x.sum().backward([1]), lambda: backward(x.sum(), 1.0)):
        with pytest.raises(TypeError, match=r"backward: takes Tensors or None as gradients, not (float|int)"):
            call()
    with pytest.raises(TypeError, match="grad: takes Tensors, not float"):
        grad(1.0, x)
    with pytest.raises(TypeError, match="grad: takes Tensors, not str"):
        grad(x.sum(), ["x"])
    with pytest.raises(RuntimeError, match="grad: `inputs` cannot be empty"):
        grad(x.sum(), [])


def test_only_inputs_is_accepted_in_its_place() -> None:
    x = leaf([1.0, 2.0])
    assert grad((x * x).sum(), x, None, True, False, True, True)[0].tolist() == [2, 4]
    (g,) = grad(outputs=(x * x).sum(), inputs=x, create_graph=True, retain_graph=True, only_inputs=True)
    assert g.requires_grad


def test_requires_grad_of_a_result_is_not_set_but_may_be_asked_for() -> None:
    y = leaf([1.0]) * 2
    assert y.requires_grad_() is y
    for change in (lambda: y.requires_grad_(False), lambda: setattr(y, "requires_grad", True)):
        with pytest.raises(RuntimeError, match="requires_grad: you can only change it on leaf variables"):
            change()


@pytest.mark.parametrize("call", [
    lambda x, w: x @ w,
    lambda x, w: F.linear(x, w),
    lambda x, w: F.conv2d(x[None, None], w[None, None]),
], ids=["matmul", "linear", "conv2d"])
def test_a_gradient_depends_on_nothing_but_what_it_is_made_of(call: Any) -> None:
    """Ops that make all gradients of a product at once are not differentiated at once: of x·w, x̄ knows w alone."""
    x, w = (torch.randn(3, 3, requires_grad=True) for _ in range(2))
    gx, gw = torch.autograd.grad(call(x, w).sum(), (x, w), create_graph=True)
    assert torch.autograd.grad(gx.sum(), x, allow_unused=True, retain_graph=True) == (None,)
    assert torch.autograd.grad(gw.sum(), w, allow_unused=True, retain_graph=True) == (None,)
    assert torch.autograd.grad(gx.sum(), w)[0].shape == w.shape
