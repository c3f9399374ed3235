"""conv2d: any geometry against the sum written out, its derivatives against differences, and the traps by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

small = st.integers(1, 3)
pair = st.tuples(small, small)


def convolved(x, w, stride, padding, dilation, groups):
    """Window by window: the kernel times what it sees, group by group."""
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    out = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    y = np.zeros((len(x), len(w), *out))
    share_in, share_out = w.shape[1], len(w) // groups
    for p, q in np.ndindex(*out):
        (top, left), (down, across) = np.multiply((p, q), stride), dilation
        seen = x[:, :, top : top + reach[0] : down, left : left + reach[1] : across]
        for g in range(groups):
            here = slice(g * share_out, (g + 1) * share_out)
            y[:, here, p, q] = np.einsum("ncij,ocij->no", seen[:, g * share_in : (g + 1) * share_in], w[here])
    return y


@given(n=small, c=small, o=small, groups=small, size=st.tuples(st.integers(1, 7), st.integers(1, 7)), kernel=pair,
       stride=pair, padding=st.tuples(st.integers(0, 2), st.integers(0, 2)), dilation=pair)  # fmt: skip
def test_any_geometry(n, c, o, groups, size, kernel, stride, padding, dilation):
    assume(all(h + 2 * p > d * (k - 1) for h, p, d, k in zip(size, padding, dilation, kernel, strict=True)))
    rng = np.random.default_rng([*size, *kernel])
    x, w = rng.standard_normal((n, c * groups, *size)), rng.standard_normal((o * groups, c, *kernel))

    def layer(x, w):
        return F.conv2d(x, w, None, stride, padding, dilation, groups)

    y = layer(tinycnn.from_numpy(x), tinycnn.from_numpy(w)).numpy()
    np.testing.assert_allclose(y, convolved(x, w, stride, padding, dilation, groups), atol=1e-12)
    assert_slopes(layer, x, w)


@pytest.mark.parametrize("stride", [2, 3, (2, 3)])
def test_the_pixels_that_a_stride_leaves_over_get_a_gradient_of_zero(stride, device):
    """(H + 2p − k) is no multiple of the stride, so the last rows are seen by no window, yet are part of the input."""
    x = tinycnn.ones(1, 1, 6, 6, device=device).requires_grad_()
    F.conv2d(x, tinycnn.ones(1, 1, 3, 3, device=device), stride=stride).sum().backward()
    down, across = stride if isinstance(stride, tuple) else (stride, stride)
    seen = [[len([p for p in range(0, 4, s) if p <= i < p + 3]) for i in range(6)] for s in (down, across)]
    assert host(x.grad)[0, 0].tolist() == np.outer(*seen).tolist()


def test_a_one_by_one_shortcut_honours_stride_and_padding(device):
    x = tinycnn.arange(16.0, device=device).reshape(1, 1, 4, 4)
    y = F.conv2d(x, tinycnn.ones(1, 1, 1, 1, device=device), stride=2, padding=1)
    assert host(y)[0, 0].tolist() == [[0, 0, 0], [0, 5, 7], [0, 13, 15]]


def test_same_padding_keeps_the_size_and_puts_the_odd_zero_at_the_end(device):
    row = tinycnn.tensor([[[1.0, 2.0, 3.0]]], device=device)
    both = tinycnn.tensor([[[[1.0, 10.0]]]], device=device)
    assert host(F.conv2d(row, both, padding="same")).tolist() == [[[21, 32, 3]]]
    assert host(F.conv2d(row, both, padding="same", dilation=2)).tolist() == [[[20, 31, 2]]]
    assert host(F.conv2d(row, both, padding="valid")).tolist() == [[[21, 32]]]


def test_one_image_is_a_batch_of_one():
    x, w, b = (tinycnn.randn(*shape) for shape in ((4, 5, 6), (2, 4, 3, 3), (2,)))
    assert F.conv2d(x, w, b, 2, 1).equal(F.conv2d(x[None], w, b, 2, 1)[0])


def test_groups_do_not_see_each_other():
    x = tinycnn.randn(2, 4, 5, 5, requires_grad=True)
    y = F.conv2d(x, tinycnn.randn(6, 2, 3, 3), groups=2)
    (g,) = tinycnn.autograd.grad(y[:, :3].sum(), x)
    assert bool((g[:, :2] != 0).any())
    assert not bool((g[:, 2:] != 0).any())


def test_half_precision_adds_up_in_single(device):
    x = tinycnn.ones(1, 1024, 2, 2, dtype="float16", device=device)
    w = tinycnn.full((1, 1024, 1, 1), 2.0, dtype="float16", device=device)
    assert host(F.conv2d(x + 1 / 512, w)).tolist() == [[[[2052, 2052], [2052, 2052]]]]  # 2048 if rounded step by step
    large = tinycnn.full((1, 4, 1, 1), 300.0, dtype="float16", device=device)
    signs = tinycnn.tensor([300.0, -300, 300, -299], dtype="float16", device=device).reshape(1, 4, 1, 1)
    assert host(F.conv2d(large, signs)).ravel().tolist() == [300]  # on the way, 90000 is beyond its range


def test_an_empty_batch_teaches_the_kernel_nothing(device):
    w = tinycnn.ones(3, 2, 2, 2, device=device).requires_grad_()
    y = F.conv2d(tinycnn.ones(0, 2, 4, 4, device=device), w, stride=2)
    assert y.shape == (0, 3, 2, 2)
    y.sum().backward()
    assert host(w.grad).tolist() == np.zeros((3, 2, 2, 2)).tolist()


def test_a_kernel_changed_before_backward_is_noticed():
    x, w = tinycnn.randn(1, 1, 4, 4, requires_grad=True), tinycnn.randn(1, 1, 2, 2)
    y = F.conv2d(x, w)
    w.mul_(2)
    with pytest.raises(RuntimeError, match=r"Conv2d: one of the variables needed .* modified by an inplace"):
        y.sum().backward()


def test_integers_are_left_to_floating_types():
    with pytest.raises(RuntimeError, match=r"conv2d: expected input and weight to have one floating dtype\n.*int64"):
        F.conv2d(tinycnn.ones(1, 1, 3, 3).long(), tinycnn.ones(1, 1, 2, 2).long())
