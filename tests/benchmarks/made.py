"""A record as a whole run leaves it, without running anything: times that follow from the work, not from a clock."""

from __future__ import annotations

from typing import Any

from benchmarks.peers import HIGH, LAST, PLAIN, TINYCNN, Peer
from benchmarks.record import FORMAT, Record
from benchmarks.work import Work, catalogue

FACTOR = {TINYCNN.name: 0.5, HIGH.name: 0.25, PLAIN.name: 2.0, LAST.name: 1.5}  # of PyTorch's with large blocks

OPS = {
    "tinycnn": ("Conv2d", "Conv2dBackward", "BatchNorm", "ReLU", "MaxPool2d", "Linear", "CrossEntropy", "SGD.step"),
    "torch": ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::addmm", "aten::native_batch_norm",
              "aten::max_pool2d_with_indices", "aten::nll_loss_forward", "aten::mul_", "aten::view"),
}


def about(device: str = "cpu") -> dict[str, Any]:
    return {
        "format": FORMAT, "date": "2026-11-26", "gpu": "A GPU" if device == "cuda" else None,
        "machine": {"cpu": "A processor", "cores": 2, "memory_gb": 8, "system": "Linux x86_64"},
        "versions": {"tinycnn": "0.1.0", "Python": "3.12.1", "NumPy": "2.4.0", "PyTorch": "2.13.0", "CuPy": None},
        "device": device, "threads": 2, "rounds": 5,
    }


def measured(work: Work, peer: Peer) -> dict[str, Any]:
    """What a worker would have said."""
    if work.kind == "limits":
        return {"version": "0.1.0", "facts": {"sgemm": 100.0 * work.threads, "copy": 20.0}}
    if work.kind == "overhead":
        ops = {"relu": {"op": 12e-6, "kernels": 4e-6}, "x + y": {"op": 8e-6, "kernels": -1e-8}}
        return {"version": "0.1.0", "facts": {"overhead": ops}}
    if work.kind == "ops":
        names = enumerate(OPS[peer.library], start=1)
        ops = [{"op": name, "calls": 1, "seconds": 0.1 / number} for number, name in names]
        return {"version": "0.1.0", "facts": {"ops": ops}}
    if work.kind == "account":
        layers = [{"label": f"3×3, {c}→{c} at 8²", "calls": 2, "seconds": c / 100, "flop": 1e9 * c, "traffic": 1e9}
                  for c in (1, 2, 3)]
        others = [{"label": f"ReLU, {c} at 8²", "calls": 1, "seconds": 0.5, "flop": 0, "traffic": 2e9}
                  for c in range(12)]
        return {"version": "0.1.0", "facts": {"layers": layers + others}}
    seconds = 1e-6 * max(work.batch, 1) * work.size**2 * (2 / work.threads) * FACTOR.get(peer.name, 1.0)
    turns = [{"best": seconds * (1 + 0.1 * turn), "median": seconds * 1.5, "steps": 3} for turn in range(5)]
    before, most = (40_000_000, 400_000_000) if peer.library == "tinycnn" else (300_000_000, 600_000_000)
    return {
        "version": "0.1.0", "parameters": 1000, "memory_before": before,
        "best": seconds, "median": 1.5 * seconds, "memory": most, "turns": turns,
    }


def whole(device: str = "cpu", quick: bool = False) -> Record:
    """A record of everything."""
    record = Record(about(device), [], [])
    for work in catalogue(2, device, quick):
        for peer in work.peers:
            if not record.has(work, peer):
                record.add(work, peer, measured(work, peer))
    return record
