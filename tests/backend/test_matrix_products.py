"""Products in pieces equal whole ones in every order in memory; cut are those of a large matrix and a slim one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycnn.backend import steps as textbook
from tinycnn.backend.cpu import postponing, products, slim
from tinycnn.backend.cpu import steps as tiled
from tinycnn.backend.quiet import quietly

SIZES, DTYPES = st.integers(0, 20), st.sampled_from(["f2", "f4", "f8", "i8"])
ORDERS = st.tuples(st.booleans(), st.booleans())


@pytest.fixture(params=[60, 0], ids=["BLAS packs no small one", "BLAS packs all"])
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slim, "unpacked", lambda: request.param)
    for name in ("_WEIGHTS", "_SUMS"):
        monkeypatch.setattr(products, name, 8)
    limits = {"FEW_ROWS": 5, "SUMMED": 6, "LONG": (6, 4), "_BY_ROWS": (4, 3), "_BY_COLUMNS": (5, 2),
              "_FEWER": 3, "_TILE": 7, "_ROWS": 2, "_RESULT": 30, "_SHARED": 100}  # fmt: skip
    for name, value in limits.items():
        monkeypatch.setattr(slim, name, value)


def whole_numbers(*shape: int, dtype: str = "f4", seed: int = 0, flip: bool = False) -> Any:
    """Their products are exact in any order."""
    return np.array(np.random.default_rng(seed).integers(-3, 4, shape), dtype, order="F" if flip else "C")


@given(m=SIZES, k=SIZES, n=SIZES, orders=ORDERS, dtype=DTYPES)
def test_pieces_make_the_whole(small: None, m: int, k: int, n: int, orders: Any, dtype: str) -> None:
    x, y = whole_numbers(m, k, dtype=dtype, flip=orders[0]), whole_numbers(k, n, dtype=dtype, flip=orders[1])
    x, y = (x[:, ::-1], y[::-1]) if m % 2 else (x, y)
    z = products.matmul(np, x, y)
    assert z.dtype == dtype
    np.testing.assert_array_equal(z, x.astype("i8") @ y.astype("i8"))


@given(k=st.integers(1, 40), n=st.integers(1, 40), m=st.integers(1, 12), deep=st.integers(1, 9), wide=st.integers(1, 9))
def test_no_number_is_left_out(small: None, m: int, k: int, n: int, deep: int, wide: int) -> None:
    x, y, out = whole_numbers(m, k), whole_numbers(k, n, seed=1), np.full((m, n), np.nan, "f4")
    assert slim.in_pieces(x, y, out, deep, wide) is out
    np.testing.assert_array_equal(out, x @ y)


@pytest.mark.parametrize(("m", "k", "n", "flip", "way"), [
    (2, 512, 512, False, "few_rows"), (2, 512, 512, True, "few_rows"), (16, 512, 512, False, "few_rows"),
    (64, 512, 512, True, "few_rows"), (17, 512, 512, False, None), (65, 512, 512, True, None),
    (1, 512, 512, False, None), (2, 100, 100, False, None), (1024, 2, 1024, False, "few_summed"),
    (1024, 32, 1024, False, "few_summed"), (1024, 33, 1024, False, None), (1024, 0, 1024, False, None),
    (500, 2, 500, False, None), (0, 512, 512, False, None),
])  # fmt: skip
def test_where_it_is_cut(m: int, k: int, n: int, flip: bool, way: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half precision, which is computed in single, is cut as that; double is not."""
    seen: list[str] = []
    monkeypatch.setattr(slim, "unpacked", lambda: 1_000_000)
    for name in ("few_rows", "few_summed"):
        monkeypatch.setattr(slim, name, lambda x, y, name=name: seen.append(name) or x @ y)
    x, y = whole_numbers(m, k), whole_numbers(k, n, flip=flip)
    products.matmul(np, x, y)
    assert seen == ([] if way is None else [way])
    products.matmul(np, x.astype("f8"), y.astype("f8"))
    assert len(seen) <= 1
    monkeypatch.setattr(slim, "unpacked", lambda: 0)
    products.matmul(np, x, y)
    assert seen.count("few_rows") <= 1


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


# Products that wait for an optimizer's step ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("m", "k", "n", "dtype", "waits"), [
    (1024, 4, 1024, "f4", True), (1024, 32, 1024, "f4", True), (1024, 33, 1024, "f4", False),
    (1024, 0, 1024, "f4", False), (1024, 4, 1000, "f4", False), (1 << 17, 4, 8, "f4", False),
    (1024, 4, 1024, "f8", False), (1024, 4, 1024, "f2", False),
])  # fmt: skip
def test_what_is_postponed(m: int, k: int, n: int, dtype: str, waits: bool) -> None:
    assert (postponing.postpone(np, np.ones((m, k), dtype), np.ones((k, n), dtype)) is not None) == waits


@given(m=st.integers(1, 20), k=st.integers(1, 6), n=st.integers(1, 20), first=SIZES, orders=ORDERS)
def test_its_rows_and_the_whole(small: None, m: int, k: int, n: int, first: int, orders: Any) -> None:
    x, y = whole_numbers(m, k, flip=orders[0]), whole_numbers(k, n, seed=1, flip=orders[1])
    later, now = postponing.Postponed(x, y), x @ y
    x[...], y[...] = np.nan, np.nan
    assert (later.shape, later.dtype) == (now.shape, now.dtype)
    np.testing.assert_array_equal(later.whole(), now)
    for axes in ([0, 1], [1, 0]):
        turned, length = now.transpose(axes), now.shape[axes[0]]
        rows = slice(first % length, length)
        np.testing.assert_array_equal(later.transpose(axes)[rows], turned[rows])


@given(m=st.integers(1, 20), n=st.integers(1, 20), k=st.integers(1, 6), flips=st.sets(st.integers(0, 3)))
def test_a_step_takes_it_as_it_would_take_the_whole(small: None, m: int, n: int, k: int, flips: set[int]) -> None:
    later = postponing.Postponed(whole_numbers(m, k), whole_numbers(k, n, seed=1))
    options = {"lr": 0.5, "momentum": 0.5}
    arrays = [whole_numbers(m, n, seed=seed, flip=seed in flips) for seed in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiled, "_WHOLE", 1)
        patch.setattr(tiled, "_TILE", 12)
        found = []
        for room, g in ((tiled, later), (textbook, later.whole())):
            p, velocity, q, v = (a.copy(order="K") for a in arrays)
            room.sgd_step(np, p, g, velocity, weight_decay=0.5, **options)
            begun = room.sgd_step(np, p, g, None, nesterov=True, maximize=True, **options)
            room.adam_step(np, q, g, 1 * v, v * v, None, 2, lr=0.5, beta1=0.5, beta2=0.5, eps=1.0)
            found.append([p, velocity, begun, q])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
