"""Layers, losses and the means to build networks of them, under the names of torch.nn."""

from __future__ import annotations

from tinycnn.nn import functional, init
from tinycnn.nn.activations import GELU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from tinycnn.nn.containers import ModuleDict, ModuleList, ParameterList, Sequential
from tinycnn.nn.convolution import Conv2d
from tinycnn.nn.dense import Flatten, Identity, Linear, Unflatten
from tinycnn.nn.excitation import SqueezeExcitation
from tinycnn.nn.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from tinycnn.nn.module import Module
from tinycnn.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from tinycnn.nn.parts import Parameter
from tinycnn.nn.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from tinycnn.nn.regularization import Dropout, Dropout2d

__all__ = [
    "GELU", "AdaptiveAvgPool2d", "AvgPool2d", "BCELoss", "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "Conv2d",
    "CrossEntropyLoss", "Dropout", "Dropout2d", "Flatten", "Identity", "L1Loss", "LayerNorm", "Linear", "LogSoftmax",
    "MSELoss", "MaxPool2d", "Module", "ModuleDict", "ModuleList", "NLLLoss", "Parameter", "ParameterList", "ReLU",
    "Sequential", "SiLU", "Sigmoid", "Softmax", "SqueezeExcitation", "Tanh", "Unflatten", "functional", "init",
]
