"""One call of each function, to be tried in every dtype, and the functions to be tried with every pair of dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .call import Call, f

DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")

# What all dtypes hold is small and whole. These arrays become tensors of the dtype in question, other arrays stay.
ROW, ONE, NONE = f(2, 0, 1, 3), f(2), np.zeros((0, 2))
TABLE, OTHER = f([1, 0, 2], [3, 1, 1]), f([1, 1, 2], [0, 2, 1])
IMAGE, KERNEL = f([[[1, 0, 2], [3, 1, 1], [0, 2, 1]]]), f([[[1, 0], [2, 1]]])
CHANNELS = f([[[1, 0], [2, 3]], [[1, 1], [0, 2]]])  # N C H W = 1 2 2 2
SHARES = f([1, 0, 1], [0, 1, 1])
LABELS, MASK, INDEX = np.array([0, 2]), np.array([[True, False, True], [False, True, False]]), np.array([[0, 1, 0]])
STATISTICS = [f(1, 0), f(1, 2)]
SINGLE = {"dtype": np.dtype("float32")}

CALLS: list[Call] = [
    # windows
    Call("F.conv2d", [IMAGE, KERNEL, ONE]),
    Call("F.conv_transpose2d", [IMAGE, KERNEL, ONE]),
    Call("F.unfold", [IMAGE, 2]),
    Call("F.fold", [f([1], [0], [2], [3]), 2, 2]),
    Call("F.max_pool2d", [IMAGE, 2]),
    Call("F.max_pool2d", [IMAGE, 2], {"return_indices": True}),
    Call("F.avg_pool2d", [IMAGE, 2]),
    Call("F.adaptive_avg_pool2d", [IMAGE, 1]),
    Call("F.adaptive_avg_pool2d", [IMAGE, 2]),
    *(Call("F.pad", [IMAGE, [1, 1]], {"mode": mode}) for mode in ("constant", "reflect", "replicate", "circular")),
    Call("F.pad", [TABLE, [1, 0]], {"value": 2.5}),
    # normalisation
    Call("F.batch_norm", [CHANNELS, None, None], {"training": True}),
    Call("F.batch_norm", [CHANNELS, *STATISTICS, f(1, 2), f(0, 1)]),
    Call("F.layer_norm", [TABLE, [3]]),
    Call("F.layer_norm", [TABLE, [3], f(1, 2, 0), f(0, 1, 1)]),
    Call("F.group_norm", [CHANNELS, 1, f(1, 2), f(0, 1)]),
    Call("F.instance_norm", [CHANNELS]),
    Call("F.local_response_norm", [CHANNELS, 2]),
    # element by element
    *(Call(f"F.{name}", [ROW]) for name in ("relu", "relu6", "leaky_relu", "elu", "silu", "gelu", "softplus",
                                            "logsigmoid", "sigmoid", "tanh")),
    Call("F.gelu", [ROW], {"approximate": "tanh"}),
    *(Call(f"torch.{name}", [ROW]) for name in ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "erf", "neg",
                                                "isnan", "isfinite", "logical_not", "sign", "floor", "round", "square",
                                                "rsqrt", "log1p", "log2", "sin", "cos", "bitwise_not")),
    *(Call("torch.pow", [ROW, exponent]) for exponent in (2, 0.5, ROW, -1)),
    Call("torch.pow", [2, ROW]),
    Call("torch.clamp", [ROW, 1, 2]),
    Call("torch.clamp", [ROW, 0.5]),
    Call("torch.clamp", [ROW, ROW, f(1, 1, 1, 1)]),
    *(Call(f"torch.{name}", [TABLE, OTHER]) for name in ("add", "sub", "mul", "div", "true_divide", "maximum",
                                                         "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logical_and",
                                                         "logical_or", "logical_xor", "bitwise_and", "equal",
                                                         "allclose", "isclose")),
    Call("torch.remainder", [OTHER, f(1, 1, 1)]),
    Call("torch.floor_divide", [OTHER, f(1, 1, 1)], order=0),  # PyTorch's wants a gradient, but has no derivative
    *(Call("torch.div", [TABLE, f(1, 1, 1)], {"rounding_mode": mode}) for mode in ("floor", "trunc")),
    Call("torch.add", [TABLE, OTHER], {"alpha": 2}),
    Call("torch.where", [MASK, TABLE, OTHER]),
    Call("torch.where", [MASK, TABLE, 0.5]),
    Call("torch.where", [TABLE, TABLE, OTHER]),
    Call("Tensor.masked_fill", [TABLE, MASK, 2]),
    Call("Tensor.masked_fill", [TABLE, MASK, 1.5]),
    Call("Tensor.masked_fill", [TABLE, TABLE, 1]),
    # in place
    Call("Tensor.add_", [TABLE, 1]),
    Call("Tensor.add_", [TABLE, 1.5]),
    Call("Tensor.div_", [TABLE, 2]),
    Call("Tensor.mul_", [TABLE, OTHER]),
    Call("Tensor.clamp_", [TABLE, 1, 2]),
    Call("Tensor.zero_", [TABLE]),
    Call("Tensor.__setitem__", [TABLE, 0, 1.5]),
    Call("Tensor.__setitem__", [TABLE, (slice(None), 1), f(1, 0)]),
    # softmax and losses
    Call("F.softmax", [TABLE], {"dim": 1}),
    Call("F.softmax", [TABLE], {"dim": 1, **SINGLE}),
    Call("F.log_softmax", [TABLE], {"dim": 1}),
    Call("F.log_softmax", [TABLE], {"dim": 1, **SINGLE}),
    Call("torch.logsumexp", [TABLE, 1]),
    Call("F.cross_entropy", [TABLE, LABELS]),
    Call("F.cross_entropy", [TABLE, SHARES]),
    Call("F.nll_loss", [TABLE, LABELS]),
    Call("F.nll_loss", [TABLE, ONE]),
    Call("F.binary_cross_entropy", [SHARES, SHARES]),
    Call("F.binary_cross_entropy_with_logits", [TABLE, SHARES]),
    Call("F.binary_cross_entropy_with_logits", [TABLE, SHARES], {"pos_weight": f(1, 2, 1)}),
    Call("F.mse_loss", [TABLE, OTHER]),
    Call("F.l1_loss", [TABLE, OTHER]),
    Call("F.l1_loss", [TABLE, OTHER], {"reduction": "none"}),
    # layers
    Call("F.linear", [TABLE, OTHER, f(1, 2)]),
    Call("F.one_hot", [ROW, 4]),
    Call("F.dropout", [ROW], {"p": 0.0}),
    Call("F.dropout", [ROW], {"training": False}),
    Call("F.dropout2d", [CHANNELS], {"p": 0.0}),
    # reductions
    *(Call(f"torch.{name}", [TABLE]) for name in ("sum", "mean", "var", "std", "max", "min", "amax", "amin", "argmax",
                                                  "argmin", "prod", "all", "any", "norm")),
    *(Call(f"torch.{name}", [TABLE, 1]) for name in ("sum", "mean", "var", "std", "max", "min", "amax", "amin",
                                                     "argmax", "argmin", "prod", "cumsum", "all", "any")),
    *(Call(f"torch.{name}", [NONE, 0]) for name in ("sum", "mean", "var", "prod", "cumsum", "all", "logsumexp")),
    *(Call(f"torch.{name}", [TABLE], SINGLE) for name in ("sum", "mean", "prod")),
    Call("torch.cumsum", [TABLE, 0], SINGLE),
    Call("torch.sort", [ROW]),
    Call("torch.argsort", [ROW]),
    Call("torch.topk", [ROW, 2]),
    # products
    Call("torch.matmul", [TABLE, OTHER.T]),
    Call("torch.matmul", [TABLE, f(1, 0, 2)]),
    Call("torch.matmul", [CHANNELS, CHANNELS]),
    Call("torch.einsum", ["ij,kj->ik", TABLE, OTHER]),
    # shapes
    *(Call(f"torch.{name}", [TABLE, *args]) for name, args in (
        ("split", [1]), ("chunk", [2]), ("permute", [[1, 0]]), ("transpose", [0, 1]), ("reshape", [[3, 2]]),
        ("squeeze", []), ("unsqueeze", [0]), ("broadcast_to", [[2, 2, 3]]), ("flatten", []), ("unflatten", [1, [3, 1]]),
        ("flip", [[0]]), ("roll", [1]), ("gather", [0, INDEX]), ("scatter_add", [0, INDEX, OTHER[:1]]),
        ("masked_select", [MASK]), ("index_select", [0, LABELS % 2]), ("nonzero", []),
    )),
    *(Call(f"Tensor.{name}", [TABLE, *args]) for name, args in (
        ("view", [3, 2]), ("expand", [2, 2, 3]), ("repeat", [1, 2]), ("__getitem__", [(0, slice(1, 3))]),
        ("__getitem__", [MASK]), ("__getitem__", [LABELS % 2]), ("tolist", []), ("clone", []),
    )),
    Call("torch.gather", [TABLE, 0, TABLE]),
    Call("Tensor.__getitem__", [ROW, ROW]),
    Call("torch.cat", [[TABLE, OTHER]]),
    Call("torch.stack", [[TABLE, OTHER], 1]),
]  # fmt: skip

PAIRS = ("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "eq", "lt", "maximum", "logical_and",
         "bitwise_or", "where", "cat", "matmul", "add_", "mul_", "__setitem__", "masked_fill")  # fmt: skip
FORMS = ("tensor", "0-d tensor", "bool", "int", "float")


def pair(name: str, form: str, one: str, two: str) -> Call:
    """The function with a tensor of dtype `one`, and with a tensor of dtype `two` or a Python number; no gradients."""
    x = np.array([2, 1]).astype(one)
    numbers: dict[str, Any] = {"bool": True, "int": 2, "float": 1.5}
    y = numbers.get(form, np.array([1, 1] if form == "tensor" else 1).astype(two))
    if name == "where":
        return Call("torch.where", [np.array([True, False]), x, y], order=0)
    if name == "cat":
        return Call("torch.cat", [[x, y]], order=0)
    if name == "__setitem__":
        return Call("Tensor.__setitem__", [x, slice(None), y], order=0)
    if name == "masked_fill":
        return Call("Tensor.masked_fill", [x, np.array([True, False]), y], order=0)
    space = "Tensor" if name.endswith("_") else "torch"
    return Call(f"{space}.{name}", [x, y], order=0)
