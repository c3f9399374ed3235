"""The error function against the C library's, in units in the last place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinycnn as torch

RNG = np.random.default_rng(0)
POINTS = np.concatenate([
    RNG.uniform(-6.5, 6.5, 4000), RNG.uniform(0.9, 1.1, 1000), RNG.uniform(3.9, 4.1, 1000),
    10.0 ** RNG.uniform(-37, 0, 1000), [0.0, -0.0, math.inf, -math.inf],
])  # fmt: skip


@pytest.mark.parametrize(("dtype", "units"), [("float64", 2.0), ("float32", 0.52), ("float16", 0.52)])
def test_it_is_exact_to_the_last_places(dtype: str, units: float, device: str) -> None:
    x = POINTS.astype(dtype)
    found = torch.tensor(x, device=device).erf()
    exact = np.array([math.erf(value) for value in x])
    assert found.dtype == dtype
    error = np.abs(found.cpu().numpy().astype("float64") - exact)
    if device == "cuda":
        units = max(units, 2.0)  # CUDA's own, which promises no more
    assert (error / np.spacing(np.abs(exact).astype(dtype)).astype("float64")).max() < units


def test_nan_and_the_sign_of_zero_stay(device: str) -> None:
    found: Any = torch.tensor([math.nan, -0.0], device=device).erf().cpu().numpy()
    assert math.isnan(found[0])
    assert np.signbit(found[1])
