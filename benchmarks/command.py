"""The command line: what is to be timed, where the results go, and the run itself."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.util
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from benchmarks import machine, tables
from benchmarks.peers import Peer
from benchmarks.record import FORMAT, Record
from benchmarks.rounds import Rounds
from benchmarks.work import SECTIONS, Work, catalogue, chosen, networks

PYTORCH = """\
PyTorch has its default memory order, N C H W, and glibc either as it is or told to keep large
blocks; ratios refer to the faster of the two (--quick times the second alone). Its channels_last
is shown beside it. In the precision "high" tinycnn is timed on a CPU alone."""
ROUNDS = 5
QUICK_ROUNDS = 3
#: what a turn takes, one run at the least
SECONDS = {"limits": 1.0, "steps": 1.0, "inference": 0.5, "layers": 0.25, "overhead": 3.0, "ops": 0.0, "floors": 1.0,
           "batch": 0.6, "size": 0.6, "depth": 0.6, "threads": 0.6}
QUICK_SECONDS = 0.6
INTERRUPTED, NO_GPU, NOT_POSSIBLE = 130, 3, 2  # exit codes; 2 is argparse's, too


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, or show what an earlier run found; the exit code is handed back."""
    options = parsed(arguments)
    try:
        if options.table:
            print(tables.markdown(Record.read(options.table)))
            return 0
        if options.draw:
            return draw(Record.read(options.draw), options.draw.parent)
        return run(options)
    except (OSError, ValueError) as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return NOT_POSSIBLE


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    sections = "\n".join(f"  {name:<10} {what}" for name, what in SECTIONS.items())
    named = textwrap.fill(", ".join(networks()), 94, initial_indent="  ", subsequent_indent="  ")
    parser = argparse.ArgumentParser(
        "python -m benchmarks", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Times tinycnn beside PyTorch and DeZero, each in a process of its own, in turn; the best counts.",
        epilog=f"sections:\n{sections}\n\nnetworks:\n{named}\n\n{PYTORCH}",
    )
    parser.add_argument("--quick", action="store_true",
                        help="the training steps alone, in a few minutes; it begins anew each time")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where (default: cpu)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these sections, networks, or both")
    parser.add_argument("--rounds", type=_count, help=f"turns of each (default: {ROUNDS}; --quick: {QUICK_ROUNDS})")
    parser.add_argument("--threads", type=_threads, help="of each (default: one a core)")
    parser.add_argument("--dezero", metavar="PATH",
                        help="a checkout of DeZero, whose VGG-16 and ResNet-50 are timed too; not with --quick")
    parser.add_argument("--output", type=Path, default=Path("runs/benchmarks"), metavar="FOLDER",
                        help="results and pictures go into this/machine/ (default: %(default)s)")
    parser.add_argument("--machine", type=_name, metavar="NAME", help="what that folder is called")
    go_on = parser.add_mutually_exclusive_group()
    go_on.add_argument("--resume", action="store_true", help="go on with the run whose results are there")
    go_on.add_argument("--more", action="store_true",
                       help="measure all of it again: the new turns join those that are there, and the best counts")
    go_on.add_argument("--anew", action="store_true", help="begin anew, although results are there")
    parser.add_argument("--minutes", type=_minutes, metavar="M",
                        help="begin nothing new after so long; --resume, or --more, goes on")
    show = parser.add_mutually_exclusive_group()
    show.add_argument("--table", type=Path, metavar="JSON", help="print the README's table of these results, no more")
    show.add_argument("--draw", type=Path, metavar="JSON", help="draw the pictures of these results, no more")
    options = parser.parse_args(arguments)
    if options.quick and options.dezero:
        parser.error("--quick times no DeZero, which takes minutes; without it, `--only steps --dezero PATH` does")
    return options


def _count(text: str) -> int:
    with contextlib.suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"a whole number of at least 1 is wanted, not {text}")


def _threads(text: str) -> int:
    if _count(text) > machine.cores():
        raise argparse.ArgumentTypeError(f"{text} threads are more than the cores here, which are {machine.cores()}")
    return int(text)


def _name(text: str) -> str:
    if Path(text).name != text or text == "..":
        raise argparse.ArgumentTypeError(f"a folder's name is wanted, not {text}; --output says where it lies")
    return text


def _minutes(text: str) -> float:
    with contextlib.suppress(ValueError):
        if float(text) > 0:
            return float(text)
    raise argparse.ArgumentTypeError(f"a number above 0 is wanted, not {text}")


