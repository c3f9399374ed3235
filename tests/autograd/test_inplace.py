"""Writes in place: recorded where they can be, refused where the graph could not follow, noticed where it matters."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

import tinycnn as torch
from tinycnn.errors import DTypeError, GraphError, ShapeError

METHODS: list[tuple[str, Any, Any]] = [
    ("add_", lambda x, v: x.add_(v, alpha=2), lambda x, v: x + 2 * v),
    ("sub_", lambda x, v: x.sub_(v), lambda x, v: x - v),
    ("mul_", lambda x, v: x.mul_(v), lambda x, v: x * v),
    ("div_", lambda x, v: x.div_(v), lambda x, v: x / v),
    ("pow_", lambda x, v: x.pow_(3), lambda x, v: x**3),
    ("neg_", lambda x, v: x.neg_(), lambda x, v: -x),
    ("exp_", lambda x, v: x.exp_(), lambda x, v: x.exp()),
    ("sqrt_", lambda x, v: x.sqrt_(), lambda x, v: x.sqrt()),
    ("abs_", lambda x, v: x.abs_(), lambda x, v: x.abs()),
    ("relu_", lambda x, v: x.relu_(), lambda x, v: x.relu()),
    ("sigmoid_", lambda x, v: x.sigmoid_(), lambda x, v: x.sigmoid()),
    ("tanh_", lambda x, v: x.tanh_(), lambda x, v: x.tanh()),
    ("clamp_", lambda x, v: x.clamp_(1, 2), lambda x, v: x.clamp(1, 2)),
    ("masked_fill_", lambda x, v: x.masked_fill_(x > 1, 7), lambda x, v: torch.where(x > 1, 7.0, x)),
    ("floor_", lambda x, v: x.floor_(), lambda x, v: x.floor()),
    ("zero_", lambda x, v: x.zero_(), lambda x, v: x * 0),
    ("fill_", lambda x, v: x.fill_(v.sum()), lambda x, v: x * 0 + v.sum()),
    ("copy_", lambda x, v: x.copy_(v), lambda x, v: x * 0 + v),
    ("scatter_add_", lambda x, v: x.scatter_add_(1, torch.zeros(2, 3, dtype=torch.int64, device=x.device), v + 0 * x),
     lambda x, v: torch.cat([x[:, :1] + (v + 0 * x).sum(1, keepdim=True), x[:, 1:]], 1)),
    ("x[i] = v", lambda x, v: x.__setitem__((slice(None), 1), v[1]),
     lambda x, v: torch.stack([x[:, 0], x[:, 1] * 0 + v[1], x[:, 2]], 1)),
    ("x[i] += v", lambda x, v: x.__setitem__(0, x[0] + v), lambda x, v: torch.stack([x[0] + v, x[1]])),
    ("x[mask] = number", lambda x, v: x.__setitem__(x > 1, -1.0), lambda x, v: torch.where(x > 1, -1.0, x)),
]  # fmt: skip


def leaf(data: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True, **options)


@pytest.mark.parametrize(("name", "write", "twin"), METHODS, ids=[m[0] for m in METHODS])
def test_a_write_is_recorded_as_its_twin_that_makes_a_new_tensor(name: str, write: Any, twin: Any, device: str) -> None:
    rng = np.random.default_rng(0)
    start, value, out = rng.uniform(0.5, 2.5, (2, 3)), rng.uniform(0.5, 2.5, 3), rng.standard_normal((2, 3))
    grads = []
    for act in (write, twin):
        w, v = leaf(start, device=device), leaf(value, device=device)
        x = w * 1.5
        memory = x.array
        y = act(x, v)
        if act is write:
            assert y is x or y is None
            assert x.array is memory
            y = x
        (y * y * torch.tensor(out, device=device)).sum().backward()
        grads += [(y.tolist(), w.grad.tolist(), None if v.grad is None else v.grad.tolist())]
    np.testing.assert_allclose(*([g[0] for g in grads]), rtol=1e-12)
    np.testing.assert_allclose(*([g[1] for g in grads]), rtol=1e-12)
    if grads[0][2]:
        np.testing.assert_allclose(grads[0][2], grads[1][2], rtol=1e-12)


@pytest.mark.parametrize(("name", "write", "twin"), METHODS, ids=[m[0] for m in METHODS])
def test_a_leaf_that_requires_grad_refuses_but_in_no_grad(name: str, write: Any, twin: Any) -> None:
    w, v = leaf(np.full((2, 3), 1.5)), torch.full((3,), 2.0, dtype="float64")
    who = "index assignment" if name.startswith("x[") else name
    with pytest.raises(GraphError, match=rf"{who}: a leaf Variable that requires grad .*`with no_grad\(\):`"):
        write(w, v)
    assert w.tolist() == [[1.5] * 3] * 2
    expected = twin(w.detach(), v).tolist()
    with torch.no_grad():
        write(w, v)
    assert (w.tolist(), w.requires_grad, w.is_leaf) == (expected, True, True)


def test_the_step_of_gradient_descent(device: str) -> None:
    w = leaf([1.0, 2.0], device=device)
    memory = w.array
    for _ in range(3):
        w.grad = None
        (w * w).sum().backward()
        with torch.no_grad():
            w -= 0.25 * w.grad
    assert w.tolist() == [0.125, 0.25]
    assert w.array is memory
    assert w.requires_grad


def test_several_writes_in_a_row() -> None:
    w = leaf([1.0, 2.0])
    x = w * 1
    x.add_(w, alpha=2).sub_(1).div_(w).pow_(2).clamp_(0, 100)  # (3 − 1/w)²
    x.sum().backward()
    assert w.grad.tolist() == [4, 1.25]


def test_a_write_makes_a_constant_part_of_the_graph() -> None:
    w = leaf([1.0, 2.0])
    x = torch.zeros(3)
    x[1:] = w
    x[0] = w[1] * 3
    assert (x.requires_grad, x.is_leaf) == (True, False)
    (x * x).sum().backward()
    assert w.grad.tolist() == [2, 4 + 36]


def test_integer_positions_that_overlap(device: str) -> None:
    """x[1:] = x[:-1] reads what it overwrites, which a GPU would do in any order."""
    w = leaf([1.0, 2.0, 3.0, 4.0], device=device)
    x = w * 1
    x[1:] = x[:-1]
    assert x.tolist() == [1, 1, 2, 3]
    (x * torch.tensor([1.0, 10.0, 100.0, 1000.0], device=device)).sum().backward()
    assert w.grad.tolist() == [11, 100, 1000, 0]
    with torch.no_grad():
        x[:-1] = x[1:]
        x[0] += 1
    assert x.tolist() == [2, 2, 3, 3]


# What backward notices ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("use", "write", "named"),
    [
        (lambda x: x * x, lambda x: x.add_(1), "Mul: one of the variables .* inplace operation: its input 'x'"),
        (lambda x: x.exp(), None, "Exp: .*its result"),
        (lambda x: x.relu(), None, "ReLU: .*its result"),
        (lambda x: x * x, lambda x: x.zero_(), "Mul: "),
        (lambda x: x * x, lambda x: x.__setitem__(0, 3.0), "Mul: "),
        (lambda x: x * x, lambda x: x.detach().add_(1), "Mul: "),
        (lambda x: x * x, lambda x: x.detach()[0].add_(1), "Mul: "),
        (lambda x: x[:1] * x[1:], lambda x: x.add_(1), "Mul: "),
        (lambda x: x.max(0)[0], lambda x: x.add_(1), ""),
    ],
    ids=["add_", "exp's result", "relu's result", "zero_", "index", "detached", "a view of detached", "its views",
    "max"],
)  # fmt: skip
def test_a_saved_tensor_that_changed_raises_naming_the_op(use: Any, write: Any, named: str) -> None:
    w = leaf([1.0, 2.0])
    x = w * 1
    y = use(x)
    with torch.no_grad():
        write(x) if write else y.add_(1)
    if not named:  # what is saved is the place, not the value
        y.sum().backward()
        assert w.grad.tolist() == [0, 1]
        return
    with pytest.raises(GraphError,
    match=named + r"(.|\n)*version saved  = 0\n  version now    = 1\n  hint .*x = x \+ 1"):
        y.sum().backward()


def test_a_constant_that_changed_raises_too() -> None:
    w, mask, place = leaf([1.0, 2.0]), torch.ones(2), torch.tensor([[1]])
    y = w * mask
    mask.add_(1)
    with pytest.raises(GraphError, match=r"Mul: .*its input 'y'"):
        y.sum().backward()
    z = w.reshape(1, 2).gather(1, place)
    place.sub_(1)
    with pytest.raises(GraphError, match=r"Gather: .*its input 'index'"):
        z.sum().backward()


def test_an_index_that_changes_later_changes_nothing() -> None:
    w, index = leaf([1.0, 2.0, 3.0]), torch.tensor([0, 2])
    host, mask = np.array([1]), torch.tensor([True, False, False])
    y = w[index].sum() * 10 + w[host].sum() * 100 + w[mask].sum() * 1000
    index.add_(-index)
    host[0] = 0
    mask.copy_(~mask)
    y.backward()
    assert w.grad.tolist() == [1010, 100, 10]


def test_a_change_that_nothing_saved_is_harmless() -> None:
    w = leaf([1.0, 2.0])
    x = w + 1
    y = x * 3 + x[0]
    x.zero_()
    y.sum().backward()
    assert w.grad.tolist() == [5, 3]


def test_what_is_written_through_data_goes_unnoticed() -> None:
    w = leaf([1.0, 2.0])
    y = (w * w).sum()
    w.data.add_(10)
    y.backward()
    assert w.grad.tolist() == [22, 24]  # as PyTorch has it: data is the way round the checks
    y = (w * w).sum()
    w.data = torch.zeros(2)
    with pytest.raises(GraphError, match="Mul: "):
        y.backward()


def test_versions_count_the_writes_to_memory() -> None:
    x = torch.zeros(3)
    view, detached = x[1:], x.detach()
    assert x.version is view.version is detached.version
    x.add_(1)
    view.mul_(2)
    detached[0] = 5
    assert (x.version.changes, x.tolist()) == (3, [5, 2, 2])
    assert x.clone().version.changes == 0


# Memory that nobody else sees is not written to, but exchanged for the result's ───────────────────────────────────────


def test_a_tanh_in_place_behind_a_layer_copies_nothing() -> None:
    y = leaf([1.0, -2.0]) * 1
    old = weakref.ref(y.array)
    y.tanh_()
    assert old() is None
    assert y.grad_fn is not None
    assert y.grad_fn.saved[0].tensor.array is y.array


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("more", [[1.0, 2.0], [1.0], 1.0, None], ids=["alike", "broadcast", "a number", "itself"])
def test_a_sum_in_place_stays_where_it_is(grad: bool, more: Any) -> None:
    w = leaf([1.0, -2.0])
    with torch.set_grad_enabled(grad):
        y = w * 3
        memory = id(y.array)
        y += y if more is None else torch.tensor(more) if isinstance(more, list) else more
    assert id(y.array) == memory or isinstance(more, float)
    np.testing.assert_array_equal(y.detach().numpy(), np.add([3, -6], [3, -6] if more is None else more))
    if grad:
        y.sum().backward()
        assert w.grad.tolist() == [6 if more is None else 3] * 2


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("size", [2, 20_000])
def test_a_relu_in_place_stays_where_it_is(size: int, grad: bool) -> None:
    w = torch.linspace(-1, 1, size).requires_grad_()
    with torch.set_grad_enabled(grad):
        y = w * 2
        memory = id(y.array)
        torch.nn.functional.relu(y, inplace=True)
    assert id(y.array) == memory
    assert y.tolist() == (w * 2).relu().tolist()
    if grad:
        y.sum().backward()
        assert w.grad.tolist() == [0] * (size // 2) + [2] * (size // 2)


def test_a_large_relu_in_place_leaves_what_others_see_to_them() -> None:
    w = torch.linspace(-1, 1, 20_000).requires_grad_()
    y = w * 2
    squares, seen = y * y, y.detach().numpy()
    torch.nn.functional.relu(y, inplace=True)
    assert seen.tolist() == y.tolist()
    with pytest.raises(GraphError, match=r"Mul: .*its input 'x'"):
        squares.sum().backward()


@pytest.mark.parametrize("sight", [
    lambda y: y.detach(), lambda y: y.detach().numpy(), lambda y: y.detach()[:], lambda y: y.data, lambda y: y.array,
    lambda y: memoryview(y.array), lambda y: y.array[::-1][::-1],
], ids=["detached", "NumPy", "a view", "data", "the array", "a buffer", "a view of a view"])  # fmt: skip
def test_who_sees_the_memory_sees_the_write(sight: Any) -> None:
    w = leaf([1.0, -2.0])
    y = w * 1
    seen = sight(y)
    y.relu_()
    assert list(seen.tolist()) == y.tolist() == [1, 0]
    y.sum().backward()
    assert w.grad.tolist() == [1, 0]


@pytest.mark.parametrize(("use", "write", "named"), [
    (lambda y: y * y, lambda y: y.relu_(), "Mul: .*its input 'x'"),
    (lambda y: y * y, lambda y: y.mul_(2).relu_().add_(1), "Mul: .*its input 'x'"),
    (lambda y: y.exp_(), lambda y: y.relu_(), "Exp: .*its result"),
    (lambda y: y.relu_(), lambda y: y.add_(1), "ReLU: .*its result"),
    (lambda y: y.relu_(), lambda y: y.detach().add_(1), "ReLU: .*its result"),
])  # fmt: skip
def test_who_saved_the_old_value_notices(use: Any, write: Any, named: str) -> None:
    y = leaf([1.0, 2.0]) * 1
    z = use(y)
    write(y)
    with pytest.raises(GraphError, match=named):
        (z if z is not y else y).sum().backward()


def test_exchanged_memory_is_followed_through_a_network() -> None:
    """Two layers with everything in place give the gradients of those that make new tensors."""
    found = []
    for inplace in (False, True):
        torch.manual_seed(0)
        layers = [torch.nn.Linear(3, 4), torch.nn.ReLU(inplace), torch.nn.Linear(4, 4), torch.nn.ReLU(inplace)]
        model, x = torch.nn.Sequential(*layers), leaf(np.ones((2, 3), "float32"))
        for _ in range(2):
            model(x * 2).sum().backward()
        found.append([x.grad, *(p.grad for p in model.parameters())])
    for ours, theirs in zip(*found, strict=True):
        assert ours.tolist() == theirs.tolist()


# What cannot be written ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("act", "error", "pattern"),
    [
        (lambda: torch.ones(2).add_(torch.ones(3, 2)), ShapeError, r"add_: the result has shape \(3, 2\), which"),
        (lambda: torch.tensor([1]).add_(1.5), DTypeError,
         "add_: result type float32 can't be cast to the tensor's int64"),
        (lambda: torch.tensor([1]).div_(2), DTypeError, "div_: result type float32"),
        (lambda: torch.tensor([True]).add_(1), DTypeError,
         "add_: result type int64 can't be cast to the tensor's bool"),
        (lambda: torch.ones(2).expand(3, 2).add_(1), GraphError,
         "add_: more than one element .* single memory location"),
        (lambda: torch.ones(2).expand(3, 2).zero_(), GraphError, "zero_: more than one element"),
    ],
)
def test_misuse_raises(act: Any, error: type[Exception], pattern: str, device: str) -> None:
    with pytest.raises(error, match=pattern):
        act()


def test_a_write_keeps_the_dtype() -> None:
    assert torch.ones(2).add_(torch.ones(2, dtype=torch.float64)).dtype == "float32"
    assert torch.tensor([1, 2], dtype="uint8").add_(torch.tensor([300, 2])).tolist() == [45, 4]
    x = torch.tensor([1, 2])
    x[0] = 2.7  # an assignment converts, as in PyTorch
    assert x.tolist() == [2, 2]


def test_what_was_overwritten_has_no_gradient_even_where_an_infinite_one_comes_back(device: str) -> None:
    x = torch.zeros(2, device=device, requires_grad=True)
    y = x * 1
    y[0] = 5.0
    y.backward(torch.tensor([float("inf"), 1.0], device=device))
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1]
