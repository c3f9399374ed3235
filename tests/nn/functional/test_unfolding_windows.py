"""unfold and fold: the order of columns, counting windows, and a convolution made of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn
from tests.nn.functional.slopes import assert_slopes, host
from tinycnn.nn import functional as F

small = st.integers(1, 3)
pair = st.tuples(small, small)


def test_a_column_holds_a_window_channel_by_channel(device):
    x = tinycnn.arange(18, device=device).reshape(1, 2, 3, 3).float()
    columns = host(F.unfold(x, 2))
    assert columns.shape == (1, 8, 4)
    assert columns[0, :, 0].tolist() == [0, 1, 3, 4, 9, 10, 12, 13]
    assert columns[0, 0].tolist() == [0, 1, 3, 4]  # windows go row by row
    assert host(F.unfold(x[0], (1, 3), stride=(2, 1)))[:, 1].tolist() == [6, 7, 8, 15, 16, 17]


@given(n=small, c=small, o=small, kernel=pair, stride=pair, padding=st.integers(0, 2), dilation=pair, extra=pair)
def test_convolution_is_a_product_of_matrices(n, c, o, kernel, stride, padding, dilation, extra):
    size = [d * (k - 1) + e for d, k, e in zip(dilation, kernel, extra, strict=True)]
    rng = np.random.default_rng([*size, *kernel])
    x, w = (tinycnn.from_numpy(rng.standard_normal(s)) for s in ((n, c, *size), (o, c, *kernel)))
    y = F.conv2d(x, w, None, stride, padding, dilation)
    columns = F.unfold(x, kernel, dilation, padding, stride)
    assert (w.reshape(o, -1) @ columns).reshape(y.shape).allclose(y)
    assert_slopes(lambda x: F.unfold(x, kernel, dilation, padding, stride), x.numpy())


def test_folding_what_was_unfolded_counts_the_windows_of_each_pixel(device):
    x = tinycnn.arange(1.0, 13.0, device=device).reshape(1, 3, 4)
    back = F.fold(F.unfold(x, 2, padding=1), (3, 4), 2, padding=1)
    assert host(back / x).tolist() == [[[4] * 4] * 3]
    seen = F.fold(F.unfold(tinycnn.ones(1, 3, 4, device=device), 2, stride=2), (3, 4), 2, stride=2)
    assert host(seen).tolist() == [[[1] * 4, [1] * 4, [0] * 4]]  # the stride leaves the last row over
    assert_slopes(lambda y: F.fold(y, (3, 4), 2, stride=(1, 2)), np.random.default_rng(0).standard_normal((2, 8, 4)))


def test_booleans_are_moved_and_joined_by_or(device):
    x = tinycnn.eye(3, device=device).bool()[None]
    columns = F.unfold(x, 2)
    assert columns.dtype == "bool"
    assert host(columns).astype(int).tolist() == [[1, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 1]]
    assert host(F.fold(columns, 3, 2)).tolist() == host(x).tolist()


def test_half_precision_adds_up_in_single(device):
    columns = tinycnn.full((1, 64, 64), 33.0, dtype="float16", device=device)
    y = F.fold(columns, 15, 8)
    assert (y.dtype, host(y)[0, 0, 7, 7]) == ("float16", 64 * 33)


def test_an_empty_batch_comes_back_empty(device):
    x = tinycnn.ones(0, 2, 3, 3, device=device).requires_grad_()
    columns = F.unfold(x, 2)
    back = F.fold(columns, 3, 2)
    back.sum().backward()
    assert (columns.shape, back.shape, x.grad.shape) == ((0, 8, 4), (0, 2, 3, 3), (0, 2, 3, 3))


def test_too_few_dimensions_are_caught_either_way():
    for kind in (IndexError, RuntimeError, ValueError):
        with pytest.raises(kind, match="unfold: expected 3D"):
            F.unfold(tinycnn.ones(3, 3), 2)
