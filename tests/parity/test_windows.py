"""Convolution, pooling and padding beside PyTorch's own, over arguments that Hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.parity.compare import compare, dtypes, flag, normal, seeds, small

pair = st.one_of(small, st.tuples(small, small))
padding = st.one_of(st.integers(0, 2), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's, about its speed
@given(
    n=st.integers(0, 2), c=small, o=small, h=st.integers(1, 7), w=st.integers(1, 7), kernel=st.tuples(small, small),
    groups=small, stride=pair, pad=st.one_of(padding, st.sampled_from(["same", "valid", "full"])), dilation=pair,
    bias=flag, batched=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_conv2d(n, c, o, h, w, kernel, groups, stride, pad, dilation, bias, batched, dtype, seed):
    shape = (n, c * groups, h, w) if batched else (c * groups, h, w)
    arrays = normal(seed, shape, (o * groups, c, *kernel), (o * groups,) if bias else None, dtype=dtype)
    compare(lambda f, x, k, b: f.conv2d(x, k, b, stride, pad, dilation, groups), *arrays, scale=3)


@st.composite
def pools(draw, dilated):
    """Sizes and options of which every window sees a pixel: PyTorch writes past its memory where one does not."""
    size, kernel = draw(st.tuples(st.integers(1, 8), st.integers(1, 8))), draw(pair)
    stride, pad = draw(st.one_of(st.none(), pair)), draw(st.one_of(st.integers(0, 1), st.just((1, 0))))
    dilation = draw(pair) if dilated else 1
    both = [v if isinstance(v, tuple) else (v, v) for v in (kernel, pad, dilation)]
    assume(all(n >= d * (k - 1) + 1 - 2 * p and n > d for n, k, p, d in zip(size, *both, strict=True)))
    return size, kernel, stride, pad, dilation, draw(flag)


@given(
    drawn=pools(True), n=st.integers(0, 2), kind=st.sampled_from(["normal", "ties", "nan", "-inf", "int"]),
    indices=flag, batched=flag, dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_max_pool2d(drawn, n, kind, indices, batched, dtype, seed):
    size, *options = drawn
    (x,) = normal(seed, (n, 2, *size) if batched else (2, *size), dtype=dtype)
    rng = np.random.default_rng(seed)
    if kind in ("nan", "-inf"):
        x[rng.random(x.shape) < 0.4] = float(kind)
    elif kind == "ties":
        x = np.round(x)
    elif kind == "int":
        x = np.round(3 * x).astype("int64")
    compare(lambda f, x: f.max_pool2d(x, *options, return_indices=indices), x)


@given(
    drawn=pools(False), n=st.integers(0, 2), count=flag, divisor=st.sampled_from([None, 3, -2, 0]), batched=flag,
    dtype=dtypes, seed=seeds,
)  # fmt: skip
def test_avg_pool2d(drawn, n, count, divisor, batched, dtype, seed):
    size, kernel, stride, pad, _, ceil = drawn
    (x,) = normal(seed, (n, 2, *size) if batched else (2, *size), dtype=dtype)
    compare(lambda f, x: f.avg_pool2d(x, kernel, stride, pad, ceil, count, divisor), x)


side = st.integers(1, 9)


@given(
    size=st.tuples(side, side), out=st.one_of(side, st.tuples(st.one_of(st.none(), side), side)), dtype=dtypes,
    seed=seeds,
)  # fmt: skip
def test_adaptive_avg_pool2d(size, out, dtype, seed):
    compare(lambda f, x: f.adaptive_avg_pool2d(x, out), *normal(seed, (2, 2, *size), dtype=dtype))


@given(shape=st.lists(small, min_size=1, max_size=3), widths=st.lists(st.integers(-2, 3), max_size=7),
       value=st.sampled_from([None, 0, 1.5, -np.inf]), dtype=dtypes, seed=seeds)  # fmt: skip
def test_pad(shape, widths, value, dtype, seed):
    compare(lambda f, x: f.pad(x, widths, value=value), *normal(seed, shape, dtype=dtype))
