r"""A report as a picture: the V-curve with the reading of its shape, and where in the argument the error sits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinycnn.gradcheck.account import account_of, entry
from tinycnn.gradcheck.curve import EXACT, Reading, read_curve
from tinycnn.gradcheck.tiles import tiled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tinycnn.gradcheck.report import Failure, Report

_COLOURS = {"right": "#1b7837", "linear": "#1b7837", "wrong": "#b2182b"}
_DOUBT = "#8a5a00"
_UNKNOWN = "#cccccc"  # entries that were not measured, and what lies between tiles


def picture_of(report: Report) -> Figure:
    r"""The V-curve on the left, the map of the errors on the right, as far as there is anything to draw.

    Examples
    --------
    >>> from tinycnn.gradcheck.report import Failure, Report
    >>> n = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> wrong = Failure(0, "x", (1, 1), 8.0, 4.0, 1e-9, 0.5, "scale", "", "", gradients=(2 * n, n, 1e-9 * n))
    >>> h = 10.0 ** -np.arange(1, 13)
    >>> figure = picture_of(Report("double", "fail", (wrong,), measure_curve=lambda: (h, 0.5 + h**2)))
    >>> [axes.get_title(loc="left") for axes in figure.axes[:2]]
    ['flat: the gradient is wrong, by 50 % of its size', '|backward − finite difference| in x (2×2)']
    """
    from tinycnn.plot.canvas import FAINT, new_figure

    curve = None if report.measure_curve is None else report.measure_curve()
    mapped = next((failure for failure in report.failures if failure.gradients is not None), None)
    count = (curve is not None) + (mapped is not None)
    figure = new_figure(11 if count == 2 else 6.4, 4.8, f"{report.name}: {account_of(report).sentence}")
    if count == 0:
        figure.text(0.5, 0.45, "Nothing was measured, so there is nothing to draw.", ha="center", color=FAINT)
        return figure
    axes = list(np.atleast_1d(figure.subplots(1, count)))
    if curve is not None:
        _draw_curve(axes[0], curve[0], curve[1], report.verdict)
    if mapped is not None:
        _draw_map(axes[-1], mapped)
    return figure


def _draw_curve(axes: Axes, steps: Any, errors: Any, verdict: str) -> None:
    from tinycnn.plot.canvas import FAINT, INK, tidy

    reading = read_curve(steps, errors)
    on_a_kink = verdict == "kink"
    if on_a_kink and reading.shape == "wrong":
        reading = Reading("kink", "flat: right on a kink there is no derivative to compare with", reading.where)
    colour = _COLOURS["right"] if verdict == "pass" else _COLOURS.get(reading.shape, _DOUBT)
    h, error = np.asarray(steps, dtype=float), np.abs(np.asarray(errors, dtype=float))
    error = np.where(np.isfinite(error), np.maximum(error, EXACT), np.nan)
    axes.loglog(h, error, color=colour, linewidth=1.5, marker="o", markersize=3.5)
    _draw_ideal(axes, reading, h, error)
    axes.set_ylim(min(float(np.nanmin(error)) / 8, 1e-14), max(float(np.nanmax(error)) * 8, 10))
    if reading.shape == "wrong" and reading.where is not None:
        axes.annotate(f"relative error {reading.where:.2g}", (h.min(), reading.where), (4, 6),
                      textcoords="offset points", color=colour, fontsize=9)
    elif reading.shape == "kink" and not on_a_kink and reading.where is not None:
        axes.axvline(reading.where, color=colour, linewidth=1, linestyle=(0, (2, 2)))
    axes.set_title(reading.sentence, loc="left", fontsize=10, color=colour, wrap=True)
    axes.set_xlabel("step h of the finite difference", color=INK)
    axes.set_ylabel("relative error, along one direction", color=INK)
    tidy(axes)
    axes.tick_params(which="minor", length=0)
    axes.grid(axis="x", color="none")
    axes.spines["bottom"].set_color(FAINT)


def _draw_ideal(axes: Axes, reading: Reading, h: Any, error: Any) -> None:
    """Faint lines of slopes +2 and −1, which the truncation and the rounding of a right gradient follow."""
    from tinycnn.plot.canvas import FAINT

    truncation = error[(h >= 3e-3) & (h <= 3e-2)] / h[(h >= 3e-3) & (h <= 3e-2)] ** 2
    rounding = error[(h >= 1e-11) & (h <= 1e-8)] * h[(h >= 1e-11) & (h <= 1e-8)]
    v_shaped = reading.shape == "right"
    # Where the curve is no V, the lines show where it would lie, were the numbers and their derivatives about 1.
    c = float(np.median(truncation)) if v_shaped and len(truncation) else 0.1
    r = float(np.median(rounding)) if reading.shape in ("right", "linear") and len(rounding) else 1e-16
    span = np.array([h.min(), h.max()])
    lines = [(r / span, "rounding\nslope −1", (span[0], r / span[0] / 1e4), "left")]
    if reading.shape != "linear":
        lines.append((c * span**2, "truncation\nslope +2", (span[1], c * span[1] ** 2 / 1e4), "right"))
    for line, label, (x, y), side in lines:
        axes.plot(span, line, color=FAINT, linewidth=1, alpha=0.45, linestyle=(0, (5, 3)), zorder=0)
        axes.text(x, y, label, ha=side, va="top", color=FAINT, fontsize=8)


def _draw_map(axes: Axes, failure: Failure) -> None:
    from tinycnn.plot.canvas import FAINT, INK

    assert failure.gradients is not None
    analytic, numeric, _ = failure.gradients
    grid = tiled(np.abs(np.asarray(analytic, dtype=float) - np.asarray(numeric, dtype=float)), failure.index)
    image = axes.imshow(grid.values, cmap="Reds", vmin=0, interpolation="nearest", aspect="equal")
    axes.set_facecolor(_UNKNOWN)  # shines through where there is no value
    axes.set_anchor("W")
    rows, columns = grid.values.shape
    slim = 0.03 * max(1.0, rows / columns)  # of equal width beside tall maps and broad ones
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1 + slim, 0, slim, 1)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=INK, length=0, labelsize=8)
    if grid.worst is not None:
        _frame(axes, *grid.worst, max(1.0, rows / 40, columns / 40))
    shape = "×".join(map(str, np.shape(analytic))) or "a number"
    title = f"|backward − finite difference| in {failure.argument_name} ({shape})"
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    where = entry(failure.argument_name, failure.index)
    axes.set_xlabel(f"{grid.layout}\nframed: {where}, the worst", color=FAINT, fontsize=9, ha="left", x=0)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(_UNKNOWN)


def _frame(axes: Axes, row: int, column: int, side: float) -> None:
    """A frame round a cell, black on white, to be seen on any colour."""
    from matplotlib.patches import Rectangle

    from tinycnn.plot.canvas import INK

    for colour, width in (("white", 4), (INK, 1.6)):
        axes.add_patch(Rectangle((column - side / 2, row - side / 2), side, side, fill=False, edgecolor=colour,
                                 linewidth=width, clip_on=False))
