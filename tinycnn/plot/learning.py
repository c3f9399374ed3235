r"""What a network makes of few examples: accuracy against how many there were, with bands of a standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, TRAIN, WRONG, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (FAINT, TRAIN, TEST, RIGHT, WRONG)  # the first is what the others are compared with


def few_examples(curves: Mapping[str, Sequence[tuple[int, float, float]]], title: str = "Few examples") -> Figure:
    r"""A curve for each way to learn; the examples on a logarithmic axis.

    Parameters
    ----------
    curves : mapping
        The points of each curve, by its name: examples of a class, mean accuracy in [0, 1], standard error or NaN.

    Raises
    ------
    ShapeError    there is no point

    Examples
    --------
    >>> points = [(1, 0.5, 0.02), (5, 0.8, 0.01)]
    >>> figure = few_examples({"scratch": points, "fine-tune": [(1, 0.6, 0.02), (5, 0.9, 0.01)]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['scratch', 'fine-tune']
    """
    if not curves or not all(curves.values()):
        raise ShapeError("few_examples: every curve needs a point")
    figure = new_figure(8.6, 5.2, title)
    axes = figure.subplots()
    for (name, points), colour in zip(curves.items(), _cycled(len(curves)), strict=True):
        examples = [n for n, _, _ in points]
        means = [100 * mean for _, mean, _ in points]
        errors = [100 * error if math.isfinite(error) else 0.0 for _, _, error in points]
        low, high = ([mean + sign * error for mean, error in zip(means, errors, strict=True)] for sign in (-1, 1))
        axes.fill_between(examples, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(examples, means, color=colour, linewidth=2, marker="o", markersize=5, label=name)
    axes.set_xscale("log")
    ticks = sorted({n for points in curves.values() for n, _, _ in points})
    axes.set_xticks(ticks, [str(n) for n in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("examples of each class", color=INK)
    axes.set_title("Test accuracy in %, mean and standard error", loc="left", fontsize=11, color=INK)
    axes.legend(loc="lower right", facecolor="white", edgecolor="none", framealpha=1, labelcolor="linecolor")
    tidy(axes)
    return figure


def _cycled(n: int) -> list[str]:
    return [_COLOURS[i % len(_COLOURS)] for i in range(n)]
