"""What is said about arguments that cannot be; the errors of single ops stand in tests/cases."""

from __future__ import annotations

import numpy as np
import pytest

import tinycnn
from tinycnn.errors import DeviceError
from tinycnn.nn import functional as F

IMAGE, KERNEL = np.zeros((1, 2, 4, 4)), np.zeros((3, 2, 3, 3))
ROWS, LABELS = np.zeros((4, 3)), np.zeros(4, dtype="int64")

MESSAGES = [
    # a mix of dtypes
    (
        lambda t: F.batch_norm(t(ROWS).float(), t(ROWS[0]), t(ROWS[0])), RuntimeError,
        "batch_norm: expected input, running_mean and running_var to have one floating dtype\n"
        "  input         = float32, shape (4, 3)\n"
        "  running_mean  = float64, shape (3,)\n"
        "  running_var   = float64, shape (3,)\n"
        "  hint          x.float() makes a tensor float32, model.double() a model float64",
    ),
    (
        lambda t: F.layer_norm(t(ROWS), (3,), t(ROWS[0]).half()), RuntimeError,
        "layer_norm: expected input and weight to have one",
    ),
    (lambda t: F.layer_norm(t(LABELS), (4,)), TypeError, "layer_norm: expected input to have one floating dtype"),
    (
        lambda t: F.cross_entropy(t(ROWS), t(LABELS), t(ROWS[0]).float()), RuntimeError,
        "cross_entropy: expected input and weight to have one floating dtype",
    ),
    (
        lambda t: F.binary_cross_entropy_with_logits(t(ROWS[0]), t(LABELS[:3])), RuntimeError,
        "binary_cross_entropy_with_logits: the target must be floating, but got int64; x.float() makes it so",
    ),
    (lambda t: F.dropout(t(LABELS)), RuntimeError, "dropout: the input must be floating, but got int64"),
    # sizes
    (
        lambda t: F.cross_entropy(t(ROWS), t(LABELS), t(np.zeros(4))), RuntimeError,
        "cross_entropy: weight must have one entry for each of 3 classes, not (4,)",
    ),
    (
        lambda t: F.cross_entropy(t(ROWS), t(ROWS), t(np.zeros(4))), RuntimeError,
        "cross_entropy: weight must have one entry for each of 3 classes, not (4,)",
    ),
    (
        lambda t: F.mse_loss(t(ROWS), t(ROWS.T)), RuntimeError,
        "mse_loss: shapes do not broadcast: 3 and 4 meet at dimension -2\n  input   = (4, 3)\n  target  = (3, 4)\n",
    ),
    (
        lambda t: F.binary_cross_entropy_with_logits(t(ROWS), t(ROWS), pos_weight=t(np.zeros(2))), RuntimeError,
        "2 and 3 meet at dimension -1\n  input       = (4, 3)\n  pos_weight  = (2,)\n",
    ),
    (
        lambda t: F.l1_loss(t(ROWS), t(ROWS), weight=t(ROWS[0])), ValueError,
        "l1_loss: weight and input must have the same size, but got (3,) and (4, 3)",
    ),
    (
        lambda t: F.binary_cross_entropy(t(ROWS), t(ROWS), t(np.zeros(2))), RuntimeError,
        "binary_cross_entropy: shapes do not broadcast: 2 and 3 meet at dimension -1\n"
        "  input   = (4, 3)\n  weight  = (2,)\n",
    ),
    (
        lambda t: F.layer_norm(t(ROWS), (3,), t(ROWS)), RuntimeError,
        "layer_norm: expected weight of shape (3,), but got (4, 3)",
    ),
    (lambda t: F.dropout2d(t(ROWS[0])), RuntimeError, "dropout2d: expected at least 2 dimensions, N C H W, but got"),
    (lambda t: F.dropout1d(t(IMAGE)), RuntimeError, "dropout1d: expected 2 or 3 dimensions, N C L or C L, but got"),
    (
        lambda t: F.pad(t(ROWS), (1,)), RuntimeError,
        "pad: needs two widths for each padded dimension, at most 4 numbers, not (1,)",
    ),
    (
        lambda t: F.pad(t(ROWS), (-2, -2)), RuntimeError,
        "cut away more than the shape (4, 3) has",
    ),
    (
        lambda t: F.linear(t(ROWS), t(ROWS), t(ROWS[0])), RuntimeError,
        "linear: the bias must have one entry for each of 4 output features\n  input  * in    = (4, 3)\n"
        "  weight out in  = (4, 3)\n  bias   out     = (3,)",
    ),
    (lambda t: F.linear(t(ROWS), t(ROWS[0, 0])), RuntimeError, "the input has 3 features, the weight takes none"),
    # options
    (
        lambda t: F.max_pool2d(t(IMAGE), -1), RuntimeError,
        "max_pool2d: kernel_size must be at least 1, but it is (-1, -1)",
    ),
    (lambda t: F.avg_pool2d(t(IMAGE), 2, 0), RuntimeError, "avg_pool2d: stride must be at least 1, but it is (0, 0)"),
    (
        lambda t: F.conv2d(t(IMAGE), t(KERNEL), dilation=0), RuntimeError,
        "conv2d: dilation must be at least 1, but it is (0, 0)",
    ),
    (
        lambda t: F.conv2d(t(IMAGE), t(KERNEL), padding=-1), RuntimeError,
        "conv2d: padding must be at least 0, but it is (-1, -1)",
    ),
    (
        lambda t: F.adaptive_avg_pool2d(t(IMAGE), 1.5), TypeError,
        "adaptive_avg_pool2d: output_size must be one integer or two",
    ),
    (
        lambda t: F.layer_norm(t(ROWS), 3), TypeError,
        "layer_norm: normalized_shape must be a tuple of integers, not int 3",
    ),
    (
        lambda t: F.layer_norm(t(ROWS), t(ROWS)), TypeError,
        "normalized_shape must be a tuple of integers, not Tensor of shape (4, 3)",
    ),
    (
        lambda t: F.cross_entropy(t(ROWS), t(ROWS), ignore_index=1), RuntimeError,
        "cross_entropy: ignore_index is not supported for floating point target",
    ),
    (
        lambda t: F.gelu(t(ROWS), approximate="exact"), RuntimeError,
        "gelu: approximate must be 'none' or 'tanh', not 'exact'",
    ),
    (
        lambda t: F.stochastic_depth(t(ROWS), 1.5, "row"), RuntimeError,
        "stochastic_depth: dropout probability has to be between 0 and 1, but got 1.5",
    ),
    (
        lambda t: F.stochastic_depth(t(ROWS), 0.5, "rows"), ValueError,
        "stochastic_depth: mode has to be either 'batch' or 'row', but got 'rows'",
    ),
    (
        lambda t: F.dropout(t(ROWS), float("nan")), RuntimeError,
        "dropout: dropout probability has to be between 0 and 1",
    ),
    (lambda t: F.one_hot(t(LABELS - 1), 3), RuntimeError, "class values must be in [0, num_classes)"),
    (
        lambda t: F.one_hot(t(LABELS[:0])), RuntimeError,
        "one_hot: can not infer total number of classes from an empty tensor",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), MESSAGES)
