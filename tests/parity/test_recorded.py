"""Every recorded call, put to tinycnn: PyTorch's answer or its kind of refusal. Needs no PyTorch."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.parity.answer import answer
from tests.parity.calls import FAMILIES, of_family
from tests.parity.calls.call import Call, mapped

FOLDER = Path(__file__).with_name("recorded")
TOLERANCES = {"float64": 1e-8, "float32": 1e-3, "float16": 1e-2}
Row = tuple[Call, dict[str, Any]]


def rows(family: str) -> tuple[list[Row], list[Row]]:
    """The family's calls beside their lines: those that are answered, those that are refused."""
    path = FOLDER / f"{family}.json"
    lines = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    calls, refusals = of_family(family)
    missing = {"call": family, "of": None}  # a call without its line fails, with a word on what to do
    lines += [missing] * (len(calls) + len(refusals) - len(lines))
    return list(zip(calls, lines, strict=False)), list(zip(refusals, lines[len(calls) :], strict=False))


def floats(call: Call) -> set[str]:
    """The floating dtypes among the call's arrays."""
    found = set()
    mapped([call.args, call.options], lambda v: found.add(v.dtype.name) if isinstance(v, np.ndarray) else None)
    return {name for name in found if name.startswith("float")}


ANSWERED, REFUSED = [], []
for _family in FAMILIES:
    _answered, _refused = rows(_family)
    for _n, (_call, _line) in enumerate(_answered):
        # Other precisions than the recorded one are tried where all numbers may follow.
        for _dtype in _call.dtypes if floats(_call) == {"float64"} else ("float64",):
            ANSWERED.append(pytest.param(_call, _line, _dtype, id=f"{_family}-{_n}-{_call.name}-{_dtype}"))
    for _n, (_call, _line) in enumerate(_refused):
        REFUSED.append(pytest.param(_call, _line, id=f"{_family}-{_n}-{_call.name}"))


def assert_recorded(call: Call, line: dict[str, Any]) -> None:
    hint = "calls and recorded answers have parted: python -m tests.parity.record"
    assert (line["call"], line["of"]) == (call.name, call.fingerprint()), hint


def assert_same(found: Any, recorded: Any, dtype: str, tolerance: float) -> None:
    """Structure, shape, dtype, whether a gradient is wanted, and the numbers."""
    if isinstance(recorded, list):
        assert isinstance(found, list)
        assert len(found) == len(recorded)
        for one, other in zip(found, recorded, strict=True):
            assert_same(one, other, dtype, tolerance)
    elif isinstance(recorded, dict):
        expected = {**recorded, "dtype": dtype if recorded["dtype"] == "float64" else recorded["dtype"]}
        assert isinstance(found, dict)
        assert {**found, "values": 0} == {**expected, "values": 0}
        values = np.array(recorded["values"], recorded["dtype"])
        tolerance = max(tolerance, TOLERANCES.get(recorded["dtype"], 0))
        np.testing.assert_allclose(found["values"], values, rtol=tolerance, atol=tolerance)
    elif isinstance(recorded, float):
        assert type(found) is float
        np.testing.assert_allclose(found, recorded, rtol=tolerance)
    else:
        assert (type(found), found) == (type(recorded), recorded)


@pytest.mark.parametrize(("call", "line", "dtype"), ANSWERED)
def test_the_answer_is_pytorchs(call: Call, line: dict[str, Any], dtype: str, device: str) -> None:
    assert_recorded(call, line)
    found = answer(tinycnn, call, device, dtype)
    tolerance = TOLERANCES[dtype]
    for part in ("results", "gradients", "changed"):
        assert (part in found) == (part in line), part
        if part in line:
            assert_same(found[part], line[part], dtype, tolerance)
    if "second" in line:
        zeros = [{**g, "values": np.zeros(len(g["values"]))} for g in found["gradients"]]
        assert_same(found.get("second", zeros), line["second"], dtype, tolerance)


@pytest.mark.parametrize(("call", "line"), REFUSED)
def test_what_pytorch_refuses_is_refused_with_its_exception(call: Call, line: dict[str, Any], device: str) -> None:
    assert_recorded(call, line)
    with pytest.raises(getattr(builtins, line["raises"])) as caught:
        answer(tinycnn, call, device)
    name = call.name.partition(".")[2]
    assert str(caught.value).partition(":")[0].strip("_") in (name.strip("_"), SPOKEN.get(name))


SPOKEN = {"__getitem__": "index", "__setitem__": "index assignment"}  # how errors call what has no name of its own
