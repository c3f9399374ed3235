r"""The loss around what training found, as mountains and as a map (Figure 16)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.errors import ShapeError
from tinycnn.plot.canvas import FAINT, INK, WRONG, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinycnn.train.landscape import Landscape

_COLOURS, _LEVELS = "viridis", 13  # at most so many bands


def landscapes(
    named: Mapping[str, Landscape], title: str = "The loss around what was found", *, highest: float | None = None
) -> Figure:
    r"""Landscapes of the loss side by side at one scale: surfaces above, below them maps with lines of equal loss.

    Parameters
    ----------
    named : mapping
        Of each landscape's heading to what `train.loss_landscape` gave.
    highest : float or None
        What is higher is cut off there, so that a valley is not lost between peaks; if None, the largest finite loss.

    Raises
    ------
    ShapeError    there is no landscape, or one of fewer than 2 × 2 points or without a finite loss

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), "Visualizing the loss landscape of neural nets", figures 1 and 5.

    Examples
    --------
    >>> from tinycnn import nn
    >>> from tinycnn.train import loss_landscape
    >>> bowl = loss_landscape(nn.Linear(2, 2), lambda model: (model.weight ** 2).sum(), points=5)
    >>> figure = landscapes({"a bowl": bowl})
    >>> figure.axes[0].get_title(loc="left").splitlines()[0]
    'a bowl'
    """
    if not named or any(min(one.losses.shape) < 2 or not np.isfinite(one.losses).any() for one in named.values()):
        raise ShapeError("landscapes: every landscape needs 2 × 2 points or more, and a loss that is finite")
    finite = [one.losses[np.isfinite(one.losses)] for one in named.values()]
    most = max(float(losses.max()) for losses in finite) if highest is None else highest
    least = min(float(losses.min()) for losses in finite)
    levels = _levels(least, most)
    wide = 0.8 + 4.7 * len(named)
    figure = new_figure(wide, 8.6, title)
    for column, (name, one) in enumerate(named.items(), 1):
        losses = np.nan_to_num(one.losses, nan=levels[-1], posinf=levels[-1]).clip(levels[0], levels[-1])
        _surface(figure.add_subplot(2, len(named), column, projection="3d"), one, losses, levels)
        _map(figure.add_subplot(2, len(named), len(named) + column), one, losses, levels)
        figure.axes[-2].set_title(f"{name}\nloss at ★: {one.centre:.3f} nats", loc="left", fontsize=11, color=INK)
    note = "α and β: steps along two random directions, every filter of which is as long as the network's own"
    if not all((one.losses <= levels[-1]).all() for one in named.values()):
        note += f"; cut off at a loss of {levels[-1]:g}"
    figure.supxlabel(textwrap.fill(note, int(16 * wide)), x=0.02, ha="left", fontsize=8, color=FAINT)
    return figure


def _levels(least: float, most: float) -> Any:
    r"""Round numbers from below the least loss to the highest that is shown, or above it."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(_LEVELS).tick_values(least, most if most > least else least + 1)


def _surface(axes: Any, one: Landscape, losses: Any, levels: Any) -> None:
    across, along = np.meshgrid(one.alphas, one.betas)
    axes.plot_surface(
        across, along, losses, cmap=_COLOURS, vmin=levels[0], vmax=levels[-1], rstride=1, cstride=1,
        linewidth=0.2, edgecolor=(0, 0, 0, 0.25), antialiased=True,
    )
    axes.set_zlim(levels[0], levels[-1])
    axes.set_xticks([one.alphas[0], 0, one.alphas[-1]])
    axes.set_yticks([one.betas[0], 0, one.betas[-1]])
    axes.set_xlabel("α", color=INK)
    axes.set_ylabel("β", color=INK)
    axes.set_zlabel("loss in nats", color=INK)
    axes.view_init(elev=32, azim=-60)
    axes.tick_params(labelsize=8, colors=INK)
    for line in (axes.xaxis, axes.yaxis, axes.zaxis):
        line.pane.set_alpha(0.0)


def _map(axes: Axes, one: Landscape, losses: Any, levels: Any) -> None:
    axes.contourf(one.alphas, one.betas, losses, levels, cmap=_COLOURS)
    lines = axes.contour(one.alphas, one.betas, losses, levels, colors="white", linewidths=0.6)
    axes.clabel(lines, fontsize=7, fmt="%g")
    axes.plot([0], [0], marker="*", markersize=12, color=WRONG, markeredgecolor="white")
    axes.set_aspect("equal")
    axes.set_xlabel("α", color=INK)
    axes.set_ylabel("β", color=INK)
    axes.tick_params(labelsize=8, colors=INK)
