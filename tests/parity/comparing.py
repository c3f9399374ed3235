"""The same call to PyTorch and to tinycnn: results, their dtypes, and which calls are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn

torch = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
KINDS = (IndexError, TypeError, ValueError, RuntimeError)  # the first that fits is what a refusal must be
REFUSALS = (*KINDS, OverflowError)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def arrays(dtype: Any, shape: Any) -> Any:
    """Small integers and halves: exact in every dtype, and equal to each other now and then."""

    def made(numbers: list[int], size: Any) -> Any:
        values = np.resize(np.array(numbers), size) if np.prod(size) else np.zeros(size)
        return np.asarray((values / (2 if np.dtype(dtype).kind == "f" else 1)).astype(dtype))

    low = 0 if np.dtype(dtype).kind in "bu" else -6
    return st.builds(made, st.lists(st.integers(low, 6), min_size=1, max_size=24), shape if isinstance(
        shape, st.SearchStrategy) else st.just(shape))  # fmt: skip


def plain(result: Any) -> Any:
    """(dtype, values) of tensors, also in tuples."""
    if isinstance(result, (tuple, list)) and not isinstance(result, (tinycnn.Size, torch.Size)):
        return [plain(r) for r in result]
    if isinstance(result, (torch.Tensor, tinycnn.Tensor)):
        return str(result.dtype).removeprefix("torch."), np.asarray(result.detach().numpy())
    return tuple(result) if isinstance(result, tuple) else result


def assert_same(ours: Any, theirs: Any, tolerance: float) -> None:
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, tolerance)
    elif isinstance(theirs, tuple) and len(theirs) == 2 and isinstance(theirs[0], str):
        assert (ours[0], ours[1].shape) == (theirs[0], theirs[1].shape)
        rtol = max(tolerance, 2e-3 if ours[0] == "float16" else 2e-6 if ours[0] == "float32" else 1e-12)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=rtol, atol=rtol)
    else:
        assert ours == theirs


def compare(call: Any, *args: Any, tolerance: float = 0, order: int = 0) -> None:
    """``call(library, *tensors)`` gives the same in both, with derivatives up to `order`, or is refused by both."""

    def answered(library: Any) -> Any:
        tensors = [library.from_numpy(np.array(a)) if isinstance(a, np.ndarray) else a for a in args]
        leaves = [t.requires_grad_() for t in tensors if order and isinstance(t, library.Tensor) and floating(t)]
        made = call(library, *tensors)
        return [plain(made), *derivatives(library, made, leaves, order)]

    try:
        theirs = answered(torch)
    except REFUSALS as refusal:
        if "not implemented" in str(refusal) and not isinstance(refusal, TypeError):
            return  # a kernel, or a derivative, that PyTorch lacks
        with pytest.raises(next(k for k in (*KINDS, Exception) if isinstance(refusal, k))):
            answered(tinycnn)
        return
    assert_same(answered(tinycnn), theirs, tolerance)


def floating(x: Any) -> bool:
    return bool(x.is_floating_point())


def derivatives(library: Any, made: Any, leaves: list[Any], order: int) -> list[Any]:
    """The gradients of the results' weighted sum in the leaves, then those of these gradients' sum; zeros for none."""
    found = []
    results = [y for y in (made if isinstance(made, (tuple, list)) else [made]) if isinstance(y, library.Tensor)]
    for _ in range(order if leaves else 0):
        results = [y for y in results if y.requires_grad]
        weights = [y.detach() * 0 + 1.5 for y in results]
        wanted = [None] * len(leaves)
        if results:
            wanted = library.autograd.grad(results, leaves, weights, create_graph=True, allow_unused=True)
        results = [leaf * 0 if g is None else g for g, leaf in zip(wanted, leaves, strict=True)]
        found.append([plain(g) for g in results])
    return found
