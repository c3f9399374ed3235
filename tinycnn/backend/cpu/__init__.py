"""Kernels tuned for NumPy. Each equals its twin of the same name in `reference` and says what it gains."""

from __future__ import annotations

from tinycnn.backend.cpu.activations import (
    gelu,
    gelu_and_slope,
    relu,
    relu_backward,
    sigmoid,
    silu,
    silu_and_slope,
    tanh_gelu,
    tanh_gelu_and_slope,
)
from tinycnn.backend.cpu.convolution import (
    conv2d,
    conv2d_backward,
    conv2d_input,
    conv2d_weight,
    postpone_conv2d_weight,
)
from tinycnn.backend.cpu.maxima import maxima2d
from tinycnn.backend.cpu.normalization import normalize, normalize_backward, standardize, standardize_backward
from tinycnn.backend.cpu.pooling import max_pool2d
from tinycnn.backend.cpu.postponing import postpone
from tinycnn.backend.cpu.probabilities import log_softmax, softmax
from tinycnn.backend.cpu.products import matmul
from tinycnn.backend.cpu.steps import adam_step, sgd_step
from tinycnn.backend.cpu.summation import total
from tinycnn.backend.cpu.unpicking import unpick

__all__ = [
    "adam_step", "conv2d", "conv2d_backward", "conv2d_input", "conv2d_weight", "gelu", "gelu_and_slope", "log_softmax",
    "matmul", "max_pool2d", "maxima2d", "normalize", "normalize_backward", "postpone", "postpone_conv2d_weight", "relu",
    "relu_backward", "sgd_step", "sigmoid", "silu", "silu_and_slope", "softmax", "standardize", "standardize_backward",
    "tanh_gelu", "tanh_gelu_and_slope", "total", "unpick",
]

KERNELS: tuple[str, ...] = (*__all__,)
