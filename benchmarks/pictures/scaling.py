"""What a training step costs against the batch, the size of the image, and the depth: straight lines, of known slope.

On axes that are both logarithmic a cost cˢ·k is a line of slope s: 1 where it grows as the batch or the depth does, 2
against the side of the image. A smaller slope at the left end is what every step costs, however small it is.
"""

from __future__ import annotations

import re
from math import log
from typing import TYPE_CHECKING

from benchmarks.peers import TINYCNN
from benchmarks.pictures.style import BLUE, ORANGE, note
from benchmarks.record import Record
from benchmarks.work import catalogue
from tinycnn.plot.canvas import FAINT, GRID, INK, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {"batch": ("against the batch", 1), "size": ("against the image's side, in pixels", 2),
          "depth": ("against the depth, in layers", 1)}
Series = list[tuple[float, float]]


def curves(record: Record) -> Figure | None:
    """A panel for each quantity, a line for each library and network, its slope beside it."""
    panels = {section: _series(record, section) for section in TITLES}
    panels = {section: series for section, series in panels.items() if series}
    if not panels:
        return None
    figure = new_figure(1.5 + 4.4 * len(panels), 5.4, "What a training step costs")
    grid = figure.subplots(1, len(panels), squeeze=False)
    for axes, (section, series) in zip(grid[0], panels.items(), strict=True):
        _panel(axes, section, series)
    figure.axes[0].set_ylabel("ms a step", color=INK)
    note(figure, record,
         "Both axes are logarithmic. Slopes: least squares over the upper half of the points. Dashed: slope 1, and 2 "
         "against the side.")
    return figure


def _series(record: Record, section: str) -> dict[tuple[str, str], Series]:
    """By family of networks and library ("tinycnn" or "PyTorch"): the quantity, and milliseconds."""
    found: dict[tuple[str, str], Series] = {}
    for work in catalogue(record.threads, record.about["device"]):
        if work.section != section:
            continue
        depth = float(re.sub(r"\D", "", work.name))
        x = {"batch": float(work.batch), "size": float(work.size), "depth": depth}[section]
        small = work.size <= 32
        family = {
            "batch": f"{work.name.replace('resnet', 'ResNet-')}, {work.size}²",
            "size": f"{work.name.replace('resnet', 'ResNet-')}, batch {work.batch}",
            "depth": "ResNet-20 … 110, 32 of 32²" if small else "ResNet-18 … 152, 2 of 128²",
        }[section]
        for label, measured in (("tinycnn", record.find(TINYCNN.name, **work.key)),
                                ("PyTorch", record.reference(**work.key))):
            if measured is not None:
                found.setdefault((family, label), []).append((x, 1000 * measured["best"]))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def _panel(axes: Axes, section: str, series: dict[tuple[str, str], Series]) -> None:
    title, ideal = TITLES[section]
    families = list(dict.fromkeys(family for family, _ in series))
    for (family, label), points in series.items():
        xs, ys = zip(*points, strict=True)
        colour, first = ORANGE if label == "tinycnn" else BLUE, family == families[0]
        axes.plot(xs, ys, color=colour, linewidth=1.8, marker="o" if first else "s", ms=5,
                  mfc=colour if first else "white", mew=1.2, label=f"{family}: {label}, slope {slope(points):.2f}")
    low = min(x for points in series.values() for x, _ in points)
    high = max(x for points in series.values() for x, _ in points)
    top = max(y for points in series.values() for _, y in points)
    heights = [1.6 * top * (low / high) ** ideal, 1.6 * top]
    axes.plot([low, high], heights, color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    ticks = sorted({x for points in series.values() for x, _ in points})
    ticks = [tick for number, tick in enumerate(ticks) if not number or tick > 1.15 * ticks[number - 1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8.5)
    axes.set_xticks([], minor=True)
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    tidy(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="upper left", bbox_to_anchor=(-0.02, -0.1))


def slope(points: Series) -> float:
    """Of the line through the upper half of the points, on logarithmic axes, that has the least squares."""
    upper = points[len(points) // 2 - (len(points) < 4) :] if len(points) > 2 else points
    xs, ys = [log(x) for x, _ in upper], [log(y) for _, y in upper]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


