"""What the pictures share: a colour for each peer, one kind of bar, and a line that says where it was measured.

A bar of tinycnn has one colour, whether it is shorter than PyTorch's or longer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.nets import Net
from benchmarks.peers import BLOCKS, PLAIN, REFERENCE
from benchmarks.record import Record
from tinycnn.plot.canvas import FAINT, GRID, INK, TEST, TRAIN, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

ORANGE, PALE, BLUE, SKY = TRAIN, "#f6c58a", TEST, "#92c5de"
LETTERS = 16  # of the note, an inch


def net_label(net: Net) -> str:
    """The network, and the batch that is timed."""
    return f"{net.label}  {net.images}"


def note(figure: Figure, record: Record, said: str) -> None:
    """What is to be known of the picture, and the machine and versions, below it."""
    facts = record.about
    place = facts.get("gpu") or f"{facts['machine']['cpu']}, {record.threads} threads"
    named = ", ".join(f"{name} {facts['versions'][name]}" for name in ("tinycnn", "NumPy", "PyTorch")
                      if facts["versions"].get(name))
    lines = [textwrap.fill(line, int(LETTERS * figure.get_figwidth()))
             for line in (said, f"{place}; {named}; {facts['date']}.")]
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", fontsize=8, color=FAINT)


def rows(axes: Axes, labels: Sequence[str]) -> None:
    """A row for each label, from the top; only faint lines for the values."""
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    tidy(axes, grid=False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def bar(axes: Axes, place: float, value: float | None, colour: str, height: float, text: str = "") -> None:
    """A bar from 0, the text behind it; nothing where there is no value."""
    if value is not None:
        axes.barh(place, value, height=height, color=colour, linewidth=0)
        axes.annotate(text, (value, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK)


def beside(axes: Axes, place: float, value: float | None) -> None:
    """The value of a bar in a column to the right, where it hides no line."""
    if value is not None:
        axes.annotate(f"{value:.2f}", (1.015, place), xycoords=("axes fraction", "data"), va="center", fontsize=8.5,
                      color=INK)


def of_pytorch(record: Record, kinds: Collection[str], which: str) -> str:
    """A sentence on the settings it was timed in; where there are two of glibc, the one which is better counts."""
    timed = {row["peer"] for row in record.measurements if row["kind"] in kinds}
    if not timed & set(REFERENCE):
        return ""
    glibc = {
        (True, True): f", with glibc as it is or told to keep large blocks, whichever {which}",
        (False, True): ", with glibc told to keep large blocks", (True, False): "",
    }[PLAIN.name in timed, BLOCKS.name in timed]
    return f" PyTorch: N C H W{glibc}."


def below(axes: Axes, entries: Sequence[tuple[Any, str]], inches: float, columns: int) -> None:
    """A legend so far below the axes, however low they are."""
    from matplotlib.transforms import ScaledTranslation

    place = axes.transAxes + ScaledTranslation(0, -inches, axes.figure.dpi_scale_trans)
    legend(axes, entries, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=place, ncols=columns)


def legend(axes: Axes, entries: Sequence[tuple[Any, str]], **options: Any) -> Legend:
    """Which colour or mark stands for what."""
    return axes.legend([mark for mark, _ in entries], [text for _, text in entries], frameon=False, fontsize=9,
                       labelcolor=INK, **options)
