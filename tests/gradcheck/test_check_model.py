"""`check_model`: whole networks in a few hundred evaluations, and the part that is wrong by its path."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn
from tinycnn import nn
from tinycnn.gradcheck import check_model
from tinycnn.nn import functional as F

LABELS = tinycnn.tensor([0, 2, 1])


@pytest.fixture(autouse=True)
def _seeded() -> None:
    tinycnn.manual_seed(0)


def small_net(*between: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), *between, nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 3),
    )  # fmt: skip


class TwiceBack(tinycnn.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 1

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


class Twice(nn.Module):
    def forward(self, x: Any) -> Any:
        return TwiceBack.apply(x)


class Product(tinycnn.autograd.Function):
    """x·Wᵀ, with the gradient of one weight wrong by 0.1 %."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x @ w.T

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        gw = g.T @ x
        gw[30, 7] *= 1.001
        return g @ w, gw


class Dense(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(tinycnn.randn(outputs, inputs) / 10)

    def forward(self, x: Any) -> Any:
        return Product.apply(x, self.weight)


# Right ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_network_is_right(device: str) -> None:
    net = small_net().to(device)
    report = check_model(net, tinycnn.randn(3, 1, 6, 6, device=device), LABELS.to(device))
    assert report.passed, report
    assert [e.name for e in report.examined] == [name for name, _ in net.named_parameters()]
    assert [e.argument for e in report.examined] == list(range(6))
    assert report.examined[0].method == "3 directions"
    assert report.argument is None


def test_losses_and_targets() -> None:
    net, x = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), tinycnn.randn(3, 4)
    assert check_model(net, x, LABELS).passed
    assert check_model(net, x, LABELS.tolist()).passed
    assert check_model(net, x, tinycnn.randn(3, 3)).passed
    assert check_model(net, x, tinycnn.randn(3, 3), nn.L1Loss()).passed
    assert check_model(net, x, LABELS, nn.CrossEntropyLoss(weight=tinycnn.tensor([1.0, 2.0, 0.5]))).passed
    assert check_model(net, x, loss=lambda y: (y * y).mean()).passed
    assert check_model(net, x).passed


def test_the_model_is_left_as_it_is() -> None:
    net = small_net()
    before = {key: v.clone() for key, v in net.state_dict().items()}
    tinycnn.manual_seed(1)
    expected = tinycnn.rand(2)
    x = tinycnn.randn(3, 1, 6, 6)
    tinycnn.manual_seed(1)
    check_model(net, x, LABELS)
    assert tinycnn.equal(tinycnn.rand(2), expected)
    assert all(tinycnn.equal(v, before[key]) for key, v in net.state_dict().items())
    assert all(p.grad is None and p.dtype == tinycnn.float32 for p in net.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())


def test_frozen_parameters_are_left_out_but_count() -> None:
    net = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    net[0].requires_grad_(False)
    report = check_model(net, tinycnn.randn(3, 4), LABELS)
    assert [(e.argument, e.name) for e in report.examined] == [(2, "1.weight"), (3, "1.bias")]
    with pytest.raises(ValueError, match=r"Sequential has no parameter that requires grad") as raised:
        check_model(net.requires_grad_(False), tinycnn.randn(3, 4), LABELS)
    assert "requires_grad_()" in str(raised.value)


# Wrong ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_layer_that_hands_back_a_wrong_gradient_is_named() -> None:
    net = small_net(nn.Sequential(nn.Identity(), Twice()))
    report = check_model(net, tinycnn.randn(3, 1, 6, 6), LABELS)
    assert report.verdict == "fail"
    assert {f.argument_name for f in report.failures} >= {"0.weight", "1.weight", "1.bias"}
    assert not {f.argument_name for f in report.failures} & {"6.weight", "6.bias"}
    assert report.cause_code == "scale"
    assert "because the module 3.1 (Twice) hands back a wrong gradient" in report.cause


