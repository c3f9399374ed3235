"""The roofline: what each layer reaches, against what the machine can do at its ratio of arithmetic to traffic.

A layer that does few operations on each byte waits for memory, one that does many for the processor: the roof is
min(sgemm's rate, bandwidth · operations a byte). Winograd's algorithm does fewer products than are counted here, so it
may end above the roof.

References
----------
Williams, Waterman, Patterson (2009), "Roofline: an insightful visual performance model for multicore architectures".
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from benchmarks.layers import LAYERS, Layer
from benchmarks.peers import TINYCNN
from benchmarks.pictures.style import BLUE, ORANGE, bar, legend, note, rows
from benchmarks.record import Record
from tinycnn.plot.canvas import FAINT, GRID, INK, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: a mark for each kind of layer, how the names of such layers begin, and what the legend says
MARKS = {
    "stem": ("^", ("stem",), "stems"), "wide": ("o", ("3×3", "5×5"), "3×3, 5×5"),
    "narrow": ("s", ("1×1", "2×2"), "1×1, 2×2"), "grouped": ("D", ("depthwise", "grouped"), "depthwise, grouped"),
    "linear": ("v", ("linear",), "linear"),
}
NAMED = ("depthwise", "grouped", "linear,")  # layers that lie far from the others
#: where a name may stand, in points from its mark, and which of its ends is there
PLACES = [(x, y, ha) for x, ha in ((8, "left"), (-8, "right")) for y in (0, 7, -7)] + [
    (0, y, "center") for y in (-10, 10)]


def roofline(record: Record) -> Figure | None:
    """Layers with products under the roof on the left, the others beside the bandwidth on the right."""
    timed = [(layer, ours, theirs) for layer in LAYERS if (pair := _times(record, layer)) for ours, theirs in [pair]]
    limits = record.limits()
    if not timed or record.threads not in limits:
        return None
    products, others = [row for row in timed if row[0].flop], [row for row in timed if not row[0].flop]
    figure = new_figure(12.5, 6.4, "What each layer reaches, and what the machine could do")
    left, *right = figure.subplots(1, 1 + bool(others), width_ratios=(2.1, 1)[: 1 + bool(others)], squeeze=False)[0]
    _roof(left, limits, record.threads, products)
    _points(left, products)
    if right:
        _traffic(right[0], others, limits[record.threads]["copy"])
    note(figure, record,
         "Forward and backward; the roofs are measured in the same run. Counted are the direct algorithm's operations, "
         "and every array once for each of the three products. Winograd's algorithm does fewer operations than are "
         "counted, and arrays that stay in the cache need not be fetched: both can end above the roof.")
    _name(figure, left, [row for row in products if row[0].name.startswith(NAMED)])
    return figure


def _times(record: Record, layer: Layer) -> tuple[float, float | None] | None:
    key: dict[str, Any] = {"kind": "layer", "name": layer.name, "threads": record.threads}
    ours, theirs = record.find(TINYCNN.name, **key), record.reference(**key)
    return (ours["best"], theirs["best"] if theirs else None) if ours else None


def _roof(axes: Axes, limits: dict[int, dict[str, float]], threads: int, products: list[Any]) -> None:
    intensities = [layer.flop / layer.traffic for layer, *_ in products] or [1.0, 100.0]
    knee = limits[threads]["sgemm"] / limits[threads]["copy"]
    low, high = min(0.6 * min(intensities), knee / 5), 2.5 * max(intensities)  # left of the knee is room for a label
    for count, facts in sorted(limits.items()):
        ridge = facts["sgemm"] / facts["copy"]
        heights = [min(facts["sgemm"], facts["copy"] * x) for x in (low, ridge, high)]
        axes.plot([low, max(ridge, low), high], heights, color=INK if count == threads else FAINT,
                  linewidth=1.6 if count == threads else 1.0, linestyle="-" if count == threads else (0, (4, 3)))
        axes.annotate(f"sgemm, {count} thread{'s' * (count > 1)}:\n{facts['sgemm']:.0f} GF/s", (high, facts["sgemm"]),
                      (5, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)
    axes.annotate(f"copy: {limits[threads]['copy']:.0f} GB/s", (knee, limits[threads]["sgemm"]), (-6, 0),
                  textcoords="offset points", ha="right", fontsize=8.5, color=INK)
    axes.set_xlim(low, high)


def _points(axes: Axes, products: list[Any]) -> None:
    from matplotlib.lines import Line2D

    used = []
    for layer, ours, theirs in products:
        kind = next(kind for kind, (_, names, _) in MARKS.items() if layer.name.startswith(names))
        used.append(kind)
        x, mark = layer.flop / layer.traffic, MARKS[kind][0]
        rate = layer.flop / ours / 1e9
        if theirs is not None:
            other = layer.flop / theirs / 1e9
            axes.plot([x, x], [other, rate], color=ORANGE, linewidth=1.0, alpha=0.7, zorder=2)
            axes.plot(x, other, marker=mark, ms=6, color="white", mec=BLUE, mew=1.2, zorder=3)
        axes.plot(x, rate, marker=mark, ms=7, color=ORANGE, mec="white", mew=0.6, zorder=4)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("operations a byte", color=INK)
    axes.set_ylabel("GF/s", color=INK)
    axes.set_title("Layers made of products", loc="left", fontsize=11, color=INK)
    tidy(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    marks = [(Line2D([], [], color=FAINT, marker=mark, ms=6, lw=0), text)
             for kind, (mark, _, text) in MARKS.items() if kind in used]
    libraries = legend(axes, [
        (Line2D([], [], color=ORANGE, marker="o", ms=7, mec="white", lw=0), "tinycnn"),
        (Line2D([], [], color="white", marker="o", ms=6, mec=BLUE, mew=1.2, lw=0), "PyTorch"),
    ], loc="upper left", ncols=2, handletextpad=0.2)
    legend(axes, marks, loc="lower right")
    axes.add_artist(libraries)  # which the other would replace


def _name(figure: Figure, axes: Axes, products: list[Any]) -> None:
    """The layers' names, each in the first place beside its points where it hides nothing; there may be none."""
    from matplotlib.legend import Legend

    figure.set_dpi(150)  # as it is written: letters are not as wide at every resolution
    figure.draw_without_rendering()  # which arranges the picture
    lines = [line.get_path().transformed(line.get_transform()) for line in axes.lines]
    radius = 4.5 * figure.dpi / 72
    there = [entry.get_window_extent() for entry in (*axes.texts, *axes.findobj(Legend))]
    there += [way.get_extents().padded(radius) for way in lines if len(way) == 1]  # marks
    for layer, *times in products:
        name = layer.name.partition(", batch")[0]
        names = (name, name.replace(", ", ",\n"), name.replace(" (", "\n(").replace(" at ", "\nat "))
        rates = [layer.flop / seconds / 1e9 for seconds in times if seconds is not None]
        for said, rate, (x, y, ha) in itertools.product(names, rates, PLACES):
            text = axes.annotate(said, (layer.flop / layer.traffic, rate), (x, y), textcoords="offset points",
                                 ha=ha, va="center", fontsize=7.5, color=INK)
            box = text.get_window_extent().padded(2)
            if (any(box.overlaps(other) for other in there) or any(way.intersects_bbox(box, False) for way in lines)
                    or not axes.bbox.x0 < box.x0 < box.x1 < axes.bbox.x1):
                text.remove()
                continue
            there.append(box)
            break


def _traffic(axes: Axes, others: list[Any], bandwidth: float) -> None:
    rows(axes, [layer.name for layer, *_ in others])
    for place, (layer, ours, theirs) in enumerate(others):
        rates = [layer.traffic / seconds / 1e9 if seconds else None for seconds in (ours, theirs)]
        for shift, rate, colour in zip((-0.2, 0.2), rates, (ORANGE, BLUE), strict=True):
            bar(axes, place + shift, rate, colour, 0.36, f"{rate:.0f}" if rate else "")
    axes.axvline(bandwidth, color=INK, linewidth=1.6)
    axes.annotate("copy", (bandwidth, -0.6), (3, 2), textcoords="offset points", fontsize=8.5, color=INK)
    axes.set_xlabel("GB/s", color=INK)
    axes.set_title("Layers made of traffic", loc="left", fontsize=11, color=INK, pad=14)
