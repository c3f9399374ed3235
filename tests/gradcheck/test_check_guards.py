"""The guards of `check`: each planted fault is caught, by its name, whether in NumPy or in Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn import nn
from tinycnn.gradcheck import check

X, W = np.linspace(-1, 1.3, 12).reshape(4, 3), np.linspace(0.5, 2, 6).reshape(3, 2)


def product(x: Any, weight: Any) -> Any:
    return x @ weight


def back(g: Any, x: Any, weight: Any) -> Any:
    return g @ weight.T, x.T @ g


def pair(forward: Any = product, backward: Any = back, *inputs: Any) -> Any:
    return check(forward, inputs or (X, W), backward=backward, names=["x", "weight"])


def function(backward: Any, forward: Any = lambda x, weight: x @ weight) -> Any:
    class Product(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            ctx.save_for_backward(x, weight)
            return forward(x, weight)

    Product.backward = staticmethod(lambda ctx, g: backward(g, *ctx.saved_tensors))
    return check(Product, [tinycnn.tensor(X), tinycnn.tensor(W)], names=["x", "weight"])


def test_both_are_right_as_they_stand() -> None:
    assert pair().passed
    assert function(lambda g, x, w: (g @ w.T, x.T @ g)).passed


# The same twice ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("layer", [nn.Dropout(), nn.Dropout2d()])
def test_a_random_forward_is_no_function(layer: Any) -> None:
    report = check(layer, tinycnn.randn(4, 16, 2, 2))  # so many channels that no two masks are the same by chance
    assert (report.verdict, report.cause_code, report.failures) == ("nondeterministic", "nondeterministic", ())
    assert "dropout" in report.hint
    assert "model.eval()" in report.hint
    assert report.argument is None
    assert check(layer.eval(), tinycnn.randn(2, 3, 4, 4)).passed


def test_neither_is_one_that_counts_its_calls() -> None:
    calls: list[int] = []

    def counting(x: Any, weight: Any) -> Any:
        calls.append(1)
        return x @ weight * len(calls)

    report = pair(counting)
    assert report.verdict == "nondeterministic"
    assert "running statistics" in report.hint


def test_running_statistics_do_not_disturb_a_norm_in_training() -> None:
    assert check(nn.BatchNorm2d(3), tinycnn.randn(4, 3, 2, 2), order=2).passed
    assert check(nn.BatchNorm2d(3).eval(), tinycnn.randn(4, 3, 2, 2), order=2).passed


def test_buffers_are_put_back_before_every_call() -> None:
    class Fading(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("strength", tinycnn.ones(3))

        def forward(self, x: Any) -> Any:
            y = x.sin() * self.strength.clone()
            self.strength.mul_(0.5)
            return y

    layer = Fading()
    assert check(layer, tinycnn.randn(2, 3), order=2).passed
    assert layer.strength.tolist() == [1, 1, 1]


def test_a_random_backward() -> None:
    rng = np.random.default_rng(0)
    report = pair(product, lambda g, x, w: (g @ w.T, x.T @ g * rng.normal()))
    assert (report.verdict, report.argument, report.cause_code) == ("fail", 1, "nondeterministic")
    report = function(lambda g, x, w: (g @ w.T * float(rng.normal()), x.T @ g))
    assert (report.verdict, report.argument, report.cause_code) == ("fail", 0, "nondeterministic")


# Inputs are left alone ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_forward_that_writes_to_its_input() -> None:
    def centred(x: Any, weight: Any) -> Any:
        x -= x.mean(0)
        return x @ weight

    def centred_back(g: Any, x: Any, weight: Any) -> Any:
        gx = g @ weight.T
        return gx - gx.mean(0), (x - x.mean(0)).T @ g

    report = pair(centred, centred_back)
    assert (report.verdict, report.argument, report.cause_code) == ("fail", 0, "mutated-input")
    assert report.cause.startswith("forward changes x in place")
    assert "-=" in report.hint


def test_a_backward_that_writes_to_an_input_or_to_its_cotangent() -> None:
    def spoiling(g: Any, x: Any, weight: Any) -> Any:
        gx, gw = g @ weight.T, x.T @ g
        weight[:] = 0
        return gx, gw

    report = pair(product, spoiling)
    assert (report.argument, report.cause_code) == (1, "mutated-input")
    assert report.cause.startswith("backward changes weight in place")

    def impatient(g: Any, x: Any, weight: Any) -> Any:
        answer = g @ weight.T, x.T @ g
        g *= 0
        return answer

    report = pair(product, impatient)
    assert report.cause_code == "mutated-input"
    assert "backward changes the cotangent g that it was given in place" in report.cause


def test_tensors_written_to_behind_the_graph() -> None:
    def forward(x: Any, weight: Any) -> Any:
        y = x @ weight
        x.array[:] = 0
        return y

    report = function(lambda g, x, w: (g @ w.T, x.T @ g), forward)
    assert ("x", "mutated-input") in {(f.argument_name, f.cause_code) for f in report.failures}

    def impatient(g: Any, x: Any, weight: Any) -> Any:
        answer = g @ weight.T, x.T @ g
        g.mul_(2)
        return answer

    assert function(impatient).cause_code == "mutated-input"

    def spoiling(g: Any, x: Any, weight: Any) -> Any:
        gx, gw = g @ weight.T, x.T @ g
        weight.array[:] = 0
        return gx, gw

    report = function(spoiling)
    assert (report.argument, report.cause_code) == (1, "mutated-input")
    assert report.cause.startswith("backward changes weight in place")


def test_writes_that_the_graph_records_are_no_fault() -> None:
    assert check(nn.ReLU(inplace=True), tinycnn.tensor([[-1.0, 2.0], [0.5, -3.0]]), order=2).passed
    assert check(lambda x: x.mul_(2).sin(), tinycnn.randn(3)).passed


# Linear in the cotangent ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backward_without_its_cotangent() -> None:
    report = pair(product, lambda g, x, w: (np.ones_like(g) @ w.T, x.T @ g))
    assert (report.argument, report.cause_code) == (0, "ignores-upstream")
    assert "g is not used" in report.cause
    report = function(lambda g, x, w: (g @ w.T, x.T @ (g * 0 + 1)))
    assert (report.argument, report.cause_code) == (1, "ignores-upstream")


def test_a_backward_in_which_a_term_lacks_the_cotangent() -> None:
    report = pair(product, lambda g, x, w: (g @ w.T + x, x.T @ g))
    assert (report.argument, report.cause_code) == (0, "ignores-upstream")
    assert "a part of it lacks g" in report.cause


def test_a_backward_with_the_square_of_its_cotangent() -> None:
    report = pair(product, lambda g, x, w: ((g * g) @ w.T, x.T @ g))
    assert (report.verdict, report.argument) == ("fail", 0)
    assert "enters otherwise than as a factor" in report.cause


# Shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_gradient_of_another_shape_names_both() -> None:
    report = pair(product, lambda g, x, w: (g @ w.T, (x.T @ g).T))
    assert (report.argument, report.cause_code, report.index) == (1, "wrong-shape", ())
    assert report.cause == "The gradient of weight has shape (2, 3), but weight has shape (3, 2)."
    assert "transpose" in report.hint
    report = function(lambda g, x, w: (g @ w.T, (x.T @ g).sum(0)))
    assert (report.argument, report.cause_code) == (1, "wrong-shape")
    assert report.cause == "The gradient of weight has shape (2,), but weight has shape (3, 2)."


def test_a_bias_whose_gradient_was_not_summed() -> None:
    report = check(
        lambda x, b: x + b, [X, X[0]], backward=lambda g, x, b: (g, g), names=["x", "bias"]
    )  # fmt: skip
    assert (report.argument, report.cause_code) == (1, "wrong-shape")
    assert "summed over the axes it was broadcast along" in report.hint


def test_the_other_gradients_are_looked_at_all_the_same() -> None:
    report = function(lambda g, x, w: (-(g @ w.T), (x.T @ g).sum(0)))
    assert {(f.argument, f.cause_code) for f in report.failures} == {(0, "sign"), (1, "wrong-shape")}
    report = function(lambda g, x, w: ((g @ w.T).sum(0), (x.T @ g).sum(0)))
    assert {(f.argument, f.cause_code) for f in report.failures} == {(0, "wrong-shape"), (1, "wrong-shape")}


def test_a_gradient_of_another_dtype() -> None:
    report = pair(product, lambda g, x, w: (g @ w.T, (x.T @ g).astype(np.float32)))
    assert (report.argument, report.cause_code) == (1, "wrong-shape")
    assert "is of float32, but weight of float64" in report.cause
    report = function(lambda g, x, w: ((g @ w.T).float(), x.T @ g))
    assert (report.argument, report.cause_code) == (0, "wrong-shape")


def test_a_missing_gradient() -> None:
    for answer in (lambda g, x, w: g @ w.T, lambda g, x, w: (g @ w.T, None)):
        report = pair(product, answer)
        assert (report.argument, report.cause_code) == (1, "wrong-shape")
        assert "The gradient of weight is missing" in report.cause
    report = function(lambda g, x, w: (g @ w.T, None))
    assert (report.argument, report.cause_code) == (1, "wrong-shape")
    report = check(lambda x, weight: x.detach() @ weight, [tinycnn.tensor(X), tinycnn.tensor(W)])
    assert (report.argument, report.cause_code) == (0, "wrong-shape")
    assert "detach()" in report.hint


def test_too_many_and_too_few_gradients() -> None:
    report = pair(product, lambda g, x, w: (g @ w.T, x.T @ g, g))
    assert report.cause_code == "wrong-shape"
    assert "backward returns 3 gradients, but there are 2 floating inputs (x, weight)" in report.cause
    report = function(lambda g, x, w: g @ w.T)
    assert (report.argument, report.cause_code) == (1, "wrong-shape")
    assert "1 gradients for 2 inputs" in report.cause
    assert function(lambda g, x, w: (g @ w.T, x.T @ g, g)).cause_code == "wrong-shape"


def test_an_answer_that_is_no_tensor() -> None:
    report = function(lambda g, x, w: (g @ w.T, 3.0))
    assert (report.verdict, report.argument, report.cause_code) == ("fail", 1, "wrong-shape")


def test_what_the_output_does_not_depend_on_needs_no_gradient() -> None:
    report = check(lambda x, unused: x * 2, [X, W], backward=lambda g, x, unused: 2 * g)
    assert report.passed, report


# Values ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_values_that_are_not_finite() -> None:
    with np.errstate(all="ignore"):
        report = check(np.log, np.array([1.0, 0.0]), backward=lambda g, x: g / x, names=["x"])
        assert report.verdict == "fail"
        assert report.cause.startswith("forward gives a value that is not finite at [1]")
        report = check(np.square, np.array([1.0, 0.0]), backward=lambda g, x: 2 * g * x * x / x, names=["x"])
    assert (report.verdict, report.index) == ("fail", (1,))
    assert "not finite in 1 of 2 entries of the gradient of x" in report.cause


def test_single_precision_inside() -> None:
    def leaking(x: Any, weight: Any) -> Any:
        return (x.astype(np.float32) @ weight.astype(np.float32)).astype(np.float64)

    report = pair(leaking)
    assert (report.verdict, report.cause_code) == ("fail", "float32")
    assert "astype" in report.hint
    report = check(lambda x: x.float().sin(), tinycnn.tensor(X))
    assert (report.verdict, report.cause_code) == ("fail", "float32")


def test_single_precision_does_not_hide_a_wrong_gradient() -> None:
    def leaking(x: Any, weight: Any) -> Any:
        return (x.astype(np.float32) @ weight.astype(np.float32)).astype(np.float64)

    report = pair(leaking, lambda g, x, w: (g @ w.T, -x.T @ g))
    assert (report.argument, report.cause_code) == (1, "sign")
    assert any("float32" in note for note in report.notes)


def test_large_numbers_are_not_taken_for_single_precision() -> None:
    x = np.random.default_rng(0).standard_normal((8, 3)) + 1e4

    def centred(x: Any) -> Any:
        return (x - x.mean(0)) / x.std(0)

    assert check(lambda x: (x - x.mean(0)) / x.std(0, correction=0), tinycnn.tensor(x)).passed
    assert check(centred, x, backward=lambda g, x: _norm_back(g, x)).passed


def _norm_back(g: Any, x: Any) -> Any:
    deviation = x.std(0)
    y = (x - x.mean(0)) / deviation
    return (g - g.mean(0) - y * (g * y).mean(0)) / deviation
