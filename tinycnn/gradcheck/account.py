r"""What a report has to say, in words and in the order in which it is read: as text, or as a table in a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinycnn.gradcheck.vocabulary import VERDICTS

if TYPE_CHECKING:
    from tinycnn.gradcheck.report import Examined, Failure, Report

ROWS, BLOCKS = 12, 3  # arguments and failures that are told one by one; of the others only how many there are


class Row(NamedTuple):
    """One argument: how it was looked at, how far off it is, and what to think of that."""

    name: str
    shape: str
    method: str
    error: str
    reading: str
    wrong: bool


class Account(NamedTuple):
    """All that is told.

    Attributes
    ----------
    verdict : "PASS", "FAIL", …
    name, sentence : what was checked, and the verdict in words
    rows : the arguments
    rest : how the arguments are that have no row; empty if there are none
    blocks : for each wrong argument pairs of a label and what stands beside it
    notes : whatever else there is to say
    """

    verdict: str
    name: str
    sentence: str
    rows: tuple[Row, ...]
    rest: str
    blocks: tuple[tuple[tuple[str, str], ...], ...]
    notes: tuple[str, ...]


def account_of(report: Report) -> Account:
    """The report in words."""
    blamed = {(failure.argument, failure.order) for failure in report.failures}
    wrong = blamed if report.verdict == "fail" else set()
    besides = {(failure.argument, failure.order): failure.headline for failure in report.failures}
    shown = _told_one_by_one(report.examined, blamed)
    left = [item for item in report.examined if item not in shown]
    told = report.failures[:BLOCKS]
    hints = [failure.hint for failure in told]
    blocks = [_block(failure, "" if failure.hint in hints[:i] else failure.hint) for i, failure in enumerate(told)]
    notes = list(report.notes)
    if more := report.failures[BLOCKS:]:
        told_of = "more wrong" if wrong else "more kinks" if len(more) > 1 else "more kink"
        notes.insert(0, f"{len(more)} {told_of}: {', '.join(map(_entry, more[:5]))}{', …' if len(more) > 5 else ''}")
    return Account(
        report.verdict.upper(), report.name, _sentence(report),
        tuple(_row(item, (item.argument, item.order), blamed, wrong, besides) for item in shown), _rest(left, wrong),
        tuple(blocks), tuple(notes),
    )


def entry(name: str, index: Sequence[int]) -> str:
    """An element as one writes it.

    >>> entry("weight", (2, 0)), entry("x", ()), entry("input 1", (3,))
    ('weight[2, 0]', 'x', 'input 1[3]')
    """
    return f"{name}[{', '.join(map(str, index))}]" if len(index) else name


def values(analytic: float, numeric: float, error_bar: float) -> tuple[str, str]:
    """Backward's value and the finite difference with its error bar, in as many digits as tell them apart.

    >>> values(0.5, 0.25, 3e-11)
    ('0.5000000', '0.2500000 ± 3e-11')
    >>> values(-1.00000004, -1, 2e-10)
    ('-1.0000000400', '-1.0000000000 ± 2e-10')
    >>> values(3e-9, 6e-9, 1e-12)
    ('3.000000e-09', '6.000000e-09 ± 1e-12')
    """
    largest = max((abs(value) for value in (analytic, numeric) if math.isfinite(value)), default=0.0)
    digits = 7
    if largest > 0 and math.isfinite(analytic - numeric) and analytic != numeric:
        digits = min(16, max(7, 3 - _decade(abs(analytic - numeric) / largest)))
    if 1e-3 <= largest < 1e7 or largest == 0:
        form = f".{max(0, digits - 1 - _decade(largest))}f" if largest >= 1 else f".{digits}f"
    else:
        form = f".{digits - 1}e"
    bar = f" ± {error_bar:.0e}" if 0 < error_bar < math.inf else ""
    return f"{analytic:{form}}", f"{numeric:{form}}{bar}"


def sizes(shape: Iterable[int]) -> str:
    """A shape as one writes it.

    >>> sizes((2, 3)), sizes(())
    ('2×3', 'number')
    """
    return "×".join(map(str, shape)) or "number"


def small(error: float) -> str:
    """A relative error in the one digit that matters.

    >>> small(0), small(2.345e-11), small(0.5)
    ('0', '2e-11', '5e-01')
    """
    return f"{error:.0e}" if error else "0"


def reading(error: float) -> str:
    """How many digits of the gradient are right, by its relative error.

    >>> reading(0), reading(3e-11), reading(0.02), reading(0.5), reading(float("nan"))
    ('to the last digit', 'to 10 digits', 'to 1 digit', 'in no digit', 'nowhere')
    """
    if math.isnan(error):
        return "nowhere"
    digits = 16 if error == 0 else min(16, -_decade(error) - 1)
    if digits >= 16:
        return "to the last digit"
    return f"to {digits} digit{'s' * (digits > 1)}" if digits > 0 else "in no digit"


def names(many: Sequence[str]) -> str:
    """Four at most, and how many more there are.

    >>> names(["x"]), names(["x", "w"]), names(["x", "w", "b"]), names(list("abcdefg"))
    ('x', 'x and w', 'x, w and b', 'a, b, c and 4 more')
    """
    if len(many) > 4:
        many = [*many[:3], f"{len(many) - 3} more"]
    return " and ".join(filter(None, [", ".join(many[:-1]), *many[-1:]]))


def _decade(x: float) -> int:
    """⌊log₁₀ x⌋, of infinity 0: as many digits as of a number of that size."""
    return math.floor(math.log10(x)) if 0 < x < math.inf else 0


def _sentence(report: Report) -> str:
    if report.verdict != "fail" or not report.failures:
        return VERDICTS.get(report.verdict, report.verdict)
    told = []
    for order, kind in ((1, "gradient"), (2, "second derivative")):
        wrong = [f.argument_name for f in report.failures if f.order == order and not f.headline]
        if len(wrong) > 1:
            told.append(f"the {kind}s of {names(wrong)} are wrong")
        elif wrong:
            told.append(f"the {kind} of {wrong[0]} is wrong")
    told += dict.fromkeys(failure.headline for failure in report.failures if failure.headline)
    return ", and ".join(told)


def _told_one_by_one(examined: Sequence[Examined], wrong: set[tuple[int, int]]) -> list[Examined]:
    """All, if they are few; else those that are wrong and the worst of the others, in their order."""
    if len(examined) <= ROWS:
        return list(examined)
    worst = sorted(examined, key=lambda item: ((item.argument, item.order) not in wrong, -item.relative_error))
    kept = worst[: ROWS - 1]
    return [item for item in examined if item in kept]


def _rest(left: Sequence[Examined], wrong: set[tuple[int, int]]) -> str:
    if not left:
        return ""
    astray = sum((item.argument, item.order) in wrong for item in left)
    errors = f"the largest relative error {small(max(item.relative_error for item in left))}"
    return f"and {len(left)} more, " + (f"{astray} of them wrong" if astray else f"all right, {errors}")


def _row(
    item: Examined, key: tuple[int, int], blamed: set[tuple[int, int]], wrong: set[tuple[int, int]],
    besides: Mapping[tuple[int, int], str],
) -> Row:  # fmt: skip
    agrees = f"agrees {reading(item.relative_error)}"
    if key in wrong and besides.get(key):
        told = f"right, but {besides[key]}"
    elif key in wrong:
        told = "WRONG" if math.isinf(item.relative_error) else f"WRONG: {agrees}"
    elif key in blamed:
        told = "a kink; right elsewhere"
    elif item.zero:
        told = "0 everywhere: not tested"
    else:
        told = f"right: {agrees}"
    name = item.name if item.order == 1 else f"{item.name}, 2nd order"
    error = "" if item.zero and key not in wrong else small(item.relative_error)
    return Row(name, sizes(item.shape), item.method, error, told, key in wrong)


def _block(failure: Failure, hint: str) -> tuple[tuple[str, str], ...]:
    """Place, values, cause and hint; without a hint that was given before."""
    pairs = []
    if failure.cause_code == "kink":  # whose slopes on both sides the cause tells
        pairs = [("at", entry(failure.argument_name, failure.index))]
    elif not math.isnan(failure.numeric) and not failure.headline:
        analytic, numeric = values(failure.analytic, failure.numeric, failure.error_bar)
        width = max(len(analytic), len(numeric.partition(" ")[0]))
        order = " of the second derivatives" if failure.order == 2 else ""
        pairs = [
            ("worst at", f"{entry(failure.argument_name, failure.index)}{order}"),
            ("backward", f"{analytic:>{width}}"),
            ("numeric", " " * (width - len(numeric.partition(" ")[0])) + numeric),
        ]
    cause = failure.cause if failure.cause_code == "unknown" else f"{failure.cause_code}: {failure.cause}"
    return tuple(pairs + [(label, text) for label, text in (("cause", cause), ("hint", hint)) if text])


def _entry(failure: Failure) -> str:
    return entry(failure.argument_name, failure.index)
