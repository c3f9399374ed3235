"""What is timed: the sections of the benchmark, and which of it a run does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.layers import LAYERS
from benchmarks.nets import NAMES, NETS, SOURCES, Net, plain
from benchmarks.peers import BLOCKS, DEZERO, HIGH, LAST, PLAIN, TINYCNN, Peer

DEZERO_NETS = ("vgg16", "resnet50")  # those of the eight that DeZero has


@dataclass(frozen=True)
class Work:
    """One thing that every peer does in turn.

    The kinds: a whole training "step", "inference", a "layer" forward and backward, a step's time by op ("ops") and by
    layer ("account"), what ops of few numbers cost ("overhead"), and the machine's "limits".
    """

    kind: str
    name: str  # of the network or the layer
    batch: int
    size: int
    threads: int
    peers: tuple[Peer, ...]
    section: str

    @property
    def key(self) -> dict[str, Any]:
        """What tells it from other work, as the JSON file has it; the same step may belong to several sections."""
        return {name: value for name, value in asdict(self).items() if name not in ("peers", "section")}

    @property
    def label(self) -> str:
        return f"{self.section}: {self.name}" + (f", {self.batch} of {self.size}²" if self.name in SOURCES else "")


SECTIONS = {
    "limits": "what the machine can do: matrix products and copies, on one thread and on all",
    "steps": "whole training steps of the eight networks",
    "inference": "the eight networks without gradients, in evaluation mode",
    "layers": "single layers, forward and backward",
    "overhead": "what an op of few numbers costs beside its arithmetic (cpu only)",
    "ops": "a training step's time by op",
    "floors": "a training step's time by layer, beside what the machine's limits allow (cpu only)",
    "batch": "a step's cost against the batch: ResNet-18 on 32², ResNet-50 on 128²",
    "size": "against the size of the image: ResNet-18, batch 4",
    "depth": "against the depth: ResNet-20 … 110 on 32², ResNet-18 … 152 on 128²",
    "threads": "steps on one thread, beside those on all (cpu only)",
}
QUICK = ("limits", "steps")


def catalogue(threads: int, device: str = "cpu", quick: bool = False, dezero: bool = False) -> list[Work]:
    """All the work of a run, in the order in which it is done."""
    cuda = device == "cuda"
    fastest = PLAIN if cuda else BLOCKS
    torches = (PLAIN, LAST) if cuda else (PLAIN, BLOCKS, LAST)
    counts = sorted({1, threads}) if not cuda else [threads]
    found: list[Work] = []

    def add(section: str, kind: str, name: str, batch: int, size: int, peers: Iterable[Peer], count: int = 0) -> None:
        found.append(Work(kind, name, batch, size, count or threads, tuple(dict.fromkeys(peers)), section))

    def ours(net: Net) -> list[Peer]:
        return [TINYCNN, HIGH] if net.high_goal and not cuda else [TINYCNN]

    def add_limits(number: int) -> None:  # several times, for a neighbour may slow the machine for minutes
        for count in counts:
            add("limits", "limits", "machine", number, 0, [TINYCNN], count)

    add_limits(1)
    for net in NETS:
        extra = [DEZERO] if dezero and net.name in DEZERO_NETS else []
        add("steps", "step", *net.key, [*ours(net), *(torches[-2:] if quick else torches), *extra])
    add_limits(2)
    if quick:
        return found
    for net in NETS:
        add("inference", "inference", *net.key, [TINYCNN, *torches])
    for layer in LAYERS:
        high = [HIGH] if layer.name.startswith("3×3,") and not cuda else []  # where Winograd may come in
        last = [LAST] if layer.is_map else []
        add("layers", "layer", layer.name, layer.shape[0], layer.shape[2] if len(layer.shape) == 4 else 1,
            [TINYCNN, *high, fastest, *last])
    if not cuda:
        add("overhead", "overhead", "ops", 1, 0, [TINYCNN, fastest])
    add_limits(3)
    pair = (TINYCNN, fastest)
    for net in NETS:
        add("ops", "ops", *net.key, pair)
    for net in NETS if not cuda else ():
        add("floors", "account", *net.key, ours(net))
    for batch in (4, 8, 16, 32, 64, 128, 256):
        add("batch", "step", "resnet18", batch, 32, pair)
    for batch in (1, 2, 4, 8, 16):
        add("batch", "step", "resnet50", batch, 128, pair)
    for size in (64, 96, 128, 192, 256, 384):
        add("size", "step", "resnet18", 4, size, pair)
    for layers in (20, 32, 44, 56, 110):
        add("depth", "step", f"resnet{layers}", 32, 32, pair)
    for layers in (18, 34, 50, 101, 152):
        add("depth", "step", f"resnet{layers}", 2, 128, pair)
    add_limits(4)
    if not cuda and threads > 1:
        for net in NETS:
            for count in counts:  # those on all threads are there already, unless this section is done alone
                add("threads", "step", *net.key, pair, count)
    return found


def networks() -> list[str]:
    """Their names: those of the tables first, each with that of its function where it is another."""
    tables = {net.label: net.name for net in NETS}
    return [*(label if plain(label) == plain(name) else f"{label} ({name})" for label, name in tables.items()),
            *(name for name in SOURCES if name not in tables.values())]


def chosen(work: list[Work], words: list[str]) -> list[Work]:
    """Those that the words of `--only` name: a section, a network, or both, when each must hold.

    A network is called as in the tables or as in `tinycnn.models`. The limits are no network's, and are there if they
    are named.

    Raises
    ------
    ValueError    nothing has such a name, or nothing of this run
    """
    unknown = [word for word in words if plain(word) not in SECTIONS and plain(word) not in NAMES]
    if unknown:
        raise ValueError(f"--only: there is no {unknown[0]!r}; sections are {', '.join(SECTIONS)}; "
                         f"networks {', '.join(networks())}")
    sections = [word for word in map(plain, words) if word in SECTIONS]
    names = [NAMES[word] for word in map(plain, words) if word in NAMES]
    found = [w for w in work if (not sections or w.section in sections)
             and (not names or w.name in names or w.section == "limits" in sections)]
    if not found:
        raise ValueError(f"--only: this run has nothing of {' '.join(words)}; it has "
                         f"{', '.join(dict.fromkeys(w.section for w in work))}")
    return found
