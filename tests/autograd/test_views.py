"""Views share memory and its history: a write through one counts, and what the graph lost sight of is refused."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn as torch
from tinycnn.errors import GraphError


def leaf(data: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True, **options)


class Twice(torch.autograd.Function):
    """2x; w is there to ask for a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g, None


VIEWS = [lambda x: x[0], lambda x: x[:, 1:], lambda x: x.reshape(4), lambda x: x.t(), lambda x: x.unsqueeze(0),
         lambda x: x[0, 1], lambda x: x.reshape(4)[1:][::2]]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_views_share_memory(view: Any) -> None:
    x = torch.zeros(2, 2)
    view(x).add_(1)
    assert x.sum().item() == view(x).numel()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_written_to_with_its_gradient(view: Any) -> None:
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    x = w * 1
    v = view(x)
    v.mul_(2).mul_(3)
    v[...] = v + w.sum()
    (v * v).sum().backward()
    u = leaf([[1.0, 2.0], [3.0, 4.0]])
    ((view(u) * 6 + u.sum()) ** 2).sum().backward()
    assert w.grad.tolist() == u.grad.tolist()
    assert view(x.detach()).tolist() == v.tolist()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_a_constant_becomes_part_of_the_graph(view: Any) -> None:
    w = leaf(2.0)
    v = view(torch.zeros(2, 2)).add_(w)
    v.sum().backward()
    assert w.grad.item() == v.numel()


USES = [lambda y, w: y * 3, lambda y, w: Twice.apply(y, w), lambda y, w: y[0], lambda y, w: y.mul_(w),
        lambda y, w: y.__setitem__(..., w)]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize("write", [lambda v, w: v.mul_(w.sum()), lambda v, w: v.zero_().add_(w.sum()),
                                   lambda v, w: v.__setitem__(..., w.sum())])  # fmt: skip
def test_what_a_view_was_taken_of_is_out_of_date_once_that_was_written_to(view: Any, graph: bool, write: Any) -> None:
    """The history of the base, and that of its other views, knows nothing of the write."""
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    x = w * 1 if graph else torch.zeros(2, 2)
    sibling, v = x[:], view(x)
    write(v, w)
    with torch.no_grad():
        x + sibling  # only numbers
        late = sibling[:]
    pattern = r": this tensor shares its memory .* write y\[0\] = y\[0\] \* 2"
    for stale in (x, sibling):
        for use in USES:
            with pytest.raises(GraphError, match=pattern):
                use(stale, w)
    if graph:
        with pytest.raises(GraphError, match="grad" + pattern):
            torch.autograd.grad(x, w, torch.ones(2, 2))
    late.add_(w)
    with pytest.raises(GraphError, match="Mul" + pattern):
        v * 3


INDICES = [0, (slice(None), 1), (1, 0), (slice(0, 1), slice(1, None)), ..., (0, None), [1, 0]]


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("graph", [True, False])
def test_a_part_is_changed_by_augmented_assignment(index: Any, graph: bool, device: str) -> None:
    """x[i] += v takes a view, writes into it, and assigns it to where it is: nothing of the history is lost."""
    w = leaf([[1.0, 2.0], [3.0, 4.0]], device=device)
    x = w * 3 if graph else torch.ones(2, 2, device=device)
    before = x.detach().clone()
    x[index] += w[index]
    x[index] *= w[index]
    x[index] -= 1
    (x * x).sum().backward()
    u = leaf([[1.0, 2.0], [3.0, 4.0]], device=device)
    chosen = torch.zeros(2, 2, device=device, dtype=torch.bool)
    chosen[index] = True
    start = u * 3 if graph else before
    y = torch.where(chosen, (start + u) * u - 1, start)
    (y * y).sum().backward()
    assert x.tolist() == y.tolist()
    assert w.grad.tolist() == u.grad.tolist()


def test_augmented_assignment_to_a_view_and_back() -> None:
    w = leaf([1.0, 2.0, 3.0])
    x = w * 1
    v = x[:2]
    v[0] *= 5
    v[1] += w[2]
    with pytest.raises(GraphError, match="Mul: this tensor shares its memory"):
        x * 1
    x[:2] = v
    (x * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert w.grad.tolist() == [5, 10, 110]


def test_only_the_view_itself_brings_the_history_back() -> None:
    w = leaf([1.0, 2.0, 3.0])
    x = w * 1
    v = x[:2]
    v.mul_(5)
    with pytest.raises(GraphError, match="index assignment: this tensor shares its memory"):
        x[1:] = v


@pytest.mark.parametrize("write", [lambda y: y.fill_(3), lambda y: y.mul_(2), lambda y: y.__setitem__(0, 5.0)])
def test_memory_in_the_graph_is_not_overwritten_with_constants_through_another_tensor(write: Any) -> None:
    """Neither through what it was once a view of, nor through a view that was taken outside the graph."""
    w = leaf(2.0)
    x = torch.zeros(2, 2)
    v = x[:1]
    v.add_(w)
    with pytest.raises(GraphError, match=": this tensor shares its memory"):
        write(x)
    with torch.no_grad():
        outside = v[:]
    write(outside)
    with pytest.raises(GraphError, match="Sum: this tensor shares its memory"):
        v.sum()


def test_what_was_saved_before_a_view_was_written_to_is_noticed() -> None:
    w = leaf([1.0, 2.0])
    x = w * 1
    y = x * x
    x[:1].mul_(2)
    with pytest.raises(GraphError, match="Mul: one of the variables needed for gradient computation"):
        y.sum().backward()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_a_leaf_is_not_written_to(view: Any) -> None:
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(GraphError, match=r"mul_: a view of a leaf Variable that requires grad .* no_grad"):
        view(w).mul_(2)
    with pytest.raises(GraphError, match="index assignment: a view of a leaf Variable"):
        view(w)[...] = 1


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("graph", [True, False])
def test_a_stale_view_raises(view: Any, graph: bool) -> None:
    """Its own history knows nothing of the write; without the error its gradient would be silently wrong."""
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    x = w * 1 if graph else torch.zeros(2, 2)
    v = view(x)
    x[...] = w * 5
    with pytest.raises(GraphError,
    match=r"Mul: this tensor shares its memory .* later modified .*take the view again"):
        v * 3
    (view(x) * 3).sum().backward()
    assert w.grad.sum().item() == 15 * v.numel()


def test_a_view_used_before_the_write_keeps_its_gradient() -> None:
    w = leaf([1.0, 2.0])
    x = w * 2
    y = x[:1] + 3
    x.add_(1)
    y.sum().backward()
    assert w.grad.tolist() == [2, 0]
