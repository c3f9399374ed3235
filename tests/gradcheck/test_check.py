"""`check`: what it takes, what it looks at, and what it says of a gradient that is wrong."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tinycnn import nn
from tinycnn.autograd import Op
from tinycnn.gradcheck import check
from tinycnn.gradcheck.differences import Probe, slope_at
from tinycnn.gradcheck.directions import extrapolated
from tinycnn.gradcheck.pair import Pair
from tinycnn.nn import functional as F


def normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def affine(x: Any, weight: Any, bias: Any) -> Any:
    return x @ weight.T + bias


def affine_backward(g: Any, x: Any, weight: Any, bias: Any) -> Any:
    return g @ weight, g.T @ x, g.sum(0)


AFFINE = (normal(4, 3), normal(2, 3), normal(2))


class Scaled(tinycnn.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, scale: Any) -> Any:
        ctx.save_for_backward(x, scale)
        return x * scale

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, scale = ctx.saved_tensors
        return g * scale, g * x


class Negative(Scaled):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, scale = ctx.saved_tensors
        return g * scale, -(g * x)


class TripledProduct(Op):
    def forward(ctx: Any, x: Any, scale: Any) -> Any: return x * scale
    def backward(ctx: Any, g: Any, x: Any, scale: Any) -> Any: return g * scale, 3 * g * x


# What may be checked ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_function_of_tensors(device: str) -> None:
    x = tinycnn.randn(2, 3, 5, 4, device=device)
    report = check(F.conv2d, [x, tinycnn.randn(4, 3, 2, 2, device=device)], order=2)
    assert report.passed, report
    assert [(e.argument, e.name, e.order) for e in report.examined] == [
        (0, "input", 1), (1, "weight", 1), (0, "input", 2), (1, "weight", 2), (2, "cotangent", 2),
    ]  # fmt: skip
    assert report.argument is report.cause_code is report.index is None


@pytest.mark.parametrize("called", [TripledProduct, TripledProduct.apply])
def test_an_op_is_called_by_its_name(called: Any) -> None:
    report = check(called, [tinycnn.randn(2, 3), tinycnn.randn(2, 3)])
    assert [looked.name for looked in report.examined] == ["x", "scale"]
    assert str(report).startswith("FAIL  TripledProduct: the gradient of scale is wrong\n")


def test_a_module_with_its_parameters(device: str) -> None:
    layer = nn.Conv2d(2, 3, 2, stride=2).to(device)
    report = check(layer, tinycnn.randn(2, 2, 4, 4, device=device), order=2)
    assert report.passed, report
    assert [(e.argument, e.name) for e in report.examined if e.order == 1] == [(0, "input"), (1, "weight"), (2, "bias")]


def test_the_bound_forward_of_a_module_is_the_module() -> None:
    layer = nn.Linear(3, 2)
    x = tinycnn.randn(4, 3)
    assert check(layer.forward, x) == check(layer, x)


def test_a_frozen_parameter_is_not_checked_but_counts() -> None:
    layer = nn.Linear(3, 2)
    layer.weight.requires_grad_(False)
    assert [(e.argument, e.name) for e in check(layer, tinycnn.randn(4, 3)).examined] == [(0, "input"), (2, "bias")]


@pytest.mark.parametrize("function", [Scaled, Scaled.apply])
def test_a_function_of_ones_own(function: Any) -> None:
    report = check(function, [tinycnn.randn(3), tinycnn.randn(3)], order=2)
    assert report.passed, report
    assert report.name == "Scaled"
    assert [e.name for e in report.examined] == ["x", "scale", "x", "scale", "cotangent"]


def test_two_functions_of_arrays() -> None:
    report = check(affine, AFFINE, backward=affine_backward)
    assert report.passed, report
    assert [e.name for e in report.examined] == ["x", "weight", "bias"]


def test_several_outputs_each_with_its_cotangent() -> None:
    def both(x: Any) -> Any:
        return x * x, x.sum(0)

    def back(g: Any, x: Any) -> Any:
        return 2 * g[0] * x + g[1]

    assert check(both, normal(3, 2), backward=back).passed
    assert check(lambda x: (x * x, x.sum(0), x.argmax()), tinycnn.randn(3, 2), order=2).passed
    assert not check(both, normal(3, 2), backward=lambda g, x: 2 * g[0] * x).passed


def test_labels_and_options_pass_through() -> None:
    def loss(x: Any, target: Any, weight: float = 1.0) -> Any:
        return weight * x[np.arange(len(x)), target].sum()

    def back(g: Any, x: Any, target: Any, weight: float = 1.0) -> Any:
        gx = np.zeros_like(x)
        gx[np.arange(len(x)), target] = weight * g
        return gx

    target = np.array([0, 2, 1])
    assert check(loss, (normal(3, 4), target), backward=back, options={"weight": 2.0}).passed
    assert check(loss, (normal(3, 4), target), backward=lambda *a, **o: (back(*a, **o), None)).passed
    assert check(F.cross_entropy, (tinycnn.randn(3, 4), target), options={"label_smoothing": 0.1}, order=2).passed
    assert check(F.conv2d, (normal(1, 2, 4, 4), normal(2, 2, 2, 2)), options={"stride": 2}).passed


def test_only_what_requires_grad_is_checked_if_anything_does() -> None:
    x, w = tinycnn.randn(2, 3), tinycnn.randn(3, 2, requires_grad=True)
    assert [e.argument for e in check(tinycnn.matmul, [x, w]).examined] == [1]
    assert [e.argument for e in check(tinycnn.matmul, [x, w.detach()]).examined] == [0, 1]


def test_names_are_the_functions_own_or_those_given() -> None:
    assert [e.name for e in check(lambda a, b: a * b, AFFINE[:1] * 2).examined] == ["a", "b"]
    assert [e.name for e in check(lambda *xs: xs[0] * xs[1], AFFINE[:1] * 2).examined] == ["input 0", "input 1"]
    assert check(tinycnn.tanh, normal(2), names=["angle"], name="hyperbolic").examined[0].name == "angle"
    assert check(functools.partial(F.softmax, dim=0), normal(3)).name == "softmax"


# The caller's things are left alone ──────────────────────────────────────────────────────────────────────────────────


def test_inputs_parameters_buffers_and_random_numbers_are_as_before() -> None:
    layer = nn.BatchNorm2d(2)
    x = tinycnn.randn(3, 2, 2, 2, requires_grad=True)
    before = [x.detach().numpy().copy(), *[v.numpy().copy() for v in layer.state_dict().values()]]
    tinycnn.manual_seed(4)
    expected = tinycnn.rand(3)
    tinycnn.manual_seed(4)
    check(layer, x)
    assert check(nn.Dropout(), x).verdict == "nondeterministic"
    assert tinycnn.equal(tinycnn.rand(3), expected)
    after = [x.detach().numpy(), *[v.numpy() for v in layer.state_dict().values()]]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert x.grad is layer.weight.grad is None
    assert x.dtype == layer.weight.dtype == tinycnn.float32
    assert not layer._forward_hooks


def test_arrays_are_as_before() -> None:
    def greedy(x: Any) -> Any:
        x *= 2
        return x

    x = normal(3)
    assert check(greedy, x, backward=lambda g, x: 2 * g).cause_code == "mutated-input"
    assert np.array_equal(x, normal(3))


# What is wrong ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_gradient_is_blamed_on_its_argument_at_its_worst_entry() -> None:
    def wrong(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        gw = g.T @ x
        gw[1, 2] *= 5
        return g @ weight, gw, g.sum(0)

    report = check(affine, AFFINE, backward=wrong)
    assert (report.verdict, report.argument, report.argument_name, report.index) == ("fail", 1, "weight", (1, 2))
    assert report.analytic == pytest.approx(5 * report.numeric)
    assert report.cause_code == "entries"
    assert 0 < report.error_bar < 1e-8
    assert not report
    a, n, tolerance = report.failures[0].gradients
    assert (abs(a - n) > tolerance).sum() == 1


def test_with_several_wrong_the_worst_comes_first() -> None:
    def wrong(g: Any, x: Any, weight: Any, bias: Any) -> Any:
        return 1.001 * (g @ weight), g.T @ x, -g.sum(0)

    report = check(affine, AFFINE, backward=wrong)
    assert [f.argument for f in report.failures] == [2, 0]
    assert [f.cause_code for f in report.failures] == ["sign", "scale"]
    assert report.argument == 2


def test_a_wrong_function_and_a_wrong_layer() -> None:
    report = check(Negative, [tinycnn.randn(3), tinycnn.randn(3)])
    assert (report.argument, report.argument_name, report.cause_code) == (1, "scale", "sign")

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.scale = nn.Linear(3, 3), nn.Parameter(tinycnn.ones(3))

        def forward(self, x: Any) -> Any:
            return Negative.apply(self.first(x), self.scale)

    report = check(Layer(), tinycnn.randn(2, 3).requires_grad_())
    assert (report.argument, report.argument_name) == (1, "scale")  # named_parameters: the layer's own come first


@pytest.mark.parametrize("error", [1e-1, 1e-3])
@given(rows=st.integers(1, 4), columns=st.integers(1, 4), data=st.data())
def test_one_entry_of_any_array_is_found(error: float, rows: int, columns: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))

    def wrong(g: Any, x: Any) -> Any:
        gx = g * np.cos(x)
        gx[place] *= 1 + error
        return gx

    x = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
    report = check(np.sin, x, backward=wrong, names=["x"])
    assert (report.verdict, report.index) == ("fail", place)


@given(st.lists(st.integers(0, 3), min_size=0, max_size=3), st.integers(0, 3))
def test_any_shape_will_do(shape: list[int], seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(shape)
    report = check(lambda x: x.sin() * x, tinycnn.tensor(x), order=2, seed=seed)
    assert report.verdict == ("pass" if x.size else "vacuous"), report


def test_a_wrong_second_derivative() -> None:
    class Half(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_tensors[0].detach().cos()  # right, but for the graph

    x = tinycnn.randn(3)
    assert check(Half, x).passed
    report = check(Half, x, order=2)
    assert (report.verdict, report.argument, report.argument_name) == ("fail", 0, "x")
    assert [f.order for f in report.failures] == [2]
    assert "missing" in report.cause


def test_a_vacuous_check_says_so() -> None:
    report = check(lambda x: F.softmax(x, 1).sum(), tinycnn.randn(3, 4))
    assert report.verdict == "vacuous"
    assert not report.passed
    assert "random numbers instead of summing" in report.hint
    report = check(lambda x, y: x + 0 * y, [tinycnn.randn(3), tinycnn.randn(3)])
    assert report.passed
    assert report.notes == ("Every derivative in y is 0 here, so that nothing was tested of its gradient.",)


# Large arguments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_large_argument_is_checked_along_directions() -> None:
    report = check(lambda x, w: (x.sin() @ w), [tinycnn.randn(2, 1500), tinycnn.randn(1500, 2)])
    assert report.passed, report
    assert [e.method for e in report.examined] == ["3 directions", "adjoint"]
    assert report.evaluations < 60


@pytest.mark.parametrize("linear", [False, True])
def test_one_wrong_entry_of_many_is_found_by_halving(linear: bool) -> None:
    place = (1, 41, 17)

    def wrong(g: Any, x: Any) -> Any:
        gx = 3 * g if linear else g * np.exp(x)
        gx[place] *= 1.01
        return gx

    function = (lambda x: 3 * x) if linear else (lambda x: np.exp(x))
    report = check(function, normal(2, 50, 40), backward=wrong)
    assert (report.verdict, report.index) == ("fail", place)
    assert report.evaluations < 1600  # of which most are the sample around it, for the cause


def test_the_limit_may_be_set() -> None:
    assert [e.method for e in check(tinycnn.sin, tinycnn.randn(20), limit=10).examined] == ["3 directions"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("wave", [1.0, 30.0, 300.0])
def test_error_bars_cover_the_truth(wave: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, v, way = rng.standard_normal(3), rng.standard_normal(3), rng.choice([-1.0, 1.0], 3)
    probe = Probe(Pair("wave", lambda x: np.sin(wave * x), lambda g, x: g, [x], ["x"], {}), [v])
    truth = wave * v * np.cos(wave * x)
    along = extrapolated(probe, {0: way}, 0)
    assert abs(along.value - way @ truth) <= 10 * along.bar < 1e-3 * abs(truth).max()
    entry = slope_at(probe, 0, (1,), np.nan, abs(truth).max())
    assert abs(entry.value - truth[1]) <= 10 * entry.bar < 1e-3 * abs(truth).max()


# Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_integers_alone_have_no_derivative() -> None:
    with pytest.raises(ValueError, match="there is no input of floating type, so there is no derivative") as raised:
        check(affine, [np.arange(3)], backward=affine_backward)
    assert "input 0  = int64, shape (3,)" in str(raised.value)
    assert "pass 2.0 for 2" in str(raised.value)
    with pytest.raises(ValueError, match="no input of floating type"):
        check(tinycnn.relu, tinycnn.tensor([1, 2]))
    with pytest.raises(ValueError, match="no input of floating type"):
        check(tinycnn.relu, 2)


def test_overlapping_memory_is_refused() -> None:
    with pytest.raises(ValueError, match=r"input has elements that share memory.*") as raised:
        check(tinycnn.relu, tinycnn.ones(3, 1).expand(3, 4))
    assert ".contiguous()" in str(raised.value)
    with pytest.raises(ValueError, match="x has elements that share memory"):
        check(affine, [np.broadcast_to(normal(3), (4, 3)), *AFFINE[1:]], backward=affine_backward)
    strided = tinycnn.randn(4, 6)[::2, ::3]
    assert check(tinycnn.sin, strided).passed


def test_arguments_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="order must be 1 or 2"):
        check(tinycnn.sin, normal(2), order=3)
    with pytest.raises(ValueError, match="order=2 needs a backward that can itself be differentiated"):
        check(affine, AFFINE, backward=affine_backward, order=2)
    with pytest.raises(TypeError, match=r"takes a function, a Module or an autograd\.Function, not int"):
        check(3, normal(2))
    with pytest.raises(TypeError, match="backward must be a function, not str"):
        check(affine, AFFINE, backward="g")
    with pytest.raises(ValueError, match="1 names for 3 inputs"):
        check(affine, AFFINE, backward=affine_backward, names=["x"])
    with pytest.raises(TypeError, match="must return an array of numbers"):
        check(lambda x: None, normal(2), backward=lambda g, x: g)


def test_an_error_of_the_function_itself_comes_through() -> None:
    with pytest.raises(ValueError, match="matmul"):
        check(affine, [normal(2, 3), normal(3, 2), normal(2)], backward=affine_backward)


@pytest.mark.parametrize("kind", ["arrays", "tensors"])
def test_an_error_in_backward_comes_through_with_a_note(kind: str) -> None:
    class Broken(Scaled):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise KeyError("cache")

    def broken(g: Any, x: Any) -> Any:
        raise KeyError("cache")

    arrays = functools.partial(check, np.sin, normal(2), backward=broken, names=["x"])
    tensors = functools.partial(check, Broken, [tinycnn.randn(2), tinycnn.randn(2)])
    with pytest.raises(KeyError) as raised:
        (arrays if kind == "arrays" else tensors)()
    told = "broken, the backward, called as backward(g, *inputs)" if kind == "arrays" else "the backward of Broken"
    assert raised.value.__notes__[0].startswith(f"check: raised by {told}")


def test_outputs_whose_shape_depends_on_values_have_no_derivative() -> None:
    with pytest.raises(ValueError, match="outputs changed their shape when an input was moved a little"):
        check(lambda x: x[x > 0], tinycnn.tensor([1e-7, 1.0]))


# The V-curve ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_curve_is_a_v_where_the_gradient_is_right_and_flat_where_it_is_wrong() -> None:
    right = check(np.sin, normal(3, 3), backward=lambda g, x: g * np.cos(x), names=["x"])
    steps, errors = right.measure_curve()
    assert steps[0] == 0.1
    assert steps[-1] == pytest.approx(1e-12)
    assert errors.min() < 1e-9 < errors[0]
    wrong = check(np.sin, normal(3, 3), backward=lambda g, x: 2 * g * np.cos(x), names=["x"])
    _, errors = wrong.measure_curve()
    assert errors.min() > 0.3


@pytest.mark.parametrize("seed", range(5))
def test_the_height_of_the_curve_is_the_share_of_the_error(seed: int) -> None:
    """Along random signs the errors of a gradient that is wrong everywhere may cancel."""
    wrong = check(affine, AFFINE, backward=lambda g, x, w, b: (g @ w, 1.5 * g.T @ x, g.sum(0)), seed=seed)
    _, errors = wrong.measure_curve()
    assert np.median(errors) == pytest.approx(1 / 3, rel=1e-6)
    other = check(affine, AFFINE, backward=lambda g, x, w, b: (g @ w, g.T @ x[:, ::-1], g.sum(0)), seed=seed)
    _, errors = other.measure_curve()
    assert np.median(errors) > 0.9 * other.relative_error


def test_second_derivatives_that_depend_on_the_order_belong_to_no_function() -> None:
    """Both entries of the gradient move as they should by what they say, but they are the gradient of nothing."""

    class Turned(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return (x * x).sum()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * tinycnn.stack([2 * x[0], 2 * x[1] + x[0]])

    report = check(Turned, tinycnn.tensor([1.0, 2.0]), order=2)
    assert report.verdict == "fail"
    assert [f.order for f in report.failures][-1] == 2
    assert "the gradient of no function" in next(f for f in report.failures if f.order == 2).cause


def test_a_layer_in_single_precision_that_a_function_uses_is_met_with_advice() -> None:
    layer = nn.Linear(3, 2)
    with pytest.raises(TypeError, match="one dtype") as raised:
        check(lambda x: layer(x), tinycnn.randn(4, 3))
    assert "say model.double()" in raised.value.__notes__[0]
    layer.double()
    assert check(lambda x: layer(x), tinycnn.randn(4, 3)).passed
