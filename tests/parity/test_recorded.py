"""What PyTorch 2.13 answered to the calls of record.py, and what we answer: needs no PyTorch."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tinycnn.nn import functional as F

LINES = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))
ANSWERED = [line for line in LINES if "results" in line]
REFUSED = [line for line in LINES if "raises" in line]


def of(lines: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("line", lines, ids=[f"{line['call']}-{place}" for place, line in enumerate(lines)])


def unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return np.array(value["values"], dtype=value["dtype"]).reshape(value["shape"])


def arguments(line: dict[str, Any], device: str, dtype: str = "float64") -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments; the floating positional ones want gradients, running statistics aside."""

    def tensor(value: Any, wanted: bool) -> Any:
        host = unpack(value)
        if not isinstance(host, np.ndarray):
            return host
        floating = host.dtype.kind == "f"
        host = host.astype(dtype) if floating and host.dtype == "float64" else host
        return tinycnn.tensor(host, device=device).requires_grad_(wanted and floating)

    args = [
        tensor(value, line["call"] != "batch_norm" or place not in (1, 2)) for place, value in enumerate(line["args"])
    ]
    return args, {name: tensor(value, False) for name, value in line["options"].items()}


def assert_equal(found: Any, recorded: Any, tolerance: float, dtype: str) -> None:
    expected = unpack(recorded)
    assert (found.shape, found.dtype) == (expected.shape, dtype if expected.dtype.kind == "f" else expected.dtype)
    np.testing.assert_allclose(found.detach().cpu().numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-3)])
@of(ANSWERED)
def test_the_answer_is_pytorchs(line: dict[str, Any], device: str, dtype: str, tolerance: float) -> None:
    args, options = arguments(line, device, dtype)
    made = getattr(F, line["call"])(*args, **options)
    results = made if isinstance(made, tuple) else (made,)
    for result, recorded in zip(results, line["results"], strict=True):
        assert_equal(result, recorded, tolerance, dtype)
    if "cotangent" in line:
        wanted = [a for a in args if isinstance(a, tinycnn.Tensor) and a.requires_grad]
        cotangent = tinycnn.tensor(unpack(line["cotangent"]), dtype=dtype, device=device)
        found = tinycnn.autograd.grad(results[0], wanted, cotangent, allow_unused=True, materialize_grads=True)
        for gradient, recorded in zip(found, line["gradients"], strict=True):
            assert_equal(gradient, recorded, tolerance, dtype)
    for statistic, recorded in zip(args[1:3], line.get("after", ()), strict=False):
        assert_equal(statistic, recorded, tolerance, dtype)


@of(REFUSED)
def test_what_pytorch_refuses_is_refused_with_its_exception(line: dict[str, Any], device: str) -> None:
    args, options = arguments(line, device)
    with pytest.raises(getattr(builtins, line["raises"])) as caught:
        getattr(F, line["call"])(*args, **options)
    assert str(caught.value).partition(":")[0] == line["call"]
