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

from tinycnn import autograd, cuda, random
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
from tinycnn.backend import device
from tinycnn.creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    is_tensor,
    linspace,
    numel,
    ones,
    ones_like,
    tensor,
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
from tinycnn.ops.arithmetic import (
    add,
    clamp,
    div,
    floor_divide,
    masked_fill,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    remainder,
    sub,
    where,
)
from tinycnn.ops.comparison import (
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    eq,
    ge,
    gt,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
)
from tinycnn.ops.copying import clone
from tinycnn.ops.elementwise import (
    abs,
    ceil,
    cos,
    erf,
    exp,
    floor,
    isfinite,
    isinf,
    isnan,
    log,
    log1p,
    log2,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    tanh,
    trunc,
)
from tinycnn.ops.expansion import broadcast_tensors, broadcast_to, tile
from tinycnn.ops.indexing import gather, index_select, narrow, nonzero, scatter_add, select
from tinycnn.ops.joining import cat, chunk, split, stack, unbind
from tinycnn.ops.linalg import bmm, dot, matmul, mm
from tinycnn.ops.logits import log_softmax, softmax
from tinycnn.ops.ordering import argmax, argmin, argsort, sort, topk
from tinycnn.ops.reduction import (
    all,
    allclose,
    amax,
    amin,
    any,
    count_nonzero,
    cumsum,
    equal,
    isclose,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    sum,
    var,
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
    from tinycnn import train as train
    from tinycnn import utils as utils
    from tinycnn.serialization import load, save

float = float_
int = int_
bool = bool_
inf, nan, pi, e = math.inf, math.nan, math.pi, math.e
absolute, multiply, subtract, divide, negative, true_divide = abs, mul, sub, div, neg, div
concat = concatenate = cat
clip = clamp
moveaxis, swapdims = movedim, transpose

_LAZY_MODULES = frozenset(("datasets", "gradcheck", "likelihood", "models", "nn", "optim", "plot", "train", "utils"))
_LAZY_NAMES = {"load": "tinycnn.serialization", "save": "tinycnn.serialization"}


def finfo(type: Any = None) -> Any:
    """The limits of a floating type: ``finfo(float32).eps``, ``.max``, ``.tiny``."""
    import numpy

    return numpy.finfo(type or get_default_dtype())


def iinfo(type: Any) -> Any:
    """The limits of an integer type."""
    import numpy

    return numpy.iinfo(type)


def is_floating_point(input: Tensor) -> Any:
    """Whether the elements are floating-point numbers."""
    return input.is_floating_point()


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
    "GraphError", "IndexRangeError", "ShapeError", "Size", "StateError", "Tensor", "TinycnnError", "__version__",
    "abs", "absolute", "add", "all", "allclose", "amax", "amin", "any", "arange", "argmax", "argmin", "argsort",
    "as_tensor", "asarray", "autograd", "bernoulli", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bmm",
    "bool", "bool_", "broadcast_tensors", "broadcast_to", "cat", "ceil", "chunk", "clamp", "clip", "clone", "concat",
    "concatenate", "cos", "count_nonzero", "cuda", "cumsum", "device", "div", "divide", "dot", "double", "e", "empty",
    "empty_like", "enable_grad", "eq", "equal", "erf", "exp", "eye", "finfo", "flatten", "flip", "fliplr", "flipud",
    "float", "float16", "float32", "float64", "float_", "floor", "floor_divide", "from_numpy", "full", "full_like",
    "gather", "ge", "get_default_dtype", "get_rng_state", "gt", "half", "iinfo", "index_select", "inf",
    "inference_mode", "initial_seed", "int", "int8", "int16", "int32", "int64", "int_", "is_floating_point",
    "is_grad_enabled", "is_inference_mode_enabled", "is_tensor", "isclose", "isfinite", "isinf", "isnan", "le",
    "linspace", "load", "log", "log1p", "log2", "log_softmax", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logsumexp", "long", "lt", "manual_seed", "masked_fill", "matmul", "max", "maximum", "mean", "min",
    "minimum", "mm", "moveaxis", "movedim", "mul", "multiply", "nan", "narrow", "ne", "neg", "negative", "no_grad",
    "nonzero", "norm", "normal", "numel", "ones", "ones_like", "permute", "pi", "pow", "prod", "rand", "rand_like",
    "randint", "randint_like", "randn", "randn_like", "random", "randperm", "ravel", "relu", "remainder", "reshape",
    "roll", "round", "rsqrt", "save", "scatter_add", "select", "set_default_dtype", "set_grad_enabled",
    "set_printoptions", "set_rng_state", "short", "sigmoid", "sign", "sin", "softmax", "sort", "split", "sqrt",
    "square", "squeeze", "stack", "std", "sub", "subtract", "sum", "swapaxes", "swapdims", "t", "tanh", "tensor",
    "tile", "topk", "transpose", "true_divide", "trunc", "uint8", "unbind", "unflatten", "unsqueeze", "var", "where",
    "zeros", "zeros_like",
]
