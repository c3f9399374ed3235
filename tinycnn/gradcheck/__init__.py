"""Whether gradients are right, and what is wrong with those that are not: `check`, `check_model` and `run`."""

from __future__ import annotations

from tinycnn.gradcheck.case import Case
from tinycnn.gradcheck.catalogue import CASES
from tinycnn.gradcheck.checking import check
from tinycnn.gradcheck.report import Examined, Failure, Report
from tinycnn.gradcheck.survey import run
from tinycnn.gradcheck.vocabulary import CAUSES, VERDICTS
from tinycnn.gradcheck.whole_model import check_model

__all__ = ["CASES", "CAUSES", "VERDICTS", "Case", "Examined", "Failure", "Report", "check", "check_model", "run"]
