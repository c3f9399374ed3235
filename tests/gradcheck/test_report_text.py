r"""What a report says: at a prompt, and in a notebook."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from tests.gradcheck.reports import failure, report
from tinycnn.gradcheck.report import Examined, Report

N = np.arange(1.0, 7).reshape(2, 3)


def test_the_verdict_and_what_was_checked_are_the_first_line() -> None:
    assert str(report(verdict="pass")).splitlines()[0] == (
        "PASS  linear: every derivative agrees with finite differences"
    )
    assert str(report(failure(2 * N, N))).splitlines()[0] == "FAIL  linear: the gradient of weight is wrong"
    several = [failure(2 * N, N, name, argument) for argument, name in enumerate("abcdef", 1)]
    assert "FAIL  linear: the gradients of a and b are wrong" in str(report(*several[:2]))
    assert "the gradients of a, b, c and 3 more are wrong" in str(report(*several))
    assert str(report(failure(2 * N, N, order=2))).startswith("FAIL  linear: the second derivative of weight is wrong")
    for verdict in ("kink", "vacuous", "nondeterministic"):
        assert str(report(verdict=verdict)).startswith(f"{verdict.upper()}  linear: ")


def test_the_prompt_shows_the_text() -> None:
    found = report(failure(2 * N, N))
    assert repr(found) == str(found)


def test_an_argument_has_a_line_with_shape_method_error_and_what_that_means() -> None:
    lines = [line.split("  ") for line in str(report(failure(2 * N, N))).splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["x", "4×3", "adjoint", "1e-16", "right: agrees to 15 digits"] in rows
    assert ["weight", "2×3", "every entry", "5e-01", "WRONG: agrees in no digit"] in rows
    flat = Report("sign", "vacuous", examined=(Examined(0, "x", (), "every entry", 0.0, zero=True),))
    assert "x  number  every entry         0 everywhere: not tested" in str(flat)


def test_a_kink_is_nobodys_mistake() -> None:
    found = report(failure(N, N + 0.5, "x", 0, "kink", cause="At x[0, 0] the function bends."), verdict="kink")
    assert "WRONG" not in str(found)
    assert "a kink; right elsewhere" in str(found)
    assert "kink: At x[0, 0] the function bends." in str(found)
    assert (found.cause_code, found.argument_name) == ("kink", "x")


def test_a_gradient_of_the_wrong_shape_has_no_error_to_show() -> None:
    missing = replace(failure(N, N * math.nan, code="wrong-shape"), relative_error=math.inf)
    rows = [line.split() for line in str(report(missing)).splitlines()]
    assert ["weight", "2×3", "every", "entry", "inf", "WRONG"] in rows


def test_a_failure_shows_place_values_cause_and_hint() -> None:
    text = str(report(failure(2 * N, N)))
    shown = {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines()[5:] if line}
    assert shown == {
        "worst": "at weight[1, 2]", "backward": "12.00000", "numeric": "6.00000 ± 3e-10",
        "cause": "scale: Twice what is due.", "hint": "Count the rows.",
    }


def test_numbers_stand_below_one_another_and_differ_visibly() -> None:
    lines = str(report(failure(-N * (1 + 1e-9), -N))).splitlines()
    backward, numeric = (line for line in lines if line.startswith(("  backward", "  numeric")))
    assert backward.index(".") == numeric.index(".")
    assert backward.split()[1] != numeric.split()[1]


def test_what_was_not_measured_is_left_out_and_nan_of_backward_shown() -> None:
    nothing = failure(N, N * math.nan, code="wrong-shape", cause="The gradient is missing.")
    assert "numeric" not in str(report(nothing))
    assert "wrong-shape: The gradient is missing." in str(report(nothing))
    lost = replace(failure(2 * N, N), analytic=math.nan)
    assert "  backward       nan\n  numeric   6.000000 ± 3e-10\n" in str(report(lost))


def test_long_sentences_are_folded_and_stay_in_their_column() -> None:
    text = str(report(failure(2 * N, N, cause="many words " * 30, hint="first line\nsecond line"), notes=["a " * 90]))
    assert max(map(len, text.splitlines())) <= 96
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  cause"))
    assert all(line.startswith(" " * 12) for line in lines[start + 1: start + 4])
    assert "  hint      first line\n            second line\n" in text


def test_of_many_arguments_the_wrong_and_the_worst_are_shown_and_the_others_counted() -> None:
    looked = [Examined(i, f"layer{i}.weight", (3,), "3 directions", 1e-12 * i) for i in range(60)]
    whole = str(Report("net", "pass", examined=tuple(looked)))
    assert len(whole.splitlines()) < 20
    assert "layer59.weight" in whole
    assert "and 49 more, all right, the largest relative error 5e-11" in whole
    wrong = [failure(2 * N, N, f"layer{i}.weight", i) for i in range(20)]
    text = str(Report("net", "fail", tuple(wrong), tuple(looked)))
    assert text.count("WRONG") == 11
    assert "and 49 more, 9 of them wrong" in text
    assert text.count("cause") == 3
    assert "17 more wrong: layer3.weight[1, 2], layer4.weight[1, 2]," in text


def test_the_same_hint_is_given_once() -> None:
    pair = failure(2 * N, N), failure(2 * N, N, "bias", 2)
    assert str(report(*pair)).count("Count the rows.") == 1
    assert str(report(pair[0], replace(pair[1], hint="Look again."))).count("hint") == 2


def test_notes_are_told() -> None:
    assert str(report(verdict="pass", notes=["x is 0"])).endswith("\n\n  note      x is 0")


def test_the_reports_own_values_are_those_of_the_first_failure() -> None:
    found = report(failure(2 * N, N), failure(N + 0.1, N, "bias", 2, "missing-term"))
    assert (found.passed, bool(found)) == (False, False)
    assert (found.argument, found.argument_name, found.index) == (1, "weight", (1, 2))
    assert (found.analytic, found.numeric, found.error_bar) == (12, 6, 3e-10)
    assert found.relative_error == pytest.approx(0.5)
    assert (found.cause_code, found.cause, found.hint) == ("scale", "Twice what is due.", "Count the rows.")


def test_without_a_failure_there_are_none() -> None:
    right = report(verdict="pass")
    assert right
    for name in ("argument", "argument_name", "index", "analytic", "numeric", "error_bar", "relative_error",
                 "cause_code", "cause", "hint"):  # fmt: skip
        assert getattr(right, name) is None
    assert [report(verdict=v).cause_code for v in ("kink", "nondeterministic", "vacuous")] == [
        "kink", "nondeterministic", None,
    ]
    assert "move it a little" in str(report(verdict="kink").cause)


# In a notebook ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_html_says_what_the_text_says() -> None:
    found = report(failure(2 * N, N), notes=["looked twice"])
    told = "".join(ElementTree.fromstring(found._repr_html_()).itertext())
    for line in str(found).splitlines():
        for word in line.split():
            assert word in told


def test_the_html_is_well_formed_and_everything_is_escaped() -> None:
    sly = "<script>alert('&')</script>"
    html = report(failure(2 * N, N, sly, cause=sly, hint=sly), notes=[sly])._repr_html_()
    root = ElementTree.fromstring(html)
    assert {element.tag for element in root.iter()} == {"div", "span", "b", "table", "tr", "th", "td"}
    told = [text for element in root.iter() for text in (element.text, element.tail) if text and sly in text]
    assert len(told) == 6  # the headline, the row, the place, cause, hint and note


def test_letters_take_the_notebooks_colour_so_that_they_show_on_black_and_white() -> None:
    root = ElementTree.fromstring(report(failure(2 * N, N), notes=["so"])._repr_html_())
    for element in root.iter():
        style = element.get("style", "")
        declared = dict(part.split(":", 1) for part in style.split(";") if part)
        if declared.get("color", "inherit") != "inherit":  # white letters on a dark badge
            assert declared["color"] == "#fff"
            assert sum(int(declared["background"][i: i + 2], 16) for i in (1, 3, 5)) < 300
