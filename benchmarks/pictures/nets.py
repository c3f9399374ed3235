"""How many times PyTorch's step, and inference, of the eight networks tinycnn takes, beside the goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.nets import NETS, Net
from benchmarks.peers import HIGH, LAST, TINYCNN
from benchmarks.pictures.style import BLUE, ORANGE, PALE, SKY, bar, below, beside, net_label, note, of_pytorch, rows
from benchmarks.record import Record
from benchmarks.tables import GEOMETRIC_GOAL, mean
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {"step": "Training step", "inference": "Inference"}
Ratio = Callable[[Net, str], float | None]


def ratios(record: Record) -> Figure | None:
    """Bars from 0, a line at 1 for PyTorch: what ends left of it is faster."""
    def of(kind: str) -> Ratio:
        return lambda net, peer: record.ratio(
            peer, kind=kind, threads=record.threads, name=net.name, batch=net.batch, size=net.size)

    nets = [net for net in NETS if any(of(kind)(net, TINYCNN.name) for kind in TITLES)]
    kinds = [kind for kind in TITLES if any(of(kind)(net, TINYCNN.name) for net in nets)]
    if not kinds:
        return None
    goals = record.about["device"] == "cpu"
    figure = new_figure(3.6 + 4.6 * len(kinds), 2.0 + 0.5 * len(nets), "Time, in multiples of PyTorch's")
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        _panel(axes, nets, of(kind), goals and kind == "step")
        axes.set_title(TITLES[kind], loc="left", fontsize=11, color=INK)
    _key(panels[0], any(of("step")(net, HIGH.name) for net in nets), goals and "step" in kinds)
    note(figure, record,
         "Left of the line at 1 tinycnn is faster. Each in a process of its own, in turn; the best of several turns."
         + of_pytorch(record, TITLES, "is faster"))
    return figure


def _panel(axes: Axes, nets: list[Net], ratio: Ratio, goals: bool) -> None:
    whole = len(nets) == len(NETS)
    rows(axes, [*map(net_label, nets), *(["geometric mean"] if whole else [])])
    for place, net in enumerate(nets):
        ours, high, last = (ratio(net, peer.name) for peer in (TINYCNN, HIGH, LAST))
        shift = 0.2 if high is not None else 0.0  # two bars, or one in the middle
        for bar_place, value, colour in ((place - shift, ours, ORANGE), (place + shift, high, PALE)):
            bar(axes, bar_place, value, colour, 0.36)
            beside(axes, bar_place, value)
        if goals:
            _goal(axes, place - shift, net.goal)
            _goal(axes, place + shift, net.high_goal if high is not None else None)
        if last is not None:
            axes.plot(last, place, marker="D", ms=5, color=SKY, mec=BLUE, mew=0.8, zorder=3)
    if whole:
        average = mean(ratio(net, TINYCNN.name) for net in nets)
        bar(axes, len(nets), average, ORANGE, 0.36)
        beside(axes, len(nets), average)
        _goal(axes, len(nets), GEOMETRIC_GOAL if goals else None)
        axes.axhline(len(nets) - 0.5, color=INK, linewidth=0.6)
    axes.axvline(1, color=BLUE, linewidth=1.4, zorder=2)
    values = [ratio(net, peer.name) for net in nets for peer in (TINYCNN, HIGH, LAST)]
    axes.set_xlim(0, 1.12 * max(1.1, *(value for value in values if value is not None)))


def _goal(axes: Axes, place: float, goal: float | None) -> None:
    if goal is not None:
        axes.plot([goal, goal], [place - 0.22, place + 0.22], color=INK, linewidth=1.6, zorder=3)


def _key(axes: Axes, high: bool, goals: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    precise = [(Patch(color=PALE), "with matmul precision “high”")] if high else []
    goal = [(Line2D([], [], color=INK, marker="|", ms=10, mew=1.6, lw=0), "its goal")] if goals else []
    below(axes, [
        (Patch(color=ORANGE), "tinycnn"), *precise, *goal,
        (Line2D([], [], color=BLUE, lw=1.4), "PyTorch"),
        (Line2D([], [], color=SKY, marker="D", mec=BLUE, mew=0.8, ms=5, lw=0), "PyTorch, channels_last"),
    ], 0.28, 3)
