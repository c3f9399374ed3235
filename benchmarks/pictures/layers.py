"""Each layer's time, forward and backward, in multiples of PyTorch's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.layers import LAYERS
from benchmarks.peers import HIGH, LAST, TINYCNN
from benchmarks.pictures.style import BLUE, ORANGE, PALE, SKY, beside, legend, note, of_pytorch, rows
from benchmarks.record import Record
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ratios(record: Record) -> Figure | None:
    """A bar a layer, on a scale where half and double are as far from 1."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def ratio(name: str, peer: str) -> float | None:
        key: dict[str, Any] = {"kind": "layer", "name": name, "threads": record.threads}
        return record.ratio(peer, **key)

    shown = [layer for layer in LAYERS if ratio(layer.name, TINYCNN.name) is not None]
    if not shown:
        return None
    figure = new_figure(9.5, 1.9 + 0.3 * len(shown), "Layers, forward and backward: time, in multiples of PyTorch's")
    axes = figure.subplots()
    rows(axes, [f"{layer.name}, batch {layer.shape[0]}" if "batch" not in layer.name.split(",")[-1] else layer.name
                for layer in shown])
    axes.set_xscale("log", base=2)
    for place, layer in enumerate(shown):
        ours, high, last = (ratio(layer.name, peer.name) for peer in (TINYCNN, HIGH, LAST))
        assert ours is not None
        axes.barh(place, ours - 1, left=1, height=0.62, color=ORANGE, linewidth=0)
        beside(axes, place, ours)
        for value, marker, colour, edge in ((high, "o", PALE, INK), (last, "D", SKY, BLUE)):
            if value is not None:
                axes.plot(value, place, marker=marker, ms=5, color=colour, mec=edge, mew=0.7, zorder=3)
    axes.axvline(1, color=BLUE, linewidth=1.4)
    low, top = axes.get_xlim()
    ticks = [2.0**power for power in range(-6, 12) if low <= 2.0**power <= top]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(low / 1.15, top * 1.15)
    legend(axes, [
        (Patch(color=ORANGE), "tinycnn"),
        (Line2D([], [], color=PALE, marker="o", mec=INK, mew=0.7, ms=5, lw=0), "with matmul precision “high”"),
        (Line2D([], [], color=BLUE, lw=1.4), "PyTorch"),
        (Line2D([], [], color=SKY, marker="D", mec=BLUE, mew=0.8, ms=5, lw=0), "PyTorch, channels_last"),
    ], loc="lower left", bbox_to_anchor=(-0.3, 1.0), ncols=4)
    note(figure, record,
         "Bars to the left: tinycnn is faster. /2: stride 2. A stem's input is the image, which wants no gradient. "
         "Inputs and gradients lie N C H W; between the layers of its networks tinycnn has them N H W C, and need not "
         "put them in order first, which counts here."
         + of_pytorch(record, ["layer"], "is faster"))
    return figure


