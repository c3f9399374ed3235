"""The single layers that are timed, forward and backward, with the products and the memory traffic they need at least.

A multiply-add is two operations (FLOP). A convolution or linear layer does the same products three times: for its
output, for the gradient of its input and for that of its weight. The traffic counts every array once for each of these,
as if the cache kept what it needs meanwhile: y ← x, w;  x̄ ← ȳ, w;  w̄ ← ȳ, x.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

FLOAT = 4  # bytes


@dataclass(frozen=True)
class Layer:
    """A layer, the shape of its input, its operations, and the bytes that must go to and from memory."""

    name: str
    shape: tuple[int, ...]
    make: Callable[[Any], Any]  # the layer, of the module `nn` that is given
    flop: int                   # 0: it is judged by its traffic alone
    traffic: int
    image: bool = False         # its input is the image, of which no gradient is wanted
    permuted: bool = False      # its input is a feature map, channels last: N H W C

    @property
    def is_map(self) -> bool:
        """Whether its input is N C H W, which a library may lay out in memory in either order."""
        return len(self.shape) == 4 and not self.permuted


def conv(
    kind: str, batch: int, channels: int, out: int, size: int, kernel: int, stride: int = 1, padding: int | None = None,
    groups: int = 1, image: bool = False,
) -> Layer:
    """A convolution without bias; by default the padding keeps the size."""
    pad = kernel // 2 if padding is None else padding
    side = (size + 2 * pad - kernel) // stride + 1
    weight = out * channels // groups * kernel * kernel
    x, y = batch * channels * size * size, batch * out * side * side
    products = 2 if image else 3
    return Layer(
        f"{kind}, {channels}→{out} at {size}²", (batch, channels, size, size),
        lambda nn: nn.Conv2d(channels, out, kernel, stride, pad, groups=groups, bias=False),
        2 * products * batch * side * side * weight, FLOAT * products * (x + weight + y), image,
    )


def linear(batch: int, before: int, after: int) -> Layer:
    """A linear layer at the end of a network, where the weights are many and the rows few."""
    return Layer(
        f"linear, {before}→{after}, batch {batch}", (batch, before), lambda nn: nn.Linear(before, after),
        6 * batch * before * after, 3 * FLOAT * (batch * before + before * after + batch * after),
    )


def pointwise(batch: int, before: int, after: int, size: int) -> Layer:
    """ConvNeXt's linear layer, on the channels of every pixel."""
    pixels = batch * size * size
    return Layer(
        f"linear on pixels, {before}→{after} at {size}²", (batch, size, size, before),
        lambda nn: nn.Linear(before, after), 6 * pixels * before * after,
        3 * FLOAT * (pixels * before + before * after + pixels * after), permuted=True,
    )


def elementwise(name: str, shape: tuple[int, ...], make: Callable[[Any], Any], permuted: bool = False) -> Layer:
    """A layer whose output is as large as its input: y ← x;  x̄ ← ȳ, x."""
    return Layer(name, shape, make, 0, FLOAT * 5 * prod(shape), permuted=permuted)


def pool(batch: int, channels: int, size: int, kernel: int, stride: int, padding: int = 0) -> Layer:
    """Max-pooling: y ← x;  x̄ ← ȳ and which entry won, a byte at the least."""
    side = (size + 2 * padding - kernel) // stride + 1
    x, y = batch * channels * size * size, batch * channels * side * side
    return Layer(
        f"max-pool {kernel}×{kernel}, {channels} at {size}²", (batch, channels, size, size),
        lambda nn: nn.MaxPool2d(kernel, stride, padding), 0, FLOAT * 2 * (x + y) + 2 * y,
    )


LAYERS = (
    conv("stem 7×7 /2",  8,  3,    64,   224, 7, 2, image=True),
    conv("stem 11×11 /4", 16, 3,   64,   224, 11, 4, 2, image=True),
    conv("stem 3×3",     4,  3,    64,   224, 3, image=True),
    conv("stem 4×4 /4",  2,  3,    96,   224, 4, 4, 0, image=True),
    conv("3×3",          8,  64,   64,   56,  3),
    conv("3×3",          8,  128,  128,  28,  3),
    conv("3×3",          8,  256,  256,  14,  3),
    conv("3×3",          8,  512,  512,  7,   3),
    conv("3×3",          4,  64,   128,  112, 3),
    conv("3×3",          4,  256,  256,  56,  3),
    conv("3×3",          4,  512,  512,  28,  3),
    conv("3×3",          64, 64,   64,   8,   3),
    conv("5×5",          16, 64,   192,  27,  5),
    conv("3×3 /2",       8,  64,   128,  56,  3, 2),
    conv("3×3 /2",       8,  256,  512,  14,  3, 2),
    conv("1×1",          4,  64,   256,  56,  1),
    conv("1×1",          4,  256,  64,   56,  1),
    conv("1×1",          4,  1024, 256,  14,  1),
    conv("1×1 /2",       8,  64,   128,  56,  1, 2),
    conv("2×2 /2",       2,  96,   192,  56,  2, 2, 0),
    conv("depthwise 7×7", 2, 96,   96,   56,  7, groups=96),
    conv("depthwise 7×7", 2, 384,  384,  14,  7, groups=384),
    conv("depthwise 3×3", 8, 96,   96,   56,  3, groups=96),
    conv("grouped 3×3 (32)", 4, 128, 128,  56,  3, groups=32),
    linear(4, 25088, 4096),
    linear(16, 9216, 4096),
    pointwise(2, 96, 384, 56),
    pointwise(2, 384, 1536, 14),
    elementwise("batch norm, 64 at 112²", (8, 64, 112, 112), lambda nn: nn.BatchNorm2d(64)),
    elementwise("batch norm, 256 at 14²", (8, 256, 14, 14), lambda nn: nn.BatchNorm2d(256)),
    elementwise("layer norm, 96 at 56²", (2, 56, 56, 96), lambda nn: nn.LayerNorm(96), permuted=True),
    elementwise("ReLU, 64 at 112²", (8, 64, 112, 112), lambda nn: nn.ReLU()),
    elementwise("GELU, 384 at 56²", (2, 56, 56, 384), lambda nn: nn.GELU(), permuted=True),
    pool(8, 64, 112, 3, 2, 1),
    pool(4, 64, 224, 2, 2),
)

BY_NAME = {layer.name: layer for layer in LAYERS}
