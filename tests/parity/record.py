"""Write what PyTorch answers to some calls of torch.nn.functional into recorded.json; test_recorded.py asks us too.

    python -m tests.parity.record          with PyTorch installed

A line a call: the function, its arguments, then its results and the gradients of ⟨ȳ, result⟩ in its positional
floating arguments, ȳ being drawn; for a call that is refused, the exception. Keyword tensors want no gradient, nor do
the running statistics of batch_norm, which are recorded as the call leaves them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).with_name("recorded.json")
INF, NAN = float("inf"), float("nan")
_rng = np.random.default_rng(0)


def n(*shape: int) -> Any:
    """Normal numbers of two decimals, so that the file stays small."""
    return np.asarray(np.round(_rng.standard_normal(shape), 2))


def u(*shape: int) -> Any:
    """Numbers from 0.1 to 0.9."""
    return np.asarray(np.round(_rng.uniform(0.1, 0.9, shape), 2))


def i(*shape: int, high: int = 3) -> Any:
    """Labels below `high`."""
    return np.asarray(_rng.integers(0, high, shape))


def f(*values: Any) -> Any:
    """These numbers, in float64."""
    return np.array(values, dtype="float64")


Call = tuple[str, list[Any], dict[str, Any]]


def calls() -> list[Call]:
    """The function's name, its positional and its keyword arguments."""
    ties, labels, mask = np.round(n(1, 2, 5, 5)), i(4), np.array([0, -100, 2, 2])
    sure = f(0, -0.0, 1e4, -1e4, INF, -INF, NAN, 21)
    image, plane = n(2, 3, 4, 5), np.arange(7.0).reshape(1, 1, 7)
    return [
        # convolution: (H + 2p − k) divisible by the stride and not, padding in words, groups, one image, none
        ("conv2d", [n(2, 2, 4, 5), n(3, 2, 2, 3), n(3)], {}),
        ("conv2d", [n(1, 2, 6, 5), n(2, 2, 3, 2), n(2)], {"stride": [2, 3], "padding": [1, 0]}),
        ("conv2d", [n(1, 2, 4, 4), n(2, 2, 2, 3)], {"padding": "same", "dilation": [1, 2]}),
        ("conv2d", [n(1, 1, 4, 4), n(1, 1, 2, 2)], {"padding": "valid", "stride": 2}),
        ("conv2d", [n(1, 4, 5, 4), n(4, 2, 3, 3), n(4)], {"groups": 2, "padding": 2, "dilation": 2, "stride": 2}),
        ("conv2d", [n(3, 3, 3), n(3, 1, 2, 2)], {"groups": 3}),
        ("conv2d", [n(1, 3, 5, 5), n(2, 3, 1, 1)], {"stride": 2, "padding": 1}),
        ("conv2d", [np.zeros((0, 2, 4, 4)), n(3, 2, 2, 2), n(3)], {}),
        # pooling
        ("max_pool2d", [n(1, 2, 5, 4), 2], {"return_indices": True}),
        ("max_pool2d", [ties, 3, 2, 1], {"return_indices": True}),
        ("max_pool2d", [n(1, 1, 6, 7), [2, 3], [1, 2], [1, 0], [2, 1]], {"return_indices": True}),
        ("max_pool2d", [n(1, 1, 6, 7), 1, 2], {"ceil_mode": True, "return_indices": True}),
        ("max_pool2d", [n(1, 5, 6), 3, 2, 0, 1, True], {}),
        ("max_pool2d", [f([[[1, NAN, 0], [2, NAN, -INF], [-1, -INF, -INF]]]), 2, 1], {"return_indices": True}),
        ("max_pool2d", [np.full((1, 3, 3), -INF), 2, 1, 1], {"return_indices": True}),
        ("max_pool2d", [i(1, 2, 4, 4, high=9), 2], {"return_indices": True}),
        ("avg_pool2d", [n(1, 2, 5, 4), 2], {}),
        ("avg_pool2d", [plane, [1, 2], [1, 3]], {"ceil_mode": True}),
        ("avg_pool2d", [n(1, 1, 6, 7), 3, 2, 1, True], {}),
        ("avg_pool2d", [n(1, 1, 6, 7), 3, 2, 1, True, False], {}),
        ("avg_pool2d", [n(2, 4, 4), 2, 2, 1, False, True, 3], {}),
        ("adaptive_avg_pool2d", [n(1, 2, 5, 7), [3, 2]], {}),
        ("adaptive_avg_pool2d", [n(1, 2, 4, 6), [None, 3]], {}),
        ("adaptive_avg_pool2d", [n(2, 3, 4), 1], {}),
        ("adaptive_avg_pool2d", [n(1, 1, 2, 3), 5], {}),
        # normalisation
        ("batch_norm", [n(4, 3), n(3), u(3)], {"training": True}),
        ("batch_norm", [f([0], [2]), f(0), f(1)], {"training": True}),
        ("batch_norm", [image, f(0, 0, 0), f(1, 1, 1), n(3), n(3)], {"eps": 0.1}),
        ("batch_norm", [n(3, 2, 4), None, None, n(2), n(2)], {"training": True, "eps": 0.01}),
        ("batch_norm", [n(2, 2, 1, 2, 2), None, None, n(2)], {"training": True}),
        ("batch_norm", [np.zeros((0, 2, 3)), n(2), u(2), n(2), n(2)], {"training": True, "momentum": 1.0}),
        ("layer_norm", [n(2, 3, 4), [4], n(4), n(4)], {}),
        ("layer_norm", [n(2, 3, 4), [3, 4], n(3, 4)], {"eps": 0.1}),
        ("layer_norm", [f([4e4, 4e4 + 1, 4e4 + 2, 4e4 + 3]), [4]], {}),
        # activations
        *((name, [np.append(n(4), sure)], {}) for name in ("sigmoid", "tanh", "gelu", "silu")),
        *((name, [np.append(n(4), sure)], {}) for name in ("softplus", "logsigmoid")),
        ("relu", [np.append(n(4), sure[:-2])], {}),
        ("gelu", [np.append(n(4), sure[:2])], {"approximate": "tanh"}),
        ("softplus", [n(5)], {"beta": 2, "threshold": 1}),
        ("softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": 1}),
        ("log_softmax", [f([1, 2, 3], [1e4, 0, -1e4], [-INF, 0, 1], [-INF, -INF, -INF])], {"dim": -1}),
        ("softmax", [n(2, 3, 2)], {"dim": 0}),
        # losses
        ("nll_loss", [n(4, 3), labels], {"weight": u(3), "ignore_index": 1}),
        ("nll_loss", [n(2, 3, 2), i(2, 2)], {"reduction": "none"}),
        ("cross_entropy", [n(4, 3), labels], {}),
        ("cross_entropy", [n(4, 3), mask], {"weight": u(3), "label_smoothing": 0.1}),
        ("cross_entropy", [n(2, 3, 2, 2), i(2, 2, 2)], {"reduction": "sum", "label_smoothing": 0.2}),
        ("cross_entropy", [n(3), np.array(1)], {}),
        ("cross_entropy", [n(2, 3), u(2, 3)], {"weight": u(3), "label_smoothing": 0.1}),
        ("cross_entropy", [f([1e4, 0], [0, 1e4]), np.array([1, 0])], {"reduction": "none"}),
        ("cross_entropy", [n(2, 3), np.array([-100, -100])], {}),
        ("cross_entropy", [n(2, 3), np.array([-100, -100])], {"reduction": "sum"}),
        ("binary_cross_entropy", [f(0, 1, 0, 1, 0.5, 1e-30), f(0, 1, 1, 0, 0.5, 1)], {"reduction": "none"}),
        ("binary_cross_entropy", [u(3, 2), u(3, 2)], {"weight": u(2)}),
        ("binary_cross_entropy_with_logits", [f(0, -0.0, 1e4, -1e4, 1e4, -1e4), f(0, 1, 0, 1, 1, 0)],
         {"reduction": "none"}),
        ("binary_cross_entropy_with_logits", [n(3, 2), u(3, 2)], {"pos_weight": u(2), "weight": u(3, 1)}),
        ("mse_loss", [n(3, 2), n(3, 2)], {}),
        ("mse_loss", [n(3, 2), n(3, 2)], {"weight": u(3, 2)}),
        ("l1_loss", [f(0, 1, 2), f(0, 2, 1)], {"reduction": "sum"}),
        # the rest
        ("linear", [n(2, 3, 4), n(2, 4), n(2)], {}),
        ("pad", [n(2, 3, 3), [1, 2, -1, 1]], {"value": 0.5}),
        ("one_hot", [i(2, 3)], {"num_classes": 4}),
        ("dropout", [n(3, 2)], {"training": False}),
    ]  # fmt: skip


