"""User-defined operations: PyTorch's autograd.Function."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import tinycnn as torch
from tinycnn.autograd import Function, grad
from tinycnn.autograd.function import once_differentiable
from tinycnn.errors import GraphError


def leaf(data: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(data, requires_grad=True, **options)


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


def test_values_and_derivatives_of_every_order(device: str) -> None:
    x = leaf([1.0, 2.0], device=device)
    y = Cube.apply(x)
    assert y.tolist() == [1, 8]
    assert repr(y.grad_fn) == "<CubeBackward>"
    (g,) = grad(y.sum(), x, create_graph=True)
    (h,) = grad(g.sum(), x, create_graph=True)
    assert (g.tolist(), h.tolist(), grad(h.sum(), x)[0].tolist()) == ([3, 12], [6, 12], [6, 6])


def test_it_is_not_recorded_where_nothing_asks_for_a_gradient() -> None:
    assert Cube.apply(torch.ones(1)).grad_fn is None
    with torch.no_grad():
        assert not Cube.apply(leaf([1.0])).requires_grad


def test_forward_runs_outside_the_graph() -> None:
    class Peek(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            assert not torch.is_grad_enabled()
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            assert not torch.is_grad_enabled()
            return g * 2

    x = leaf([1.0])
    Peek.apply(x).sum().backward()
    assert x.grad.item() == 2


def test_needs_input_grad_arguments_that_are_no_tensors_and_keywords() -> None:
    class Scaled(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: float, w: Any, offset: float = 0.0) -> Any:
            ctx.factor = factor
            return x * factor + w + offset

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            assert ctx.needs_input_grad == (True, False, False)
            return g * ctx.factor, None, None

    x = leaf([1.0])
    y = Scaled.apply(x, 5.0, torch.ones(1), offset=3.0)
    assert y.item() == 9
    y.backward()
    assert x.grad.item() == 5


class SumAndDifference(Function):
    """x + y, x − y, and the index of the larger, which has no gradient."""

    seen: tuple[Any, ...] = ()
    materialize = True

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        larger = (y > x).float()
        ctx.mark_non_differentiable(larger)
        ctx.set_materialize_grads(SumAndDifference.materialize)
        return x + y, x - y, larger

    @staticmethod
    def backward(ctx: Any, g_sum: Any, g_difference: Any, g_larger: Any) -> Any:
        SumAndDifference.seen = (g_sum, g_difference, g_larger)
        g_sum = 0 if g_sum is None else g_sum
        return g_difference + g_sum, g_sum - g_difference


@pytest.mark.parametrize("materialize", [True, False])
def test_several_outputs_of_which_one_is_used(materialize: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(SumAndDifference, "materialize", materialize)
    x, y = leaf([1.0, 5.0]), leaf([2.0, 3.0])
    total, difference, larger = SumAndDifference.apply(x, y)
    assert (total.tolist(), difference.tolist(), larger.tolist()) == ([3, 8], [-1, 2], [1, 0])
    assert (total.requires_grad, larger.requires_grad) == (True, False)
    (difference * torch.tensor([1.0, 10.0])).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 10], [-1, -10])
    unused = SumAndDifference.seen[0]
    assert unused.tolist() == [0, 0] if materialize else unused is None


def test_setup_context_apart_from_forward() -> None:
    class Product(Function):
        @staticmethod
        def forward(x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs, output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y, output = ctx.saved_tensors
            assert output.item() == 6
            return g * y, g * x

    x, y = leaf(2.0), leaf(3.0)
    Product.apply(x, y).backward()
    assert (x.grad.item(), y.grad.item()) == (3, 2)


def test_a_saved_output_is_differentiable() -> None:
    class Exponential(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(y, None)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            y, nothing = ctx.saved_tensors
            assert nothing is None
            return g * y

    x = leaf(0.5, dtype="float64")
    (g,) = grad(Exponential.apply(x), x, create_graph=True)
    assert grad(g, x)[0].item() == pytest.approx(2.718281828459045**0.5)


def test_an_input_handed_back_is_an_output_of_its_own() -> None:
    class Through(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return -g  # gradient reversal

    x = leaf([1.0])
    y = Through.apply(x)
    assert y is not x
    assert x.is_leaf
    y.backward()
    assert x.grad.item() == -1


def test_in_place_with_mark_dirty() -> None:
    class Double(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g

    w = leaf([1.0, 3.0])
    x = w * w
    y = Double.apply(x)
    assert y is x
    y.sum().backward()
    assert w.grad.tolist() == [4, 12]
    x = (w * 5).exp()
    Double.apply(x)
    with pytest.raises(GraphError, match=r"Exp: one of the variables needed .* its result"):
        x.sum().backward()
    with pytest.raises(GraphError, match="Double: a leaf Variable that requires grad"):
        Double.apply(w)


def function(back: Any) -> type[Function]:
    class Named(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x)
            return x * y

    Named.backward = staticmethod(back)  # type: ignore[method-assign]
    return Named


@pytest.mark.parametrize(
    ("back", "pattern"),
    [
        (lambda ctx, g: (g.sum(), g), r"Named: backward returned a gradient for input 0(.|\n)*gradient  = \(\)"),
        (lambda ctx, g: (g, g.double()), r"Named: backward returned a gradient for input 1(.|\n)*float64"),
        (lambda ctx, g: g, "Named: backward returned 1 gradients for 2 inputs"),
        (lambda ctx, g: (g, g, g), "Named: backward returned 3 gradients for 2 inputs of forward"),
        (lambda ctx, g: (g, 1.0), "Named: backward returned a float for input 1"),
    ],
)
def test_a_backward_that_breaks_its_contract_is_named(back: Any, pattern: str) -> None:
    with pytest.raises(GraphError, match=pattern):
        function(back).apply(leaf([1.0, 2.0]), leaf([3.0, 4.0])).sum().backward()


def test_a_surplus_of_none_is_ignored() -> None:
    x = leaf([1.0])
    function(lambda ctx, g: (g, None, None)).apply(x, leaf([3.0])).sum().backward()
    assert x.grad.item() == 1


def test_a_changed_saved_tensor_and_a_freed_graph_are_named() -> None:
    x = leaf([1.0])
    a = x * 1
    y = Cube.apply(a)
    a.add_(1)
    with pytest.raises(GraphError, match=r"Cube: one of the variables needed .*saved tensor 0"):
        y.backward()
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(GraphError, match="Cube: trying to backward through the graph a second time"):
        y.backward()


def test_the_gradient_of_a_leaf_is_not_the_users_tensor() -> None:
    kept = torch.tensor([7.0])
    x = leaf([1.0])
    function(lambda ctx, g: (kept, None)).apply(x, torch.ones(1)).backward()
    x.grad.zero_()
    assert kept.item() == 7


def test_nothing_outlives_its_use() -> None:
    class Both(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x.exp()
            ctx.save_for_backward(x, y)
            ctx.mark_non_differentiable(z := x * 2)
            return y, z

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            return g * ctx.saved_tensors[1]

    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0]) * 1
        y, z = Both.apply(x)
        watched = [weakref.ref(t.array) for t in (x, y, z)]
        y.backward()
        del x, y, z
        assert [watch() for watch in watched] == [None, None, None]
    finally:
        gc.enable()


def test_a_backward_that_is_no_tensor_arithmetic_says_so_when_differentiated(device: str) -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.saved_tensors[0]

    x = leaf([1.0, 2.0], device=device)
    assert grad(Square.apply(x).sum(), x)[0].tolist() == [2, 4]
    (g,) = grad(Square.apply(x).sum(), x, create_graph=True)
    assert (g.tolist(), g.requires_grad) == ([2, 4], True)
    with pytest.raises(GraphError, match="Square: its second derivative is not offered"):
        grad(g.sum(), x)
    with pytest.raises(GraphError, match="Square: its second derivative is not offered"):
        (g * x).sum().backward()


def test_methods_that_are_missing_say_so() -> None:
    class Half(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 2

    with pytest.raises(NotImplementedError, match="needs a static method backward"):
        Half.apply(leaf([1.0])).backward()
    with pytest.raises(NotImplementedError, match="needs a static method forward"):
        Function.apply(leaf([1.0]))
