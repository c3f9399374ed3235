"""The list of faults does not rot: each can still be planted, and names tests that are there."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.mutation.__main__ import ROOT
from tests.mutation.fault import Fault
from tests.mutation.faults import FAULTS


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_fault_can_be_planted(fault: Fault) -> None:
    compile(fault.planted(ROOT), fault.path, "exec")
    assert all((ROOT / path).exists() for path in fault.tests.split())


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(FAULTS) >= 40
    assert [name for name, count in Counter(map(str, FAULTS)).items() if count > 1] == []
