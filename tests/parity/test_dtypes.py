"""Every function in every dtype, and the arithmetic with every pair of dtypes, against PyTorch's recorded answers."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from typing import Any

import pytest

import tinycnn
from tests.parity.answer import answer, kind
from tests.parity.calls.call import Call
from tests.parity.calls.dtypes import CALLS, DTYPES, PAIRS, pair
from tests.parity.test_recorded import FOLDER, TOLERANCES, assert_recorded, assert_same

LINES = json.loads((FOLDER / "dtypes.json").read_text(encoding="utf-8"))
SINGLE = [line for line in LINES if "call" in line]
PAIRED = [line for line in LINES if "pair" in line]

# What PyTorch's CPU refuses and we accept, and why.
ACCEPTED = {("F.local_response_norm", "float16"): "its CUDA takes it; on the CPU it lacks the pooling inside"}


def test_the_table_is_whole() -> None:
    assert len(SINGLE) == len(CALLS)
    assert {line["pair"] for line in PAIRED} == set(PAIRS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("call", "line"),
    [pytest.param(*row, id=f"{n}-{row[0].name}") for n, row in enumerate(zip(CALLS, SINGLE, strict=False))],
)
def test_a_function_takes_and_gives_the_dtypes_that_pytorchs_does(
    call: Call, line: dict[str, Any], dtype: str, device: str
) -> None:
    assert_recorded(call, line)
    call, recorded = replace(call, order=min(call.order, 1)), line[dtype]
    if (call.name, dtype) in ACCEPTED:
        assert recorded in vars(builtins), "PyTorch takes this too: no reason to list it"
        answer(tinycnn, call, device, dtype)
    elif isinstance(recorded, str) and recorded in vars(builtins):
        with pytest.raises(getattr(builtins, recorded)):
            answer(tinycnn, call, device, dtype)
    else:
        found = answer(tinycnn, call, device, dtype)
        assert_same(found["results"], recorded, dtype, TOLERANCES.get(dtype, 1e-3))
        assert {g["dtype"] for g in found.get("gradients", ())} <= {dtype}


@pytest.mark.parametrize("line", PAIRED, ids=lambda line: f"{line['pair']} with {line['with']}")
def test_two_dtypes_meet_as_pytorchs_do(line: dict[str, Any], device: str) -> None:
    seconds = DTYPES if "tensor" in line["with"] else ("float64",)
    for one in DTYPES:
        recorded = dict(zip(seconds, line[one].split(), strict=True))
        found = {two: outcome(pair(line["pair"], line["with"], one, two), device, recorded[two]) for two in seconds}
        assert {one: found} == {one: recorded}


def outcome(call: Call, device: str, recorded: str) -> str:
    """The result's dtype, or the kind of exception: the recorded one if it is that too."""
    try:
        return str(answer(tinycnn, call, device)["results"]["dtype"])
    except Exception as error:
        return recorded if isinstance(error, getattr(builtins, recorded, ())) else kind(error)
