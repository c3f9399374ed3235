"""Where the time of a training step goes, by kind of op, as each library's own profiler has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.nets import NETS
from benchmarks.peers import REFERENCE, TINYCNN
from benchmarks.pictures.style import below, net_label, note, rows
from benchmarks.record import Record
from tinycnn.plot.canvas import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: the kinds of ops, a colour for each, and what the name of such an op has in it, in either library
KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("convolution", "#e08214", ("conv",)),
    ("linear", "#fdb863", ("linear", "matmul", "addmm", "::mm", "::bmm")),
    ("normalization", "#2166ac", ("norm", "standardize")),
    ("activation", "#67a9cf", ("relu", "gelu", "silu", "sigmoid", "threshold", "clamp")),
    ("pooling", "#1b7837", ("pool",)),
    ("loss", "#a6dba0", ("softmax", "nll", "cross_entropy", "crossentropy", "gather")),
    ("optimizer", "#762a83", ("sgd", "optimizer", "::mul_", "::add_", "::_foreach")),  # PyTorch's is made of mul_, add_
    ("copies and sums", "#c2a5cf", ("copy", "add", "mul", "sum", "div", "clone", "permute", "mean", "fill")),
    ("all else", "#bbbbbb", ("",)),
)
DARK = ("convolution", "normalization", "pooling", "optimizer")


def by_op(record: Record) -> Figure | None:
    """Two bars a network, PyTorch's of length 1, their pieces the kinds of ops."""
    from matplotlib.patches import Patch

    found = {net: (_kinds(record, net.key, (TINYCNN.name,)), _kinds(record, net.key, REFERENCE)) for net in NETS}
    found = {net: pair for net, pair in found.items() if any(pair)}
    if not found:
        return None
    figure = new_figure(11.0, 2.2 + 0.55 * len(found), "Where the time of a training step goes")
    axes = figure.subplots()
    rows(axes, [net_label(net) for net in found])
    for place, (ours, theirs) in enumerate(found.values()):
        unit = sum((theirs or ours).values())
        for shift, shares, name in ((-0.2, ours, "tinycnn"), (0.2, theirs, "PyTorch")):
            left = 0.0
            for (kind, colour, _) in KINDS:
                width = shares.get(kind, 0.0) / unit if unit else 0.0
                axes.barh(place + shift, width, left=left, height=0.36, color=colour, edgecolor="white", linewidth=0.4)
                if width > 0.06:
                    axes.text(left + width / 2, place + shift, f"{100 * width:.0f}", ha="center", va="center",
                              fontsize=7.5, color="white" if kind in DARK else INK)
                left += width
            if shares:
                axes.annotate(name, (left, place + shift), (4, 0), textcoords="offset points", va="center",
                              fontsize=8, color=INK)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    below(axes, [(Patch(color=colour), kind) for kind, colour, _ in KINDS], 0.24, 5)
    note(figure, record,
         "In percent of PyTorch's step, as each library's own profiler tells it; that takes time itself, so the "
         "lengths are not those of the other pictures."
         + " tinycnn's waits for every op, PyTorch's tells how long its kernels ran." * bool(record.about["gpu"]))
    return figure


def _kinds(record: Record, key: tuple[str, int, int], peers: tuple[str, ...]) -> dict[str, float]:
    """Seconds by kind of op, of the first of these peers that was profiled."""
    name, batch, size = key
    for peer in peers:
        found: dict[str, Any] | None = record.find(
            peer, kind="ops", name=name, batch=batch, size=size, threads=record.threads
        )
        if found is not None:
            seconds: dict[str, float] = {}
            for op in found["facts"]["ops"]:
                kind = kind_of(op["op"])
                seconds[kind] = seconds.get(kind, 0.0) + op["seconds"]
            return seconds
    return {}


def kind_of(op: str) -> str:
    """The kind of an op, by its name in either library."""
    lower = op.lower()
    return next(kind for kind, _, parts in KINDS if any(part in lower for part in parts))
