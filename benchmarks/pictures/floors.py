"""Where a step's time goes, layer by layer, and how little it could be: a panel a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.floors import Layer, layers
from benchmarks.nets import NETS, Net
from benchmarks.pictures.style import BLUE, ORANGE, legend, net_label, note, rows
from benchmarks.record import Record
from benchmarks.tables import milliseconds
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN, KINDS = 10, 4  # layers of each network by themselves, and kinds of all others


def floors(record: Record) -> Figure | None:
    """Bars of what layers take, on each a line where its floor is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = {net: account for net in NETS if (account := layers(record, net))}
    if not found:
        return None
    high = -(-len(found) // 2)
    figure = new_figure(13.0, 1.6 + 3.0 * high, "A training step by layer, and what the machine's own rates allow")
    panels = figure.subplots(high, 2, squeeze=False).ravel()
    for panel, (net, account) in zip(panels, found.items(), strict=False):
        _panel(panel, net, account)
    for panel in panels[len(found) :]:
        panel.set_axis_off()
    legend(panels[0], [
        (Patch(color=ORANGE), "tinycnn"), (Line2D([], [], color=BLUE, lw=2.2), "floor"),
    ], loc="lower right")
    note(figure, record,
         "Forward and backward. The floor of a layer: the direct algorithm's products at sgemm's rate, or its arrays "
         "once on each way at that of copies, whichever takes longer. Winograd's algorithm does fewer products, and "
         "arrays that stay in the cache need not be fetched: both can be below. So can a large linear layer: the "
         "gradient of its weights is made in the optimizer's step.")
    return figure


def _panel(axes: Axes, net: Net, account: list[Layer]) -> None:
    shown = [*account[:SHOWN], *_by_kind(account[SHOWN:])]
    rows(axes, [f"{row.label}{f'  ×{row.calls}' if row.calls > 1 else ''}" for row in shown])
    axes.tick_params(axis="y", labelsize=7.5)
    for place, row in enumerate(shown):
        axes.barh(place, 1e3 * row.seconds, height=0.66, color=ORANGE, linewidth=0)
        axes.plot([1e3 * row.floor] * 2, [place - 0.4, place + 0.4], color=BLUE, linewidth=2.2, zorder=3)
    total, least = sum(row.seconds for row in account), sum(row.floor for row in account)
    axes.set_title(f"{net_label(net)}:  {milliseconds(total)} ms, floor {milliseconds(least)}", loc="left", fontsize=10,
                   color=INK)
    axes.set_xlim(0, None)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} ms")


def _by_kind(rest: list[Layer]) -> list[Layer]:
    """A row for each kind of layer, which is what its label begins with; those that take least share the last."""
    kinds: dict[str, list[Layer]] = {}
    for row in rest:
        kinds.setdefault(row.label.split(",")[0], []).append(row)
    ranked = sorted(kinds.items(), key=lambda kind: -sum(row.seconds for row in kind[1]))
    if len(ranked) > KINDS:
        least = [row for _, of in ranked[KINDS - 1 :] for row in of]
        ranked = [*ranked[: KINDS - 1], ("all else", least)]
    return [of[0] if len(of) == 1 else _together(kind if kind == "all else" else f"other {kind}", of)
            for kind, of in ranked]


def _together(label: str, layers_: list[Layer]) -> Layer:
    """Many as one, whose floor is the sum of theirs."""
    return Layer(label, sum(row.calls for row in layers_), sum(row.seconds for row in layers_),
                 0.0, sum(row.floor for row in layers_))
