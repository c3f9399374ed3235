"""Cases of tinycnn.ops.logits."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinycnn as torch
from tinycnn.ops import logits as ops

from .case import Case, normal

X = normal(2, 3, 4)
LARGE = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4 + 1]])


def log_softmax(x: Any, axis: int) -> Any:
    return x - np.logaddexp.reduce(x, axis, keepdims=True)


CASES = [
    Case(
        ops.Softmax, lambda x: torch.softmax(x, 1), (X,), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
        errors=(
            (TypeError, "softmax: say where the classes are: dim=1", lambda t: torch.softmax(t(X))),
            (IndexError, "softmax: Dimension out of range: dim is 3", lambda t: torch.softmax(t(X), 3)),
        ),
    ),
    Case(ops.Softmax, lambda x: x.softmax(-1), (LARGE,), lambda x: np.exp(log_softmax(x, 1)), note="of large logits",
         half=None),
    Case(ops.LogSoftmax, lambda x: torch.log_softmax(x, 1), (X,), lambda x: log_softmax(x, 1)),
    Case(ops.LogSoftmax, lambda x: x.log_softmax(-1), (LARGE,), lambda x: log_softmax(x, 1), note="of large logits",
         half=None),
]  # fmt: skip
