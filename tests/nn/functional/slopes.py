"""Derivatives by central differences, in float64: the first ones of values, the second ones of gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import tinycnn


def tensors(arrays: Sequence[Any], device: str, requires_grad: bool = True) -> list[Any]:
    return [tinycnn.tensor(a, device=device).requires_grad_(requires_grad) for a in arrays]


def host(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()


def assert_slopes(function: Callable[..., Any], *arrays: Any, device: str = "cpu", step: float = 1e-5) -> None:
    r"""Compare in a random direction v, with ȳ drawn too:

        ⟨x̄, v⟩ = d/dε ⟨ȳ, f(x + εv)⟩          H·v = d/dε x̄(x + εv)
    """
    rng = np.random.default_rng(11)
    directions = [rng.standard_normal(a.shape) for a in arrays]
    ends = [[a + sign * step * v for a, v in zip(arrays, directions, strict=True)] for sign in (1, -1)]

    xs = tensors(arrays, device)
    y = function(*xs)
    g = rng.standard_normal(tuple(y.shape))
    cotangent = tinycnn.tensor(g, device=device)
    gradients = tinycnn.autograd.grad(y, xs, cotangent, create_graph=True)
    ahead, behind = (host(function(*tensors(end, device, False))) for end in ends)
    slope = sum(np.vdot(host(x), v) for x, v in zip(gradients, directions, strict=True))
    np.testing.assert_allclose(slope, np.vdot(g, ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6)

    along = sum((x * tinycnn.tensor(v, device=device)).sum() for x, v in zip(gradients, directions, strict=True))
    if not along.requires_grad:
        return  # linear, and the gradient knows it
    products = tinycnn.autograd.grad(along, xs, allow_unused=True, materialize_grads=True)
    there = []
    for end in ends:
        moved = tensors(end, device)
        there.append([host(x) for x in tinycnn.autograd.grad(function(*moved), moved, cotangent)])
    for product, ahead, behind in zip(products, *there, strict=True):
        np.testing.assert_allclose(host(product), (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-5)
