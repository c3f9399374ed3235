r"""What a network makes of few examples: accuracy against how many there were, with bands of a standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, TRAIN, WRONG, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (FAINT, TRAIN, TEST, RIGHT, WRONG)  # the first is what the others are compared with


def few_examples(
    panels: Mapping[str, Mapping[str, Sequence[tuple[int, float, float]]]], title: str = "Few examples"
) -> Figure:
    r"""A curve for each way to learn, the examples on a logarithmic axis; panels side by side at one scale.

    Parameters
    ----------
    panels : mapping
        The curves of each panel, by its heading. Of each curve, by its name, the points: examples of a class, mean
        accuracy in [0, 1], standard error or NaN.

    Raises
    ------
    ShapeError    there is no panel, or a curve without a point

    Examples
    --------
    >>> points = [(1, 0.5, 0.02), (5, 0.8, 0.01)]
    >>> figure = few_examples({"after 15 steps": {"scratch": points, "fine-tune": [(1, 0.6, 0.02), (5, 0.9, 0.01)]}})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['scratch', 'fine-tune']
    """
    if not panels or not all(curves and all(curves.values()) for curves in panels.values()):
        raise ShapeError("few_examples: every curve needs a point")
    figure = new_figure(2.6 + 4.6 * len(panels), 5.6, title)
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (heading, curves) in zip(row, panels.items(), strict=True):
        _panel(axes, curves)
        axes.set_title(f"{heading}: test accuracy in %", loc="left", fontsize=11, color=INK)
    legend = figure.legend(
        *row[0].get_legend_handles_labels(), loc="outside lower left", frameon=False, labelcolor="linecolor",
        title="means, in bands of a standard error to either side", alignment="left", title_fontproperties={"size": 9},
    )
    legend.get_title().set_color(FAINT)
    return figure


def _panel(axes: Axes, curves: Mapping[str, Sequence[tuple[int, float, float]]]) -> None:
    for i, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[i % len(_COLOURS)]
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
    tidy(axes)
