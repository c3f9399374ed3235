r"""What `measure` sees of models that go their own ways, and that it leaves them as they were."""

from __future__ import annotations

from typing import Any

import pytest

import tinycnn
from tests.tables.modules import modules
from tests.tables.test_measure import Block
from tinycnn import nn
from tinycnn.errors import ConfigError, ShapeError
from tinycnn.tables import measure

MODELS = modules(tinycnn)


class Doubled(tinycnn.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g


def test_functions_of_the_users_own_are_layers_and_hooks_are_not() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(2, 3), nn.Linear(3, 1)

        def forward(self, x: Any) -> Any:
            return self.two(Doubled.apply(self.one(x)))

    model = Model()
    model.two.register_full_backward_hook(lambda *args: None)
    model.register_full_backward_hook(lambda *args: None)
    assert [(layer.path, layer.sources) for layer in measure(model, (1, 2)).layers] == [
        ("one", ()), ("doubled", (0,)), ("two", (1,)),
    ]


def test_a_forward_may_take_gradients() -> None:
    class Slope(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.energy = nn.Linear(4, 1)

        def forward(self, x: Any) -> Any:
            return tinycnn.autograd.grad((self.energy(x) ** 2).sum(), x, create_graph=True)[0]

    assert measure(Slope(), (3, 4)).mult_adds == 2 * (3 * 4)  # the layer, and the gradient of x


def test_a_model_may_survive_an_error_in_a_part() -> None:
    class Tolerant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.narrow, self.wide = nn.Linear(2, 2), nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            try:
                return self.narrow(x)
            except ShapeError:
                return nn.functional.relu(self.wide(x))

    model = Tolerant()
    assert [(layer.path, layer.mult_adds) for layer in measure(model, (1, 3)).layers] == [
        ("narrow", 0), ("wide", 6), ("relu", 0),
    ]
    assert not model.narrow._forward_hooks


def test_a_whole_model_is_no_layer_and_a_cast_is_none() -> None:
    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.shift = nn.Parameter(tinycnn.ones(2, 3)), nn.Parameter(tinycnn.ones(2).double())

        def forward(self, x: Any) -> Any:
            return nn.functional.relu(nn.functional.linear(x, self.weight)) + self.shift

    assert [layer.path for layer in measure(Whole(), (1, 3)).layers] == ["linear", "relu", "add"]


def test_a_first_layer_may_work_in_place() -> None:
    assert measure(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(1, 1, 2)), (1, 1, 3, 3)).mult_adds == 16


def test_several_inputs() -> None:
    make, sizes = MODELS["two"]
    assert measure(make(), sizes).mult_adds == 2 * 4 * 3 + 2 * 3 * 5 * 4 * 2 * 3
    with pytest.raises(ConfigError, match=r"(?s)Two: forward\(.*on 1 input: missing a required argument: 'y'.*a list"):
        measure(make(), sizes[0])


def test_no_grad_makes_no_difference() -> None:
    model = nn.Sequential(Block(), nn.Flatten())
    usual = [(layer.path, layer.sources) for layer in measure(model, (1, 4, 6, 6)).layers]
    with tinycnn.no_grad():
        assert [(layer.path, layer.sources) for layer in measure(model, (1, 4, 6, 6)).layers] == usual


def test_a_layer_counts_also_behind_a_cut_in_the_graph() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head, self.last = nn.Linear(4, 3), nn.Linear(3, 2), nn.Linear(2, 5)

        def forward(self, x: Any) -> Any:
            with tinycnn.no_grad():
                x = nn.functional.relu(self.body(x))
            return self.last(input=tinycnn.tensor(self.head(x).detach().numpy()))

    found = measure(Cut(), (2, 4))
    assert [(layer.path, layer.mult_adds, layer.weights) for layer in found.layers if layer.mult_adds] == [
        ("body", 24, 12), ("head", 12, 6), ("last", 20, 10),
    ]


def test_whole_numbers_have_no_gradient_and_still_count() -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows, self.out = nn.Parameter(tinycnn.ones(9, 4)), nn.Linear(4, 2)

        def forward(self, words: Any) -> Any:
            return self.out(self.rows[words])

    found = measure(Words(), (3, 5), dtypes=["int64"])
    assert (found.mult_adds, found.parameters) == (3 * 5 * 4 * 2, 46)


def test_the_model_is_left_as_it_was_also_if_it_fails() -> None:
    model = nn.Sequential(nn.BatchNorm2d(2), nn.Conv2d(2, 2, 3), nn.Linear(7, 1))
    model[1].requires_grad_(False)
    state = tinycnn.get_rng_state()
    with pytest.raises(ShapeError, match=r"in module  2 \(Linear\)"):
        measure(model, (1, 2, 5, 5))
    assert model.training
    assert [p.requires_grad for p in model.parameters()] == [True, True, False, False, True, True]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert tinycnn.get_rng_state() == state
    assert tinycnn.is_grad_enabled()


def test_no_more_is_held_than_a_forward_pass_holds() -> None:
    import tracemalloc

    model = nn.Sequential(*(part for _ in range(40) for part in (nn.Conv2d(4, 4, 1), nn.Sigmoid())))
    x = tinycnn.ones(1, 4, 128, 128)  # 256 KB, and so is every output

    def peak(run: Any) -> int:
        tracemalloc.start()
        run()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    with tinycnn.no_grad():
        plain = peak(lambda: model(x))
    assert peak(lambda: measure(model, (1, 4, 128, 128))) < plain + 5 * x.array.nbytes
