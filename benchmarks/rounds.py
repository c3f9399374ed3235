"""The peers take turns: each in a process of its own that keeps its network and sleeps while another is timed.

A neighbour on the machine, or its heat, then slows all of them alike; the best of several turns is what each can do.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from benchmarks.peers import LARGE_BLOCKS, Peer
from benchmarks.turns import summary
from benchmarks.work import Work

ROOT = Path(__file__).parent.parent
PATIENCE = 120.0            # seconds that building a network, or a turn beyond its time, may take
ROOM_A_PEER = 3 * 2**30     # bytes; where there are fewer, processes do not wait side by side


class PeerFailed(Exception):
    """A worker that ended, or did not answer."""


class Worker:
    """A process with one peer's work, ready for its turns."""

    def __init__(self, work: Work, peer: Peer, device: str, dezero: str | None = None) -> None:
        order = work.key | {
            "library": peer.library, "precision": peer.precision, "channels_last": peer.channels_last, "device": device,
        }
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `end`
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", json.dumps(order)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True, cwd=ROOT,
            env=environment(work, peer, dezero), start_new_session=True,  # Ctrl-C is for us; we then end it
        )
        self.facts: dict[str, Any] | None = None
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")

    def answer(self, patience: float = PATIENCE) -> dict[str, Any]:
        """What it says next.

        Raises
        ------
        PeerFailed    it reports an error, ended without a word, or says nothing for so many seconds
        """
        try:
            line = self.answers.get(timeout=patience)
        except queue.Empty:
            raise PeerFailed(f"no answer for {patience:.0f} s") from None
        if not line:
            raise PeerFailed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(answer["error"])
        return answer

    def ready(self) -> dict[str, Any]:
        """What it says once its work is built; it is waited for the first time."""
        if self.facts is None:
            self.facts = self.answer()
        return self.facts

    def turn(self, seconds: float) -> dict[str, Any]:
        """Let it work for about so many seconds."""
        self.ready()
        assert self.process.stdin is not None
        try:
            print(seconds, file=self.process.stdin, flush=True)
        except OSError:
            raise PeerFailed(self._last_words()) from None
        return self.answer(PATIENCE + seconds)

    def _last_words(self) -> str:
        code = self.process.wait(PATIENCE)
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        return f"its process ended with {code}" + (f": {lines[-1]}" if lines else "")

    def end(self) -> None:
        """Let the process go, whatever it does."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def __enter__(self) -> Self: return self
    def __exit__(self, *exc: object) -> None: self.end()


def environment(work: Work, peer: Peer, dezero: str | None) -> dict[str, str]:
    """The environment of a worker: as many threads for all, TF32 for none."""
    threads = {f"{library}_NUM_THREADS": str(work.threads) for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    paths = [str(ROOT), *([dezero] if dezero and peer.library == "dezero" else []), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ, **threads, "NVIDIA_TF32_OVERRIDE": "0", "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **(LARGE_BLOCKS if peer.keeps_blocks else {}),
    }


class Rounds:
    """How many rounds there are, how long a turn lasts, and where."""

    def __init__(self, rounds: int, seconds: float, device: str = "cpu", dezero: str | None = None) -> None:
        self.rounds, self.seconds = rounds, seconds
        self.device, self.dezero = device, dezero

    def of(
        self, work: Work, peers: list[Peer], failed: Callable[[Peer, str], None], tick: Callable[[], None]
    ) -> dict[Peer, dict[str, Any]]:
        """What each peer needed for the work, without those that failed, which `failed` is told of."""
        measured: dict[Peer, dict[str, Any]] = {}
        with contextlib.ExitStack() as stack:
            beside = available_memory() > ROOM_A_PEER * len(peers)
            waiting = {peer: stack.enter_context(self._worker(work, peer)) for peer in peers} if beside else {}
            peers = [peer for peer in peers if self._is_ready(waiting.get(peer), peer, failed)]  # all, before the first
            for number in range(self.rounds):
                for peer in list(peers if number % 2 == 0 else reversed(peers)):
                    try:
                        with contextlib.nullcontext(waiting[peer]) if beside else self._worker(work, peer) as worker:
                            turn = worker.turn(self.seconds)
                    except PeerFailed as error:
                        failed(peer, str(error))
                        peers = [other for other in peers if other is not peer]
                        measured.pop(peer, None)
                    else:
                        measured.setdefault(peer, {**worker.ready(), "turns": []})["turns"].append(turn)
                    tick()
        return {peer: summary(found) for peer, found in measured.items()}

    def _worker(self, work: Work, peer: Peer) -> Worker:
        return Worker(work, peer, self.device, self.dezero)

    def _is_ready(self, worker: Worker | None, peer: Peer, failed: Callable[[Peer, str], None]) -> bool:
        try:
            if worker is not None:
                worker.ready()
        except PeerFailed as error:
            failed(peer, str(error))
            return False
        return True


def available_memory() -> float:
    """Bytes that processes can still have; without limit where nobody says."""
    try:
        with open("/proc/meminfo") as file:
            return next(1024.0 * int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return float("inf")
