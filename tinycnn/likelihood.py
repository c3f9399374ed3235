r"""How likely the labels are under predicted probabilities: likelihood, its logarithm, cross-entropy (equations 1–3).

With labels y and predictions ŷ, N data points and K classes,

    likelihood                 ∏ᵢ ∏ⱼ ŷᵢⱼ^yᵢⱼ               (1)
    negative log-likelihood  − ∑ᵢ ∑ⱼ yᵢⱼ log ŷᵢⱼ           (2)
    cross-entropy            − ∑ᵢ ∑ⱼ yᵢⱼ log ŷᵢⱼ           (3)   the same sum, read as a distance of distributions

all summed over the data points, not averaged. Every function takes ``(y_true, y_pred)``, as lists, arrays or tensors of
any device, and returns a float. The number of dimensions says what they mean:

- one dimension: N binary labels, 0 or 1, and for each the predicted probability of a 1;
- two dimensions: N rows, each a distribution over K classes that sums to 1. A row of labels is one-hot, or soft: then
  ŷᵢⱼ^yᵢⱼ counts class j as seen yᵢⱼ times, a part of once.

Why the logarithm? It turns the product into a sum and leaves the maximum where it was, since it only ever grows. And a
product of many probabilities is soon smaller than the smallest number a computer holds (about 5·10⁻³²⁴): it underflows
to 0, where two models no longer differ and no slope is left to climb. A thousand heads in a row still have likelihood
10⁻³⁰¹ with a fair coin; two thousand, with that coin and with a loaded one:

>>> heads, fair, loaded = [1] * 2000, [0.5] * 2000, [0.6] * 2000
>>> likelihood(heads, fair), likelihood(heads, loaded)
(0.0, 0.0)
>>> log_likelihood(heads, fair), log_likelihood(heads, loaded)
(-1386.29, -1021.65)

So the log-likelihood is computed from logarithms, and never as the logarithm of the likelihood.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinycnn import backend
from tinycnn.errors import ConfigError, DTypeError, FormatError, ShapeError, explain

__all__ = ["cross_entropy", "display_likelihood", "likelihood", "log_likelihood", "negative_log_likelihood"]

Probabilities = NDArray[np.float64]


def likelihood(y_true: Any, y_pred: Any) -> float:
    r"""The probability of all labels together, if the predictions are right: ∏ᵢ ∏ⱼ ŷᵢⱼ^yᵢⱼ (equation 1).

    Of a one-hot row only the probability of the true class is left. Of a binary label it is ŷ where y = 1, and 1 − ŷ
    where y = 0. With many data points the product underflows to 0; `log_likelihood` does not.

    Parameters
    ----------
    y_true : array-like, (N,) or (N, K)
        Binary labels, or rows of distributions.
    y_pred : array-like, of the same shape
        Probabilities of a 1, or rows of distributions.

    Raises
    ------
    ShapeError
        If the shapes differ, or there are not one or two dimensions.
    ValueError
        If a label is not binary, a probability is outside [0, 1] or not a number, or a row does not sum to 1.

    Examples
    --------
    >>> likelihood([0, 1, 0], [0.1, 0.8, 0.2])          # 0.9 · 0.8 · 0.8
    0.576
    >>> likelihood([[0, 1, 0], [1, 0, 0]], [[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])         # 0.5 · 0.9
    0.45
    """
    y, p = _distributions(y_true, y_pred)
    return float(np.prod(p**y))  # 0⁰ = 1: what did not happen says nothing


def log_likelihood(y_true: Any, y_pred: Any) -> float:
    r"""The natural logarithm of the likelihood, ∑ᵢ ∑ⱼ yᵢⱼ log ŷᵢⱼ, with 0·log 0 = 0; at most 0.

    It is −∞ where a label was said to be impossible. Parameters and errors are those of `likelihood`.

    Examples
    --------
    >>> log_likelihood([0, 1, 0], [0.1, 0.8, 0.2])      # log 0.576
    -0.5516
    >>> log_likelihood([1, 1], [0.9, 0.0])
    -inf
    """
    y, p = _distributions(y_true, y_pred)
    seen = y > 0  # leaves out 0·log 0
    with np.errstate(divide="ignore"):  # log 0 = −∞ is meant
        return float(np.sum(y[seen] * np.log(p[seen])))


def negative_log_likelihood(y_true: Any, y_pred: Any) -> float:
    r"""The loss whose minimum is the maximum of the likelihood: −∑ᵢ ∑ⱼ yᵢⱼ log ŷᵢⱼ (equation 2), in nats.

    Parameters and errors are those of `likelihood`.

    Examples
    --------
    >>> negative_log_likelihood([0, 1, 0], [0.1, 0.8, 0.2])
    0.5516
    """
    return 0.0 - log_likelihood(y_true, y_pred)  # not −0.0 for a perfect prediction


def cross_entropy(y_true: Any, y_pred: Any, *, unit: str = "nats") -> float:
    r"""Cross-entropy −∑ᵢ ∑ⱼ yᵢⱼ log ŷᵢⱼ (equation 3): equal to the negative log-likelihood.

    It is what one pays, in nats or bits, to tell N events drawn from `y_true` in a code made for `y_pred`. Where both
    agree it is the entropy of `y_true`; one-hot labels have none.

    Parameters
    ----------
    y_true, y_pred
        As in `likelihood`, whose errors it raises too.
    unit : {"nats", "bits"}
        The base of the logarithm, e or 2.

    Examples
    --------
    One data point of three classes is one row, in two pairs of brackets:

    >>> cross_entropy([[0, 1, 0]], [[0.1, 0.7664, 0.1336]])
    0.266
    >>> cross_entropy([[0, 1, 0]], [[0.1, 0.7664, 0.1336]], unit="bits")
    0.384

    A fair coin's entropy is one bit:

    >>> cross_entropy([[0.5, 0.5]], [[0.5, 0.5]], unit="bits")
    1.0
    """
    if unit not in ("nats", "bits"):
        raise ConfigError(f"cross_entropy: unit must be 'nats' or 'bits', not {unit!r}")
    nats = negative_log_likelihood(y_true, y_pred)
    return nats if unit == "nats" else nats / math.log(2)


def display_likelihood(y_true: Any, y_pred: Any) -> None:
    r"""Print the likelihood, to six places.

    Parameters and errors are those of `likelihood`.

    Examples
    --------
    >>> import numpy as np
    >>> y_true, y_pred = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.8, 0.2, 0.7, 0.9])
    >>> display_likelihood(y_true, y_pred)
    Total Likelihood: 0.362880
    >>> display_likelihood(y_true, [0.1, 0.9, 0.2, 0.7, 0.9])
    Total Likelihood: 0.408240
    >>> display_likelihood(np.repeat(y_true, 10, axis=0), np.repeat(y_pred, 10, axis=0))
    Total Likelihood: 0.000040
    """
    print(f"Total Likelihood: {likelihood(y_true, y_pred):.6f}")


def _distributions(y_true: Any, y_pred: Any) -> tuple[Probabilities, Probabilities]:
    """Both as checked rows of distributions, N K; a binary label is a row too, of the classes 0 and 1."""
    y, y_tolerance = _float64("y_true", y_true)
    p, p_tolerance = _float64("y_pred", y_pred)
    _check_shapes(y, p)
    if y.ndim == 1:
        _check_labels(y, p)
        _check_range("y_pred", p)
        return np.stack((1 - y, y), axis=1), np.stack((1 - p, p), axis=1)
    for name, rows, tolerance in (("y_true", y, y_tolerance), ("y_pred", p, p_tolerance)):
        _check_range(name, rows)
        _check_sums(name, rows, tolerance)
    return y, p


def _float64(name: str, values: Any) -> tuple[Probabilities, float]:
    """The values as a host array, and by how much its rows may miss 1, which their dtype decides."""
    if hasattr(values, "detach"):  # a tensor: wherever it lies, and whether or not it requires a gradient
        values = values.detach().cpu().numpy()
    try:
        array = backend.of(values).asnumpy(values)
    except TypeError:  # no array of any backend: a list, a number, a table
        try:
            array = np.asarray(values)
        except ValueError:
            raise ShapeError(f"likelihood: {name} has rows of different lengths") from None
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"likelihood: {name} must hold real numbers, but its dtype is {array.dtype}")
    tolerance = {"float16": 1e-2, "float32": 1e-4}.get(array.dtype.name, 1e-6)
    return array.astype(np.float64), tolerance


def _check_shapes(y: Probabilities, p: Probabilities) -> None:
    if y.shape == p.shape and y.ndim in (1, 2):
        return
    if y.ndim == 1 and p.ndim == 2 and len(y) == len(p):
        hint = "are the labels class indices? make them one-hot: numpy.eye(K)[y_true]"
    elif y.size == p.size:
        hint = "give both the same shape: reshape(-1) for binary labels, reshape(-1, K) for K classes"
    else:
        hint = "is there one prediction for each label?"
    raise ShapeError(explain(
        "likelihood: y_true and y_pred must have the same shape, (N,) for binary labels or (N, K) for K classes",
        {"y_true": y.shape, "y_pred": p.shape},
        hint,
    ))


def _check_labels(y: Probabilities, p: Probabilities) -> None:
    wrong = (y != 0) & (y != 1)  # holds for NaN too
    if not wrong.any():
        return
    if not ((p != 0) & (p != 1)).any():
        hint = "the labels come first: (y_true, y_pred)"
    elif abs(y.sum() - 1) < 1e-6:
        hint = "one distribution over K classes is one row, in two pairs of brackets: [[…]]"
    else:
        hint = "one dimension means binary labels; K classes take rows of K probabilities"
    i = int(wrong.argmax())
    raise FormatError(explain("likelihood: binary labels are 0 or 1", {f"y_true[{i}]": y[i]}, hint))


def _check_range(name: str, p: Probabilities) -> None:
    wrong = ~((p >= 0) & (p <= 1))  # holds for NaN too
    if not wrong.any():
        return
    index = tuple(int(i) for i in np.unravel_index(wrong.argmax(), p.shape))
    hint = (
        "NaN: look where it first arose, often log 0, 0/0 or too large a learning rate" if np.isnan(p[index]) else
        "are these logits? softmax (or sigmoid, for binary labels) makes probabilities of them"
    )
    where = ", ".join(map(str, index))
    raise FormatError(explain("likelihood: probabilities lie in [0, 1]", {f"{name}[{where}]": p[index]}, hint))


def _check_sums(name: str, rows: Probabilities, tolerance: float) -> None:
    sums = rows.sum(axis=1)
    wrong = abs(sums - 1) > tolerance
    if not wrong.any():
        return
    i = int(wrong.argmax())
    hint = (
        "one column is no distribution; give binary labels in one dimension: reshape(-1)" if rows.shape[1] == 1 else
        "each row is the distribution of one data point over all classes"
    )
    raise FormatError(explain("likelihood: every row must sum to 1", {f"sum of {name}[{i}]": sums[i]}, hint))
