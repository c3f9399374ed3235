"""Reductions and orderings: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.parity.compare import DTYPES, arrays, compare, shapes

SEVERAL = ["sum", "mean", "var", "std", "amax", "amin", "all", "any", "logsumexp", "norm", "nansum", "count_nonzero"]
ONE = ["max", "min", "argmax", "argmin", "prod", "cumsum"]
UNSTEADY = ("var", "std", "norm")  # whose second derivative is none for one number, or infinite where all are equal


@pytest.mark.parametrize("name", [*SEVERAL, *ONE])
@given(data=st.data())
def test_reductions(name: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shapes))
    one = st.integers(-4, 3)
    several = st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True).map(tuple)
    dim = data.draw(st.one_of(one, several) if name in SEVERAL else one)
    keep = {} if name in ("cumsum", "count_nonzero") else {"keepdim": data.draw(st.booleans())}
    if name in ("max", "min"):  # where values tie, PyTorch promises no index
        distinct = np.random.default_rng(0).permutation(x.size).reshape(x.shape)
        x = distinct.astype(x.dtype if x.dtype != "bool" else "int8")
    half, order = x.dtype == "float16", 1 if name in UNSTEADY or not x.size else 2
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degrees of freedom ≤ 0
        compare(lambda lib, x: getattr(lib, name)(x, dim=dim, **keep), x, tolerance=1e-2 if half else 0, order=order)
        if name not in ("cumsum", "logsumexp"):
            compare(lambda lib, x: getattr(lib, name)(x), x, tolerance=1e-2 if half else 0, order=order)


@given(st.data())
def test_degrees_of_freedom(data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(["float32", "float64"])), shapes))
    dim, keepdim = data.draw(st.none() | st.integers(-3, 2)), data.draw(st.booleans())
    corrections = st.sampled_from([{}, {"correction": 0}, {"correction": 0.5}, {"correction": 2}, {"unbiased": False}])
    options = {"dim": dim, "keepdim": keepdim, **data.draw(corrections)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("var", "std", "var_mean", "std_mean"):
            compare(lambda lib, x, name=name: tuple(as_list(getattr(lib, name)(x, **options))), x, tolerance=2e-6)


def as_list(made: Any) -> list[Any]:
    return list(made) if isinstance(made, tuple) else [made]


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "nansum", "cumsum"])
@given(data=st.data())
def test_accumulating_in_another_dtype(name: str, data: Any) -> None:
    one, two = data.draw(st.sampled_from(DTYPES)), data.draw(st.sampled_from(DTYPES))
    x = data.draw(arrays(one, hnp.array_shapes(max_dims=2, max_side=3)))
    with np.errstate(all="ignore"):
        compare(lambda lib, x: getattr(lib, name)(x, 0, dtype=lib.bool if two == "bool" else getattr(lib, two)), x)


@given(st.data())
def test_sorting(data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shapes))
    dim, descending, k = data.draw(st.integers(-3, 2)), data.draw(st.booleans()), data.draw(st.integers(-1, 3))
    compare(lambda lib, x: tuple(lib.sort(x, dim=dim, descending=descending, stable=True)), x, order=1)
    distinct = np.random.default_rng(0).permutation(x.size).reshape(x.shape).astype(x.dtype)
    if x.dtype != "bool":
        compare(lambda lib, x: tuple(lib.topk(x, k, dim=dim, largest=descending)), distinct, order=1)
        compare(lambda lib, x: tuple(lib.kthvalue(x, k, dim=dim)), distinct, order=1)
