"""Who is timed: tinycnn, PyTorch in its several settings, and DeZero."""

from __future__ import annotations

from dataclasses import dataclass

#: What makes glibc keep large blocks instead of asking the system for fresh pages, and clearing them, every time.
LARGE_BLOCKS = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 33)}


@dataclass(frozen=True)
class Peer:
    """A library, and how its process is set up."""

    name: str
    label: str
    library: str                # tinycnn, torch or dezero
    precision: str = "highest"  # what set_float32_matmul_precision is told
    channels_last: bool = False
    keeps_blocks: bool = False  # whether its process is given LARGE_BLOCKS


TINYCNN = Peer("tinycnn", "tinycnn", "tinycnn")
HIGH = Peer("tinycnn-high", "tinycnn, precision “high”", "tinycnn", precision="high")
PLAIN = Peer("pytorch", "PyTorch", "torch")
BLOCKS = Peer("pytorch-blocks", "PyTorch, large blocks kept", "torch", keeps_blocks=True)
LAST = Peer("pytorch-channels-last", "PyTorch, channels_last", "torch", channels_last=True, keeps_blocks=True)
DEZERO = Peer("dezero", "DeZero", "dezero")

PEERS = (TINYCNN, HIGH, PLAIN, BLOCKS, LAST, DEZERO)
BY_NAME = {peer.name: peer for peer in PEERS}

#: The settings of PyTorch that tinycnn is held to: its own memory order, with the better of the two ways to allocate.
REFERENCE = (PLAIN.name, BLOCKS.name)
