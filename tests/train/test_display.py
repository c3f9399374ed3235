r"""What is shown: a plain table in a log, a bar under it on a terminal, and the table still where the bar cannot be."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

import pytest

from tinycnn.train import EpochRecord, Silent, Table
from tinycnn.train.display import TESTED, VALIDATED, Progress

RECORD = EpochRecord(7, 0.12345, 0.96, 0.0512, 0.98607, 0.53)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(out: TextIO, err: TextIO) -> None:
    table = Table(out, err)
    table.begin(2)
    table.batch(0.7)
    table.batch(0.6)
    table.epoch(RECORD)
    table.end()
    table.say("done")


def test_a_log_holds_the_table_and_nothing_else() -> None:
    out, err = io.StringIO(), io.StringIO()
    shown(out, err)
    header, row, last = out.getvalue().splitlines()
    assert header.split("   ") == ["epoch", "train loss", "train acc", "test loss", "test acc", "seconds"]
    assert row.split() == ["7", "0.1235", "96.00", "%", "0.0512", "98.61", "%", "0.53"]
    assert len(row) == len(header)  # right-aligned under their names
    assert last == "done"
    assert err.getvalue() == ""


def test_a_terminal_has_a_bar_that_goes_away() -> None:
    out, err = io.StringIO(), Terminal()
    shown(out, err)
    assert out.getvalue().splitlines()[0].startswith("epoch")
    assert "0/2" in err.getvalue()
    assert "\n" not in err.getvalue()  # one line, drawn over and over
    assert err.getvalue().split("\r")[-1].strip() == ""  # and wiped at the end


def test_a_terminal_that_does_not_say_how_wide_it_is_has_a_bar_too() -> None:
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals")
    ours, theirs = pty.openpty()  # of 0 columns, as the one of `script`
    with open(theirs, "w", encoding="utf-8") as err:
        shown(io.StringIO(), err)
        assert b"0/2 [" in os.read(ours, 10_000)
    os.close(ours)


def test_without_tqdm_there_is_just_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    out, err = io.StringIO(), Terminal()
    shown(out, err)
    assert len(out.getvalue().splitlines()) == 3
    assert err.getvalue() == ""


def test_what_is_gone_through_has_a_bar_too() -> None:
    out, err = io.StringIO(), Terminal()
    assert list(Progress(out, err).through(["a", "b"])) == ["a", "b"]
    assert "0/2" in err.getvalue()
    assert "image" in err.getvalue()
    assert err.getvalue().split("\r")[-1].strip() == ""
    assert out.getvalue() == ""
    assert list(Silent().through(["a", "b"])) == ["a", "b"]


def test_where_validation_images_judge_the_header_says_so() -> None:
    assert len(VALIDATED) == len(TESTED)
    out = io.StringIO()
    Table(out, io.StringIO(), VALIDATED).begin(1)
    assert "val loss" in out.getvalue()
    assert "test" not in out.getvalue()


def test_progress_alone_says_nothing_of_epochs() -> None:
    out = io.StringIO()
    progress = Progress(out, io.StringIO())
    progress.begin(1)
    progress.epoch(RECORD)
    progress.end()
    assert out.getvalue() == ""
