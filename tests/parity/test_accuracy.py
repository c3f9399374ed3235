r"""Accuracy is not traded for speed, layer by layer: every way that a kernel can go, at sizes as networks have them.

What is asked is in `accuracy`; layers of sizes that nobody chose are in `test_accuracy_of_drawn_layers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.parity.accuracy import Call, compare, normal
from tinycnn.backend.cpu import depthwise, grouped
from tinycnn.backend.cpu.convolution import at_once, banded, choice, direct, narrow, pointwise, two_by_two, winograd
from tinycnn.geometry import window

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")


# Convolution, every way it can go ────────────────────────────────────────────────────────────────────────────────────

# way: lists of images (N, C, H, W), kernels (O, C/groups, kH, kW), stride, padding, groups
CONVOLUTIONS: list[tuple[Any, tuple[int, ...], tuple[int, ...], int, int, int]] = [
    (direct,    (2, 64, 28, 28),  (128, 64, 3, 3), 2, 1, 1),
    (direct,    (1, 64, 13, 13),  (192, 64, 5, 5), 1, 2, 1),
    (direct,    (4, 96, 7, 7),    (128, 96, 3, 3), 2, 1, 1),
    (direct,    (4, 256, 2, 2),   (256, 256, 3, 3), 1, 1, 1),
    (two_by_two, (64, 256, 2, 2), (256, 256, 3, 3), 1, 1, 1),
    (two_by_two, (24, 200, 2, 2), (96, 200, 3, 3), 1, 1, 1),
    (at_once,   (2, 16, 13, 15),  (24, 16, 3, 3),  1, 1, 1),
    (at_once,   (8, 48, 3, 4),    (64, 48, 3, 3),  2, 1, 1),
    (at_once,   (4, 6, 14, 14),   (16, 6, 5, 5),   1, 0, 1),
    (direct,    (2, 96, 14, 14),  (192, 96, 2, 2), 2, 0, 1),
    (narrow,    (2, 3, 64, 64),   (64, 3, 7, 7),   2, 3, 1),
    (direct,    (2, 3, 95, 95),   (64, 3, 11, 11), 4, 2, 1),
    (narrow,    (1, 3, 224, 224), (64, 3, 11, 11), 4, 2, 1),
    (narrow,    (2, 3, 48, 40),   (64, 3, 3, 3),   1, 1, 1),
    (narrow,    (2, 3, 64, 64),   (96, 3, 4, 4),   4, 0, 1),
    (banded,    (16, 3, 32, 32),  (6, 3, 5, 5),    1, 0, 1),
    (banded,    (16, 6, 14, 14),  (16, 6, 5, 5),   1, 0, 1),
    (pointwise, (2, 256, 14, 14), (512, 256, 1, 1), 1, 0, 1),
    (pointwise, (2, 256, 15, 15), (128, 256, 1, 1), 2, 0, 1),
    (winograd,  (4, 64, 28, 28),  (64, 64, 3, 3),  1, 1, 1),
    (winograd,  (2, 128, 15, 17), (96, 128, 3, 3), 1, 1, 1),
    (winograd,  (4, 256, 14, 14), (256, 256, 3, 3), 1, 1, 1),
    (winograd,  (16, 256, 7, 7),  (256, 256, 3, 3), 1, 1, 1),
    (winograd,  (3, 32, 33, 20),  (48, 32, 3, 3),  1, 0, 1),
    (winograd,  (1, 512, 14, 14), (512, 512, 3, 3), 1, 1, 1),
    (winograd,  (1, 64, 56, 56),  (48, 64, 3, 3),  1, 1, 1),
    (winograd,  (2, 16, 20, 31),  (24, 16, 3, 3),  1, 1, 1),
    (winograd,  (2, 16, 27, 20),  (32, 16, 5, 5),  1, 2, 1),
    (winograd,  (2, 64, 27, 27),  (192, 64, 5, 5), 1, 2, 1),
    (winograd,  (4, 200, 19, 30), (40, 200, 5, 5), 1, 1, 1),
    (depthwise.rows,     (2, 96, 28, 28), (96, 1, 3, 3), 1, 1, 96),
    (depthwise.rows,     (2, 96, 28, 28), (96, 1, 5, 5), 2, 2, 96),
    (depthwise.rows,     (2, 32, 14, 14), (64, 1, 3, 3), 1, 1, 32),
    (depthwise.spectrum, (2, 96, 56, 56), (96, 1, 7, 7), 1, 3, 96),
    (depthwise.spectrum, (2, 384, 14, 14), (384, 1, 7, 7), 1, 3, 384),
    (grouped,   (2, 128, 28, 28), (128, 4, 3, 3),  1, 1, 32),
    (grouped,   (2, 256, 14, 14), (256, 8, 3, 3),  2, 1, 32),
    (grouped,   (2, 96, 13, 13),  (128, 48, 5, 5), 1, 2, 2),
]  # fmt: skip


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda c: f"{c[0].__name__.split('.')[-1]}-{c[1]}-{c[2]}-{c[3]}")
@pytest.mark.parametrize("positive", ["nothing", "images", "both"])
def test_convolution(case: Any, positive: str) -> None:
    """Images of any sign, or as a ReLU leaves them, whose sums grow; with positive kernels they do so the more."""
    way, image, kernel, stride, padding, groups = case
    seen = window("test", image[2:], kernel[2:], (stride, stride), ((padding, padding),) * 2)
    assert choice.way(np.dtype("f"), *image[:2], kernel[0], seen, groups) is way, "no longer an example of this way"
    x, w, b = normal(len(image) + sum(kernel), image, kernel, kernel[:1])
    w /= np.float32(np.sqrt(np.prod(kernel[1:])))
    compare(
        lambda F, x, w, b: F.conv2d(x, w, b, stride=stride, padding=padding, groups=groups),
        x if positive == "nothing" else np.abs(x), np.abs(w) if positive == "both" else w, b,
    )  # fmt: skip


# images, kernels, stride, padding, groups: of gradients by few pixels, PyTorch's are at their most exact
FEW_PIXELS: list[tuple[tuple[int, ...], tuple[int, ...], int, int, int]] = [
    ((6, 200, 26, 11), (20, 200, 4, 2), 2, 0, 1),
    ((3, 8, 20, 26),   (20, 2, 2, 3),   3, 1, 4),
    ((3, 200, 28, 10), (32, 25, 3, 4),  2, 0, 8),
    ((2, 8, 12, 8),    (20, 8, 5, 1),   1, 1, 1),
    ((6, 8, 18, 12),   (8, 8, 2, 2),    1, 3, 1),
    ((5, 8, 19, 13),   (32, 8, 2, 6),   2, 3, 1),
    ((5, 3, 19, 24),   (200, 3, 3, 2),  3, 2, 1),
    ((6, 200, 7, 12),  (8, 200, 1, 1),  1, 0, 1),
    ((4, 20, 16, 22),  (20, 20, 1, 1),  1, 0, 1),
    ((1, 256, 8, 10),  (32, 256, 3, 3), 1, 1, 1),
    ((1, 256, 26, 22), (200, 256, 2, 1), 1, 0, 1),
    ((1, 20, 19, 22),  (20, 20, 4, 3),  1, 1, 1),
    ((4, 128, 9, 2),   (128, 128, 1, 2), 3, 0, 1),
    ((1, 20, 14, 7),   (64, 10, 3, 4),  1, 2, 2),
    ((3, 64, 14, 23),  (200, 8, 2, 4),  1, 1, 8),
    ((2, 256, 2, 26),  (80, 256, 2, 2), 2, 1, 1),
    ((2, 16, 3, 4),    (200, 16, 3, 3), 1, 2, 1),
]  # fmt: skip


@pytest.mark.parametrize("case", FEW_PIXELS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_convolution_of_few_pixels(case: Any, seed: int) -> None:
    image, kernel, stride, padding, groups = case
    arrays = normal(seed, image, kernel, kernel[:1])
    compare(lambda F, x, w, b: F.conv2d(x, w, b, stride=stride, padding=padding, groups=groups), *arrays)


# PyTorch's sums over channels are at their most exact where rows are short and odd, those over pixels where few are met
POINTWISE: list[tuple[tuple[int, ...], int, int]] = [
    ((4, 256, 7, 7), 32, 2), ((16, 256, 1, 1), 256, 2), ((64, 200, 3, 3), 20, 2), ((4, 384, 31, 31), 32, 2),
    ((16, 3, 17, 17), 16, 1),
]  # fmt: skip


@pytest.mark.parametrize(("image", "o", "stride"), POINTWISE, ids=str)
@pytest.mark.parametrize("seed", range(9))
def test_1x1_convolution(image: tuple[int, ...], o: int, stride: int, seed: int) -> None:
    compare(lambda F, x, w: F.conv2d(x, w, stride=stride), *normal(seed, image, (o, image[1], 1, 1)))


@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_convolution(stride: int) -> None:
    x, w, b = normal(0, (2, 64, 14, 14), (64, 32, 3, 3), (32,))
    compare(lambda F, x, w, b: F.conv_transpose2d(x, w, b, stride=stride), x, w, b)


# Norms ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

NORMS: dict[str, Call] = {
    "batch": lambda F, x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "layer": lambda F, x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), w, b),
    "group": lambda F, x, w, b: F.group_norm(x, 8, w, b),
    "instance": lambda F, x, w, b: F.instance_norm(x, weight=w, bias=b),
}


@pytest.mark.parametrize("data", ["usual", "a mean of 1000", "a value far off"])
@pytest.mark.parametrize("shape", [(8, 64, 28, 28), (16, 96, 7, 7), (2, 32, 3, 3)], ids=str)
@pytest.mark.parametrize("name", NORMS)
def test_norms(name: str, shape: tuple[int, ...], data: str) -> None:
    x, w, b = normal(1, shape, shape[1:2], shape[1:2])
    if data == "a mean of 1000":
        x += 1000
    elif data == "a value far off":
        x[0, 0, 0, 0] = 1e4
    compare(NORMS[name], x, w, b)


@pytest.mark.parametrize("shape", [(8, 64, 28, 28), (16, 96, 7, 7), (2, 32, 3, 3)], ids=str)
@pytest.mark.parametrize("mean", [0, 1000])
def test_batch_norm_in_evaluation(mean: float, shape: tuple[int, ...]) -> None:
    x, w, b = normal(2, shape, shape[1:2], shape[1:2])
    (means,) = normal(3, shape[1:2])
    variances = np.linspace(0.5, 2, shape[1], dtype=np.float32)

    def call(F: Any, x: Any, w: Any, b: Any) -> Any:
        library = torch if F is torch.nn.functional else tinycnn
        running = (library.from_numpy(t).to(x.dtype) for t in (means + np.float32(mean), variances))
        return F.batch_norm(x, *running, w, b)

    compare(call, x + np.float32(mean), w, b)


# Activations, and what tells classes apart ───────────────────────────────────────────────────────────────────────────

ELEMENTWISE: dict[str, Call] = {
    "relu": lambda F, x: F.relu(x),
    "gelu": lambda F, x: F.gelu(x),
    "tanh gelu": lambda F, x: F.gelu(x, approximate="tanh"),
    "silu": lambda F, x: F.silu(x),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "tanh": lambda F, x: F.tanh(x),
    "softplus": lambda F, x: F.softplus(x),
    "logsigmoid": lambda F, x: F.logsigmoid(x),
    "elu": lambda F, x: F.elu(x),
    "exp": lambda F, x: x.exp(),
    "log": lambda F, x: (x * x + 0.1).log(),
    "sqrt": lambda F, x: (x * x + 0.1).sqrt(),
}


@pytest.mark.parametrize("scale", [0.01, 1, 8])
@pytest.mark.parametrize("size", [40, 200_000])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str, size: int, scale: float) -> None:
    (x,) = normal(4, (size,))
    compare(ELEMENTWISE[name], x * np.float32(scale))


@pytest.mark.parametrize(
    ("name", "low"),
    [(name, low) for name, least in (("gelu", -4), ("tanh gelu", -4), ("silu", -16), ("sigmoid", -16))
     for low in range(least, 16, 2)],
)  # fmt: skip
def test_activations_piece_by_piece(name: str, low: int) -> None:
    """Relative to the largest number of a short stretch, where small values far out count as much as large ones.

    GELU's are left out below −4, where both libraries' float64 has lost the digits that float32 is measured by.
    """
    compare(ELEMENTWISE[name], np.linspace(low, low + 2, 20_001, dtype=np.float32))


@pytest.mark.parametrize("shape", [(64, 10), (32, 1000), (4, 50_000)], ids=str)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name: str, shape: tuple[int, ...]) -> None:
    (x,) = normal(5, shape)
    compare(lambda F, x: getattr(F, name)(x, dim=1), 3 * x)
    compare(lambda F, x: getattr(F, name)(x, dim=1), 3 * x + 1000)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(64, 10), (256, 1000)], ids=str)
def test_cross_entropy(shape: tuple[int, int], smoothing: float) -> None:
    (x,) = normal(6, shape)
    labels = np.arange(shape[0]) % shape[1]
    compare(lambda F, x, y: F.cross_entropy(x, y, label_smoothing=smoothing), 3 * x, labels)


# Pooling, linear layers, sums ────────────────────────────────────────────────────────────────────────────────────────

SUMS: dict[str, tuple[Call, list[tuple[int, ...]]]] = {
    "max_pool2d": (lambda F, x: F.max_pool2d(x, 3, 2, 1), [(4, 64, 28, 28)]),
    "avg_pool2d": (lambda F, x: F.avg_pool2d(x, 3, 2, 1), [(4, 64, 28, 28)]),
    "adaptive_avg_pool2d to 1": (lambda F, x: F.adaptive_avg_pool2d(x, 1), [(4, 64, 56, 56)]),
    "adaptive_avg_pool2d to 6": (lambda F, x: F.adaptive_avg_pool2d(x, 6), [(4, 64, 13, 13)]),
    "linear": (lambda F, x, w, b: F.linear(x, w, b), [(128, 1024), (512, 1024), (512,)]),
    "linear, a small batch": (lambda F, x, w, b: F.linear(x, w, b), [(4, 4096), (2048, 4096), (2048,)]),
    "linear, three axes": (lambda F, x, w, b: F.linear(x, w, b), [(2, 196, 384), (1536, 384), (1536,)]),
    "matmul": (lambda F, x, w: x @ w, [(300, 700), (700, 200)]),
    "batched matmul": (lambda F, x, w: x @ w, [(6, 64, 300), (6, 300, 64)]),
    "sum": (lambda F, x: x.sum(), [(3_000_000,)]),
    "mean": (lambda F, x: x.mean(), [(1000, 3000)]),
    "sum of rows": (lambda F, x: x.sum(1), [(30, 100_000)]),
    "sum of columns": (lambda F, x: x.sum(0), [(100_000, 30)]),
    "mean of channels": (lambda F, x: x.mean((0, 2, 3)), [(16, 32, 56, 56)]),
    "variance": (lambda F, x: x.var((0, 2, 3)), [(8, 32, 56, 56)]),
    "mse_loss": (lambda F, x, y: F.mse_loss(x, y), [(1000, 500), (1000, 500)]),
}


@pytest.mark.parametrize("positive", [False, True], ids=["any", "positive"])
@pytest.mark.parametrize("name", SUMS)
def test_sums(name: str, positive: bool) -> None:
    call, shapes = SUMS[name]
    arrays = normal(8, *shapes)
    compare(call, *(np.abs(a) if positive else a for a in arrays))