def test_one_wrong_entry_of_many_is_found() -> None:
    net = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), Dense(64, 64), nn.Tanh(), nn.Linear(64, 3))
    report = check_model(net, tinycnn.randn(3, 8), LABELS)
    names = [name for name, _ in net.named_parameters()]
    assert (report.verdict, report.argument_name, report.index) == ("fail", "2.weight", (30, 7))
    assert report.argument == names.index("2.weight")
    assert report.analytic == pytest.approx(1.001 * report.numeric, rel=1e-5)
    assert len(report.failures) == 1
    assert "2.weight" in report.cause
    assert report.evaluations < 500


def test_a_mistake_outside_of_all_layers() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, x: Any) -> Any:
            return self.last(TwiceBack.apply(self.first(x)))

    report = check_model(Net(), tinycnn.randn(3, 4), LABELS)
    assert {f.argument_name for f in report.failures} == {"first.weight", "first.bias"}
    assert report.cause_code == "scale"
    assert report.cause.startswith("Every module in Net was found right by itself, so the mistake lies in what")
    assert "Net.forward calls itself, between them. The gradient of first." in report.cause
    assert "check(MyFunction, input)" in report.hint

    report = check_model(nn.Sequential(nn.Linear(4, 4), Net()), tinycnn.randn(3, 4), LABELS)
    assert len(report.failures) == 4
    assert "Every module in 1 was found right" in report.cause
    assert "Net.forward of 1 (Net) calls itself" in report.cause


def test_of_a_large_parameter_it_is_told_how_many_entries_were_looked_at() -> None:
    class SwishBack(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x.sigmoid()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * x.sigmoid() * (1 + x)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(144, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(SwishBack.apply(self.conv(x)).flatten(1))

    report = check_model(Net(), tinycnn.randn(2, 3, 8, 8), LABELS[:2])
    causes = {f.argument_name: f.cause for f in report.failures}
    assert "entries looked at, most at" in causes["conv.weight"]
    assert "4 of 4 entries, most at" in causes["conv.bias"]


def test_dropout_in_training_is_told_with_the_remedy() -> None:
    net = small_net(nn.Dropout())
    report = check_model(net, tinycnn.randn(3, 1, 6, 6), LABELS)
    assert report.verdict == "nondeterministic"
    assert "model.eval()" in report.hint
    assert check_model(net.eval(), tinycnn.randn(3, 1, 6, 6), LABELS).passed


def test_an_error_inside_names_the_module() -> None:
    with pytest.raises(ValueError, match=r"in module  0 \(Conv2d\)"):
        check_model(small_net(), tinycnn.randn(3, 2, 6, 6), LABELS)


def test_only_modules_have_parameters() -> None:
    with pytest.raises(TypeError, match="check_model: takes a Module, not function; check takes any function"):
        check_model(lambda x: F.relu(x), tinycnn.randn(3))


def deep_net(*last: Any) -> Any:
    return nn.Sequential(*[part for _ in range(12) for part in (nn.Linear(5, 5), nn.Tanh())], *last, nn.Linear(5, 3))


def test_many_parameters_are_moved_at_once() -> None:
    report = check_model(deep_net(), tinycnn.randn(3, 5), LABELS)
    assert report.passed, report
    assert len(report.examined) == 26
    assert {e.method for e in report.examined} == {"3 directions of all"}
    assert report.evaluations < 40


@pytest.mark.parametrize("error", [2.0, 1.0001])
def test_one_wrong_of_many_parameters_is_found(error: float) -> None:
    class Biased(tinycnn.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, bias: Any) -> Any:
            return x + bias

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, error * g.sum(0)

    class Shift(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(tinycnn.randn(5))

        def forward(self, x: Any) -> Any:
            return Biased.apply(x, self.bias)

    report = check_model(deep_net(Shift()), tinycnn.randn(3, 5), LABELS)
    assert [f.argument_name for f in report.failures] == ["24.bias"]
    assert (report.argument, report.cause_code) == (24, "scale")
