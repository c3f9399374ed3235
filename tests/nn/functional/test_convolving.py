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


@pytest.mark.parametrize(("dtype", "expected"), [("int8", -48), ("uint8", 208), ("int16", 4816), ("int64", 4816)])
def test_integers_stay_integers_and_wrap_round_as_they_do(dtype, expected, device):
    x = tinycnn.full((1, 4, 3, 3), 100, dtype=dtype, device=device)
    w = tinycnn.full((1, 4, 2, 2), 3, dtype=dtype, device=device)
    bias = tinycnn.tensor([16], dtype=dtype, device=device)
    y = F.conv2d(x, w, bias)
    assert (y.dtype, y.shape) == (dtype, (1, 1, 2, 2))
    assert host(y).ravel().tolist() == [expected] * 4


def test_which_integers_and_when():
    x, w = tinycnn.ones(1, 1, 3, 3).int(), tinycnn.ones(1, 1, 2, 2).int()
    message = r"input and weight cannot be int32, only float16, float32, float64 and int64\n  input   = int32"
    for refused in (lambda: F.conv2d(x, w, dilation=2), lambda: F.conv_transpose2d(x, w)):
        with pytest.raises(RuntimeError, match=message):
            refused()
    assert F.conv2d(x.long(), w.long(), dilation=2).tolist() == [[[[4]]]]
    with pytest.raises(RuntimeError, match=r"input and weight cannot be bool, only .*\n.*= bool"):
        F.conv2d(x > 0, w > 0)


# The way back ────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(n=small, c=small, o=small, groups=small, size=pair, kernel=pair, stride=pair, dilation=pair, data=st.data())
def test_the_transposed_convolution_is_the_adjoint(n, c, o, groups, size, kernel, stride, dilation, data):
    """⟨u, conv_transpose2d(x)⟩ = ⟨conv2d(u), x⟩, for whatever of u the convolution sees."""
    whole = [s * (h - 1) + d * (k - 1) + 1 for h, k, s, d in zip(size, kernel, stride, dilation, strict=True)]
    padding = [data.draw(st.integers(0, (n - 1) // 2)) for n in whole]
    more = [data.draw(st.integers(0, s - 1)) for s in stride]
    rng = np.random.default_rng([*size, *kernel])
    x, w = rng.standard_normal((n, c * groups, *size)), rng.standard_normal((c * groups, o, *kernel))

    def layer(x, w):
        return F.conv_transpose2d(x, w, None, stride, padding, more, groups, dilation)

    y = layer(tinycnn.from_numpy(x), tinycnn.from_numpy(w)).numpy()
    assert y.shape == (n, o * groups, *(w - 2 * p + m for w, p, m in zip(whole, padding, more, strict=True)))
    u = rng.standard_normal(y.shape)
    there = convolved(u, w, stride, padding, dilation, groups)
    assert there.shape == x.shape
    np.testing.assert_allclose(np.vdot(u, y), np.vdot(there, x), atol=1e-9)
    assert_slopes(layer, x, w)


def test_a_pixel_puts_down_its_kernel(device):
    x = tinycnn.tensor([[[1.0, 2.0]]], device=device)
    w = tinycnn.tensor([[[[1.0, 10.0, 100.0]]]], device=device)
    assert host(F.conv_transpose2d(x, w)).tolist() == [[[1, 12, 120, 200]]]
    assert host(F.conv_transpose2d(x, w, stride=(1, 2))).tolist() == [[[1, 10, 102, 20, 200]]]
    assert host(F.conv_transpose2d(x, w, stride=(1, 2), padding=(0, 1))).tolist() == [[[10, 102, 20]]]
    assert host(F.conv_transpose2d(x, w, None, (1, 2), (0, 1), (0, 1))).tolist() == [[[10, 102, 20, 200]]]
    spread = F.conv_transpose2d(x, w, output_padding=(0, 1), dilation=(1, 2))
    assert host(spread).tolist() == [[[1, 2, 10, 20, 100, 200, 0]]]


def test_more_output_padding_than_stride_is_only_bias(device):
    """A dilation of 3 allows it; the last two columns are seen by no kernel."""
    x, w = tinycnn.ones(1, 1, 2, device=device), tinycnn.ones(1, 1, 1, 2, device=device)
    y = F.conv_transpose2d(x, w, tinycnn.tensor([0.5], device=device), (1, 2), 0, (0, 2), 1, (1, 3))
    assert host(y).tolist() == [[[1.5, 0.5, 1.5, 1.5, 0.5, 1.5, 0.5, 0.5]]]


def test_half_precision_adds_up_in_single_on_the_way_back(device):
    x = tinycnn.ones(1, 1024, 2, 2, dtype="float16", device=device)
    w = tinycnn.full((1024, 1, 1, 1), 2.0, dtype="float16", device=device)
    assert host(F.conv_transpose2d(x + 1 / 512, w)).tolist() == [[[[2052, 2052], [2052, 2052]]]]
