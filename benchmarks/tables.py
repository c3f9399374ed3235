"""The tables: how many times PyTorch's time and memory tinycnn takes, for the terminal and for the README."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Sequence
from math import exp, log
from typing import Any

from benchmarks import overhead
from benchmarks.floors import MEANING, timed_layers
from benchmarks.layers import LAYERS
from benchmarks.nets import NETS, Net
from benchmarks.peers import BLOCKS, DEZERO, HIGH, LAST, PLAIN, TINYCNN, Peer
from benchmarks.record import Record

Row = tuple[str, list[str]]
NONE = "–"
GEOMETRIC_GOAL = 0.85


def ratio_rows(record: Record) -> list[Row]:
    """The goals' table: a column a network, and the geometric mean of those there are. The goals are a CPU's."""
    def key(net: Net) -> dict[str, object]:
        return {"kind": "step", "name": net.name, "batch": net.batch, "size": net.size, "threads": record.threads}

    def ratios(peer: str, quantity: str = "best", **changed: Any) -> list[float | None]:
        return [record.ratio(peer, quantity, **key(net) | changed) for net in NETS]

    alone = ratios(TINYCNN.name, threads=1) if record.threads > 1 else []
    rows = [
        ("tinycnn / PyTorch", [*_twos(ratios(TINYCNN.name)), _two(mean(ratios(TINYCNN.name)))]),
        ("  goal, at most", [*(f"{net.goal:.2f}" for net in NETS), f"{GEOMETRIC_GOAL:.2f}"]),
        ("with precision “high”", [*_twos(ratios(HIGH.name)), NONE]),
        ("  goal, at most", [*_twos(net.high_goal for net in NETS), NONE]),
        ("both on one thread", [*_twos(alone), _two(mean(alone))]),
        ("PyTorch channels_last", [*_twos(ratios(LAST.name)), _two(mean(ratios(LAST.name)))]),
        ("DeZero", [*_twos(ratios(DEZERO.name)), NONE]),
        ("largest memory", [*_twos(ratios(TINYCNN.name, "memory")), _two(mean(ratios(TINYCNN.name, "memory")))]),
        ("inference", [*_twos(ratios(TINYCNN.name, kind="inference")),
                       _two(mean(ratios(TINYCNN.name, kind="inference")))]),
        ("inference, memory", [*_twos(ratios(TINYCNN.name, "memory", kind="inference")),
                               _two(mean(ratios(TINYCNN.name, "memory", kind="inference")))]),
    ]
    def shown(row: Row, above: Row) -> bool:
        goal = _goal(row[0])
        there = any(cell != NONE for cell in (above if goal else row)[1])
        return there and (not goal or record.about["device"] == "cpu")

    return [row for above, row in zip([rows[0], *rows], rows, strict=False) if shown(row, above)]


def step_rows(record: Record, kind: str = "step") -> list[Row]:
    """What each peer's best step takes, in milliseconds."""
    rows = []
    for peer in (TINYCNN, HIGH, PLAIN, BLOCKS, LAST, DEZERO):
        found = [record.of_net(kind, net, peer.name) for net in NETS]
        if any(found):
            rows.append((peer.label, [milliseconds(m["best"]) if m else NONE for m in found]))
    return rows


def memory_rows(record: Record, kind: str = "step") -> list[Row]:
    """The largest resident set of each process (or what it took of a GPU) in MB, and what it was before the steps."""
    rows = []
    for peer in (TINYCNN, PLAIN, BLOCKS):
        for label, entry in ((peer.label, "memory"), ("  before the first step", "memory_before")):
            found = [record.of_net(kind, net, peer.name) for net in NETS]
            if any(m and m.get(entry) for m in found):
                rows.append((label, [f"{m[entry] / 1e6:.0f}" if m and m.get(entry) else NONE for m in found]))
    return rows


