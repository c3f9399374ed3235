"""Finite differences, and the checks of backward against them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.autograd.planted import PYTORCH_PASSES, RIGHT, WRONG, function, inputs
from tinycnn import float64
from tinycnn.autograd import Function, GradcheckError, grad, gradcheck, gradgradcheck
from tinycnn.autograd.numeric import numeric_jacobian, numeric_vjp

modes = pytest.mark.parametrize("fast", [False, True], ids=["slow", "fast"])
MISTAKES = WRONG | PYTORCH_PASSES


def normal(*shape: int, seed: int = 0, device: str = "cpu") -> Any:
    drawn = np.asarray(np.random.default_rng(seed).standard_normal(shape))
    return tinycnn.tensor(drawn, device=device, requires_grad=True)


# The verdict ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@modes
@pytest.mark.parametrize("name", RIGHT)
def test_right_backwards_pass(name: str, fast: bool, device: str) -> None:
    assert gradcheck(function(tinycnn, RIGHT[name]), inputs(tinycnn, RIGHT[name], device), fast_mode=fast)


@modes
@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_backward_is_found_and_the_input_named(name: str, fast: bool, device: str) -> None:
    planted = MISTAKES[name]
    with pytest.raises(GradcheckError, match=f"input {planted.spoilt}"):
        gradcheck(function(tinycnn, planted), inputs(tinycnn, planted, device), fast_mode=fast)
    assert not gradcheck(
        function(tinycnn, planted), inputs(tinycnn, planted, device), fast_mode=fast, raise_exception=False
    )


@modes
def test_several_outputs_of_which_some_have_no_gradient(fast: bool, device: str) -> None:
    x, y = normal(3, 4, device=device), normal(4, seed=1, device=device)
    assert gradcheck(lambda x: x.max(1), x, fast_mode=fast)  # values and indices
    assert gradcheck(lambda x, y: (x * y, y.exp(), x > 0), (x, y), fast_mode=fast)
    assert gradgradcheck(lambda x, y: (x * y, y.exp(), x > 0), [x, y], fast_mode=fast)


@modes
def test_an_input_that_is_not_used_or_no_tensor_is_no_trouble(fast: bool) -> None:
    assert gradcheck(lambda x, y, power: x**power, (normal(3), normal(2), 3), fast_mode=fast)
    assert gradgradcheck(lambda x, y, power: x**power, (normal(3), normal(2), 3), fast_mode=fast)


@modes
def test_empty_inputs_pass(fast: bool) -> None:
    assert gradcheck(lambda x: x.exp(), normal(0, 3), fast_mode=fast)
    assert gradcheck(lambda x: x.exp()[:0], normal(2, 3), fast_mode=fast)


@given(st.lists(st.integers(1, 3), max_size=3), st.data())
def test_broadcasting_passes_whatever_the_shapes(shape: list[int], data: st.DataObject) -> None:
    other = [data.draw(st.sampled_from([1, n])) for n in shape[data.draw(st.integers(0, len(shape))) :]]
    assert gradcheck(lambda x, y: x * y + y, (normal(*shape), normal(*other, seed=1)))


def test_what_leaves_the_graph_is_found() -> None:
    with pytest.raises(GradcheckError, match=r"expected to be zero.*output 0 changes with input 0"):
        gradcheck(lambda x: x.detach() * 2, normal(3))
    assert gradcheck(lambda x: x > 0, normal(3))  # flat, and no gradient claimed


def test_summing_the_outputs_would_hide_a_softmax_of_no_gradient() -> None:
    vacuous = function(tinycnn, WRONG["zeros"])
    assert gradcheck(lambda x: vacuous(x).sum(), normal(2, 3))
    with pytest.raises(GradcheckError):
        gradcheck(vacuous, normal(2, 3))


def test_second_derivatives_of_a_backward_that_leaves_the_graph() -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.saved_tensors[0].detach()

    assert gradcheck(Square.apply, normal(3))
    for fast in (False, True):
        with pytest.raises(GradcheckError, match="for the gradient of input 0 with respect to input 0"):
            gradgradcheck(Square.apply, normal(3), fast_mode=fast)


def test_second_derivatives_in_the_cotangents() -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g.detach() * ctx.saved_tensors[0]

    assert gradcheck(Square.apply, normal(3))
    with pytest.raises(GradcheckError, match=r"with respect to grad_outputs\[0\]"):
        gradgradcheck(Square.apply, normal(3))


def test_cotangents_may_be_given_or_drawn_with_gaps_in_memory() -> None:
    seen = []

    def cube(x: Any) -> Any:
        y = x * x * x
        y.register_hook(lambda g: seen.append(g))
        return y

    given_ = normal(2, 3, seed=5)
    assert gradgradcheck(cube, normal(2, 3), given_)
    assert seen[0] is given_
    seen.clear()
    assert gradgradcheck(cube, normal(2, 3), gen_non_contig_grad_outputs=True)
    assert not seen[0].is_contiguous()


def test_a_random_backward_passes_within_the_tolerance_it_is_given() -> None:
    class Noisy(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * (2 + 1e-8 * tinycnn.rand(3, dtype=float64))

    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Noisy.apply, normal(3))
    assert gradcheck(Noisy.apply, normal(3), nondet_tol=1e-6)


# Its messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_message_shows_the_worst_entry_and_both_values() -> None:
    planted = WRONG["one entry"]
    (x,) = inputs(tinycnn, planted)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(function(tinycnn, planted), x)
    message, right = str(caught.value), 2 * float(x[1, 2])
    assert message.startswith("gradcheck: Jacobian mismatch for output 0 with respect to input 0\n")
    assert "worst entry    = ∂ output 0 [1, 2] / ∂ input 0 [1, 2]" in message
    assert "wrong entries  = 1 of 36" in message
    shown = dict(line.split("= ", 1) for line in message.splitlines() if "= " in line)
    values = {name.strip(): value for name, value in shown.items()}
    assert float(values["numerical"]) == pytest.approx(right, abs=1e-8)
    assert float(values["analytical"]) == pytest.approx(right + 0.5, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sign", "every analytical entry is -1 times the numerical one"),
        ("mean over the batch", "every analytical entry is 0.3333 times the numerical one"),
        ("zeros", "backward gives 0 everywhere"),
        ("cotangent ignored", "for cotangents of 0 the gradient of input 0 must be 0"),
        ("cotangent squared", "backward is not linear in grad_output"),
        ("not summed", "an input that was broadcast gets its gradient summed"),
        ("random", "is it random, or does it change what it saved?"),
    ],
)
def test_the_message_points_at_the_mistake(name: str, hint: str) -> None:
    with pytest.raises(GradcheckError) as caught:
        gradcheck(function(tinycnn, MISTAKES[name]), inputs(tinycnn, MISTAKES[name]))
    assert hint in str(caught.value)


def test_a_random_function_is_called_random() -> None:
    with pytest.raises(GradcheckError, match="is it random, as dropout is"):
        gradcheck(lambda x: x * tinycnn.rand(3, dtype=float64), normal(3))


def test_bad_calls_say_what_is_bad() -> None:
    x = normal(2, 3)
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(tinycnn.exp, x.detach())
    with pytest.raises(RuntimeError, match=r"input 0 has elements that share memory.*contiguous"):
        gradcheck(tinycnn.exp, x[:, :1].detach().expand(2, 3).requires_grad_())
    windows = tinycnn.from_numpy(np.lib.stride_tricks.sliding_window_view(np.zeros(5), 3)).requires_grad_()
    with pytest.raises(RuntimeError, match="share memory"):
        gradcheck(tinycnn.exp, windows)
    with pytest.raises(TypeError, match="must return a Tensor or a tuple of Tensors, but gave float"):
        gradcheck(lambda x: x.sum().item(), x)
    with pytest.raises(RuntimeError, match="changed their shape"):
        gradcheck(lambda x: x[x > 0], tinycnn.zeros(3, dtype=float64, requires_grad=True))


@pytest.mark.parametrize(
    "option",
    [
        {"check_forward_ad": True},
        {"check_batched_grad": True},
        {"check_batched_forward_grad": True},
        {"check_backward_ad": False},
        {"masked": True},
    ],
)
def test_what_is_not_offered_is_refused(option: dict[str, bool]) -> None:
    with pytest.raises(NotImplementedError, match=f"gradcheck: {next(iter(option))} cannot be changed"):
        gradcheck(tinycnn.exp, normal(2), **option)


@pytest.mark.parametrize("option", [{"check_fwd_over_rev": True}, {"check_rev_over_rev": False}])
def test_what_is_not_offered_for_second_derivatives_is_refused(option: dict[str, bool]) -> None:
    with pytest.raises(NotImplementedError, match=f"gradgradcheck: {next(iter(option))} cannot be changed"):
        gradgradcheck(tinycnn.exp, normal(2), **option)


def test_single_precision_is_warned_of() -> None:
    x = tinycnn.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"Input #1 requires gradient and is not a double precision") as caught:
        assert not gradcheck(lambda y, x: x.exp() + y, (normal(2), x), raise_exception=False)
    assert caught[0].filename == __file__


# What it leaves behind ───────────────────────────────────────────────────────────────────────────────────────────────


@modes
def test_inputs_are_put_back_and_get_no_grad(fast: bool, device: str) -> None:
    x, y = normal(2, 3, device=device), normal(2, 3, seed=1, device=device)
    before = [t.detach().clone() for t in (x, y)]
    gradcheck(lambda x, y: x * y, (x, y), fast_mode=fast)
    gradgradcheck(lambda x, y: x * y, (x, y), fast_mode=fast)
    assert all(tinycnn.equal(t, b) for t, b in zip((x, y), before, strict=True))
    assert x.grad is None


def test_inputs_are_put_back_when_the_function_raises() -> None:
    x = normal(3)
    before = x.detach().clone()

    def fails_beside(x: Any) -> Any:
        if not tinycnn.equal(x, before):
            raise OverflowError("beside the point")
        return x * 2

    with pytest.raises(OverflowError):
        gradcheck(fails_beside, x)
    assert tinycnn.equal(x, before)


def test_a_function_may_reach_its_inputs_by_another_way() -> None:
    weight = normal(2, 3)
    assert gradcheck(lambda x, _: x @ weight.T, (normal(4, 3, seed=1), weight))


@modes
def test_inputs_with_strides_of_their_own(fast: bool) -> None:
    x = tinycnn.from_numpy(np.random.default_rng(0).standard_normal((3, 4, 2)).T[:, ::2]).requires_grad_()
    assert gradcheck(lambda x: x.exp() * x.reshape(-1)[0], x, fast_mode=fast)


# Finite differences themselves ───────────────────────────────────────────────────────────────────────────────────────


def test_the_error_of_a_central_difference_is_what_the_formula_says() -> None:
    x = tinycnn.tensor([0.5, -2.0], dtype=float64)
    (slope,) = numeric_vjp(lambda x: x**3, x, tinycnn.ones_like(x), eps=0.1)  # h²/6·f‴ = h², and no more terms
    np.testing.assert_allclose(slope.numpy(), 3 * x.numpy() ** 2 + 0.01, rtol=1e-12)


def test_a_jacobian_has_the_shapes_of_output_and_input() -> None:
    x, k = tinycnn.arange(6, dtype=float64).reshape(2, 3), tinycnn.tensor([1, 2])
    rows, total = numeric_jacobian(lambda x, k: (x[:, k], x.sum()), (x, k))
    assert rows[0].shape == (2, 2, 2, 3)
    np.testing.assert_allclose(rows[0], np.einsum("ab,cd->acbd", np.eye(2), np.eye(3)[1:]), atol=1e-9)
    np.testing.assert_allclose(total[0], np.ones((2, 3)), atol=1e-9)
    assert rows[1] is None  # integers cannot move a little
    assert total[1] is None


def test_numeric_vjp_is_what_backward_owes(device: str) -> None:
    x, w = normal(2, 3, device=device), normal(3, 4, seed=1, device=device)
    v = normal(2, 4, seed=2, device=device).detach()
    numeric = numeric_vjp(lambda x, w: ((x @ w).tanh(), x > 0), (x, w), (v, None))
    for n, a in zip(numeric, grad((x @ w).tanh(), (x, w), v), strict=True):
        assert n.device == a.device
        assert tinycnn.allclose(n, a, atol=1e-8)
