"""Convolutional networks from scratch in NumPy, under PyTorch's names.

>>> import tinycnn as torch
>>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([[2., 4.],
        [6., 8.]])

``tinycnn.nn``, ``.optim``, ``.utils.data``, ``.models``, ``.datasets`` and the rest are loaded when first used.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any

import numpy as numpy  # before all else: from deeper in the stack of calls its import takes a third longer

from tinycnn import autograd, cuda, random
from tinycnn._description import is_floating_point, numel
from tinycnn._repr import set_printoptions
from tinycnn._tensor import Tensor
from tinycnn._version import __version__
from tinycnn.autograd import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from tinycnn.autograd.node import is_tensor
from tinycnn.backend import device
from tinycnn.backend.matmul_precision import get_float32_matmul_precision, set_float32_matmul_precision
from tinycnn.backend.threads import get_num_threads, set_num_threads
from tinycnn.conversion import as_tensor, asarray, from_dlpack, from_numpy, tensor
from tinycnn.creation import (
    arange,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from tinycnn.dtypes import (
    bool_,
    double,
    float16,
    float32,
    float64,
    float_,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    int_,
    long,
    set_default_dtype,
    short,
    uint8,
)
from tinycnn.errors import (
    ArgumentError,
    ConfigError,
    DeviceError,
    DomainError,
    DTypeError,
    FormatError,
    GraphError,
    IndexRangeError,
    ShapeError,
    StateError,
    TinycnnError,
)
from tinycnn.ops.activations import relu, sigmoid
from tinycnn.ops.arithmetic import add, div, float_power, floor_divide, fmod, mul, neg, pow, remainder, rsub, sub
from tinycnn.ops.choice import clamp, clamp_max, clamp_min, masked_fill, maximum, minimum, where
from tinycnn.ops.comparison import (
    bitwise_and,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    eq,
    ge,
    gt,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from tinycnn.ops.contraction import einsum
from tinycnn.ops.copying import clone
from tinycnn.ops.diagonals import diag, diagonal, trace, tril, triu
from tinycnn.ops.elementwise import (
    abs,
    ceil,
    cos,
    erf,
    exp,
    exp2,
    expm1,
    floor,
    frac,
    log,
    log1p,
    log2,
    log10,
    positive,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    tanh,
    trunc,
)
from tinycnn.ops.expansion import broadcast_tensors, broadcast_to, meshgrid, tile
from tinycnn.ops.extremes import amax, amin, aminmax, max, min
from tinycnn.ops.indexing import masked_select, narrow, nonzero, select
from tinycnn.ops.joining import (
    cat,
    chunk,
    hstack,
    split,
    split_with_sizes,
    stack,
    tensor_split,
    unbind,
    vstack,
)
from tinycnn.ops.linalg import addmm, bmm, dot, matmul, mm, mv, outer
from tinycnn.ops.logits import log_softmax, softmax
from tinycnn.ops.magnitude import norm
from tinycnn.ops.ordering import argmax, argmin, argsort, kthvalue, msort, sort, topk
from tinycnn.ops.reduction import cumsum, logsumexp, mean, nansum, prod, std, std_mean, sum, var, var_mean
from tinycnn.ops.scattering import (
    gather,
    index_add,
    index_select,
    repeat_interleave,
    scatter,
    scatter_add,
    take,
    take_along_dim,
)
from tinycnn.ops.shaping import (
    flatten,
    flip,
    fliplr,
    flipud,
    movedim,
    permute,
    ravel,
    reshape,
    roll,
    squeeze,
    swapaxes,
    t,
    transpose,
    unflatten,
    unsqueeze,
)
from tinycnn.ops.verdicts import all, allclose, any, count_nonzero, equal, isclose
from tinycnn.random import (
    Generator,
    bernoulli,
    get_rng_state,
    initial_seed,
    manual_seed,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    set_rng_state,
)
from tinycnn.shapes import Size

if TYPE_CHECKING:
    from tinycnn import datasets as datasets
    from tinycnn import gradcheck as gradcheck
    from tinycnn import likelihood as likelihood
    from tinycnn import models as models
    from tinycnn import nn as nn
    from tinycnn import optim as optim
    from tinycnn import plot as plot
    from tinycnn import profiler as profiler
    from tinycnn import train as train
    from tinycnn import utils as utils
    from tinycnn.nn.functional import conv2d, conv_transpose2d, dropout, group_norm, layer_norm, max_pool2d
    from tinycnn.serialization import load, save

float = float_
int = int_
bool = bool_
inf, nan, pi, e = math.inf, math.nan, math.pi, math.e
absolute, multiply, subtract, divide, negative, true_divide, fix = abs, mul, sub, div, neg, div, trunc
greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
concat = concatenate = cat
clip = clamp
moveaxis, swapdims, detach = movedim, transpose, Tensor.detach

_LAZY_MODULES = frozenset((
    "datasets", "gradcheck", "hub", "likelihood", "models", "nn", "optim", "plot", "profiler", "tables", "train",
    "transforms", "utils",
))
_LAZY_NAMES = {
    **dict.fromkeys(("layer_table", "summary"), "tinycnn.tables"),
    **dict.fromkeys(("load", "save"), "tinycnn.serialization"),
    **dict.fromkeys(  # what PyTorch's top module has of nn.functional
        ("conv2d", "conv_transpose2d", "dropout", "group_norm", "layer_norm", "max_pool2d"), "tinycnn.nn.functional"
    ),
}


def finfo(type: Any = None) -> Any:
    """The limits of a floating type: ``finfo(float32).eps``, ``.max``, ``.tiny``."""
    import numpy

    return numpy.finfo(type or get_default_dtype())


def iinfo(type: Any) -> Any:
    """The limits of an integer type."""
    import numpy

    return numpy.iinfo(type)


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return importlib.import_module(f"tinycnn.{name}")
    if name in _LAZY_NAMES:
        return getattr(importlib.import_module(_LAZY_NAMES[name]), name)
    raise AttributeError(f"module 'tinycnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_LAZY_MODULES})


__all__ = [
    "ArgumentError", "ConfigError", "DTypeError", "DeviceError", "DomainError", "FormatError", "Generator",
    "GraphError", "IndexRangeError", "ShapeError", "Size", "StateError", "Tensor", "TinycnnError", "__version__", "abs",
    "absolute", "add", "addmm", "all", "allclose", "amax", "amin", "aminmax", "any", "arange", "argmax", "argmin",
    "argsort", "as_tensor", "asarray", "autograd", "bernoulli", "bitwise_and", "bitwise_left_shift", "bitwise_not",
    "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bmm", "bool", "bool_", "broadcast_tensors", "broadcast_to",
    "cat", "ceil", "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "concat", "concatenate", "conv2d",
    "conv_transpose2d", "cos", "count_nonzero", "cuda", "cumsum", "detach", "device", "diag", "diagonal", "div",
    "divide", "dot", "double", "dropout", "e", "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf",
    "exp", "exp2", "expm1", "eye", "finfo", "fix", "flatten", "flip", "fliplr", "flipud", "float", "float16", "float32",
    "float64", "float_", "float_power", "floor", "floor_divide", "fmod", "frac", "from_dlpack", "from_numpy", "full",
    "full_like", "gather", "ge", "get_default_dtype", "get_float32_matmul_precision", "get_num_threads",
    "get_rng_state", "greater", "greater_equal", "group_norm", "gt", "half", "hstack", "iinfo", "index_add",
    "index_select", "inf", "inference_mode", "initial_seed", "int", "int8", "int16", "int32", "int64", "int_",
    "is_floating_point", "is_grad_enabled", "is_inference_mode_enabled", "is_tensor", "isclose", "isfinite", "isinf",
    "isnan", "isneginf", "isposinf", "kthvalue", "layer_norm", "le", "less", "less_equal", "linspace", "load", "log",
    "log1p", "log2", "log10", "log_softmax", "logical_and", "logical_not", "logical_or", "logical_xor", "logsumexp",
    "long", "lt", "manual_seed", "masked_fill", "masked_select", "matmul", "max", "max_pool2d", "maximum", "mean",
    "meshgrid", "min", "minimum", "mm", "moveaxis", "movedim", "msort", "mul", "multiply", "mv", "nan", "nansum",
    "narrow", "ne", "neg", "negative", "no_grad", "nonzero", "norm", "normal", "not_equal", "numel", "ones",
    "ones_like", "outer", "permute", "pi", "positive", "pow", "prod", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "random", "randperm", "ravel", "reciprocal", "relu", "remainder", "repeat_interleave",
    "reshape", "roll", "round", "rsqrt", "rsub", "save", "scatter", "scatter_add", "select", "set_default_dtype",
    "set_float32_matmul_precision", "set_grad_enabled", "set_num_threads", "set_printoptions", "set_rng_state", "short",
    "sigmoid", "sign", "sin", "softmax", "sort", "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack",
    "std", "std_mean", "sub", "subtract", "sum", "swapaxes", "swapdims", "t", "take", "take_along_dim", "tanh",
    "tensor", "tensor_split", "tile", "topk", "trace", "transpose", "tril", "triu", "true_divide", "trunc", "uint8",
    "unbind", "unflatten", "unsqueeze", "var", "var_mean", "vstack", "where", "zeros", "zeros_like",
]
