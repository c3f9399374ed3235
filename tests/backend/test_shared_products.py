"""Products of matrices are cut along their longest side, and BLAS has one thread for each part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backend.geometries import normal
from tests.backend.sharing import blas_counts
from tinycnn.backend import blas
from tinycnn.backend.blas import limited
from tinycnn.backend.cpu import products

SIDES = [
    (4000, 50, 60), (50, 4000, 60), (50, 60, 4000), (300, 300, 300), (100, 60, 70), (3, 4, 5), (0, 4, 5), (3, 0, 5),
]  # fmt: skip


@pytest.mark.parametrize(("m", "k", "n"), SIDES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_product_is_the_same_wherever_it_is_cut(m: int, k: int, n: int, count: int) -> None:
    a, b = normal(m, k, dtype="float64"), normal(n, k, dtype="float64").T
    out = np.full((m, n), np.nan)
    with limited(count):
        assert products.product(a, b, out=out) is out
        again = products.product(a, b)
    np.testing.assert_allclose(out, np.einsum("mk,kn->mn", a, b), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(again, out)  # run to run


@pytest.mark.parametrize("k", [0, 1, 127, 128, 129, 192, 500, 1023, 1024, 1030, 2000, 9999])
@pytest.mark.parametrize("stack", [0, 1, 3])
@pytest.mark.parametrize(("at_once", "unpacked"), [(1, 0), (500, 1000), (500, 2000), (1 << 17, 1_000_000)])
def test_a_sum_by_stretches_is_the_product(
    k: int, stack: int, at_once: int, unpacked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_AT_ONCE", at_once)
    monkeypatch.setattr(blas, "unpacked", lambda: unpacked)
    a, b = normal(max(stack, 1), k, 6).transpose(0, 2, 1), normal(max(stack, 1), k, 5)
    expected = np.einsum("smk,skn->mn", a, b)
    out = np.full((5, 6), np.nan).T
    assert products.by_stretches(*((a, b) if stack else (a[0], b[0])), out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("unpacked", "parts"), [(0, [12, 7, 1]), (2000, [6, 7, 1]), (10**9, [12, 7, 1])])
def test_rows_are_parted_equally_or_not_at_all(
    unpacked: int, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blas, "unpacked", lambda: unpacked)
    assert [products.unpacked_part(count, 320) for count in (12, 7, 0)] == parts


@pytest.mark.parametrize("m", [8, 300])
@pytest.mark.parametrize("count", [1, 2])
def test_by_stretches_a_long_sum_keeps_a_digit_more(m: int, count: int) -> None:
    """Of ones and a number that is lost by itself beside a thousand of them, as no part of a short sum is."""
    a = np.ones((m, 60_000), np.float32) + np.float32(2**-13)
    with limited(count):
        found = products.product(a, a[:8].T.copy(), exact=True)
    np.testing.assert_allclose(found, 60_000 * (1 + 2.0**-13) ** 2, rtol=3e-7)


@pytest.mark.parametrize(("m", "k", "n"), SIDES[:5])
def test_blas_has_one_thread_meanwhile(m: int, k: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    matmul, seen = np.matmul, set()

    def watched(*args: Any, **options: Any) -> Any:
        seen.update(blas_counts())
        return matmul(*args, **options)

    with limited(2):
        monkeypatch.setattr(np, "matmul", watched)
        products.product(normal(m, k), normal(k, n))
        products.matmul(np, normal(4, m, 60), normal(4, 60, 80))
        assert seen <= {1}
        assert set(blas_counts()) <= {2}


@pytest.mark.parametrize("k", [260, 300, 448])
def test_a_sum_that_blas_does_not_part_is_made_in_parts(k: int) -> None:
    """Ones that are added to 2²⁴ one by one are lost; the sum of them all is not."""
    a, b = np.ones((300, k), "float32"), np.ones((k, 301), "float32")
    a[:, : k // 2] = 0
    a[:, 0] = 2**24
    np.testing.assert_array_equal(products.product(a, b, exact=True), 2**24 + k // 2)


@pytest.mark.parametrize(("m", "k", "n"), [(3, 700, 5), (200, 100, 13), (300, 65, 400), (700, 1500, 120)])
@pytest.mark.parametrize("out", [False, True])
def test_sums_of_all_lengths_keep_their_digits(m: int, k: int, n: int, out: bool) -> None:
    """In double precision, by stretches or in parts: half of them in a row meet a smaller sum."""
    a, b = normal(m, k).astype("float32"), normal(n, k, seed=1).astype("float32").T
    made = products.product(a, b, out=np.empty((m, n), "float32") if out else None, exact=True)
    exact = a.astype("float64") @ b
    assert made.dtype == np.float32
    assert np.abs(made - exact).max() <= 4e-7 * np.abs(exact).max() * max(1, (k / 448) ** 0.5)
    np.testing.assert_array_equal(products.product(a, b, exact=True), made)  # run to run


def test_few_long_sums_are_rounded_once() -> None:
    """Of stacks of matrices, too."""
    for shape in ((4, 500), (2, 4, 500)):
        a, b = normal(*shape).astype("float32"), normal(*shape, seed=1).astype("float32").swapaxes(-1, -2)
        exact = np.matmul(a.astype("float64"), b.astype("float64"))
        np.testing.assert_array_equal(products.matmul(np, a, b), exact.astype("float32"))