def refusals() -> list[Call]:
    """The same, of calls that raise."""
    image, labels = n(2, 3, 4, 5), i(4)
    return [
        ("conv2d", [image, n(2, 4, 3, 3)], {}),
        ("conv2d", [image, n(2, 3, 9, 3)], {}),
        ("conv2d", [image[0, 0], n(2, 3, 3, 3)], {}),
        ("conv2d", [image, n(2, 3, 3)], {}),
        ("conv2d", [image, n(2, 3, 3, 3), n(3)], {}),
        ("conv2d", [image, n(2, 3, 3, 3).astype("float32")], {}),
        ("conv2d", [image, n(3, 3, 3, 3)], {"groups": 2}),
        ("conv2d", [image, n(2, 3, 3, 3)], {"stride": 0}),
        ("conv2d", [image, n(2, 3, 3, 3)], {"padding": -1}),
        ("conv2d", [image, n(2, 3, 3, 3)], {"padding": "full"}),
        ("conv2d", [image, n(2, 3, 3, 3)], {"padding": "same", "stride": 2}),
        ("conv2d", [image, n(2, 3, 3, 3)], {"stride": 1.5}),
        ("max_pool2d", [image, 6], {}),
        ("max_pool2d", [image, 3, 1, 2], {}),
        ("max_pool2d", [image, 0], {}),
        ("max_pool2d", [image[0, 0], 2], {}),
        ("avg_pool2d", [image, 2], {"divisor_override": 0}),
        ("adaptive_avg_pool2d", [image, -1], {}),
        ("adaptive_avg_pool2d", [image, [1, 2, 3]], {}),
        ("batch_norm", [n(1, 3), None, None], {"training": True}),
        ("batch_norm", [n(4, 3), None, None], {}),
        ("batch_norm", [n(4, 3), f(0, 0), f(1, 1)], {}),
        ("batch_norm", [n(4, 3), None, None, n(3).astype("float32")], {"training": True}),
        ("layer_norm", [n(4, 3), [4]], {}),
        ("layer_norm", [n(4, 3), []], {}),
        ("layer_norm", [n(4, 3), [3], n(2)], {}),
        ("softmax", [n(4, 3)], {"dim": 2}),
        ("log_softmax", [i(2, 2)], {"dim": 1}),
        ("gelu", [n(2)], {"approximate": "no"}),
        ("nll_loss", [n(4, 3), labels + 3], {}),
        ("cross_entropy", [n(4, 3), labels - 3], {}),
        ("cross_entropy", [n(4, 3), labels[:3]], {}),
        ("cross_entropy", [n(4, 3), labels[:, None]], {}),
        ("cross_entropy", [n(4, 3), labels * 1.0], {}),
        ("cross_entropy", [n(4, 3), labels], {"weight": u(4)}),
        ("cross_entropy", [n(4, 3), labels], {"weight": u(3).astype("float32")}),
        ("cross_entropy", [n(4, 3), labels], {"reduction": "average"}),
        ("cross_entropy", [n(4, 3), labels], {"label_smoothing": 1.5}),
        ("cross_entropy", [n(4, 3), u(4, 3)], {"ignore_index": 1}),
        ("binary_cross_entropy", [f(0.5, 1.5), f(0, 1)], {}),
        ("binary_cross_entropy", [f(0.5, NAN), f(0, 1)], {}),
        ("binary_cross_entropy", [f(0.5, 0.5), f(0, 2)], {}),
        ("binary_cross_entropy", [u(3, 1), u(3)], {}),
        ("binary_cross_entropy", [u(3), i(3, high=2)], {}),
        ("binary_cross_entropy_with_logits", [n(3), u(4)], {}),
        ("binary_cross_entropy_with_logits", [n(3), i(3, high=2)], {}),
        ("mse_loss", [n(3, 2), n(2, 3)], {}),
        ("mse_loss", [n(3), n(3)], {"weight": u(1)}),
        ("linear", [n(2, 3), n(2, 4)], {}),
        ("linear", [n(2, 4), n(2, 4).astype("float32")], {}),
        ("pad", [n(2, 3), [1]], {}),
        ("pad", [n(2, 3), [-2, -2]], {}),
        ("one_hot", [f(0, 1)], {}),
        ("one_hot", [np.array([0, 3])], {"num_classes": 3}),
        ("one_hot", [np.array([0, -1])], {}),
        ("dropout", [n(3)], {"p": 1.5}),
    ]  # fmt: skip


