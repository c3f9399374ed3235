r"""What `measure` counts: against closed forms, the published numbers of the lecture's models, and itself in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.tables.modules import modules
from tinycnn import models, nn
from tinycnn.nn import functional as F
from tinycnn.ops.activations import GELU
from tinycnn.ops.convolution import Conv2d
from tinycnn.ops.linalg import Linear
from tinycnn.tables import measure

MODELS = modules(tinycnn)


@pytest.fixture
def _without_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    r"""Sizes alone matter for counting: the costly ops return zeros of the right shape."""
    monkeypatch.setattr(Conv2d, "forward", lambda ctx, x, w, b, *, window, groups: np.zeros(
        (x.shape[0], w.shape[0], *window.out), x.dtype))
    monkeypatch.setattr(Linear, "forward", lambda ctx, x, w, b: np.zeros((x.shape[0], w.shape[0]), x.dtype))
    monkeypatch.setattr(GELU, "forward", lambda ctx, x: (x.copy(), x))


# At 224² and 1000 classes, AlexNet of 2012 at 227²; 10⁹ multiply-adds of convolutions and linear layers
@pytest.mark.usefixtures("_without_computing")
@pytest.mark.parametrize(("name", "parameters", "giga"), [
    ("alexnet", 61_100_840, "0.714"), ("alexnet_2012", 60_965_224, "0.724"),
    ("vgg11", 132_863_336, "7.609"), ("vgg13", 133_047_848, "11.308"), ("vgg16_c", 133_638_952, "11.771"),
    ("vgg16", 138_357_544, "15.470"), ("vgg19", 143_667_240, "19.632"),
    ("resnet18", 11_689_512, "1.814"), ("resnet34", 21_797_672, "3.664"), ("resnet50", 25_557_032, "4.089"),
    ("resnet101", 44_549_160, "7.801"), ("resnet152", 60_192_808, "11.514"), ("se_resnet50", 28_088_024, "4.092"),
    ("convnext_tiny", 28_589_128, "4.456"), ("convnext_small", 50_223_688, "8.684"),
    ("convnext_base", 88_591_464, "15.355"), ("convnext_large", 197_767_336, "34.361"),
])  # fmt: skip
def test_the_published_numbers(name: str, parameters: int, giga: str) -> None:
    side = 227 if name == "alexnet_2012" else 224
    found = measure(nn.utils.skip_init(models.get_model_builder(name)), (1, 3, side, side))
    assert (found.parameters, f"{found.mult_adds / 1e9:.3f}") == (parameters, giga)
    assert found.flops == 2 * found.mult_adds
    assert sum(layer.parameters for layer in found.layers) == parameters


def test_activations_are_the_outputs_of_layers_that_multiply() -> None:
    make, _ = MODELS["net"]
    found = measure(make(), (2, 3, 32, 32))
    assert found.activation_bytes == 4 * 2 * (6 * 28 * 28 + 16 * 10 * 10 + 120 + 84 + 10)


@given(
    n=st.integers(1, 3), c=st.integers(1, 3), o=st.integers(1, 3), groups=st.integers(1, 3),
    size=st.tuples(st.integers(5, 9), st.integers(5, 9)), kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 2), padding=st.integers(0, 1), transposed=st.booleans(),
)
def test_a_convolution_has_a_product_for_each_term_of_its_sum(
    n: int, c: int, o: int, groups: int, size: Any, kernel: Any, stride: int, padding: int, transposed: bool
) -> None:
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    layer = kind(c * groups, o * groups, kernel, stride, padding, groups=groups)
    x = tinycnn.ones(n, c * groups, *size)
    counted = measure(layer, tuple(x.shape)).mult_adds
    positions = np.prod(x.shape[2:] if transposed else layer(x).shape[2:])
    assert counted == n * positions * groups * c * o * kernel[0] * kernel[1]


def test_rows_of_a_linear_layer_and_products_of_matrices_count() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.keys = nn.Linear(6, 4, bias=False)

        def forward(self, x: Any) -> Any:
            keys = self.keys(x)                                       # 2, 5, 4
            return F.softmax(keys @ keys.transpose(1, 2), -1) @ x     # 2, 5, 6

    found = measure(Attention(), (2, 5, 6))
    assert {layer.kind: layer.mult_adds for layer in found.layers if layer.mult_adds} == {
        "Linear": 2 * 5 * 6 * 4, "matmul": 2 * 5 * 5 * 6,
    }
    assert found.mult_adds == 2 * 5 * 6 * 4 + 2 * 5 * 5 * 4 + 2 * 5 * 5 * 6


class Block(nn.Module):
    r"""A residual block, its activation and pooling called as functions, its second convolution used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.Conv2d(4, 4, 1)
        self.scale = nn.Parameter(tinycnn.ones(4, 1, 1))
        self.off = nn.Dropout()

    def forward(self, x: Any) -> Any:
        y = self.two(self.two(F.relu(self.one(x)))) * self.scale
        return F.max_pool2d(self.off(y) + x, 2)


