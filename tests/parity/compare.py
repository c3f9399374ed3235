"""The same call to PyTorch and to tinycnn: values, dtypes, derivatives, refusals; and what calls are drawn from."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn

from .answer import KINDS, packed, tensors_in
from .calls.call import Draw

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

REFUSALS = (*KINDS, OverflowError)
Near = Callable[[Any], tuple[float, float]]  # from PyTorch's values to the relative and the absolute tolerance

# What calls are drawn from ───────────────────────────────────────────────────────────────────────────────────────────

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
ROUNDED = {"float64": 1e-9, "float32": 2e-4, "float16": 1e-2}  # after sums of many products
EXACT = {"float64": 1e-12, "float32": 2e-6, "float16": 2e-3}  # after a few roundings
small, flag, seeds = st.integers(1, 3), st.booleans(), st.integers(0, 2**32 - 1)
dtypes = st.sampled_from(list(ROUNDED))
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def arrays(dtype: Any, shape: Any) -> Any:
    """Small integers and halves: exact in every dtype, and equal to each other now and then."""

    def made(numbers: list[int], size: Any) -> Any:
        values = np.resize(np.array(numbers), size) if np.prod(size) else np.zeros(size)
        return np.asarray((values / (2 if np.dtype(dtype).kind == "f" else 1)).astype(dtype))

    low = 0 if np.dtype(dtype).kind in "bu" else -6
    sizes = shape if isinstance(shape, st.SearchStrategy) else st.just(shape)
    return st.builds(made, st.lists(st.integers(low, 6), min_size=1, max_size=24), sizes)


def normal(seed: int, *shapes: Any, dtype: str = "float64") -> list[Any]:
    """Normal numbers; a shape that is None stands for what is left out."""
    rng = np.random.default_rng(seed)
    return [None if s is None else np.asarray(rng.standard_normal(s)).astype(dtype) for s in shapes]


# The comparison ──────────────────────────────────────────────────────────────────────────────────────────────────────


def compare(call: Callable[..., Any], *args: Any, tolerance: float = 0, order: int = 0) -> None:
    """``call(library, *args)`` gives the same in both, with derivatives up to `order`, or is refused by both.

    Arrays become tensors. Where PyTorch lacks a kernel or a derivative there is nothing to compare.
    """
    theirs = outcome(torch, call, args, {}, order)
    if isinstance(theirs, Exception) and "not implemented" in str(theirs) and not isinstance(theirs, TypeError):
        return
    near = max(tolerance, 1e-12)
    assert_alike(outcome(tinycnn, call, args, {}, order), theirs,
                 lambda other: (max(near, EXACT.get(other.dtype.name, 0)),) * 2)  # fmt: skip


def compare_functional(call: Callable[..., Any], *args: Any, scale: float = 1, **options: Any) -> None:
    """``call(nn.functional, *args, **options)`` does the same in both, gradients and warnings about sizes included.

    Only the positional arrays want gradients; `scale` is how many times the usual tolerance rounding may take.
    """

    def with_warnings(library: Any, *args: Any, **options: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = call(library.nn.functional, *args, **options)
        return made, any("size" in str(warning.message) for warning in caught)

    def near(other: Any) -> tuple[float, float]:
        tolerance = scale * ROUNDED.get(other.dtype.name, 0)
        largest = np.abs(other[np.isfinite(other)]).max(initial=1) if other.dtype.kind == "f" else 1
        return tolerance, tolerance * float(largest)

    ours, theirs = (outcome(library, with_warnings, args, options, 1) for library in (tinycnn, torch))
    assert_alike(ours, theirs, near)


def outcome(library: Any, call: Callable[..., Any], args: Any, options: dict[str, Any], order: int) -> Any:
    """Results, what became of the options, then the derivatives, order by order; or the exception."""

    def tensor(value: Any) -> Any:
        return library.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

    xs, named = [tensor(a) for a in args], {name: tensor(value) for name, value in options.items()}
    leaves = [x.requires_grad_() for x in xs if order and isinstance(x, library.Tensor) and x.is_floating_point()]
    try:
        made = call(library, *xs, **named)
        found = [packed(library, made), packed(library, list(named.values()))]
        return found + derivatives(library, made, leaves, order)
    except REFUSALS as error:
        return error


def derivatives(library: Any, made: Any, leaves: list[Any], order: int) -> list[Any]:
    """The gradients of ⟨drawn, made⟩ in the leaves, then those of ⟨drawn, these⟩, zeros where these have none."""
    found = []
    results = list(tensors_in(library, made))
    for nth in range(order if leaves else 0):
        results = [y for y in results if y.requires_grad]
        drawn = [library.tensor(Draw(f"cotangent {nth} {tuple(y.shape)}").n(*y.shape), dtype=y.dtype) for y in results]
        gradients: Any = [None] * len(leaves)
        if results:
            gradients = library.autograd.grad(results, leaves, drawn, create_graph=nth + 1 < order, allow_unused=True)
        results = [leaf.detach() * 0 if g is None and nth else g for g, leaf in zip(gradients, leaves, strict=True)]
        found.append([g if g is None else packed(library, g.detach()) for g in results])
        results = [g for g in results if g is not None]
    return found


def assert_alike(ours: Any, theirs: Any, near: Near) -> None:
    """Structure, shapes, dtypes, whether a gradient is wanted, and the numbers; or the kind of exception."""
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert isinstance(theirs, Exception), f"only ours raised: {ours!r}"
        kind = next((k for k in KINDS if isinstance(theirs, k)), Exception)
        assert isinstance(ours, kind), f"{theirs!r}, but ours: {ours!r}"
    elif isinstance(theirs, dict):
        assert {**ours, "values": 0} == {**theirs, "values": 0}
        rtol, atol = near(theirs["values"])
        np.testing.assert_allclose(ours["values"], theirs["values"], rtol=rtol, atol=atol)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_alike(one, other, near)
    else:
        assert ours == theirs
