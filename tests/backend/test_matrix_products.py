"""Products in blocks equal whole ones in every order in memory; cut are those of a large matrix and a small batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycnn.backend.cpu import products
from tinycnn.backend.quiet import quietly

SIZES, DTYPES = st.integers(0, 20), st.sampled_from(["f2", "f4", "f8", "i8"])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_SLIM": 8, "_LARGE": 8, "_HUGE": 40, "_COLUMNS": 3, "_ROWS": 4}.items():
        monkeypatch.setattr(products, name, value)


@given(m=SIZES, k=SIZES, n=SIZES, orders=st.tuples(st.booleans(), st.booleans()), dtype=DTYPES)
def test_blocks_make_the_whole(small: None, m: int, k: int, n: int, orders: Any, dtype: str) -> None:
    rng = np.random.default_rng(m + k + n)
    x, y = rng.integers(-3, 4, (m, k)).astype(dtype), rng.integers(-3, 4, (k, n)).astype(dtype)
    x, y = (np.array(a, order="F" if flip else "C") for a, flip in zip((x, y), orders, strict=True))
    x, y = (x[:, ::-1], y[::-1]) if m % 2 else (x, y)
    z = products.matmul(np, x, y)
    assert z.dtype == dtype
    np.testing.assert_array_equal(z, x.astype("i8") @ y.astype("i8"))  # whole numbers: exact in any order


@pytest.mark.parametrize("slim", ["m", "k"])
@pytest.mark.parametrize("size", [12, 13, 16, 17])
def test_no_row_and_no_column_is_left_out(small: None, slim: str, size: int) -> None:
    m, k = (2, size) if slim == "m" else (size, 2)
    x, y = np.arange(1, m * k + 1, dtype="f4").reshape(m, k), np.arange(1, k * size + 1, dtype="f4").reshape(k, size)
    assert len(products._blocks(m, k, size)) > 2
    np.testing.assert_array_equal(products.matmul(np, x, y), x.astype("i8") @ y.astype("i8"))


@pytest.mark.parametrize(("m", "k", "n", "cut"), [
    (2, 4096, 4096, True), (4096, 2, 4096, True), (2, 4096, 1024, False), (64, 4096, 4096, False),
    (4096, 64, 4096, False), (0, 4096, 4096, True), (4096, 0, 4096, True),
])  # fmt: skip
def test_where_it_is_cut(m: int, k: int, n: int, cut: bool) -> None:
    assert bool(products._blocks(m, k, n)) is cut


def test_a_product_with_transposed_weights_lies_row_by_row() -> None:
    x, w = np.ones((3, 512), "f4"), np.ones((600, 512), "f4")
    z = products.matmul(np, x, w.T)
    assert z.flags.c_contiguous
    assert (z == 512).all()


def test_infinities_and_nan_stay_in_their_rows(small: None) -> None:
    x, y = np.ones((2, 9), "f4"), np.ones((9, 7), "f4")
    x[0, 0], y[3, 5] = np.inf, np.nan
    z = quietly(products.matmul, np, x, y)
    assert np.isnan(z[:, 5]).all()
    assert np.isinf(np.delete(z[0], 5)).all()
    assert (np.delete(z[1], 5) == 9).all()