def test_layers_and_functions_come_in_the_order_in_which_they_ran_and_know_their_sources() -> None:
    found = measure(nn.Sequential(Block(), nn.Flatten()), (1, 4, 6, 6))
    assert [(layer.path, layer.kind, layer.sources) for layer in found.layers] == [
        ("0.one", "Conv2d", ()), ("0.relu", "relu", (0,)), ("0.two", "Conv2d", (1,)), ("0.two", "Conv2d", (2,)),
        ("0.mul", "mul", (3,)), ("0.off", "Dropout", (4,)), ("0.add", "add", (4,)),
        ("0.max_pool2d", "max_pool2d", (6,)), ("1", "Flatten", (7,)),
    ]
    assert [layer.parameters for layer in found.layers] == [144, 0, 20, 0, 4, 0, 0, 0, 0]  # once each
    assert [layer.weights for layer in found.layers] == [144, 0, 16, 0, 0, 0, 0, 0, 0]
    assert [layer.module is None for layer in found.layers] == [kind.islower() for kind in (
        layer.kind for layer in found.layers)]
    pool = found.layers[7]
    assert pool.window is not None
    assert (pool.window.kernel, pool.window.stride, pool.output_shape) == ((2, 2), (2, 2), (1, 4, 3, 3))


def test_frozen_parts_and_what_runs_without_grad_count_as_well() -> None:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.Linear(4, 2)
            self.body.requires_grad_(False)

        def forward(self, x: Any) -> Any:
            with tinycnn.no_grad():
                x = self.body(x)
            return self.head(x.mean((2, 3)))

    model = Frozen()
    found = measure(model, (1, 3, 8, 8))
    assert found.mult_adds == 36 * 4 * 27 + 8
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]


def test_a_model_written_with_functions_alone_has_its_layers_too() -> None:
    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel, self.matrix = nn.Parameter(tinycnn.ones(2, 1, 3, 3)), nn.Parameter(tinycnn.ones(8, 3))

        def forward(self, x: Any) -> Any:
            return F.relu(F.conv2d(x, self.kernel)).flatten(1) @ self.matrix

    assert [(layer.path, layer.parameters, layer.mult_adds) for layer in measure(Functions(), (1, 1, 4, 4)).layers] == [
        ("conv2d", 18, 2 * 4 * 9), ("relu", 0, 0), ("flatten", 0, 0), ("matmul", 24, 8 * 3),
    ]


def test_a_function_that_takes_several_ops_is_one_layer() -> None:
    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel, self.matrix = nn.Parameter(tinycnn.ones(2, 1, 3, 3)), nn.Parameter(tinycnn.ones(3, 2))
            self.bias = nn.Parameter(tinycnn.ones(2))

        def forward(self, x: Any) -> Any:
            y = F.avg_pool2d(F.conv2d(x, self.kernel, self.bias), 2)
            return F.linear(y.permute(0, 2, 3, 1), self.matrix).mean((1, 2)) + 1

    found = measure(Functions(), (2, 1, 6, 6)).layers
    assert [(layer.path, layer.parameters, layer.output_shape, layer.sources) for layer in found] == [
        ("conv2d", 18 + 2, (2, 2, 4, 4), ()), ("avg_pool2d", 0, (2, 2, 2, 2), (0,)),
        ("permute", 0, (2, 2, 2, 2), (1,)), ("linear", 6, (2, 2, 2, 3), (2,)),
        ("mean", 0, (2, 3), (3,)), ("add", 0, (2, 3), (4,)),
    ]