def layer_rows(record: Record) -> list[Row]:
    """A row a layer: both times, tinycnn's rate in GF/s or GB/s, and the ratio."""
    rows = []
    for layer in LAYERS:
        key: dict[str, Any] = {"kind": "layer", "name": layer.name, "threads": record.threads}
        ours, high, last = (record.find(peer.name, **key) for peer in (TINYCNN, HIGH, LAST))
        theirs = record.reference(**key)
        if ours is None:
            continue
        amount, unit = (layer.flop, "GF/s") if layer.flop else (layer.traffic, "GB/s")
        rows.append((layer.name, [
            milliseconds(ours["best"]), milliseconds(theirs["best"]) if theirs else NONE,
            milliseconds(last["best"]) if last else NONE,
            f"{amount / ours['best'] / 1e9:.0f} {unit}",
            f"{amount / theirs['best'] / 1e9:.0f} {unit}" if theirs else NONE,
            _two(record.ratio(TINYCNN.name, **key)), _two(record.ratio(HIGH.name, **key)) if high else NONE,
        ]))
    return rows


def floor_rows(record: Record) -> list[Row]:
    """What the layers of a step would take at the machine's own rates, what they take, and PyTorch's step."""
    accounts = {peer: [timed_layers(record, net, peer) for net in NETS] for peer in (TINYCNN, HIGH)}

    def sums(quantity: str, *kinds: bool, peer: Peer = TINYCNN) -> list[str]:
        return [milliseconds(sum(getattr(row, quantity) for row in account if (row.products > 0) in kinds))
                if account else NONE for account in accounts[peer]]

    if not any(accounts[TINYCNN]):
        return []
    steps = [record.reference(kind="step", name=net.name, batch=net.batch, size=net.size, threads=record.threads)
             for net in NETS]
    rows = []
    for what, kinds in (("convolutions, linear", [True]), ("all else", [False]), ("together", [True, False])):
        rows += [(f"{what}: floor", sums("floor", *kinds)), ("  tinycnn", sums("seconds", *kinds))]
        if any(accounts[HIGH]):
            rows.append(("  with precision “high”", sums("seconds", *kinds, peer=HIGH)))
    if any(steps):
        rows.append(("  PyTorch's step", [milliseconds(step["best"]) if step else NONE for step in steps]))
    return rows


def overhead_rows(record: Record) -> list[Row]:
    """A row an op: tinycnn's microseconds, its kernels', what is left, which is Python's, and PyTorch's."""
    ours = record.find(TINYCNN.name, kind="overhead")
    theirs = next(filter(None, (record.find(peer.name, kind="overhead") for peer in (BLOCKS, PLAIN))), None)
    if ours is None:
        return []
    beside = theirs["facts"]["overhead"] if theirs else {}
    return [(op, overhead.cells(row, beside.get(op))) for op, row in ours["facts"]["overhead"].items()]


LAYER_COLUMNS = ("tinycnn ms", "PyTorch", "chan._last", "tinycnn", "PyTorch", "ratio", "“high”")
RATES = """\
GF/s count the direct algorithm's operations, of which Winograd's does fewer; GB/s every array once on each way. \
Ratios are tinycnn's times in multiples of PyTorch's, “high” those with that matmul precision."""
WIDTH = 100  # of the sentences below a table


def text(record: Record) -> str:
    """All tables that the record has rows for, for the terminal."""
    nets = [net.label for net in NETS]
    sizes = [net.images for net in NETS]
    parts = [
        _laid_out("In multiples of PyTorch's: a training step's time, its memory, inference",
                  [[*nets, "geom."], [*sizes, "mean"]], ratio_rows(record)),
        _laid_out("Training step, ms", [nets, sizes], step_rows(record)),
        _laid_out("Inference, ms", [nets, sizes], step_rows(record, "inference")),
        _laid_out("Training step, most memory, MB", [nets, sizes], memory_rows(record)),
        _laid_out("Layers of a training step at the machine's rates, ms", [nets, sizes], floor_rows(record), MEANING),
        _laid_out("Layers, forward + backward", [LAYER_COLUMNS], layer_rows(record), RATES),
        _laid_out("Ops of few numbers, forward + backward, µs an op", [overhead.HEADS], overhead_rows(record)),
    ]
    return "\n\n".join(filter(None, [*parts, limits(record), failures(record)]))


