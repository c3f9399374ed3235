r"""Every linear function against its own backward, in each argument, in both precisions and on every device.

With A the function and u drawn at random, the gradient x̄ = Aᵀu must satisfy ⟨A·x, u⟩ = ⟨x, Aᵀ·u⟩; and being linear in
u, it must be its transpose again when differentiated: ⟨Aᵀ·u, v⟩ has the gradient A·v in u. No steps, no kinks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinycnn as torch
from tinycnn.nn import functional as F

Shape = tuple[int, ...]
side, flag = st.integers(1, 4), st.booleans()
any_shape = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)
images = st.one_of(st.tuples(side, side, side, side), st.tuples(side, side, side))


@dataclass
class Linear:
    """A function of Tensors that is linear in each of them, and the shapes it was drawn for."""

    call: Callable[..., Any]
    shapes: list[Shape]


def axis(draw: Any, shape: Shape) -> int:
    return int(draw(st.integers(-len(shape), len(shape) - 1)))


def some_axes(draw: Any, shape: Shape) -> tuple[int, ...]:
    return tuple(draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True)))


def integers(draw: Any, shape: Shape, high: int) -> Any:
    return np.random.default_rng(draw(st.integers(0, 99))).integers(0, high, shape)


def one(call: Callable[[Any], Any], shape: Shape) -> Linear:
    return Linear(call, [shape])


# Moving elements ─────────────────────────────────────────────────────────────────────────────────────────────────────


def getitem(draw: Any) -> Linear:
    shape = draw(any_shape)
    index = draw(hnp.basic_indices(shape, allow_newaxis=True))
    parts = index if isinstance(index, tuple) else (index,)
    forward = tuple(slice(p.start, p.stop, abs(p.step or 1)) if isinstance(p, slice) else p for p in parts)
    return one(lambda x: x[forward], shape)


def fancy_getitem(draw: Any) -> Linear:
    shape = draw(any_shape)
    rows = integers(draw, draw(hnp.array_shapes(max_dims=2, max_side=5)), shape[0])
    return one(lambda x: x[torch.tensor(rows, device=x.device)], shape)


def masked_select(draw: Any) -> Linear:
    shape = draw(any_shape)
    mask = integers(draw, shape, 2).astype(bool)
    return one(lambda x: x[torch.tensor(mask, device=x.device)], shape)


def gather(draw: Any) -> Linear:
    shape = draw(any_shape)
    dim = axis(draw, shape) % len(shape)
    index = integers(draw, [draw(side) if i == dim else n for i, n in enumerate(shape)], shape[dim])
    return one(lambda x: x.gather(dim, torch.tensor(index, device=x.device)), shape)


def scatter_add(draw: Any) -> Linear:
    shape = draw(any_shape)
    dim = axis(draw, shape) % len(shape)
    source = tuple(draw(side) if i == dim else n for i, n in enumerate(shape))
    index = integers(draw, source, shape[dim])
    return one(lambda x: torch.zeros(shape, dtype=x.dtype, device=x.device).scatter_add(
        dim, torch.tensor(index, device=x.device), x), source)  # fmt: skip


def expand(draw: Any) -> Linear:
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=draw(any_shape), max_dims=4, max_side=3))
    return one(lambda x: x.expand(drawn.result_shape), drawn.input_shapes[0])


def repeat(draw: Any) -> Linear:
    shape = draw(any_shape)
    times = draw(st.lists(st.integers(1, 3), min_size=len(shape), max_size=len(shape)))
    return one(lambda x: x.repeat(*times), shape)


def cat(draw: Any) -> Linear:
    shape = draw(any_shape)
    dim = axis(draw, shape) % len(shape)
    other = tuple(draw(side) if i == dim else n for i, n in enumerate(shape))
    return Linear(lambda x, y: torch.cat([x, y, x], dim), [shape, other])


def split(draw: Any) -> Linear:
    shape, size = draw(any_shape), draw(side)
    dim = axis(draw, shape)
    return one(lambda x: torch.cat(x.split(size, dim)[::-1], dim), shape)


def stack(draw: Any) -> Linear:
    shape = draw(any_shape)
    dim = axis(draw, (*shape, 1))
    return Linear(lambda x, y: torch.stack([x, y, x], dim), [shape, shape])


def flip(draw: Any) -> Linear:
    shape = draw(any_shape)
    axes = some_axes(draw, shape)
    return one(lambda x: x.flip(axes), shape)


def roll(draw: Any) -> Linear:
    shape = draw(any_shape)
    axes = some_axes(draw, shape)
    shifts = draw(st.lists(st.integers(-5, 5), min_size=len(axes), max_size=len(axes)))
    return one(lambda x: x.roll(tuple(shifts), axes), shape)


def permute(draw: Any) -> Linear:
    shape = draw(any_shape)
    order = draw(st.permutations(range(len(shape))))
    return one(lambda x: x.permute(*order), shape)


def where(draw: Any) -> Linear:
    shape = draw(any_shape)
    mask = integers(draw, shape, 2).astype(bool)
    return Linear(lambda x, y: torch.where(torch.tensor(mask, device=x.device), x, y), [shape, shape])


# Adding up ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def total(draw: Any) -> Linear:
    shape, keepdim = draw(any_shape), draw(flag)
    axes = some_axes(draw, shape)
    return one(lambda x: x.sum(axes, keepdim), shape)


def mean(draw: Any) -> Linear:
    shape = draw(any_shape)
    axes = some_axes(draw, shape)
    return one(lambda x: x.mean(axes), shape)


def cumsum(draw: Any) -> Linear:
    shape = draw(any_shape)
    dim = axis(draw, shape)
    return one(lambda x: x.cumsum(dim), shape)


def matmul(draw: Any) -> Linear:
    batch = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    n, k, m = draw(side), draw(side), draw(side)
    return Linear(lambda x, y: x @ y, [(*batch[0], n, k), (*batch[1], k, m)])


def einsum(draw: Any) -> Linear:
    sizes = dict(zip("abcd", [draw(side) for _ in range(4)], strict=True))
    equation = draw(st.sampled_from(["ab,bc->ac", "abc,cd->bda", "ab,ab->b", "ab,cd->dbca", "abc,acd->abd"]))
    terms = equation.partition("->")[0].split(",")
    return Linear(lambda x, y: torch.einsum(equation, x, y), [tuple(sizes[i] for i in term) for term in terms])


# Windows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def convolution(draw: Any) -> Linear:
    groups, c, o = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel, stride, padding, dilation = (draw(st.tuples(*[st.integers(low, high)] * 2)) for low, high in
                                         ((1, 3), (1, 3), (0, 2), (1, 2)))  # fmt: skip
    size = [max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 3)) for k, p, d in zip(kernel, padding, dilation,
                                                                                         strict=True)]  # fmt: skip
    return Linear(lambda x, w: F.conv2d(x, w, None, stride, padding, dilation, groups),
                  [(draw(side), c * groups, *size), (o * groups, c, *kernel)])  # fmt: skip


def transposed_convolution(draw: Any) -> Linear:
    groups, c, o = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel, stride, dilation = (draw(st.tuples(*[st.integers(1, high)] * 2)) for high in (3, 3, 2))
    more = [draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)]
    size = draw(st.tuples(side, side))
    least = [s * (n - 1) + d * (k - 1) for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)]
    padding = [draw(st.integers(0, n // 2)) for n in least]
    return Linear(lambda x, w: F.conv_transpose2d(x, w, None, stride, padding, more, groups, dilation),
                  [(draw(side), c * groups, *size), (c * groups, o, *kernel)])  # fmt: skip


def unfold(draw: Any) -> Linear:
    shape = draw(images)
    kernel, stride, padding = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    return one(lambda x: F.unfold(x, kernel, 1, padding, stride), shape)


def fold(draw: Any) -> Linear:
    size, kernel, stride = draw(st.tuples(*[st.integers(3, 6)] * 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    windows = [(n - kernel) // stride + 1 for n in size]
    return one(lambda x: F.fold(x, size, kernel, stride=stride), (draw(side), 2 * kernel**2, windows[0] * windows[1]))


def average(draw: Any) -> Linear:
    shape, kernel, ceil, count = draw(images), draw(st.integers(1, 3)), draw(flag), draw(flag)
    padding = 1 if kernel > 1 else 0
    stride = draw(st.integers(1, 3))
    return one(lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, count), shape)


def adaptive_average(draw: Any) -> Linear:
    shape, out = draw(images), draw(st.tuples(*[st.integers(1, 6)] * 2))
    return one(lambda x: F.adaptive_avg_pool2d(x, out), shape)


def border(draw: Any) -> Linear:
    shape = draw(images)
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    most = {"reflect": [n - 1 for n in shape[-2:]], "circular": shape[-2:]}.get(mode, (3, 3))
    least = 0 if mode == "circular" else -1 if min(shape[-2:]) > 2 else 0
    widths = [draw(st.integers(least, m)) for m in (most[1], most[1], most[0], most[0])]
    return one(lambda x: F.pad(x, widths, mode), shape)


FAMILIES = [
    getitem, fancy_getitem, masked_select, gather, scatter_add, expand, repeat, cat, split, stack, flip, roll, permute,
    where, total, mean, cumsum, matmul, einsum, convolution, transposed_convolution, unfold, fold, average,
    adaptive_average, border,
]  # fmt: skip


def product(a: Any, b: Any) -> float:
    return float(np.vdot(a.detach().cpu().numpy().astype("float64"), b.detach().cpu().numpy().astype("float64")))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-13), ("float32", 1e-5)])
@pytest.mark.parametrize("family", FAMILIES, ids=[f.__name__ for f in FAMILIES])
@given(data=st.data())
def test_the_gradient_is_the_transpose(family: Any, dtype: str, tolerance: float, device: str, data: Any) -> None:
    linear = family(data.draw)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))

    def drawn(shape: Any) -> Any:
        return torch.tensor(np.asarray(rng.standard_normal(tuple(shape))), dtype=dtype, device=device).requires_grad_()

    xs = [drawn(shape) for shape in linear.shapes]
    y = linear.call(*xs)
    assert (y.dtype, y.device) == (dtype, xs[0].device)
    u = drawn(y.shape)
    found = torch.autograd.grad(y, xs, u, create_graph=True)
    for place, (x, gradient) in enumerate(zip(xs, found, strict=True)):
        assert (gradient.shape, gradient.dtype) == (x.shape, dtype)
        joint = len(xs) > 1 and family in (cat, stack, where)  # linear in both at once
        left = product(linear.call(*(x if i == place else z * 0 for i, z in enumerate(xs))) if joint else y, u)
        scale = 1 + np.sqrt(product(y, y) * product(u, u))
        assert abs(left - product(x, gradient)) <= tolerance * scale

        v = drawn(x.shape)
        (again,) = torch.autograd.grad(gradient, [u], v, retain_graph=True)
        there = linear.call(*(v if i == place else z * 0 if joint else z for i, z in enumerate(xs)))
        spread = 1 + float(abs(there.detach().cpu().numpy()).max(initial=0))
        np.testing.assert_allclose(
            again.cpu().numpy(), there.detach().cpu().numpy(), rtol=0, atol=10 * tolerance * spread
        )
