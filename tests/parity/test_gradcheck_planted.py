"""The planted pairs under PyTorch's gradcheck: right ones pass, and what PyTorch refuses we refuse as well."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="compares with PyTorch's own gradcheck, and PyTorch is not installed")

from tests.gradcheck.planted import theirs, transcript
from tests.gradcheck.planted.planted import OWN, PAIRS, PLANTED, Planted


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("fast", [False, True], ids=["slow", "fast"])
def test_without_a_bug_theirs_passes_too(pair, fast):
    right = Planted(pair.family, "none", pair.forward, pair.backward, pair.drawn, pair.options, (), ())
    assert theirs.message(right, 0, fast) == ""


@pytest.mark.parametrize("number", range(0, len(PLANTED), 4))
def test_what_theirs_refuses_ours_refuses(number):
    planted = PLANTED[number]
    assert planted.report(0).verdict == "fail"
    if planted not in SMALL:
        assert theirs.caught(planted, 0, fast=False)


SMALL = [planted for planted in OWN if "α = 10⁻⁴" in planted.family or "rounded" in planted.story
         or "ε is forgotten" in planted.story]


def test_small_mistakes_that_the_fast_mode_lets_pass():
    missed = [planted.story for planted in SMALL if not all(theirs.caught(planted, s, fast=True) for s in range(5))]
    assert len(missed) == len(SMALL) == 5
    assert all(planted.report(s).verdict == "fail" for planted in SMALL for s in range(3))


def test_the_transcript_shows_numbers_and_ours_says_what_they_mean():
    message = theirs.message(transcript.FORGOTTEN, 0, fast=False)
    assert message.startswith("Jacobian mismatch for output 0 with respect to input 0")
    report = transcript.FORGOTTEN.report(0)
    assert report.argument_name == "x"
    assert report.cause_code == "missing-term"
    assert "through the variance" in report.cause
