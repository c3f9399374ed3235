"""Write PyTorch's answers to the calls of tests/parity/calls into tests/parity/recorded; test_recorded.py asks us too.

    python -m tests.parity.record                 with PyTorch installed: all families
    python -m tests.parity.record pooling …       these

A line a call: its name and fingerprint, then the answer, or the kind of exception. The arguments are not recorded:
whoever replays a call has them from the same file of calls.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from .answer import answer, kind
from .calls import FAMILIES, dtypes, of_family
from .calls.call import Call

FOLDER = Path(__file__).with_name("recorded")


def plain(value: Any) -> Any:
    """Arrays as lists; ten digits are enough to compare with."""
    if isinstance(value, np.ndarray):
        return [shortest(x) if value.dtype.kind == "f" else int(x) for x in value]
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def shortest(x: float) -> float | int:
    rounded = float(f"{x:.10g}")
    whole = rounded.is_integer() and abs(rounded) < 1e15 and (rounded or not np.signbit(rounded))
    return int(rounded) if whole else rounded


def ask(call: Call, refused: bool) -> dict[str, Any]:
    """PyTorch's line for one call."""
    import torch

    line = {"call": call.name, "of": call.fingerprint()}
    try:
        answered = answer(torch, call)
    except Exception as error:
        if not refused:
            raise SystemExit(f"PyTorch refuses {call}:\n{type(error).__name__}: {error}") from error
        return {**line, "raises": kind(error)}
    if refused:
        raise SystemExit(f"PyTorch does not refuse {call}")
    return {**line, **plain(answered)}


def attempt(call: Call, dtype: str) -> Any:
    """PyTorch's results in this dtype, or the kind of its refusal."""
    import torch

    try:
        return plain(answer(torch, replace(call, order=min(call.order, 1)), dtype=dtype)["results"])
    except Exception as error:
        return kind(error)


def ask_in_every_dtype() -> list[dict[str, Any]]:
    """Lines of single calls, then of pairs: for each dtype of the first argument one word a dtype of the second."""
    lines = [
        {"call": call.name, "of": call.fingerprint(), **{dtype: attempt(call, dtype) for dtype in dtypes.DTYPES}}
        for call in dtypes.CALLS
    ]
    for name, form in product(dtypes.PAIRS, dtypes.FORMS):
        seconds = dtypes.DTYPES if "tensor" in form else ("float64",)
        found = {
            one: " ".join(dtype_of(attempt(dtypes.pair(name, form, one, two), "float64")) for two in seconds)
            for one in dtypes.DTYPES
        }
        lines.append({"pair": name, "with": form, **found})
    return lines


def dtype_of(attempted: Any) -> str:
    return attempted["dtype"] if isinstance(attempted, dict) else str(attempted)


def record(family: str) -> None:
    if family == "dtypes":
        lines = ask_in_every_dtype()
    else:
        calls, refusals = of_family(family)
        lines = [ask(call, refused=False) for call in calls] + [ask(call, refused=True) for call in refusals]
    text = "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n]\n"
    path = FOLDER / f"{family}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
    print(f"{family}: {len(lines)} lines, {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # PyTorch's advice is not recorded
    FOLDER.mkdir(exist_ok=True)
    for each in sys.argv[1:] or [*FAMILIES, "dtypes"]:
        record(each)
