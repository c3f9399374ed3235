"""Every planted bug is caught, the right argument is blamed, and nearly every cause is named."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from tests.gradcheck.planted.planted import OWN, PAIRS, PLANTED
from tinycnn.gradcheck import CAUSES, Report, check

SEEDS = range(2)
every_bug = pytest.mark.parametrize(
    "number", range(len(PLANTED)), ids=[f"{planted.family}-{number}" for number, planted in enumerate(PLANTED)]
)


@functools.cache
def reported(number: int, seed: int) -> Report:
    return PLANTED[number].report(seed)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_bug_it_passes(pair, seed):
    report = check(pair.forward, pair.drawn(seed), backward=pair.backward, options=pair.options, seed=seed)
    assert report.verdict == "pass", report


@every_bug
def test_a_bug_is_caught_and_the_right_argument_blamed(number: int):
    planted = PLANTED[number]
    for seed in SEEDS:
        report = reported(number, seed)
        assert report.verdict == "fail"
        assert {failure.argument_name for failure in report.failures} == set(planted.arguments), report
        assert report.cause_code in CAUSES
        assert report.argument_name in report.cause or report.cause_code in ("wrong-shape", "mutated-input"), report
        assert report.hint


def test_nine_of_ten_causes_are_named():
    named = [planted.named(reported(number, seed)) for number, planted in enumerate(PLANTED) for seed in SEEDS]
    assert np.mean(named) >= 0.92


def test_every_word_is_found_where_it_is_due():
    for code in {planted.causes[0] for planted in PLANTED} - {"unknown"}:
        due = [number for number, planted in enumerate(PLANTED) if planted.causes[0] == code]
        told = [reported(number, seed).cause_code for number in due for seed in SEEDS]
        assert told.count(code) >= 0.7 * len(told), (code, told)


def test_there_are_bugs_of_every_kind():
    assert len(OWN) >= 60
    told = {planted.causes[0] for planted in PLANTED}
    other_ways = {"kink", "float32", "nondeterministic", "unknown", "mutated-input", "wrong-shape"}
    assert told >= set(CAUSES) - other_ways
    assert not any("unknown" in planted.causes for planted in OWN)


def test_stories_are_told_once():
    stories = [(planted.family, planted.story, planted.arguments) for planted in OWN]
    assert len(set(stories)) > 0.95 * len(stories)


def test_the_document_tells_every_bug_and_its_cause_as_the_checker_does():
    document = (Path(__file__).parents[2] / "docs" / "gradient-checking.md").read_text(encoding="utf-8")
    assert f"\n{len(PLANTED)} mistakes, " in document
    table = document.partition("| family | mistake in backward |")[2].splitlines()[2:]
    for number, (row, planted) in enumerate(zip(table, PLANTED, strict=True)):
        family, story, arguments, told, *_ = row.strip("| ").split(" | ")
        assert (family, story, arguments) == (planted.family, planted.story, ", ".join(planted.arguments))
        for seed in SEEDS:
            assert reported(number, seed).cause_code in told.removesuffix(" ✗").split(" / "), row
            assert planted.named(reported(number, seed)) or told.endswith(" ✗"), row
