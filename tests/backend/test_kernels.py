"""The kernels against their definitions, written out; the tuned ones against the reference; sums in half precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinycnn as torch
from tests.backend.geometries import normal, windows
from tests.cases.convolution import convolution
from tests.cases.pooling import pooled
from tests.cases.pooling import windows as pixels
from tinycnn import backend
from tinycnn.backend import cpu, reference
from tinycnn.geometry import window
from tinycnn.nn import functional as F
from tinycnn.shapes import product


@given(geometry=windows(), groups=st.integers(1, 3), o=st.integers(1, 2), c=st.integers(1, 2))
def test_convolution_is_its_six_loops(device: str, geometry: Any, groups: int, o: int, c: int) -> None:
    b = backend.get(device)
    x, w = normal(1, c * groups, *geometry.size), normal(o * groups, c, *geometry.kernel)
    y = b.asnumpy(b.kernels.conv2d(b.asarray(x), b.asarray(w), None, geometry, groups))
    np.testing.assert_allclose(y, convolution(x, w, geometry, groups), rtol=1e-12, atol=1e-12)


ODD = st.sampled_from([0.0, 0.0, 1.0, 1.0, -2.0, -np.inf, np.nan, np.inf])


@given(geometry=windows(pooling=True), data=st.data())
def test_max_pooling_is_the_first_largest_that_is_no_padding(device: str, geometry: Any, data: Any) -> None:
    """Ties go to the first, NaN to the last of its kind, as in PyTorch; a window of −∞ gives its own first pixel."""
    assume(all(inside for *_, inside in pixels(geometry)))  # dilated over a small image, a window may see none
    count = int(np.prod(geometry.size))
    x = np.array(data.draw(st.lists(ODD, min_size=count, max_size=count))).reshape(1, 1, *geometry.size)

    def first(values: list[tuple[float, int]]) -> tuple[float, int]:
        odd = [entry for entry in values if np.isnan(entry[0])]
        return odd[-1] if odd else max(values, key=lambda entry: entry[0])

    b = backend.get(device)
    y, winner = b.kernels.max_pool2d(b.asarray(x), geometry)
    np.testing.assert_array_equal(b.asnumpy(y), pooled(x, geometry, lambda v: first(v)[0]))
    np.testing.assert_array_equal(b.asnumpy(winner), pooled(x, geometry, lambda v: first(v)[1], int))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "int16", "int8"])
def test_max_pooling_in_every_dtype(device: str, dtype: str) -> None:
    x = torch.arange(-8, 8, device=device).reshape(1, 1, 4, 4).to(dtype)
    y = F.max_pool2d(x, 3, 1, 1)
    assert y.dtype == dtype
    assert y.shape == (1, 1, 4, 4)
    assert y[0, 0, 0, 0].item() == x[0, 0, :2, :2].max().item()


def arguments(geometry: Any, seed: int, n: int = 2) -> dict[str, tuple[Any, ...]]:
    """What each kernel may be called with, in float64 and on the host."""
    x, g = normal(n, 4, *geometry.size, seed=seed), normal(n, 6, *geometry.out, seed=seed)
    w, p = normal(6, 2, *geometry.kernel, seed=seed), normal(n, 4, *geometry.out, seed=seed)
    columns = normal(n, 4 * product(geometry.kernel), product(geometry.out), seed=seed)
    winner = reference.max_pool2d(np, x, geometry)[1]
    gamma, axes = normal(1, 4, 1, 1, seed=seed), (0, 2, 3)
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    index = (np.array([1, 0, 1]), np.array([0, 0, 0]))
    labels = np.abs(normal(n, *geometry.size, seed=seed)).astype("int64") % 4
    calls: dict[str, tuple[Any, ...]] = {
        "conv2d": (x, w, w[:, 0, 0, 0], geometry, 2), "conv2d_backward": (g, x, w, geometry, 2),
        "conv2d_input": (g, w, geometry, 2), "conv2d_weight": (x, g, geometry, 2),
        "unfold": (x, geometry), "fold": (columns, geometry), "maxima2d": (x, geometry),
        "max_pool2d": (x, geometry), "pick": (x, winner, geometry), "unpick": (p, winner, geometry),
        "sum_pool2d": (x, geometry), "spread2d": (p, geometry), "normalize": (x, gamma, None, axes, 1e-5),
        "normalize_backward": (x[::-1], x, gamma, mean, var, axes, 1e-5, gamma.shape),
        "standardize": (x, gamma.ravel(), None, mean.ravel(), var.ravel(), 1e-5),
        "standardize_backward": (x[::-1], x, gamma.ravel(), mean.ravel(), var.ravel(), 1e-5),
        "softmax": (x, 1), "log_softmax": (x, 1), "cross_entropy": (x, labels, 5),
        "cross_entropy_backward": (np.array(0.7), reference.log_softmax(np, x, 1), labels, 5),
        "relu": (x,), "relu_backward": (x[::-1], x), "sigmoid": (x,), "silu": (x,),
        "silu_and_slope": (x,), "gelu": (x,), "gelu_and_slope": (x,), "tanh_gelu": (x,), "tanh_gelu_and_slope": (x,),
        "scatter_add": ((3, 2), index, np.arange(3.0)), "erf": (x,),
        "total": (x, (0, 2)), "matmul": (x, x.swapaxes(2, 3)),
    }  # fmt: skip
    assert set(reference.KERNELS) <= set(calls), "a new kernel wants a row here"
    return calls


def moved(arg: Any, device: str, dtype: str = "float64") -> Any:
    """An argument as the device takes it, arrays of floating numbers in this dtype."""
    if type(arg) is tuple:
        return tuple(moved(part, device, dtype) for part in arg)
    if not isinstance(arg, np.ndarray):
        return arg
    return backend.get(device).asarray(arg.astype(dtype) if arg.dtype.kind == "f" else arg)


def results(made: Any, device: str) -> list[Any]:
    return [backend.get(device).asnumpy(y) for y in (made if isinstance(made, tuple) else (made,))]


@given(geometry=windows(pooling=True), seed=st.integers(0, 9))
def test_tuned_kernels_equal_the_reference(device: str, geometry: Any, seed: int) -> None:
    """All of them are called with the same arrays; where a backend has none of its own this compares it with itself."""
    calls = arguments(geometry, seed)
    for name in reference.KERNELS:
        expected = results(getattr(reference, name)(np, *calls[name]), "cpu")
        found = results(getattr(backend.get(device).kernels, name)(*moved(calls[name], device)), device)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("name", reference.KERNELS)
def test_half_precision_is_computed_in_single_and_rounded_once(name: str, device: str) -> None:
    """To the last bit: what a kernel makes of float16 is what it makes of the same numbers in float32, rounded."""
    kernel = getattr(backend.get(device).kernels, name)
    half = moved(arguments(window("test", (9, 7), (3, 2), (1, 2), (1, 1)), 0, 64)[name], device, "float16")
    single = tuple(x.astype("float32") if getattr(x, "dtype", None) == "float16" else x for x in half)
    for y, wide in zip(results(kernel(*half), device), results(kernel(*single), device), strict=True):
        assert y.dtype == ("float16" if wide.dtype == "float32" else wide.dtype)
        np.testing.assert_array_equal(y, wide.astype(y.dtype))


def test_a_kernel_that_is_not_there_is_named(device: str) -> None:
    there_are = r"there are adam_step, conv2d, .* sgd_step"
    with pytest.raises(AttributeError, match=f"no backend has a kernel 'conv3d'; {there_are}"):
        backend.get(device).kernels.conv3d  # noqa: B018  # the look-up is what is tested


# Half precision: 1/2048 is lost when added to 1, so long sums must be kept in float32 ────────────────────────────────

ONES = np.ones((1, 5000))
HALF: list[tuple[str, Any, float]] = [
    ("sum", lambda x: x.sum(), 5000),
    ("sum_to_size", lambda x: x.sum_to_size(1, 1), 5000),
    ("mean", lambda x: x.mean(), 1),
    ("scatter_add", lambda x: (x[0, :1] * 0).scatter_add(0, torch.zeros(5000, dtype="int64", device=x.device), x[0]),
     5000),
    ("var", lambda x: (x * torch.tensor([1.0, -1.0], dtype=x.dtype, device=x.device).repeat(2500)).var(correction=0),
     1),
    ("logsumexp", lambda x: x.logsumexp(1), 1 + np.log(5000)),
    ("matmul", lambda x: x @ x.T, 5000),
    ("linear", lambda x: F.linear(x, x), 5000),
    ("conv2d", lambda x: F.conv2d(x[..., None, None], x[..., None, None]), 5000),
    ("conv_transpose2d", lambda x: F.conv_transpose2d(x[..., None, None], x.T[..., None, None]), 5000),
    ("avg_pool2d", lambda x: F.avg_pool2d(x.reshape(1, 1, 50, 100), (50, 100)), 1),
    ("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x.reshape(1, 1, 50, 100), 1), 1),
    ("softmax", lambda x: x.softmax(1)[0, 0] * 5000, 1),
    ("log_softmax", lambda x: x.log_softmax(1)[0, 0], -np.log(5000)),
    ("layer_norm", lambda x: F.layer_norm(x * 40 - 39, (5000,)).abs().max(), 0),
    ("norm", lambda x: x.norm(), np.sqrt(5000)),
    ("mse_loss", lambda x: F.mse_loss(x, x * 0), 1),
    ("cross_entropy", lambda x: F.cross_entropy(x, torch.zeros(1, dtype=torch.int64, device=x.device)), np.log(5000)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call", "expected"), HALF, ids=[h[0] for h in HALF])
def test_half_precision_accumulates_in_single(name: str, call: Any, expected: float, device: str) -> None:
    x = torch.tensor(ONES, dtype=torch.float16, device=device, requires_grad=True)
    y = call(x)
    assert y.dtype == torch.float16
    assert y.item() == pytest.approx(expected, rel=2e-3, abs=1e-3)
    y.backward(torch.ones_like(y))
    assert x.grad.dtype == torch.float16
    assert bool(x.grad.isfinite().all())


@pytest.mark.parametrize("name", ["normalize", "normalize_backward", "standardize_backward"])
def test_norms_of_few_numbers_are_rounded_once(name: str) -> None:
    """As the textbook makes them in float64, to the bit; a sum in single precision would be off by some ulp."""
    draw = np.random.default_rng(3)
    x, g, w, b = (draw.standard_normal(shape).astype("float32") + 3 for shape in ((4, 5, 6, 6), (4, 5, 6, 6), 5, 5))
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    beside = (1, 5, 1, 1)
    given = {
        "normalize": (x, w.reshape(beside), b.reshape(beside), (0, 2, 3), 1e-5),
        "normalize_backward": (g, x, *(t.reshape(beside) for t in (w, mean, var)), (0, 2, 3), 1e-5, beside),
        "standardize_backward": (g, x, w, mean, var, 1e-5),
    }[name]
    wide = [t.astype("float64") if isinstance(t, np.ndarray) else t for t in given]
    found, exact = getattr(cpu, name)(np, *given), getattr(reference, name)(np, *wide)
    for one, other in zip(found, exact, strict=True):
        np.testing.assert_array_equal(one, other.astype("float32"))
