"""Layers, losses and the means to build networks of them, under the names of torch.nn."""

from __future__ import annotations

from tinycnn.nn import functional, init, utils
from tinycnn.nn.activations import (
    ELU,
    GELU,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from tinycnn.nn.batch_normalization import BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d
from tinycnn.nn.blocks import Conv2dNormActivation
from tinycnn.nn.containers import ModuleDict, ModuleList, ParameterList, Sequential
from tinycnn.nn.convolution import Conv2d, ConvTranspose2d
from tinycnn.nn.dense import Flatten, Identity, Linear, Permute, Unflatten
from tinycnn.nn.excitation import SqueezeExcitation
from tinycnn.nn.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from tinycnn.nn.module import Module
from tinycnn.nn.normalization import GroupNorm, LayerNorm, LayerNorm2d
from tinycnn.nn.padding import (
    CircularPad1d,
    CircularPad2d,
    CircularPad3d,
    ConstantPad1d,
    ConstantPad2d,
    ConstantPad3d,
    ReflectionPad1d,
    ReflectionPad2d,
    ReflectionPad3d,
    ReplicationPad1d,
    ReplicationPad2d,
    ReplicationPad3d,
    ZeroPad1d,
    ZeroPad2d,
    ZeroPad3d,
)
from tinycnn.nn.parts import Parameter
from tinycnn.nn.pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d
from tinycnn.nn.regularization import Dropout, Dropout1d, Dropout2d, StochasticDepth
from tinycnn.nn.response_normalization import GlobalResponseNorm, LocalResponseNorm
from tinycnn.nn.unfolding import Fold, Unfold

__all__ = [
    "ELU", "GELU", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "BCELoss", "BCEWithLogitsLoss",
    "BatchNorm1d", "BatchNorm2d", "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d",
    "ConstantPad2d", "ConstantPad3d", "Conv2d", "Conv2dNormActivation", "ConvTranspose2d", "CrossEntropyLoss",
    "Dropout", "Dropout1d", "Dropout2d", "Flatten", "Fold", "GlobalResponseNorm", "GroupNorm", "Hardtanh",
    "Identity", "InstanceNorm1d", "InstanceNorm2d", "L1Loss", "LayerNorm", "LayerNorm2d", "LeakyReLU", "Linear",
    "LocalResponseNorm", "LogSigmoid", "LogSoftmax", "MSELoss", "MaxPool2d", "Module", "ModuleDict", "ModuleList",
    "NLLLoss", "Parameter", "ParameterList", "Permute", "ReLU", "ReLU6", "ReflectionPad1d", "ReflectionPad2d",
    "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d", "Sequential", "SiLU", "Sigmoid",
    "Softmax", "Softplus", "SqueezeExcitation", "StochasticDepth", "Tanh", "Unflatten", "Unfold", "ZeroPad1d",
    "ZeroPad2d", "ZeroPad3d", "functional", "init", "utils",
]
