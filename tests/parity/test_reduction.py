"""Reductions and orderings: the same calls to PyTorch, where it is installed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parity.comparing import DTYPES, arrays, compare, shapes

REDUCTIONS = ["sum", "mean", "var", "std", "amax", "amin", "all", "any", "logsumexp", "norm"]
ALONG = ["max", "min", "argmax", "argmin", "prod", "cumsum"]


@pytest.mark.parametrize("name", [*REDUCTIONS, *ALONG])
@given(data=st.data())
def test_reductions(name: str, data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES)), shapes))
    one = st.integers(-4, 3)
    several = st.lists(one, min_size=1 if name in ("all", "any", "logsumexp") else 0, max_size=2).map(tuple)
    dim = data.draw(st.one_of(one, several) if name in REDUCTIONS else one)
    keep = {} if name == "cumsum" else {"keepdim": data.draw(st.booleans())}
    if name in ("max", "min"):  # where values tie, PyTorch promises no index
        distinct = np.random.default_rng(0).permutation(x.size).reshape(x.shape)
        x = distinct.astype(x.dtype if x.dtype != "bool" else "int8")
    if name in ("var", "std") and x.size and x.dtype.kind == "f" and x.dtype.itemsize < 4:
        return  # PyTorch's half-precision variance is coarser
    if x.dtype.kind != "f" and name in ("logsumexp", "norm"):
        return  # PyTorch's need floating numbers, ours promote them
    if (name in ("all", "any") and x.dtype == "uint8") or (name.startswith("arg") and x.dtype == "bool"):
        return  # uint8 is PyTorch's old bool, and its booleans have no order
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degrees of freedom ≤ 0
        compare(lambda lib, x: getattr(lib, name)(x, dim=dim, **keep), x)
        if name not in ("cumsum", "logsumexp"):
            compare(lambda lib, x: getattr(lib, name)(x), x)


@given(st.data())
def test_sorting(data: Any) -> None:
    x = data.draw(arrays(data.draw(st.sampled_from(DTYPES[1:])), shapes))
    dim, descending = data.draw(st.integers(-3, 2)), data.draw(st.booleans())
    compare(lambda lib, x: tuple(lib.sort(x, dim=dim, descending=descending, stable=True)), x)
    compare(lambda lib, x: lib.topk(x, 2, dim=dim, largest=descending)[0], x)
