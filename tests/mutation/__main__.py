"""Plant faults, one at a time, each in a copy of the tree, and see that the tests of the op notice.

    python -m tests.mutation                   all faults, two at a time
    python -m tests.mutation pooling softmax   those in whose name one of the words stands
    python -m tests.mutation --markdown        also the short table for CONTRIBUTING.md

The clean tree is tested first, so that no fault is said to be noticed by a test that fails anyway. The exit status is 1
if a fault survived.
"""

from __future__ import annotations

import argparse
import os
import queue
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tests.mutation.fault import Fault
from tests.mutation.faults import FAULTS

ROOT = Path(__file__).parents[2]
AT_ONCE = 2
PATIENCE = 180  # seconds: a fault may make a loop endless


class Outcome(NamedTuple):
    """What became of a fault: the first test that failed, or why that cannot be said."""

    fault: Fault
    killer: str
    trouble: str
    seconds: float


def copy_of_the_tree(folder: Path) -> Path:
    """What the tests need. Times are kept, so that compiled files stay valid, except for the one that is changed."""
    for name in ("tinycnn", "tests", "setup.cfg", "pyproject.toml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    return folder


def pytest(tree: Path, fault: Fault) -> tuple[int, str]:
    """Exit status and output of the fault's tests, up to the first that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
    command += [*shlex.split(fault.tests), *(["-k", fault.only] if fault.only else [])]
    blas = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # two runs, two cores
    environment = {**os.environ, **blas, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return 1, f"FAILED (no end within {PATIENCE} s)"
    return done.returncode, done.stdout + done.stderr


def first_failure(output: str) -> str:
    lines = [line.removeprefix("FAILED ") for line in output.splitlines() if line.startswith("FAILED ")]
    return lines[0].partition(" - ")[0] if lines else ""


def tried(tree: Path, fault: Fault) -> Outcome:
    """The fault planted, its tests run, the file restored."""
    path, start = tree / fault.path, time.monotonic()
    clean, times = path.read_bytes(), path.stat()
    try:
        path.write_text(fault.planted(tree), encoding="utf-8")
        status, output = pytest(tree, fault)
    finally:
        path.write_bytes(clean)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    killer = first_failure(output)
    trouble = "" if killer and status == 1 else "survived" if status == 0 else output.strip().splitlines()[-1]
    return Outcome(fault, killer, trouble, time.monotonic() - start)


def clean(tree: Path, fault: Fault) -> Outcome:
    """The fault's tests, without the fault."""
    start = time.monotonic()
    status, output = pytest(tree, fault)
    trouble = "" if status == 0 else f"fails without the fault: {first_failure(output) or output.strip()[-200:]}"
    return Outcome(fault, "", trouble, time.monotonic() - start)


def side_by_side(
    trees: queue.Queue[Path], act: Callable[[Path, Fault], Outcome], faults: Iterable[Fault], what: str
) -> list[Outcome]:
    """Each fault in a tree of its own while it lasts; the progress is shown."""

    def work(fault: Fault) -> Outcome:
        tree = trees.get()
        try:
            return act(tree, fault)
        finally:
            trees.put(tree)

    made, faults = [], list(faults)
    with ThreadPoolExecutor(AT_ONCE) as workers:
        for outcome in workers.map(work, faults):
            made.append(outcome)
            text = outcome.trouble or outcome.killer or "passes"
            shown = outcome.fault if act is tried else outcome.fault.only or outcome.fault.tests
            count = f"{what} {len(made)}/{len(faults)}"
            print(f"[{count}] {shown}  ·  {text[:150]}  ·  {outcome.seconds:.1f} s", flush=True)
    return made


def table(outcomes: list[Outcome]) -> str:
    rows = [("fault", "kind", "killed by", "s")]
    for o in outcomes:
        rows.append((str(o.fault), o.fault.kind, o.killer.rpartition("::")[2] or o.trouble, f"{o.seconds:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {d:>5}  {c}" for a, b, c, d in rows)


def markdown(outcomes: list[Outcome]) -> str:
    """A row a family: how many faults, of which kinds, how many were noticed."""
    lines = ["| family | faults | kinds | killed |", "|---|---|---|---|"]
    for family in dict.fromkeys(o.fault.family for o in outcomes):
        ours = [o for o in outcomes if o.fault.family == family]
        kinds = ", ".join(dict.fromkeys(o.fault.kind for o in ours))
        lines.append(f"| {family} | {len(ours)} | {kinds} | {sum(not o.trouble for o in ours)} |")
    killed = sum(not o.trouble for o in outcomes)
    return "\n".join([*lines, f"| **all** | **{len(outcomes)}** | | **{killed}** |"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only faults in whose name one of these stands")
    parser.add_argument("--markdown", action="store_true", help="print the short table for CONTRIBUTING.md, too")
    options = parser.parse_args()
    faults = [f for f in FAULTS if not options.words or any(word in str(f) for word in options.words)]
    for fault in faults:
        fault.planted(ROOT)  # a text that is gone is an error before the first test runs
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tinycnn-mutation-") as folder:
        trees: queue.Queue[Path] = queue.Queue()
        for number in range(AT_ONCE):
            (Path(folder) / str(number)).mkdir()
            trees.put(copy_of_the_tree(Path(folder) / str(number)))
        whole = faults if options.words else [replace(fault, only="") for fault in faults]  # files take less than cases
        selections = {(fault.tests, fault.only): fault for fault in whole}
        broken = [o for o in side_by_side(trees, clean, selections.values(), "clean") if o.trouble]
        if broken:
            print("\n".join(f"{o.fault.only or o.fault.tests}: {o.trouble}" for o in broken), file=sys.stderr)
            return 1
        outcomes = side_by_side(trees, tried, faults, "fault")
    print(f"\n{table(outcomes)}")
    if options.markdown:
        print(f"\n{markdown(outcomes)}")
    alive = [o for o in outcomes if o.trouble]
    print(f"\n{len(outcomes) - len(alive)} of {len(outcomes)} faults killed in {time.monotonic() - start:.0f} s")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
