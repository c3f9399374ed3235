"""The layers as functions, under the names of torch.nn.functional; one topic a file."""

from __future__ import annotations

from tinycnn.nn.functional.activations import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from tinycnn.nn.functional.adaptive import adaptive_avg_pool2d, adaptive_max_pool2d
from tinycnn.nn.functional.batch_normalization import batch_norm, instance_norm
from tinycnn.nn.functional.binary import binary_cross_entropy, binary_cross_entropy_with_logits
from tinycnn.nn.functional.classification import cross_entropy, nll_loss
from tinycnn.nn.functional.convolution import conv2d, conv_transpose2d
from tinycnn.nn.functional.normalization import global_response_norm, group_norm, layer_norm, local_response_norm
from tinycnn.nn.functional.padding import pad
from tinycnn.nn.functional.pooling import avg_pool2d, max_pool2d
from tinycnn.nn.functional.regression import l1_loss, mse_loss
from tinycnn.nn.functional.regularization import dropout, dropout1d, dropout2d, stochastic_depth
from tinycnn.nn.functional.sparse import one_hot
from tinycnn.nn.functional.unfolding import fold, unfold
from tinycnn.ops.linalg import linear

__all__ = [
    "adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "batch_norm", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "conv2d", "conv_transpose2d", "cross_entropy", "dropout", "dropout1d",
    "dropout2d", "elu", "fold", "gelu", "global_response_norm", "group_norm", "hardtanh", "instance_norm",
    "l1_loss", "layer_norm", "leaky_relu", "linear", "local_response_norm", "log_softmax", "logsigmoid",
    "max_pool2d", "mse_loss", "nll_loss", "one_hot", "pad", "relu", "relu6", "sigmoid", "silu", "softmax",
    "softplus", "stochastic_depth", "tanh", "unfold",
]