def pack(value: Any) -> Any:
    """Arrays as lists that say their dtype and shape; ten digits are enough to compare with."""
    if not isinstance(value, np.ndarray):
        return value
    numbers = [float(f"{x:.10g}") if value.dtype.kind == "f" else int(x) for x in value.ravel()]
    return {"dtype": value.dtype.name, "shape": value.shape, "values": numbers}


def ask(name: str, args: list[Any], options: dict[str, Any], refused: bool) -> dict[str, Any]:
    """PyTorch's answer to one call."""
    import torch

    def tensor(value: Any, wanted: bool) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return torch.tensor(value, requires_grad=wanted and value.dtype.kind == "f")

    packed = {key: pack(value) for key, value in options.items()}
    line: dict[str, Any] = {"call": name, "args": [pack(a) for a in args], "options": packed}
    given = [tensor(a, name != "batch_norm" or place not in (1, 2)) for place, a in enumerate(args)]
    named = {key: tensor(value, False) for key, value in options.items()}
    try:
        made = getattr(torch.nn.functional, name)(*given, **named)
        results = made if isinstance(made, tuple) else (made,)
        line["results"] = [pack(y.detach().numpy()) for y in results]
        if results[0].requires_grad:
            cotangent = n(*results[0].shape)
            wanted = [a for a in given if isinstance(a, torch.Tensor) and a.requires_grad]
            found = torch.autograd.grad(results[0], wanted, torch.tensor(cotangent), materialize_grads=True)
            line["cotangent"], line["gradients"] = pack(cotangent), [pack(g.numpy()) for g in found]
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        if not refused:
            raise
        kinds = (ValueError, IndexError, TypeError, RuntimeError)
        return {**line, "raises": next(kind.__name__ for kind in kinds if isinstance(error, kind))}
    if refused:
        raise AssertionError(f"PyTorch does not refuse {line}")
    if name == "batch_norm" and given[1] is not None:
        line["after"] = [pack(a.numpy()) for a in given[1:3]]
    return line


if __name__ == "__main__":
    lines = [ask(*call, refused=False) for call in calls()] + [ask(*call, refused=True) for call in refusals()]
    text = "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n]\n"
    temporary = PATH.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, PATH)
