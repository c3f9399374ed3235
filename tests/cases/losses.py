"""Cases of tinycnn.ops.entropy, and of the losses that are composed of other ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycnn.errors import ArgumentError, DomainError, DTypeError, RankError, ShapeError
from tinycnn.nn import functional as F
from tinycnn.ops.arithmetic import Mul, Sub
from tinycnn.ops.entropy import BinaryCrossEntropy, LogitCrossEntropy
from tinycnn.ops.logits import CrossEntropy, CrossEntropyBackward, LogSoftmax
from tinycnn.ops.scattering import Gather

from .case import Case, integers, normal, positive, signed
from .logits import log_softmax

P, Q = positive(3, 4) / 2.5, positive(3, 4, seed=1) / 2.5  # in (0.2, 0.8)
X, Y = normal(4, 3), positive(4, 3) / positive(4, 3).sum(1, keepdims=True)
LABELS, WEIGHTS = np.array([2, 0, 1, 0]), positive(3)
PIXELS = integers(2, 2, 2, high=3)


def cross_entropy(x: Any, labels: Any, weights: Any, ignored: int = -100, smoothing: float = 0.0) -> Any:
    """Label by label, as PyTorch documents it."""
    logp = log_softmax(x, 1)
    total = count = 0.0
    for n in np.ndindex(labels.shape):
        t = labels[n]
        if t != ignored:
            row = logp[(n[0], slice(None), *n[1:])]
            total -= (1 - smoothing) * weights[t] * row[t] + smoothing / len(row) * (weights * row).sum()
            count += weights[t]
    return np.float64(total) / count


def bce(p: Any, t: Any) -> Any:
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


CASES = [
    Case(
        BinaryCrossEntropy, lambda p, t: F.binary_cross_entropy(p, t, reduction="none"), (P, Q), bce, batch=(0, 1),
        looks=(1, 0),
        errors=(
            (DomainError, "binary_cross_entropy: all elements of input should be between 0 and 1; for logits use",
             lambda t: F.binary_cross_entropy(t([1.5]), t([1.0]))),
            (ShapeError, r"binary_cross_entropy: target and input must have the same shape\n  input   = \(2, 1\)\n"
                         r"  target  = \(2,\)\n  hint ",
                         lambda t: F.binary_cross_entropy(t([[0.5], [0.5]]), t([1.0, 0.0]))),
        ),
    ),
    Case(BinaryCrossEntropy, lambda p, t: F.binary_cross_entropy(p, t, reduction="sum"),
         (np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0])), lambda p, t: np.float64(200.0), order=0,
         batch=(), looks=(1, 0), note="sure and right, sure and wrong"),
    Case(LogitCrossEntropy, F.binary_cross_entropy_with_logits, (normal(3, 4), Q),
         lambda x, t: bce(1 / (1 + np.exp(-x)), t).mean(), batch=(), note="the mean"),
    Case(LogitCrossEntropy, lambda x, t, w: F.binary_cross_entropy_with_logits(x, t, pos_weight=w, reduction="none"),
         (normal(3, 4), Q, positive(4)),
         lambda x, t, w: w * t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x), batch=(0, 1),
         note="with pos_weight"),
    Case(
        LogitCrossEntropy, F.binary_cross_entropy_with_logits, (normal(3, 4), Q, positive(3, 1)),
        lambda x, t, w: (w * (t * np.logaddexp(0, -x) + (1 - t) * np.logaddexp(0, x))).mean(), batch=(),
        note="with weights",
        errors=(
            (DTypeError, "binary_cross_entropy_with_logits: the target must be floating, but got int64",
             lambda t: F.binary_cross_entropy_with_logits(t(X), t(X).long())),
            (ShapeError, r"weight has more dimensions than the input: \(2, 4, 3\) for \(4, 3\)",
             lambda t: F.binary_cross_entropy_with_logits(t(X), t(X), t(normal(2, 4, 3)))),
        ),
    ),
    Case(CrossEntropy, lambda x, t: CrossEntropy.apply(x, t, divisor=2), (normal(2, 3, 2, 2), PIXELS),
         lambda x, t: -np.take_along_axis(log_softmax(x, 1), t[:, None], 1).sum() / 2, batch=(), note="of pixels"),
    Case(CrossEntropyBackward,
         lambda g, x, t: CrossEntropyBackward.apply(g, x, t, x.detach().log_softmax(1), divisor=4),
         (np.array(0.7), X, LABELS), lambda g, x, t: g * (np.exp(log_softmax(x, 1)) - np.eye(3)[t]) / 4, batch=()),
    Case(LogSoftmax, lambda x, t: F.cross_entropy(x, t, reduction="none"), (X, LABELS),
         lambda x, t: -log_softmax(x, 1)[np.arange(len(t)), t], batch=(0, 1), looks=(1, 0),
         note="in cross_entropy, each"),
    Case(
        CrossEntropy, F.cross_entropy, (X, LABELS), lambda x, t: cross_entropy(x, t, np.ones(3)), batch=(),
        looks=(1, 0), note="in cross_entropy",
        errors=(
            (IndexError, "target 3 is out of bounds: with 3 classes, labels run from 0 to 2\n  hint do the labels",
             lambda t: F.cross_entropy(t(X), t(LABELS + 1))),
            (IndexError, "target 7 is out of bounds: with 3 classes, labels run from 0 to 2$",
             lambda t: F.cross_entropy(t(X), t(LABELS * 0 + 7))),
            (IndexError, "target 255 is out of bounds.*\n  hint ignore_index=255 leaves out",
             lambda t: F.cross_entropy(t(X), t(LABELS * 0 + 255))),
            (IndexError, "with 1 classes.*\n  hint .*binary_cross_entropy_with_logits",
             lambda t: F.cross_entropy(t(X[:, :1]), t(LABELS))),
            (IndexError, "target -1 is out of bounds.*\n  hint ignore_index=-1 leaves out",
             lambda t: F.nll_loss(t(X), t(LABELS - 1))),
            (DTypeError, r"cross_entropy: expected class indices of type int64, but the target is float.*\n.*\n.*\n"
                         r"  hint +convert labels with \.long\(\); probabilities",
             lambda t: F.cross_entropy(t(X), t(X[:, 0]))),
            (DTypeError, r"nll_loss: expected class indices .*\n.*\n.*\n  hint +convert labels with \.long\(\)$",
             lambda t: F.nll_loss(t(X), t(X[:, 0]))),
            (ShapeError, "hint +are they exchanged", lambda t: F.cross_entropy(t(LABELS), t(X))),
            (ShapeError, r"hint +are the classes .* last dimension\? permute\(0, 3, 1, 2\)",
             lambda t: F.cross_entropy(t(normal(2, 4, 5, 3)), t(integers(2, 4, 5)))),
            (ShapeError, r"hint .*squeeze\(1\)", lambda t: F.cross_entropy(t(X), t(LABELS[:, None]))),
            (ShapeError, r"hint .*argmax\(1\)", lambda t: F.cross_entropy(t(X), t(np.eye(3, dtype=int)[LABELS]))),
            (ShapeError, "hint .*index of one class for each", lambda t: F.cross_entropy(t(X[0]), t(LABELS[:3]))),
            (ShapeError,
             r"expected input batch_size \(4\) to match target batch_size \(3\)\n"
             r"  input  N C …  = \(4, 3\)\n.*\n  hint .*same batch",
             lambda t: F.cross_entropy(t(X), t(LABELS[:3]))),
            (ValueError, r"label_smoothing must be between 0\.0 and 1\.0",
             lambda t: F.cross_entropy(t(X), t(LABELS), label_smoothing=2)),
            (DTypeError, r"cross_entropy: expected class indices of type int64, but the target is int32",
             lambda t: F.cross_entropy(t(X), t(LABELS.astype("int32")))),
            (DTypeError, r"nll_loss: expected input and weight to have one floating dtype",
             lambda t: F.nll_loss(t(X), t(LABELS), t(WEIGHTS).float())),
            (RankError, "cross_entropy: expected 1 or more dimensions", lambda t: F.cross_entropy(t(1.0), t(0))),
            (ArgumentError, "cross_entropy: target must be a Tensor, not int", lambda t: F.cross_entropy(t(X), 0)),
            (ValueError, "average is not a valid value for reduction; it is 'none', 'mean' or 'sum'",
             lambda t: F.cross_entropy(t(X), t(LABELS), reduction="average")),
        ),
    ),
    Case(LogSoftmax, lambda x, t, w: F.cross_entropy(x, t, w, ignore_index=1, label_smoothing=0.2),
         (normal(2, 3, 2, 2), PIXELS, WEIGHTS), lambda x, t, w: cross_entropy(x, t, w, 1, 0.2), batch=(),
         note="of pixels, weighted, smoothed, some ignored", looks=(1, 0)),
    Case(LogSoftmax, lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1), (X, Y),
         lambda x, y: -((0.9 * y + 0.1 / 3) * log_softmax(x, 1)).sum(1).mean(), batch=(), note="with distributions"),
    Case(Gather, lambda x, t, w: F.nll_loss(x, t, w, reduction="none"), (X, LABELS, WEIGHTS),
         lambda x, t, w: -w[t] * x[np.arange(len(t)), t], batch=(0, 1), note="in nll_loss", looks=(1, 0)),
    Case(Gather, lambda x, t: F.nll_loss(x, t, ignore_index=1), (normal(2, 3, 2, 2), PIXELS),
         lambda x, t: -np.take_along_axis(x, t[:, None], 1)[:, 0][t != 1].mean(), batch=(), looks=(1, 0),
         note="in nll_loss of pixels, some ignored"),
    Case(Gather, lambda x, t: F.nll_loss(x, t, reduction="none"), (X[0], LABELS[0]), lambda x, t: -x[t], batch=(),
         looks=(1, 0), note="in nll_loss of a single example"),
    Case(Mul, F.mse_loss, (signed(3, 4), signed(3, 4, seed=1)), lambda x, t: ((x - t) ** 2).mean(), batch=(),
         note="in mse_loss",
         errors=((DTypeError, "mse_loss: input or target must be floating, but together they are int64",
                  lambda t: F.mse_loss(t([1]), t([2]))),)),
    Case(Sub, lambda x, t: F.l1_loss(x, t, reduction="sum"), (signed(3, 4), 3 * signed(3, 4, seed=1)),
         lambda x, t: np.abs(x - t).sum(), batch=(0, 1), note="in l1_loss"),
]  # fmt: skip
