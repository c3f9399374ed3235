r"""How good predictions are: accuracy, the confusion matrix, and the mean loss kept while batches come by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import ShapeError, explain
from tinycnn.ops.joining import stack


def accuracy(predicted: Any, targets: Any) -> float:
    r"""The share of predictions that are right, (1/N) Σₙ [ŷₙ = yₙ].

    Parameters
    ----------
    predicted, targets : Tensor, array or list, (N,), int      class indices

    Raises
    ------
    ShapeError    they are not two vectors of one length, or empty

    Examples
    --------
    >>> accuracy([0, 1, 2, 2], [0, 1, 2, 1])
    0.75
    """
    guesses, truth = _labels("accuracy", predicted, targets)
    return float((guesses == truth).mean())


def confusion_matrix(predicted: Any, targets: Any, num_classes: int | None = None) -> Any:
    r"""How often an image of class i was taken for class j: entry (i, j).

    Parameters
    ----------
    predicted, targets : Tensor, array or list, (N,), int      class indices
    num_classes : int or None                                  K; one more than the largest index if None

    Returns
    -------
    numpy.ndarray, (K, K), int64      row: the true class; column: the predicted one

    Raises
    ------
    ShapeError    they are not two vectors of one length, or empty

    Examples
    --------
    >>> confusion_matrix([0, 1, 2, 2], [0, 1, 2, 1])
    array([[1, 0, 0],
           [0, 1, 1],
           [0, 0, 1]])
    """
    guesses, truth = _labels("confusion_matrix", predicted, targets)
    k = int(max(guesses.max(), truth.max())) + 1 if num_classes is None else num_classes
    return np.bincount(truth * k + guesses, minlength=k * k).reshape(k, k)


def _labels(name: str, predicted: Any, targets: Any) -> tuple[Any, Any]:
    guesses, truth = (
        np.asarray(labels.numpy(force=True) if isinstance(labels, Tensor) else labels)
        for labels in (predicted, targets)
    )
    if guesses.ndim != 1 or guesses.shape != truth.shape or not guesses.size:
        raise ShapeError(explain(
            f"{name}: as many predicted class indices as true ones are needed, in two vectors",
            {"predicted": guesses.shape, "targets": truth.shape},
            "logits.argmax(dim=1) makes class indices of logits",
        ))
    return guesses, truth


class Tally:
    r"""Mean loss and accuracy over the batches seen, each image weighing the same.

    Attributes
    ----------
    images : int
    loss, accuracy : float      NaN before the first image
    """

    def __init__(self) -> None:
        self.images = 0
        self._loss = self._right = 0.0

    def add(self, loss: Tensor, logits: Tensor, targets: Tensor) -> float:
        r"""Take in a batch by its mean loss; returns that as a number. One transfer from the device."""
        with no_grad():
            right = (logits.argmax(1) == targets).sum()
            batch_loss, hits = stack([loss.detach(), right.to(loss.dtype)]).tolist()
        self.images += len(targets)
        self._loss += batch_loss * len(targets)
        self._right += hits
        return float(batch_loss)

    @property
    def loss(self) -> float:
        return self._loss / self.images if self.images else math.nan

    @property
    def accuracy(self) -> float:
        return self._right / self.images if self.images else math.nan
