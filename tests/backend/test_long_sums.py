"""Long sums: every number is in them once, whatever the axes, and rounding does not pile up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backend.geometries import normal
from tinycnn import backend

SIZES = st.sampled_from([0, 1, 3, 31, 63, 64, 65, 100, 129])


@given(shape=st.tuples(SIZES, st.integers(1, 3), SIZES), order=st.permutations(range(3)), data=st.data(),
       dtype=st.sampled_from(["float64", "float32", "float16", "int64"]))  # fmt: skip
def test_sums_in_blocks_are_sums(shape: tuple[int, ...], order: Any, dtype: str, data: Any) -> None:
    axes = data.draw(st.sampled_from([(0,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]))
    x = (8 * normal(*shape)).astype(dtype).transpose(order)
    axes = tuple(order.index(axis) for axis in axes)
    found = backend.get("cpu").kernels.total(x, axes)
    expected = x.astype("float64").sum(axes)
    assert (found.dtype, found.shape) == (x.dtype, expected.shape)
    digits = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "int64": 0}[dtype]
    np.testing.assert_allclose(found, expected, rtol=digits, atol=digits * 100)


@pytest.mark.parametrize("shape", [(1_000_000, 2), (4000, 250, 2), (60, 60, 280, 2)], ids=str)
def test_of_a_million_rows_the_last_counts_as_the_first(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).random(shape, dtype=np.float32)
    axes = tuple(range(len(shape) - 1))
    found = backend.get("cpu").kernels.total(x, axes)
    np.testing.assert_allclose(found, x.sum(axes, dtype=np.float64), rtol=1e-6)
