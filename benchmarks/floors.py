"""The floor of a training step: what its layers would take at the machine's own rates, beside what they do take."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.nets import Net
from benchmarks.peers import TINYCNN, Peer
from benchmarks.record import Record

MEANING = """\
Forward and backward. The floor of a layer: the direct algorithm's products at sgemm's rate, or its arrays once on \
each way at that of copies, whichever takes longer. Winograd's algorithm does fewer products, and arrays that stay in \
the cache need not be fetched: both can be below. So can a large linear layer: the gradient of its weights is made in \
the optimizer's step."""
#: layers as the other tables call them, by the op that does the work; the norm depends on the network
OPS = {"Linear": "linear", "MaxPool2d": "max-pool", "SumPool2d": "average pool", "CrossEntropy": "cross-entropy"}
NORMS = ("Normalize", "Standardize")


class Layer(NamedTuple):
    """A layer of a step, forward and backward: what it takes, and what it would, in seconds."""

    label: str
    calls: int
    seconds: float
    products: float  # at sgemm's rate
    traffic: float   # at that of copies

    @property
    def floor(self) -> float:
        """Products and traffic go on at the same time."""
        return max(self.products, self.traffic)


def timed_layers(record: Record, net: Net, peer: Peer = TINYCNN) -> list[Layer]:
    """The layers of a network's step, those first that take the longest; none if they were not timed."""
    found, limits = record.of_net("account", net, peer.name), record.limits().get(record.threads)
    if found is None or limits is None:
        return []
    sgemm, copy = 1e9 * limits["sgemm"], 1e9 * limits["copy"]
    rows = [Layer(named(row["label"], net), row["calls"], row["seconds"], row["flop"] / sgemm, row["traffic"] / copy)
            for row in found["facts"]["layers"]]
    return sorted(rows, key=lambda row: -row.seconds)


def named(label: str, net: Net) -> str:
    """The layer as one calls it, from the name of its op, which is a record's.

    Examples
    --------
    >>> from benchmarks.nets import NETS
    >>> small, *_, last = NETS
    >>> named("Normalize, 64 at 56²", small), named("Normalize, 768 at 7²", last), named("3×3, 8→8 at 4²", small)
    ('batch norm, 64 at 56²', 'layer norm, 768 at 7²', '3×3, 8→8 at 4²')
    """
    op, comma, sizes = label.partition(",")
    norm = "layer norm" if net.name.startswith("convnext") else "batch norm"
    return (norm if op in NORMS else OPS.get(op, op)) + comma + sizes
