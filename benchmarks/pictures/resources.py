"""What a second thread gains, and how much memory a step needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.nets import NETS, Net
from benchmarks.peers import REFERENCE, TINYCNN
from benchmarks.pictures.style import BLUE, ORANGE, PALE, SKY, bar, below, beside, net_label, note, of_pytorch, rows
from benchmarks.record import Record
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def threads(record: Record) -> Figure | None:
    """How many times faster a step is on all threads than on one."""
    from matplotlib.patches import Patch

    def gained(net: Net, peers: tuple[str, ...]) -> float | None:
        alone, together = (
            min((m["best"] for peer in peers if (m := record.of_net("step", net, peer, count))), default=None)
            for count in (1, record.threads)
        )
        return alone / together if alone and together else None

    gains = {net: (gained(net, (TINYCNN.name,)), gained(net, REFERENCE[1:])) for net in NETS}
    gains = {net: pair for net, pair in gains.items() if any(pair)}
    if record.threads == 1 or not gains:
        return None
    title = f"A training step: how many times faster on {record.threads} threads than on one"
    figure = new_figure(8.2, 1.8 + 0.48 * len(gains), title)
    axes = figure.subplots()
    rows(axes, [net_label(net) for net in gains])
    for place, pair in enumerate(gains.values()):
        for shift, value, colour in zip((-0.2, 0.2), pair, (ORANGE, BLUE), strict=True):
            bar(axes, place + shift, value, colour, 0.36)
            beside(axes, place + shift, value)
    axes.axvline(record.threads, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_xlim(0, 1.05 * max([record.threads, *(value for pair in gains.values() for value in pair if value)]))
    below(axes, [(Patch(color=ORANGE), "tinycnn"), (Patch(color=BLUE), "PyTorch, large blocks kept")], 0.24, 2)
    note(figure, record, "Each the best of several turns. Dashed: as many times as there are threads.")
    return figure


def memory(record: Record) -> Figure | None:
    """The largest resident set of each process: what it had before the first step, and what steps add."""
    from matplotlib.patches import Patch

    found = {net: (record.of_net("step", net, TINYCNN.name), _least(record, net)) for net in NETS}
    found = {net: (ours, theirs) for net, (ours, theirs) in found.items() if ours and ours.get("memory")}
    if not found:
        return None
    figure = new_figure(9.2, 2.1 + 0.48 * len(found), "Memory while training")
    axes = figure.subplots()
    rows(axes, [net_label(net) for net in found])
    for place, pair in enumerate(found.values()):
        for shift, measured, colours in zip((-0.2, 0.2), pair, ((ORANGE, PALE), (BLUE, SKY)), strict=True):
            if measured is not None:
                whole, before = measured["memory"] / 1e6, (measured.get("memory_before") or 0) / 1e6
                bar(axes, place + shift, whole, colours[0], 0.36, f"{whole:.0f}")
                axes.barh(place + shift, before, height=0.36, color=colours[1], linewidth=0)
    axes.set_xlabel("MB (10⁶ bytes)", color=INK)
    axes.margins(x=0.1)
    entries = []
    for library, measured, colours in zip(("tinycnn", "PyTorch"), zip(*found.values(), strict=True),
                                          ((ORANGE, PALE), (BLUE, SKY)), strict=True):
        if any(m and m.get("memory_before") for m in measured):
            entries += [(Patch(color=colours[1]), f"{library}, its libraries and the weights"),
                        (Patch(color=colours[0]), "and what steps add")]
        elif any(measured):
            entries += [(Patch(color=colours[0]), library)]
    below(axes, entries, 0.5, 2)
    note(figure, record,
         "The most that each library takes of the GPU's memory, what it keeps for later included."
         if record.about["gpu"] else
         "The largest resident set of a process that does nothing but training steps."
         + of_pytorch(record, ["step"], "needs less"))
    return figure


def _least(record: Record, net: Net) -> dict[str, Any] | None:
    found = [m for peer in REFERENCE if (m := record.of_net("step", net, peer)) and m.get("memory")]
    return min(found, key=lambda m: float(m["memory"]), default=None)
