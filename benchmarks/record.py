"""What was measured, on which machine, with which versions: a JSON file, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.nets import Net
from benchmarks.peers import REFERENCE, Peer
from benchmarks.turns import joined
from benchmarks.work import Work

Row = dict[str, Any]
FORMAT = 1
#: of what a file says of its run, that which must be the same for a run to go on with it
SAME = ("format", "machine", "versions", "device", "threads")


class Record:
    """The measurements of a run, and how to ask for them.

    Each holds the work (kind, name, batch, size, threads), the peer, and what `rounds` found: best, median, memory, and
    every turn.
    """

    def __init__(self, about: dict[str, Any], measurements: list[Row], failures: list[Row]) -> None:
        self.about = about
        self.measurements = measurements
        self.failures = failures

    @classmethod
    def read(cls, path: Path) -> Record:
        """From a file.

        Raises
        ------
        ValueError    it is none of ours
        """
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            measurements, failures = about.pop("measurements"), about.pop("failures")
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, AttributeError, TypeError):
            raise ValueError(f"{path} is no record of a benchmark") from None
        if about.get("format") != FORMAT:
            raise ValueError(f"{path} has format {about.get('format')}, not {FORMAT}")
        return cls(about, measurements, failures)

    def write(self, path: Path) -> None:
        """Into a file, a measurement a line."""
        from tinycnn.serialization import replacing

        text = json.dumps(self.about, indent=2, ensure_ascii=False)[:-2]
        for name, rows in (("measurements", self.measurements), ("failures", self.failures)):
            lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
            text += f',\n  "{name}": [\n{lines}\n  ]' if rows else f',\n  "{name}": []'
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            Path(temporary).write_text(text + "\n}\n", encoding="utf-8")

    def differs(self, about: dict[str, Any]) -> str:
        """In what a run that is to go on with this record is another; empty if in nothing."""
        return ", ".join(name for name in SAME if self.about.get(name) != about.get(name))

    def add(self, work: Work, peer: Peer, found: dict[str, Any]) -> None:
        """A measurement. To one that is there already its turns are added, a neighbour having slowed those, perhaps."""
        self.failures = [f for f in self.failures if not _is(f, peer.name, work.key)]
        before = self.find(peer.name, **work.key)
        if before is None:
            self.measurements.append(work.key | {"peer": peer.name} | found)
        else:
            before.update(joined(before, found))

    def fail(self, work: Work, peer: Peer, reason: str) -> None:
        self.failures = [f for f in self.failures if not _is(f, peer.name, work.key)]
        self.failures.append(work.key | {"peer": peer.name, "reason": reason})

    def has(self, work: Work, peer: Peer) -> bool:
        return self.find(peer.name, **work.key) is not None

    def turns(self, work: Work, peer: Peer) -> float:
        """How many turns a measurement is made of; ∞ if it failed, for it is to be tried last."""
        if any(_is(failure, peer.name, work.key) for failure in self.failures):
            return float("inf")
        found = self.find(peer.name, **work.key)
        return 0 if found is None else len(found["turns"]) if "turns" in found else found.get("times", 1)

    def find(self, peer: str, **key: Any) -> dict[str, Any] | None:
        """The measurement of a peer at this work."""
        return next((m for m in self.measurements if _is(m, peer, key)), None)

    def limits(self) -> dict[int, dict[str, float]]:
        """By the number of threads, the machine's best rates: "sgemm" in GF/s and "copy" in GB/s."""
        found: dict[int, dict[str, float]] = {}
        for row in self.measurements:
            if row["kind"] == "limits":
                best = found.setdefault(row["threads"], {})
                best.update({name: max(rate, best.get(name, 0.0)) for name, rate in row["facts"].items()})
        return found

    @property
    def threads(self) -> int:
        return int(self.about["threads"])

    def of_net(self, kind: str, net: Net, peer: str, threads: int | None = None) -> dict[str, Any] | None:
        """The measurement of a peer at one of the eight networks."""
        name, batch, size = net.key
        return self.find(peer, kind=kind, name=name, batch=batch, size=size, threads=threads or self.threads)

    def reference(self, **key: Any) -> dict[str, Any] | None:
        """PyTorch's measurement: the faster one, with glibc's large blocks kept or without."""
        found = [m for peer in REFERENCE if (m := self.find(peer, **key)) is not None]
        return min(found, key=lambda m: float(m["best"]), default=None)

    def ratio(self, peer: str, quantity: str = "best", **key: Any) -> float | None:
        """How many times what PyTorch needs the peer needs, in time (best) or in bytes (memory)."""
        ours, theirs = self.find(peer, **key), self.reference(**key)
        if quantity == "memory":  # its least, whichever setting has it
            both = [m for name in REFERENCE if (m := self.find(name, **key)) is not None and m.get("memory")]
            theirs = min(both, key=lambda m: float(m["memory"]), default=None)
        if ours is None or theirs is None or not ours.get(quantity) or not theirs.get(quantity):
            return None
        return float(ours[quantity]) / float(theirs[quantity])


def _is(row: dict[str, Any], peer: str, key: dict[str, Any]) -> bool:
    return row["peer"] == peer and all(row[name] == value for name, value in key.items())
