"""The layers as functions, under the names of torch.nn.functional; one topic a file."""

from __future__ import annotations

from tinycnn.nn.functional.activations import (
    gelu,
    log_softmax,
    logsigmoid,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinycnn.nn.functional.binary import binary_cross_entropy, binary_cross_entropy_with_logits
from tinycnn.nn.functional.classification import cross_entropy, nll_loss
from tinycnn.nn.functional.convolution import conv2d
from tinycnn.nn.functional.normalization import batch_norm, layer_norm
from tinycnn.nn.functional.padding import pad
from tinycnn.nn.functional.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from tinycnn.nn.functional.regression import l1_loss, mse_loss
from tinycnn.nn.functional.regularization import dropout, dropout2d
from tinycnn.nn.functional.sparse import one_hot
from tinycnn.ops.linalg import linear

__all__ = [
    "adaptive_avg_pool2d", "avg_pool2d", "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "conv2d", "cross_entropy", "dropout", "dropout2d", "gelu", "l1_loss", "layer_norm", "linear", "log_softmax",
    "logsigmoid", "max_pool2d", "mse_loss", "nll_loss", "one_hot", "pad", "relu", "sigmoid", "silu", "softmax",
    "softplus", "tanh",
]