def run(options: argparse.Namespace) -> int:
    """Measure what the options ask for and has not been measured; then show all that there is."""
    gpu = None
    if options.device == "cuda":
        try:
            gpu = machine.gpu()
        except RuntimeError as error:
            print(f"python -m benchmarks: there is no GPU to time: {error}", file=sys.stderr)
            return NO_GPU
        print(f"{gpu}: float32 without TF32 in both libraries; every step is waited for", file=sys.stderr)
    about = described(options, gpu)
    folder = options.output / (options.machine or machine.slug(about["machine"], gpu))
    path = folder / ("quick.json" if options.quick else "results.json")
    work = chosen(catalogue(about["threads"], options.device, options.quick, bool(options.dezero)), options.only)
    record = opened(path, about, options)
    libraries = installed(options.dezero)
    expect_writable(folder)
    plan = planned(work, None if options.more else record, libraries)
    plan.sort(key=lambda part: min(record.turns(part[0], peer) for peer in part[1]))  # the fewest first, failures last
    lengths = dict.fromkeys(SECONDS, QUICK_SECONDS) if options.quick else SECONDS
    rounds = {name: Rounds(about["rounds"], long, options.device, options.dezero) for name, long in lengths.items()}
    until = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    code = 0
    try:
        with terminated_like_interrupted():
            if not measure(plan, record, path, rounds, until):
                print(f"the time is up: {again(options)} goes on", file=sys.stderr)
    except KeyboardInterrupt:
        code = INTERRUPTED
        print(f"\ninterrupted: what was measured is kept, and {again(options)} goes on", file=sys.stderr)
    if record.measurements:
        print(f"{tables.text(record)}\n\nresults: {path}")
        draw(record, folder)
    return code


def described(options: argparse.Namespace, gpu: str | None) -> dict[str, Any]:
    """What a record says of its run."""
    facts = machine.machine()
    return {
        "format": FORMAT, "date": datetime.date.today().isoformat(), "machine": facts, "gpu": gpu,
        "versions": machine.versions(), "device": options.device, "threads": options.threads or facts["cores"],
        "rounds": options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS),
    }


def installed(dezero: str | None) -> set[str]:
    """Which libraries can be timed.

    Raises
    ------
    ValueError    DeZero is not where it is said to be
    """
    found = {"tinycnn"}
    if importlib.util.find_spec("torch"):
        found.add("torch")
    else:
        print('PyTorch is not installed: tinycnn is timed alone (python -m pip install -e ".[parity]")',
              file=sys.stderr)
    if dezero:
        if not (Path(dezero) / "dezero" / "__init__.py").is_file():
            raise ValueError(f"--dezero: there is no dezero/__init__.py in {dezero}")
        found.add("dezero")
    return found


def expect_writable(folder: Path) -> None:
    """Make the folder; where nothing can be written, that is said before hours of measuring.

    Raises
    ------
    ValueError    there can be no such folder, or no file in it
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(f"nothing can be written to {folder}: {error.strerror}; --output names another") from error


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Inside, to be told to end is as good as Ctrl-C: what was measured is shown."""
    def stop(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def opened(path: Path, about: dict[str, Any], options: argparse.Namespace) -> Record:
    """A new record, or that of the run which is to go on.

    Raises
    ------
    ValueError    there are results which were neither to be gone on with nor to be replaced, or of another kind of run;
                  or there are none to go on with
    """
    if options.resume or options.more:
        if not path.exists():
            raise ValueError(f"there are no results in {path} to go on with; without {again(options)} a run begins")
        record = Record.read(path)
        if other := record.differs(about):
            raise ValueError(f"the results in {path} are of a run with another {other}; --anew begins another")
        record.about["date"] = about["date"]  # that of the last turns
        return record
    if path.exists() and not (options.anew or options.quick):
        raise ValueError(f"there are results in {path}: --resume goes on with them, --more adds turns, "
                         "--anew begins anew")
    return Record(about, [], [])


def again(options: argparse.Namespace) -> str:
    """The option by which a run goes on."""
    return "--more" if options.more else "--resume"


Plan = list[tuple[Work, list[Peer]]]


def planned(work: list[Work], record: Record | None, libraries: set[str]) -> Plan:
    """The work that is not in the record, with the peers that lack it; the same step may stand in two sections."""
    plan: Plan = []
    seen: set[tuple[Any, ...]] = set()
    for piece in work:
        peers = [peer for peer in piece.peers if peer.library in libraries
                 and not (record and record.has(piece, peer)) and (*piece.key.values(), peer) not in seen]
        seen.update((*piece.key.values(), peer) for peer in peers)
        if peers:
            plan.append((piece, peers))
    return plan


def measure(plan: Plan, record: Record, path: Path, rounds: dict[str, Rounds], until: float) -> bool:
    """Do the work, and tell whether all was done in time; after each piece the file is written."""
    with tqdm(total=sum(rounds[piece.section].rounds * len(peers) for piece, peers in plan), unit="turn") as bar:
        done = 0
        for piece, peers in plan:
            if time.monotonic() > until:
                return False
            bar.set_description(piece.label)

            def failed(peer: Peer, reason: str, piece: Work = piece) -> None:
                tqdm.write(f"{piece.label}: {peer.label} failed: {reason}", file=sys.stderr)
                record.fail(piece, peer, reason)

            for peer, found in rounds[piece.section].of(piece, peers, failed, bar.update).items():
                record.add(piece, peer, found)
            record.write(path)
            done += rounds[piece.section].rounds * len(peers)
            bar.update(done - bar.n)
    return True


def draw(record: Record, folder: Path) -> int:
    """The pictures of all that there is."""
    from benchmarks import pictures

    for path in pictures.draw(record, folder):
        print(f"picture: {path}")
    return 0
