r"""How exact a layer is in float32: its rounding errors are at most three times PyTorch's on the same data.

An error is the distance of a float32 result, or of one of its gradients, from the float64 one, relative to the largest
number in that; its maximum and its root mean square are compared. What is right to the last digit is good enough even
where PyTorch's happens to be exact: always granted are an ulp of the largest number, and in the mean square half an ulp
of each number, or one ulp of fewer than `ENOUGH`.

The error of a single number is chance: PyTorch's gradient of the only bias of a layer is off by three ulp on one batch,
and by none on the next. So at least `ENOUGH` numbers are compared at once. A layer of which some result has fewer, is
given several batches, and what they make is one result with one largest number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinycnn

EPS = 2.0**-23
TIMES = 3
ENOUGH = 64
Call = Callable[..., Any]


def compare(call: Call, *arrays: Any) -> None:
    """Of one batch, however few its numbers are."""
    _compare(call, [arrays])


def compare_layer(call: Call, batch: Callable[[int], Sequence[Any]]) -> None:
    """Of as many batches, ``batch(0)``, ``batch(1)`` …, as make enough numbers."""
    first = batch(0)
    fewest = min(t.size for t in _answers(tinycnn, call, first, np.float32, 0))
    _compare(call, [first, *(batch(number) for number in range(1, -(-ENOUGH // fewest)))])


def normal(seed: Any, *shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


def _compare(call: Call, batches: list[Sequence[Any]]) -> None:
    import torch

    (ours, exact), (theirs, reference) = (_errors(library, call, batches) for library in (tinycnn, torch))
    for one, other in zip(exact, reference, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.abs(other).max(), err_msg="in float64")
    granted = np.array([_granted(y) for y in exact])
    assert (ours <= TIMES * theirs + granted).all(), f"ours\n{ours}\nPyTorch's\n{theirs}\ngranted\n{granted}"


def _granted(exact: np.ndarray) -> tuple[float, float]:
    """What the maximum and the root mean square of errors may be in any case."""
    if exact.size < ENOUGH:
        return EPS, EPS
    halves = np.spacing(np.abs(exact).astype(np.float32)).astype(float) / 2
    return EPS, np.sqrt(np.square(halves).mean()) / max(np.abs(exact).max(), 1e-300)


def _errors(library: Any, call: Call, batches: list[Sequence[Any]]) -> tuple[np.ndarray, list[Any]]:
    """Maximum and root mean square of the errors of the result and each gradient, and the float64 answers."""
    single, double = (
        [np.stack(made) for made in zip(*(_answers(library, call, batch, dtype, number)
                                          for number, batch in enumerate(batches)), strict=True)]
        for dtype in (np.float32, np.float64)
    )  # fmt: skip
    found = []
    for rounded, exact in zip(single, double, strict=True):
        assert rounded.dtype == np.float32, "float32 became wider"
        error = (rounded - exact) / max(np.abs(exact).max(), 1e-300)
        found.append((np.abs(error).max(), np.sqrt(np.square(error).mean())))
    return np.array(found), double


def _answers(library: Any, call: Call, arrays: Sequence[Any], dtype: Any, number: int) -> list[Any]:
    """The result, and the gradients of ⟨cotangent, result⟩ in all arrays of floats."""
    xs = [library.from_numpy(a.astype(dtype) if a.dtype.kind == "f" else a.copy()) for a in arrays]
    leaves = [x.requires_grad_() for x in xs if x.is_floating_point()]
    y = call(library.nn.functional, *xs)
    cotangent = np.random.default_rng(7 + number).standard_normal(tuple(y.shape), dtype=np.float32).astype(dtype)
    gradients = library.autograd.grad(y, leaves, library.from_numpy(np.asarray(cotangent)))
    return [np.asarray(t.detach().numpy()) for t in (y, *gradients)]