def test_the_message_says_what_is_wrong(call, error, message, device):
    with pytest.raises(error) as caught:
        call(lambda array: tinycnn.tensor(array, device=device))
    assert message in str(caught.value)


def test_labels_that_are_an_array_are_no_tensor():
    with pytest.raises(TypeError, match="one_hot: tensor must be a Tensor, not ndarray"):
        F.one_hot(LABELS)
    with pytest.raises(TypeError, match=r"cross_entropy: target must be a Tensor, not list; "):
        F.cross_entropy(tinycnn.zeros(1, 3), [1])


@pytest.mark.parametrize(("name", "args"), [
    ("conv2d", (IMAGE, tinycnn.ones(3, 2, 3, 3))), ("max_pool2d", (IMAGE, 2)), ("avg_pool2d", (IMAGE, 2)),
    ("adaptive_avg_pool2d", (IMAGE, 2)), ("batch_norm", (ROWS, None, None)), ("layer_norm", (ROWS, (3,))),
    ("nll_loss", (ROWS, LABELS)), ("cross_entropy", (ROWS, LABELS)), ("binary_cross_entropy", (ROWS, ROWS)),
    ("binary_cross_entropy_with_logits", (ROWS, ROWS)), ("mse_loss", (ROWS, ROWS)), ("l1_loss", (ROWS, ROWS)),
    ("dropout", (ROWS,)), ("dropout2d", (IMAGE,)), ("pad", (ROWS, (1, 1))),
])  # fmt: skip
def test_an_array_is_no_tensor(name, args):
    message = rf"{name}: input must be a Tensor, not ndarray; tinycnn\.tensor makes one"
    with pytest.raises(TypeError, match=message):
        getattr(F, name)(*args)


def _on_the_host(*shape):
    return tinycnn.full(shape, 0.5)


@pytest.mark.parametrize(("name", "shape", "others"), [
    ("conv2d", (1, 2, 3, 3), {"weight": _on_the_host(2, 2, 1, 1)}),
    ("conv2d", (1, 2, 3, 3), {"weight": None, "bias": _on_the_host(2)}),
    ("conv_transpose2d", (1, 2, 3, 3), {"weight": _on_the_host(2, 2, 1, 1)}),
    ("batch_norm", (2, 3), {"running_mean": _on_the_host(3), "running_var": _on_the_host(3), "training": True}),
    ("batch_norm", (2, 3), {"running_mean": _on_the_host(3), "running_var": _on_the_host(3)}),
    ("instance_norm", (2, 3, 2), {"running_mean": _on_the_host(3), "running_var": _on_the_host(3)}),
    ("layer_norm", (2, 3), {"normalized_shape": (3,), "weight": _on_the_host(3)}),
    ("group_norm", (2, 4), {"num_groups": 2, "bias": _on_the_host(4)}),
    ("cross_entropy", (2, 3), {"target": tinycnn.tensor([0, 1])}),
    ("cross_entropy", (2, 3), {"target": _on_the_host(2, 3)}),
    ("nll_loss", (2, 3), {"target": tinycnn.tensor([0, 1])}),
    ("binary_cross_entropy", (2, 3), {"target": _on_the_host(2, 3)}),
    ("binary_cross_entropy_with_logits", (2, 3), {"target": None, "pos_weight": _on_the_host(3)}),
    ("mse_loss", (2, 3), {"target": _on_the_host(2, 3)}),
    ("l1_loss", (2, 3), {"target": _on_the_host(2, 3)}),
])  # fmt: skip
def test_tensors_of_two_devices_are_refused(name, shape, others, device):
    if device == "cpu":
        return  # there is one device only
    x = tinycnn.full(shape, 0.5, device=device)
    there = {"weight": tinycnn.ones(2, 2, 1, 1, device=device), "target": x}
    others = {key: there[key] if value is None else value for key, value in others.items()}
    culprit = next(key for key, value in others.items() if getattr(value, "device", x.device) != x.device)
    message = rf"{name}: expected all tensors to be on the same device\n  input +=(.|\n)*{culprit} +=(.|\n)*hint"
    with pytest.raises(DeviceError, match=message):
        getattr(F, name)(x, **others)
