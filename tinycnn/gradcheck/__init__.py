"""Every op's first and second derivatives, checked against finite differences: what `tinycnn gradcheck` runs."""

from __future__ import annotations

from tinycnn.gradcheck.case import Case
from tinycnn.gradcheck.catalogue import CASES
from tinycnn.gradcheck.survey import run

__all__ = ["CASES", "Case", "run"]
