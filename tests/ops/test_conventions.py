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
    ("the std of equals", lambda x: x.std(), [3.0, 3], 0, [0, 0]),
    ("the mean of nothing", lambda x: x.mean(), [], nan, []),
    ("the sum of nothing", lambda x: x.sum(), [], 0, []),
    ("a value taken twice", lambda x: x[[0, 0, 1]], [1.0, 2], [1, 1, 2], [2, 1]),
    ("remainder's sign is the divisor's", lambda x: x % 3, [-1.0, 4], [2, 1], [1, 1]),
    ("fmod's sign is the dividend's", lambda x: x.fmod(3), [-1.0, 4], [-1, 1], [1, 1]),
    ("a remainder by infinity", lambda x: x % inf, [-1.0, 1], [inf, 1], [1, 1]),
    ("floating numbers divided by 0", lambda x: x.div(0, rounding_mode="floor"), [5.0, -5, 0], [inf, -inf, nan],
     [0, 0, 0]),
    ("how often a tenth goes into 6", lambda x: x // 0.1, [6.0], [59], None),
    ("rounded towards zero", lambda x: x.div(2, rounding_mode="trunc"), [-3.0, 3], [-1, 1], [0, 0]),
    ("round to even", lambda x: x.round(), [0.5, 1.5, 2.5], [0, 2, 2], [0, 0, 0]),
    ("round to decimals", lambda x: x.round(decimals=1), [0.25, 0.35, 2.5], [0.2, 0.4, 2.5], [0, 0, 0]),
    ("round to tens", lambda x: x.round(decimals=-1), [15.0, 25], [20, 20], [0, 0]),
    ("the sign of NaN", lambda x: x.sign(), [nan, -inf, 0], [0, -1, 0], [0, 0, 0]),
    ("|NaN| is flat", lambda x: x.abs(), [nan, -2.0], [nan, 2], [0, -1]),
    ("the power 0 of a variable", lambda x: x ** torch.zeros_like(x), [0.0, nan], [1, 1], [0, 0]),
    ("0 to a negative power", lambda x: x**-1, [0.0, 2], [inf, 0.5], [-inf, -0.25]),
    ("a fraction of a negative base", lambda x: x ** (1 / 3), [-8.0], [nan], None),
    ("2 to a power", lambda x: 2**x, [0.0, 3], [1, 8], [np.log(2), 8 * np.log(2)]),
    ("clamp where min > max", lambda x: x.clamp(3, 1), [0.0, 2, 5], [1, 1, 1], [0, 0, 0]),
    ("clamp to NaN", lambda x: x.clamp(min=nan), [1.0, 2], [nan, nan], [0, 0]),
    ("clamp at a Tensor's bound is the number's own", lambda x: x.clamp(min=torch.full_like(x, 2)), [1.0, 2, 3],
     [2, 2, 3], [0, 1, 1]),
    ("a bound below the number", lambda x: torch.full_like(x, 2).clamp(min=x), [1.0, 2, 3], [2, 2, 3], [0, 0, 1]),
    ("crossed bounds give the upper one", lambda x: torch.zeros_like(x).clamp(torch.full_like(x, 9), x), [5.0, 9, 10],
     [5, 9, 9], [1, 0, 0]),
    ("maximum of NaN sends the gradient both ways", lambda x: torch.maximum(x, 2 * x), [nan, 3.0], [nan, 6], [3, 2]),
    ("max() shares among NaNs", lambda x: x.max(), [nan, 1.0, nan], nan, [0.5, 0, 0.5]),
    ("amax of NaN has a gradient of NaN", lambda x: x.amax(), [nan, 1.0], nan, [nan, nan]),
    ("a flat function stops what is infinite", lambda x: x.floor() / 0, [0.5, 1.5], [nan, inf], [0, 0]),
    ("NaN sorts last", lambda x: x.sort()[0], [nan, 1.0, inf], [1, inf, nan], [1, 1, 1]),
    ("NaN is the largest of topk", lambda x: x.topk(2)[0], [1.0, nan, 3], [nan, 3], [0, 1, 1]),
    ("NaN comes first in descending order", lambda x: x.sort(descending=True)[0], [1.0, nan, 3], [nan, 3, 1],
     [1, 1, 1]),
    ("the variance of one number", lambda x: x.var(), [3.0], nan, [nan]),
    ("the biased variance of one number", lambda x: x.var(correction=0), [3.0], 0, [0]),
    ("a variance without degrees of freedom", lambda x: x.var(0, correction=2), [2.0, 3], inf, [-inf, inf]),
    ("a correction between", lambda x: x.var(correction=0.5), [1.0, 2], 1 / 3, [-2 / 3, 2 / 3]),
    ("the std with an infinity", lambda x: x.std(), [2.0, inf], nan, [nan, nan]),
    ("logsumexp with an infinity", lambda x: x.logsumexp(0), [inf, 1.0], inf, [nan, 0]),
    ("logsumexp of nothing", lambda x: x.logsumexp(0), [], -inf, []),
    ("prod with NaN beside 0", lambda x: x.prod(), [nan, 1.0, 0], nan, [0, nan, nan]),
    ("the product of nothing", lambda x: x.prod(), [], 1, []),
    ("nansum leaves NaN out", lambda x: x.nansum(), [nan, 1.0], 1, [0, 1]),
    ("the 3-norm is flat at 0", lambda x: x.norm(3), [0.0, 1], 1, [0, 1]),
    ("the ½-norm is flat at 0", lambda x: x.norm(0.5), [0.0, 1], 1, [0, 1]),
    ("the ∞-norm shares among equals", lambda x: x.norm(inf), [2.0, -2], 2, [0.5, -0.5]),
    ("the −1-norm with a 0", lambda x: x.norm(-1), [0.0, 2], 0, [0, 0]),
    ("log1p at its end", lambda x: x.log1p(), [-1.0, 0], [-inf, 0], [inf, 1]),
    ("rsqrt at 0 and below", lambda x: x.rsqrt(), [0.0, 4, -1], [inf, 0.5, nan], [-inf, -0.0625, nan]),
    ("reciprocal of 0", lambda x: x.reciprocal(), [0.0, 2], [inf, 0.5], [-inf, -0.25]),
    ("log2 and log10 are exact", lambda x: x.log2() + x.log10(), [1.0], [0], [1 / np.log(2) + 1 / np.log(10)]),
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
