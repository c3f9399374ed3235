r"""Bars of a classifier's words: logits beside their softmax, and the true distribution beside the predicted one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.errors import FormatError, ShapeError, explain
from tinycnn.likelihood import cross_entropy
from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, as_array, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 40          # classes; more names could not be read
_LEAST_REACH = 4.0  # of the axis of logits: small ones shall look small
_PALE = "#92c5de"   # bars beside the largest


def softmax(logits: Any, names: Sequence[str] | None = None, *, title: str = "") -> Figure:
    r"""The logits of one example on the left, the probabilities that softmax makes of them on the right.

        P(Y = k) = e^{zₖ} / Σⱼ e^{zⱼ}

    The lecture's Figure 4. The class with the largest logit is the one with the largest probability, and is dark.

    Parameters
    ----------
    logits : array-like, (K,) or (1, K)
    names : sequence of str, optional    of the classes; their numbers if left out

    Raises
    ------
    ShapeError     the logits are those of several examples, or of none, or of more than 40 classes; or the names
        are not as many
    FormatError    a logit is infinite or not a number

    Examples
    --------
    >>> figure = softmax([2.0, 1.0, -1.0], ["fox", "deer", "boar"])
    >>> [text.get_text() for text in figure.axes[1].texts]
    ['70.5 %', '25.9 %', '3.5 %']
    """
    z = _one_row("softmax", "logits", logits)
    if not np.isfinite(z).all():
        raise FormatError(explain("softmax: logits are finite numbers", {"logits": z}, "a network that diverged?"))
    e = np.exp(z - z.max())
    p = e / e.sum()
    names = _named("softmax", names, len(z))
    figure, left, right = _pair(names, title or "Logits, and the probabilities that softmax makes of them")
    colours = [TEST if value == z.max() else _PALE for value in z]
    reach = max(_LEAST_REACH, *abs(z))
    _bars(left, z, [f"{value:.3g}" for value in z], colours, "Logits z", -reach if z.min() < 0 else 0, reach)
    _bars(right, p, [f"{100 * value:.1f} %" for value in p], colours, "Probabilities softmax(z)", 0, 1)
    return figure


def distributions(true: Any, predicted: Any, names: Sequence[str] | None = None, *, title: str = "") -> Figure:
    r"""The true distribution over the classes on the left, the predicted one on the right; between them, in nats,

        cross-entropy  −Σₖ pₖ log qₖ  =  entropy  −Σₖ pₖ log pₖ  +  divergence  Σₖ pₖ log (pₖ / qₖ)

    The lecture's Figure 5.

    Parameters
    ----------
    true, predicted : array-like, (K,) or (1, K)    each sums to 1
    names : sequence of str, optional               of the classes; their numbers if left out

    Raises
    ------
    ShapeError     they are no two distributions over the same at most 40 classes, or the names are not as many
    FormatError    one is no distribution

    Examples
    --------
    >>> figure = distributions([0, 1, 0], [0.1, 0.7664, 0.1336], ["fox", "deer", "boar"])
    >>> figure.get_suptitle()
    'Cross-entropy: 0.266 nats'
    """
    p, q = _one_row("distributions", "true", true), _one_row("distributions", "predicted", predicted)
    total, entropy = cross_entropy([p], [q]), cross_entropy([p], [p])
    names = _named("distributions", names, len(p))
    figure, left, right = _pair(names, title or f"Cross-entropy: {_nats(total)} nats")
    for axes, values, colour, heading in (
        (left, p, RIGHT, "True distribution p"), (right, q, TEST, "Predicted distribution q"),
    ):
        _bars(axes, values, [f"{value:.3g}" for value in values], [colour] * len(p), heading, 0, 1)
    parts = f"entropy of p {_nats(entropy)} + divergence of q from p {_nats(total - entropy)}"
    figure.supxlabel(f"cross-entropy {_nats(total)} = {parts}", x=0.02, ha="left", fontsize=9, color=FAINT)
    return figure


def _one_row(function: str, what: str, values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    row = np.asarray(as_array(values), dtype=np.float64)
    row = row[0] if row.ndim == 2 and len(row) == 1 else row
    if row.ndim != 1 or not 0 < len(row) <= _MOST:
        raise ShapeError(explain(
            f"{function}: one example is drawn, with a number for each of at most {_MOST} classes",
            {what: row.shape},
            "logits[0] is the first example of a batch; topk picks the largest of many classes",
        ))
    return row


def _named(function: str, names: Sequence[str] | None, count: int) -> Sequence[str]:
    names = [str(k) for k in range(count)] if names is None else names
    if len(names) != count:
        raise ShapeError(f"{function}: {len(names)} names for {count} classes")
    return names


def _pair(names: Sequence[str], title: str) -> tuple[Figure, Axes, Axes]:
    r"""Two panels that share their classes, the first on top."""
    width, height = 8.5 + 0.08 * max(map(len, names)), 1.3 + 0.34 * max(len(names), 3)
    figure = new_figure(width, height, title.replace("$", r"\$"))  # dollars are no formulas here
    left, right = figure.subplots(1, 2, sharey=True)
    left.set_yticks(range(len(names)), names, parse_math=False)
    left.set_ylim(len(names) - 0.5, -0.5)
    return figure, left, right


def _bars(
    axes: Axes, values: Any, written: Sequence[str], colours: Sequence[str], heading: str, low: float, high: float
) -> None:
    r"""A bar a class, its value written at the end; `low` and `high` are what the longest bars could reach."""
    axes.barh(range(len(values)), values, color=colours, height=0.7)
    for k, text in enumerate(written):
        after = values[k] >= 0
        axes.annotate(text.replace("-", "−"), (values[k], k), (4 if after else -4, 0), textcoords="offset points",
                      ha="left" if after else "right", va="center", fontsize=9, color=INK, in_layout=False)
    axes.set_title(heading, loc="left", fontsize=11, color=INK)
    room = 0.22 * (high - low)  # for what is written
    axes.set_xlim(low - room if low < 0 else low, high + room)
    axes.set_xticks([])
    axes.axvline(0, color=FAINT, linewidth=0.8)
    tidy(axes, grid=False)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _nats(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.3f}"