def markdown(record: Record) -> str:
    """The README's table, with the machine, the date and the versions it holds for."""
    heads = [f"{net.label}, {net.images}" for net in NETS]
    lines = [
        "| " + " | ".join(["", *heads, "geometric mean"]) + " |",
        "|---|" + "---:|" * (len(heads) + 1),
        *("| " + " | ".join([label.strip(), *cells]) + " |" for label, cells in ratio_rows(record)),
    ]
    return "\n".join([*lines, "", about(record)])


def about(record: Record) -> str:
    """A sentence on where and with what it was measured."""
    facts = record.about
    machine, versions = facts["machine"], facts["versions"]
    place = facts.get("gpu") or f"{machine['cpu']}, {record.threads} of {machine['cores']} cores"
    named = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    nets = {net.key for net in NETS}
    turns = {len(row["turns"]) for row in record.measurements if row["kind"] in ("step", "inference")
             and (row["name"], row["batch"], row["size"]) in nets and row["threads"] == record.threads}
    ways = f"best of {min(turns, default=facts['rounds'])} turns each, in processes of their own, in turn"
    return f"{place}; {named}; {facts['date']}; float32, {ways}."


def limits(record: Record) -> str:
    """What the machine can do, in a line for each number of threads; that it is missing, where floors ask for it."""
    if record.threads not in record.limits() and any(row["kind"] == "account" for row in record.measurements):
        return "A layer's floor needs the machine's limits: add them with --resume --only limits"
    return "\n".join(
        f"{threads} thread{'s' * (threads > 1)}: sgemm {best['sgemm']:.0f} GF/s, copy {best['copy']:.0f} GB/s"
        for threads, best in record.limits().items()
    )


def failures(record: Record) -> str:
    """Who failed at what, and why, a line for each peer and reason."""
    whys: dict[str, list[str]] = {}
    for row in record.failures:
        whys.setdefault(f"{row['peer']}: {row['reason']}", []).append(f"{row['kind']} {row['name']}")
    lines = [f"  {why} ({', '.join(dict.fromkeys(works))})" for why, works in whys.items()]
    return "\n".join(["Failed:", *lines]) if lines else ""


def mean(ratios: Iterable[float | None]) -> float | None:
    """The geometric mean of those there are; None unless there are all."""
    found = list(ratios)
    if not found or None in found:
        return None
    return exp(sum(log(ratio) for ratio in found if ratio is not None) / len(found))


def milliseconds(seconds: float) -> str:
    """Three digits: 3.21, 32.1, 321."""
    value = 1000 * seconds
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _goal(label: str) -> bool:
    return label.strip().startswith("goal")


def _two(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _twos(values: Iterable[float | None]) -> list[str]:
    return [_two(value) for value in values]


def _laid_out(title: str, heads: Sequence[Sequence[str]], rows: list[Row], meaning: str = "") -> str:
    """Columns to the right, the labels to the left; only columns, and only a table, in which something is measured.

    What it means stands below it.
    """
    measured = [cells for label, cells in rows if not _goal(label)]
    there = [any(cell != NONE for cell in column) for column in zip(*measured, strict=True)]
    if not any(there):
        return ""
    lines: list[Row] = [(label, list(itertools.compress(cells, there)))
                        for label, cells in [*(("", head) for head in heads), *rows]]
    first = max(len(label) for label, _ in lines)
    widths = [max(map(len, column)) for column in zip(*(cells for _, cells in lines), strict=True)]
    body = []
    for label, cells in lines:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        body.append("  ".join([label.ljust(first), *padded]).rstrip())
    rule = "─" * max(map(len, body))
    said = ["", *textwrap.wrap(meaning, WIDTH)] if meaning else []
    return "\n".join([title, "", *body[: len(heads)], rule, *body[len(heads) :], *said])
