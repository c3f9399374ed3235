"""The floor of a training step: what its layers would take at the machine's own rates, beside what they do take."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.nets import Net
from benchmarks.peers import TINYCNN, Peer
from benchmarks.record import Record


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
    rows = [Layer(row["label"], row["calls"], row["seconds"], row["flop"] / sgemm, row["traffic"] / copy)
            for row in found["facts"]["layers"]]
    return sorted(rows, key=lambda row: -row.seconds)
