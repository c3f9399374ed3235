"""Where a derivative is a matter of convention, or a value of care: kinks, ties, NaN, infinities, zeros, overflow.

Recorded from PyTorch 2.13; each row is a call, its argument, the result and the gradient of the result's sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinycnn as torch

inf, nan = float("inf"), float("nan")

ROWS: list[tuple[str, Any, Any, Any, Any]] = [
    ("relu is flat at 0", lambda x: x.relu(), [-1.0, 0, 2], [0, 0, 2], [0, 0, 1]),
    ("relu of NaN", lambda x: x.relu(), [nan, inf, -inf], [nan, inf, 0], [1, 1, 0]),
    ("abs is flat at 0", lambda x: x.abs(), [-1.0, 0, 2], [1, 0, 2], [-1, 0, 1]),
    ("maximum splits a tie", lambda x: torch.maximum(x, torch.full_like(x, 2)), [1.0, 2, 3], [2, 2, 3], [0, 0.5, 1]),
    ("minimum splits a tie", lambda x: torch.minimum(x, torch.full_like(x, 2)), [1.0, 2, 3], [1, 2, 2], [1, 0.5, 0]),
    ("maximum with itself", lambda x: torch.maximum(x, x), [1.0, 2], [1, 2], [1, 1]),
    ("maximum of NaN", lambda x: torch.maximum(x, torch.zeros_like(x)), [nan, -1.0], [nan, 0], None),
    ("clamp's bounds pass the gradient", lambda x: x.clamp(-1, 1), [-2.0, -1, 0, 1, 2], [-1, -1, 0, 1, 1],
     [0, 1, 1, 1, 0]),
    ("clamp of NaN", lambda x: x.clamp(0, 1), [nan, inf], [nan, 1], [0, 0]),
    ("max() shares among equals", lambda x: x.max(), [3.0, 1, 3], 3, [0.5, 0, 0.5]),
    ("amax shares among equals", lambda x: x.amax(0), [3.0, 1, 3], 3, [0.5, 0, 0.5]),
    ("amin shares among equals", lambda x: x.amin(0), [1.0, 1, 1, 3], 1, [1 / 3, 1 / 3, 1 / 3, 0]),
    ("max(dim) takes the first", lambda x: x.max(0)[0], [3.0, 1, 3], 3, [1, 0, 0]),
    ("min(dim) takes the first", lambda x: x.min(0).values, [1.0, 1, 3], 1, [1, 0, 0]),
    ("max propagates NaN", lambda x: x.max(0)[0], [1.0, nan, 3], nan, [0, 1, 0]),
    ("sqrt is infinitely steep at 0", lambda x: x.sqrt(), [0.0, 4], [0, 2], [inf, 0.25]),
    ("the norm is flat at 0", lambda x: x.norm(), [0.0, 0], 0, [0, 0]),
    ("the norm of rows, one of them 0", lambda x: x.norm(dim=1), [[0.0, 0], [3, 4]], [0, 5], [[0, 0], [0.6, 0.8]]),
    ("log at 0 and below", lambda x: x.log(), [0.0, 1], [-inf, 0], [inf, 1]),
    ("a NaN in where's dead branch", lambda x: torch.where(x > 0, x, (x - 1).sqrt()), [1.0, 0.5], [1, 0.5], [nan, nan]),
    ("where keeps a dead infinity's gradient out", lambda x: torch.where(x > 0, x, torch.zeros_like(x)), [inf, -inf],
     [inf, 0], [1, 0]),
    ("prod with one zero", lambda x: x.prod(), [2.0, 0, 3], 0, [0, 6, 0]),
    ("prod with two zeros", lambda x: x.prod(), [0.0, 0, 3], 0, [0, 0, 0]),
    ("a power of 0", lambda x: x**2, [0.0, 3], [0, 9], [0, 6]),
    ("the power 0 of 0", lambda x: x**0, [0.0, 3], [1, 1], [0, 0]),
    ("the root of 0", lambda x: x**0.5, [0.0, 4], [0, 2], [inf, 0.25]),
    ("0 to a power", lambda x: 0.0**x, [2.0, 0], [0, 1], [0, 0]),
    ("a negative base", lambda x: (-2.0) ** x, [2.0, 3], [4, -8], [nan, nan]),
    ("sigmoid far out", lambda x: x.sigmoid(), [-1e4, 0, 1e4], [0, 0.5, 1], [0, 0.25, 0]),
    ("softmax of large logits", lambda x: x.softmax(0)[0], [1e4, 0], 1, [0, 0]),
    ("softmax of −∞ alone", lambda x: x.softmax(0), [-inf, -inf], [nan, nan], [nan, nan]),
    ("softmax with a −∞", lambda x: x.softmax(0), [-inf, 0], [0, 1], [0, 0]),
    ("logsumexp of −∞ alone", lambda x: x.logsumexp(0), [-inf, -inf], -inf, None),
    ("logsumexp of large numbers", lambda x: x.logsumexp(0), [1e3, 1e3], 1e3 + np.log(2), [0.5, 0.5]),
    ("sign, floor and round are flat", lambda x: x.sign() + x.floor() + x.round(), [0.5, -1.5], [1, -5], [0, 0]),
    ("the std of one number", lambda x: x.std(), [3.0], nan, [nan]),
    ("the std of equals", lambda x: x.std(), [3.0, 3], 0, None),
    ("the mean of nothing", lambda x: x.mean(), [], nan, []),
    ("the sum of nothing", lambda x: x.sum(), [], 0, []),
    ("a value taken twice", lambda x: x[[0, 0, 1]], [1.0, 2], [1, 1, 2], [2, 1]),
    ("remainder's sign is the divisor's", lambda x: x % 3, [-1.0, 4], [2, 1], [1, 1]),
    ("round to even", lambda x: x.round(), [0.5, 1.5, 2.5], [0, 2, 2], [0, 0, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call", "x", "expected", "gradient"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_convention(name: str, call: Any, x: Any, expected: Any, gradient: Any, dtype: str, device: str) -> None:
    tolerance = 1e-4 if dtype == "float32" else 1e-9
    leaf = torch.tensor(x, dtype=dtype, device=device, requires_grad=True)
    y = call(leaf)
    np.testing.assert_allclose(y.detach().cpu().numpy(), expected, rtol=tolerance)
    if gradient is not None:
        y.sum().backward()
        np.testing.assert_allclose(leaf.grad.cpu().numpy(), gradient, rtol=tolerance, atol=1e-12)
