"""Products of a tall matrix and a small one, in pieces, equal whole ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycnn.backend.cpu import products, tall

ROWS, SUMMED, COLUMNS = st.integers(3072, 4200), st.integers(8, 384), st.sampled_from([32, 48, 64, 96, 128, 160, 336])


@pytest.fixture(autouse=True)
def _unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if BLAS had kernels for AVX-512, so that all is tested on every machine."""
    monkeypatch.setattr(tall, "unpacked", lambda: 1_000_000)


def whole_numbers(*shape: int, seed: int = 0) -> Any:
    """Their products are exact in any order."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype("f4")


@given(m=ROWS, k=SUMMED, n=COLUMNS, flip=st.booleans(), apart=st.booleans())
def test_pieces_make_the_whole(m: int, k: int, n: int, flip: bool, apart: bool) -> None:
    """Of a small matrix in either order, into memory whose rows may lie apart."""
    x, y = whole_numbers(m, k), whole_numbers(n, k, seed=1).T if flip else whole_numbers(k, n, seed=1)
    out = np.full((m, n + apart), np.nan, "f4")
    tall.product(x, y, out[:, :n])
    np.testing.assert_array_equal(out[:, :n], x @ y)
    assert np.isnan(out[:, n:]).all()


@given(m=ROWS, k=SUMMED, n=COLUMNS)
def test_a_tall_product_is_a_product(m: int, k: int, n: int) -> None:
    x, y = whole_numbers(m, k), whole_numbers(k, n, seed=1)
    np.testing.assert_array_equal(products.product(x, y), x @ y)


def test_which_matrices_are_tall(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tall.covers(3072, 64, 256)
    assert tall.covers(12544, 256, 96)
    for m, k, n in ((3071, 64, 256), (4096, 385, 64), (4096, 7, 64), (4096, 300, 256), (4096, 64, 500), (4096, 64, 16)):
        assert not tall.covers(m, k, n)
    monkeypatch.setattr(tall, "unpacked", lambda: 0)
    assert not tall.covers(3072, 64, 256)
