"""Where a step's time goes, layer by layer, and how little it could be: a panel a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.floors import MEANING, Layer, timed_layers
from benchmarks.nets import NETS, Net
from benchmarks.peers import HIGH
from benchmarks.pictures.style import BLUE, ORANGE, PALE, legend, net_label, note, rows
from benchmarks.record import Record
from benchmarks.tables import milliseconds
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN, KINDS = 10, 4  # layers of each network by themselves, and kinds of all others


class Bar(NamedTuple):
    """A layer, or all of a kind that have no bar of their own."""

    label: str
    layers: list[Layer]

    def sum(self, quantity: Callable[[Layer], float]) -> float:
        """Of its layers, in milliseconds."""
        return 1e3 * sum(map(quantity, self.layers))


def floors(record: Record) -> Figure | None:
    """Bars of what layers take, on each a line where its floor is."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = {net: account for net in NETS if (account := timed_layers(record, net))}
    if not found:
        return None
    tall = -(-len(found) // 2)
    figure = new_figure(13.0, 1.6 + 3.2 * tall, "A training step by layer, and what the machine's own rates allow")
    panels = figure.subplots(tall, 2, squeeze=False).ravel()
    precise = {net: {row.label: row.seconds for row in timed_layers(record, net, HIGH)} for net in found}
    for panel, (net, account) in zip(panels, found.items(), strict=False):
        _panel(panel, net, account, precise[net])
    for panel in panels[len(found) :]:
        panel.set_axis_off()
    legend(panels[0], [
        (Patch(color=ORANGE), "tinycnn"),
        *([(Patch(color=PALE), "with matmul precision “high”")] if any(precise.values()) else []),
        (Line2D([], [], color=BLUE, lw=2.2), "floor"),
    ], loc="lower right")
    note(figure, record,
         f"{MEANING} ×4: there are four such layers in the step, which share the bar. “other …”: all layers of a kind "
         "that have no bar of their own.")
    return figure


def _panel(axes: Axes, net: Net, account: list[Layer], high: dict[str, float]) -> None:
    bars = [*(Bar(row.label, [row]) for row in account[:SHOWN]), *by_kind(account[SHOWN:])]
    rows(axes, [bar.label + (f"  ×{calls}" if (calls := sum(row.calls for row in bar.layers)) > 1 else "")
                for bar in bars])
    axes.tick_params(axis="y", labelsize=7.5)
    height = 0.38 if high else 0.66
    for place, bar in enumerate(bars):
        shift = height / 2 if high else 0.0
        axes.barh(place - shift, bar.sum(lambda row: row.seconds), height=height, color=ORANGE, linewidth=0)
        if high:
            axes.barh(place + shift, bar.sum(lambda row: high.get(row.label, 0.0)), height=height, color=PALE,
                      linewidth=0)
        axes.plot([bar.sum(lambda row: row.floor)] * 2, [place - 0.4, place + 0.4], color=BLUE, linewidth=2.2, zorder=3)
    total, least = sum(row.seconds for row in account), sum(row.floor for row in account)
    precise = f", “high” {milliseconds(sum(high.values()))}" if high else ""
    axes.set_title(f"{net_label(net)}:  {milliseconds(total)} ms{precise}, floor {milliseconds(least)}", loc="left",
                   fontsize=10, color=INK)
    axes.set_xlim(0, None)
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} ms")


def by_kind(rest: list[Layer]) -> list[Bar]:
    """A bar for each kind of layer, which is what labels begin with; those kinds that take least share the last."""
    kinds: dict[str, list[Layer]] = {}
    for row in rest:
        kinds.setdefault(row.label.split(",")[0], []).append(row)
    ranked = sorted(kinds.items(), key=lambda kind: -sum(row.seconds for row in kind[1]))
    bars = [Bar(of[0].label if len(of) == 1 else f"other {kind}", of) for kind, of in ranked[:KINDS]]
    if len(ranked) > KINDS:
        bars[-1] = Bar("all else", [row for _, of in ranked[KINDS - 1 :] for row in of])
    return bars
