"""torch.nn.utils beside ours: clipping and vectors of parameters, with gradients that Hypothesis draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn

torch = pytest.importorskip("torch")

arrays = st.lists(
    st.lists(st.floats(-4, 4, width=16), min_size=1, max_size=3).map(np.array), min_size=1, max_size=4
)
kinds = st.lists(st.sampled_from(["float32", "float64"]), min_size=4, max_size=4)


def leaves(xp, values, kinds):
    made = []
    for array, kind in zip(values, kinds, strict=False):
        leaf = xp.zeros(array.shape, dtype=getattr(xp, kind), requires_grad=True)
        leaf.grad = xp.tensor(array, dtype=getattr(xp, kind))
        made.append(leaf)
    return made


@given(arrays, kinds, st.sampled_from([0, 0.5, 1, 2, 3, math.inf]), st.sampled_from([0.0, 0.1, 1.0, 7.5, math.inf]))
def test_gradients_are_clipped_alike(values, kinds, p, most):
    results = []
    for xp in (torch, tinycnn):
        made = leaves(xp, values, kinds)
        total = xp.nn.utils.clip_grad_norm_(iter(made), most, p)
        xp.nn.utils.clip_grad_value_(made, 0.75)
        results.append((str(total.dtype).removeprefix("torch."), total.item(), [leaf.grad.numpy() for leaf in made]))
    (kind, total, grads), (our_kind, our_total, our_grads) = results
    assert our_kind == kind
    assert our_total == pytest.approx(total, rel=1e-5, nan_ok=True)
    for ours, theirs in zip(our_grads, grads, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@given(arrays)
def test_vectors_go_both_ways_alike(values):
    results = []
    for xp in (torch, tinycnn):
        parameters = [xp.nn.Parameter(xp.tensor(array)) for array in values]
        vector = xp.nn.utils.parameters_to_vector(iter(parameters))
        xp.nn.utils.vector_to_parameters(vector * 2 + 1, iter(parameters))
        results.append([vector.detach().numpy(), *(parameter.detach().numpy() for parameter in parameters)])
    for theirs, ours in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@given(st.integers(1, 3), st.integers(0, 2), st.integers(1, 4), st.booleans(), st.sampled_from(["float32", "float64"]))
def test_global_response_norm_is_timms(side, batch, channels, last, kind):
    timm = pytest.importorskip("timm.layers.grn")
    rng = np.random.default_rng(side * 100 + batch * 10 + channels)
    x = rng.standard_normal((batch, side, 2, channels) if last else (batch, channels, side, 2))
    x[..., : side - 1, :] = 0  # some of it dead
    gamma, beta, cotangent = rng.standard_normal(channels), rng.standard_normal(channels), rng.standard_normal(x.shape)
    results = []
    for xp, make in ((torch, timm.GlobalResponseNorm), (tinycnn, tinycnn.nn.GlobalResponseNorm)):
        norm = make(channels, channels_last=last).to(dtype=getattr(xp, kind))
        norm.weight.data, norm.bias.data = (xp.tensor(v, dtype=getattr(xp, kind)) for v in (gamma, beta))
        image = xp.tensor(x, dtype=getattr(xp, kind), requires_grad=True)
        y = norm(image)
        (y * xp.tensor(cotangent, dtype=getattr(xp, kind))).sum().backward()
        results.append([y.detach(), image.grad, norm.weight.grad, norm.bias.grad])
    for theirs, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5 if kind == "float32" else 1e-9)
