"""What becomes of every planted bug, here and under PyTorch's gradcheck, as a table in Markdown."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import platform
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tests.gradcheck.planted import theirs
from tests.gradcheck.planted.planted import PLANTED, Planted
from tinycnn._version import __version__
from tinycnn.gradcheck import Report

SEEDS = range(5)
TORCH = importlib.util.find_spec("torch") is not None


class Row(NamedTuple):
    """One bug under all seeds: our reports, and how often PyTorch's two modes refuse it."""

    planted: Planted
    reports: list[Report]
    slow: int
    fast: int

    @property
    def caught(self) -> bool:
        return all(report.verdict == "fail" for report in self.reports)

    @property
    def blamed(self) -> bool:
        return all(report.argument_name in self.planted.arguments for report in self.reports)

    @property
    def named(self) -> int:
        return sum(map(self.planted.named, self.reports))


def rows(planted: Iterable[Planted] = PLANTED) -> list[Row]:
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for one in planted:
            slow, fast = (
                sum(theirs.caught(one, seed, mode) for seed in SEEDS) if TORCH else 0 for mode in (False, True)
            )
            found.append(Row(one, [one.report(seed) for seed in SEEDS], slow, fast))
    return found


def markdown(found: list[Row]) -> str:
    lines = ["| family | mistake in backward | argument | cause that is told | PyTorch slow | fast |", "|---" * 6 + "|"]
    for row in found:
        codes = Counter(str(report.cause_code) for report in row.reports).most_common()
        told = " / ".join(code for code, _ in codes) + ("" if row.named == len(row.reports) else " ✗")
        lines.append(
            f"| {row.planted.family} | {row.planted.story} | {', '.join(row.planted.arguments)} | {told} |"
            f" {_of(row.slow)} | {_of(row.fast)} |"
        )
    return "\n".join([*lines, "", totals(found)])


def totals(found: list[Row]) -> str:
    count, runs = len(found), len(found) * len(SEEDS)
    named = sum(row.named for row in found)
    torch = f", PyTorch {importlib.metadata.version('torch')}" if TORCH else ""
    lines = [
        f"{count} mistakes, {len(SEEDS)} seeds each ({datetime.date.today()}, tinycnn {__version__},"
        f" NumPy {np.__version__}{torch}, Python {platform.python_version()}):",
        "",
        "| | caught under every seed | right argument | cause named |",
        "|---|---|---|---|",
        f"| `tinycnn.gradcheck.check` | {sum(row.caught for row in found)} | {sum(row.blamed for row in found)} |"
        f" {named} of {runs} ({100 * named / runs:.0f} %) |",
    ]
    if TORCH:
        lines += [
            f"| `torch.autograd.gradcheck` | {sum(row.slow == len(SEEDS) for row in found)} | – | – |",
            f"| the same, `fast_mode=True` | {sum(row.fast == len(SEEDS) for row in found)} | – | – |",
        ]
    return "\n".join(lines)


def _of(times: int) -> str:
    if not TORCH:
        return "–"
    return "caught" if times == len(SEEDS) else f"{times} of {len(SEEDS)}" if times else "passes"
